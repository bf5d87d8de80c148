#include "receivers/file_log/parse/container_joiner.hpp"

#include <algorithm>
#include <utility>

namespace rankwire::file_log {

namespace {
constexpr std::size_t idle_capacity_max = 64 * 1024;
}

bool ContainerJoiner::join(Partial& partial, ContainerLine& line, std::uint64_t& offset, Instant now, Arena& arena) {
  if (!partial.is_held) {
    partial.is_held = true;
    partial.offset = offset;
    partial.since = now;
  }
  partial.is_docker = line.is_docker;
  partial.time_unix_nanos = line.time_unix_nanos;
  partial.text.append(line.message);
  if (line.is_partial && partial.text.size() < size_max_) return false;
  line.message = arena.copy(partial.text.view());
  offset = partial.offset;
  partial.is_held = false;
  partial.text.clear();
  if (partial.text.capacity() > idle_capacity_max) partial.text = Buffer();
  return true;
}

bool ContainerJoiner::release(Instant since, Arena& arena, ContainerLine& line) {
  for (Partial& partial : partials_) {
    if (!partial.is_held || partial.since > since) continue;
    line = {};
    line.is_docker = partial.is_docker;
    line.stream = &partial == &partials_[1] ? "stderr" : "stdout";
    line.tag = line.is_docker ? "" : "P";
    line.time_unix_nanos = partial.time_unix_nanos;
    line.message = arena.copy(partial.text.view());
    partial.is_held = false;
    partial.text.clear();
    return true;
  }
  return false;
}

std::optional<std::uint64_t> ContainerJoiner::held_from() const {
  std::optional<std::uint64_t> from;
  for (const Partial& partial : partials_)
    if (partial.is_held) from = std::min(from.value_or(partial.offset), partial.offset);
  return from;
}

std::optional<Instant> ContainerJoiner::oldest() const {
  std::optional<Instant> oldest;
  for (const Partial& partial : partials_)
    if (partial.is_held) oldest = std::min(oldest.value_or(partial.since), partial.since);
  return oldest;
}

void ContainerJoiner::continue_from(ContainerJoiner& previous) {
  for (int i = 0; i < 2; ++i) {
    if (!previous.partials_[i].is_held) continue;
    partials_[i] = std::move(previous.partials_[i]);
    partials_[i].offset = 0;
    previous.partials_[i].is_held = false;
  }
}

}  // namespace rankwire::file_log
