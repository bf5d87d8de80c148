#include "returning.hpp"

#include <algorithm>

#include "queue/segment_format.hpp"
#include "scenario.hpp"

namespace rankwire::simulation {
namespace {

// Stored records that the entries acknowledge, but for those that `safe` holds at the same place.
std::uint64_t acknowledged(std::string_view entries, std::string_view safe) {
  constexpr std::size_t stored_at = 8;
  std::uint64_t stored = 0;
  for (std::size_t at = 0; at + queue::ack_size <= entries.size(); at += queue::ack_size) {
    if (at < safe.size() && entries.substr(at, queue::ack_size) == safe.substr(at, queue::ack_size)) continue;
    for (std::size_t i = 0; i < 4; ++i)
      stored += std::uint64_t{static_cast<unsigned char>(entries[at + stored_at + i])} << (8 * i);
  }
  return stored;
}

// Stored records that were written and taken off the end again, as they could not be synced: neither is on disk for
// sure.
std::uint64_t taken_off(const Inode& segment) {
  std::uint64_t stored = 0;
  for (const Inode::Write& write : segment.unsynced) {
    if (write.truncate_to || write.offset < segment.bytes.size()) continue;
    for (std::size_t at = 0; (at = write.bytes.find(queue::record_magic, at)) != std::string::npos; ++at) ++stored;
  }
  return stored;
}

}  // namespace

void Returning::note_end(bool is_power_lost, bool cannot_be_read) {
  disk_.each_version(storage_directory, [&](const std::string& path, const Inode& inode, bool is_removed) {
    if (is_power_lost && path.ends_with(queue::segment_suffix))
      beyond_[path.substr(0, path.rfind('/'))] += taken_off(inode);
    // Files that were removed come back with a power loss only.
    if (!path.ends_with(queue::ack_suffix) || (is_removed && !is_power_lost)) return;
    std::uint64_t& beyond = beyond_[path.substr(0, path.rfind('/'))];
    if (cannot_be_read)
      beyond += acknowledged(inode.bytes, {});
    else if (is_power_lost)
      beyond += acknowledged(inode.bytes, inode.durable);
    beyond += acknowledged(inode.refused, {});
  });
}

bool Returning::is_within(const std::string& directory, std::uint64_t held, std::uint64_t limit) {
  const auto found = beyond_.find(directory);
  if (held <= limit) {
    if (found != beyond_.end()) beyond_.erase(found);
    return true;
  }
  if (found == beyond_.end() || held - limit > found->second) return false;
  found->second = held - limit;
  return true;
}

}  // namespace rankwire::simulation
