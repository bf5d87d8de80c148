// A W3C tracestate, taken apart as far as sampling needs it: the member `ot` with `rv` (randomness) and `th`
// (threshold). Everything else is kept as it came and written behind it.
#pragma once

#include <optional>
#include <string_view>

#include "base/arena.hpp"
#include "base/list.hpp"

namespace rankwire::probabilistic_sampler {

class TraceState {
 public:
  static constexpr std::size_t bytes_max = 1024;
  static constexpr std::size_t ot_bytes_max = 256;
  static constexpr std::uint32_t members_max = 32;

  // Nothing if it is not valid. The result has views of `text`; lists lie in `arena`.
  static std::optional<TraceState> parse(std::string_view text, Arena& arena);
  std::string_view text(Arena& arena) const;

  std::optional<std::uint64_t> randomness, threshold;

 private:
  bool read_member(std::string_view member, Arena& arena);
  bool read_ot(std::string_view value, Arena& arena);

  List<std::string_view> members_;    // "key=value" of others.
  List<std::string_view> ot_fields_;  // "key:value" besides rv and th.
};

}  // namespace rankwire::probabilistic_sampler
