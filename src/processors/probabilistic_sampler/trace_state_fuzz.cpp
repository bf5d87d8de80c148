// Tracestates of any bytes: what is written is valid, means the same, and is written the same again.
#include "base/require.hpp"
#include "processors/probabilistic_sampler/trace_state.hpp"

using rankwire::Arena;
using rankwire::probabilistic_sampler::TraceState;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Arena arena;
  const auto state = TraceState::parse({reinterpret_cast<const char*>(data), size}, arena);
  if (!state) return 0;
  const std::string_view text = state->text(arena);
  const auto again = TraceState::parse(text, arena);
  // A threshold in its shortest form, and no white space: never longer than what came, but for its limit.
  rankwire::require(again.has_value(), "what is written is a tracestate");
  rankwire::require(again->randomness == state->randomness, "with the same randomness");
  rankwire::require(again->threshold == state->threshold, "and the same threshold");
  rankwire::require(again->text(arena) == text, "and stays as it is");
  return 0;
}
