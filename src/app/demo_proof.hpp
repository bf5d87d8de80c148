// Reads what the demo's destination received and holds it against what the job wrote.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.hpp"

namespace rankwire::app {

struct DemoProof {
  std::uint64_t received = 0;  // Distinct records, by rank and sequence number.
  std::uint64_t repeated = 0;
  std::uint64_t missing = 0;   // Gaps below the highest number of each rank.
  std::uint64_t unmasked = 0;  // Customer ids that can still be read.
  std::uint64_t bytes = 0;
};

// Looks through every file below `directory`.
Result<DemoProof> read_demo_proof(const std::string& directory);

}  // namespace rankwire::app
