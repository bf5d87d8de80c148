// Tracestates of any bytes: a member that is found is there, and more members in front make no difference to it.
#include "base/require.hpp"
#include "processors/tail_sampling/policy.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using rankwire::tail_sampling::has_trace_state;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::vector<std::string> values = {"1", "vip"};
  if (!has_trace_state(text, "k", values)) return 0;
  rankwire::require(text.find("k=1") != std::string::npos || text.find("k=vip") != std::string::npos, "it is there");
  rankwire::require(has_trace_state("," + text + ",", "k", values), "empty members do not matter");
  rankwire::require(!has_trace_state(text + ",k=1", "k", values), "no member is there twice");
  return 0;
}
