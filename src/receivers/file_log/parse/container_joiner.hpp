// Joins the pieces into which container runtimes cut long messages, separately for stdout and
// stderr, whose lines interleave. Held text is copied: the buffers it came from do not persist.
#pragma once

#include <cstdint>
#include <optional>

#include "base/arena.hpp"
#include "base/buffer.hpp"
#include "base/clock.hpp"
#include "receivers/file_log/parse/container_line.hpp"

namespace rankwire::file_log {

class ContainerJoiner {
 public:
  explicit ContainerJoiner(std::size_t size_max) : size_max_(size_max) {}

  // Whether `line` is complete. If not it is held. If it ends a held message, `line.message`
  // becomes the whole message, in `arena`, and `offset` that of its first piece; time and tag stay
  // those of the last piece.
  bool take(ContainerLine& line, std::uint64_t& offset, Instant now, Arena& arena) {
    Partial& partial = of(line);
    if (!line.is_partial && !partial.is_held) [[likely]]
      return true;
    return join(partial, line, offset, now, arena);
  }

  // Whether a line of the stream would be joined to what is held.
  bool holds(bool is_error_stream) const { return partials_[is_error_stream ? 1 : 0].is_held; }

  // Gives one message held since `since` or earlier. False: there is none.
  bool release(Instant since, Arena& arena, ContainerLine& line);
  std::optional<std::uint64_t> held_from() const;
  std::optional<Instant> oldest() const;
  // What `previous` holds becomes this one's, as if it stood at the start of this file.
  void continue_from(ContainerJoiner& previous);

 private:
  struct Partial {
    bool is_held = false;
    bool is_docker = false;
    std::uint64_t offset = 0;
    std::uint64_t time_unix_nanos = 0;
    Instant since;
    Buffer text;
  };

  Partial& of(const ContainerLine& line) { return partials_[line.stream == "stderr" ? 1 : 0]; }
  bool join(Partial& partial, ContainerLine& line, std::uint64_t& offset, Instant now, Arena& arena);

  const std::size_t size_max_;
  Partial partials_[2];  // stdout (and unknown), stderr.
};

}  // namespace rankwire::file_log
