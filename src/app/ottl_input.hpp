// What `rankwire ottl` tries statements on: OTLP/JSON of a person's making. Its signal is seen from its keys.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "signal/batch.hpp"

namespace rankwire::app {

struct OttlInput {
  SignalBatch batch;
  std::vector<std::string> notes;  // What was assumed or ignored.
};

// `path` "-": the standard input. `signal`: a name, or empty.
Result<OttlInput> read_ottl_input(const std::string& path, const std::string& signal, std::istream& standard_input);

// The text of a file, a pipe or, for "-", the standard input.
Result<std::string> read_tool_input(const std::string& path, std::istream& standard_input);

}  // namespace rankwire::app
