// Which records may share a batch: those whose clients sent the same values of some metadata keys.
// A digest stands for the values, so that what is kept for each is small and no secret is.
#pragma once

#include <array>
#include <compare>
#include <string>
#include <vector>

#include "signal/client.hpp"

namespace rankwire {

struct Partition {
  std::array<std::uint64_t, 2> digest{};
  // Not 0: whose records these are is not known (read back from disk), so that they stay by themselves.
  std::uint64_t alone = 0;

  auto operator<=>(const Partition&) const = default;
};

// `keys` are in lower case. A client without metadata and no client at all have no values.
Partition partition_of(const std::vector<std::string>& keys, const ClientRef& client);

}  // namespace rankwire
