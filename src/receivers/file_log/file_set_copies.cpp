// Rotation by copytruncate: the copy is not a new file, and what the original lost is read from it.
#include <algorithm>

#include "receivers/file_log/file_set.hpp"

namespace rankwire::file_log {
namespace {

constexpr std::size_t compared_bytes = 4096;

}  // namespace

bool FileSet::is_copy(const std::string& path, const FileStatus& status) {
  if (by_identity_.contains(status.identity)) return false;
  if (const auto known = copies_.find(status.identity); known != copies_.end() && known->second == status.size)
    return true;
  const std::string directory = directory_of(path);
  for (const std::string& base : possible_originals(name_of(path))) {
    const auto original = file_at_.find(directory + "/" + base);
    TrackedFile* file = original == file_at_.end() ? nullptr : find(original->second);
    if (file == nullptr || file->is_rotated) continue;
    // Perhaps the original was truncated already: then this is where it goes on.
    if (file->is_open() && !file->is_gzip && file->refresh() &&
        (file->size < file->taken || !file->has_same_guard(*file->file))) {
      truncated(*file);
      if (by_identity_.contains(status.identity)) return false;
      continue;
    }
    if (!has_same_contents(path, file->real_path, status.size)) continue;
    copies_[status.identity] = status.size;
    return true;
  }
  copies_.erase(status.identity);
  return false;
}

// Whether the first `size` bytes of both are the same, judged by how they begin and end.
bool FileSet::has_same_contents(const std::string& path, const std::string& original, std::uint64_t size) {
  if (size == 0) return true;  // Nothing was copied yet.
  const auto copy = disk_.open(path, {});
  const auto source = disk_.open(original, {});
  if (!copy || !source) return false;
  const auto is_same_at = [&](std::uint64_t offset) {
    char left[compared_bytes], right[compared_bytes];
    const std::size_t wanted = std::min<std::uint64_t>(compared_bytes, size - offset);
    const auto a = (*copy)->read_at(offset, left, wanted);
    const auto b = (*source)->read_at(offset, right, wanted);
    return a && b && *a == wanted && *b == wanted && std::memcmp(left, right, wanted) == 0;
  };
  return is_same_at(0) && is_same_at(size > compared_bytes ? size - compared_bytes : 0);
}

// Lets `file`, whose contents were truncated, go on in the copy that was made of them.
bool FileSet::adopt_copy(TrackedFile& file) {
  std::vector<Sibling> siblings = find_siblings(disk_, directory_of(file.real_path), name_of(file.real_path)).found;
  std::reverse(siblings.begin(), siblings.end());  // The newest first.
  for (const Sibling& sibling : siblings) {
    if (by_identity_.contains(sibling.status.identity) || known_at_.contains(sibling.status.identity)) continue;
    auto contents = Contents::open(disk_, sibling);
    if (!contents) continue;
    if (sibling.is_gzip) {
      const bool is_same = file.fingerprint.matches(contents->start(options_.fingerprint_size)) &&
                           contents->length() >= (file.taken & 0xffffffffu);
      if (!is_same) continue;
    } else {
      if (sibling.status.size < file.taken || !file.has_same_guard(contents->file())) continue;
      // Lines often end alike: how the file begins counts too.
      if (!file.fingerprint.matches(contents->start(file.fingerprint.length))) continue;
    }
    close_file(file);
    by_identity_.erase(file.identity);
    file.identity = sibling.status.identity;
    file.is_gzip = sibling.is_gzip;
    file.size = sibling.is_gzip ? file.taken : sibling.status.size;
    copies_.erase(file.identity);
    by_identity_[file.identity] = &file;
    move_location(file, sibling.path);
    positions_.describe(file.id, file.identity, file.fingerprint, false);
    return true;
  }
  return false;
}

// Truncated first and then renamed: what was written in between is in it, or in what it was compressed to.
void FileSet::read_after_truncation(Slot& slot, const std::string& location, const FileIdentity& identity,
                                    std::uint32_t next_id) {
  const auto renamed = disk_.status(location);
  if (renamed && renamed->identity == identity) {
    if (renamed->size != 0) add_generation(slot, Missed{{name_of(location), location, *renamed, false}, {}, next_id});
    return;
  }
  const std::string compressed = location + ".gz";
  if (const auto status = disk_.status(compressed))
    add_generation(slot, Missed{{name_of(compressed), compressed, *status, true}, {}, next_id});
  else
    read_generations(slot, nullptr, false);
}

void FileSet::truncated(TrackedFile& file) {
  telemetry_.truncations.add();
  const std::uint64_t seen = std::max(file.size_seen, file.taken + file.untaken);
  const FileIdentity identity = file.identity;
  const std::string location = file.real_path;
  const bool is_current = !file.is_rotated;
  const std::uint32_t next_id = file.next != nullptr ? file.next->id : 0;
  const bool is_adopted = is_current && adopt_copy(file);
  const std::uint64_t end = is_adopted && !file.is_gzip ? file.size : is_adopted ? seen : file.taken;
  const std::uint64_t lost = seen > end ? seen - end : 0;
  if (lost != 0) telemetry_.lost_truncated.add(lost);
  if (lost != 0 || !is_adopted)
    environment_.log.warn("a log file was truncated; what was written since the last read is lost",
                          {{"path", file.path}, {"bytes_at_least", lost}});
  file.is_rotated = true;
  file.changed_at = environment_.clock.now();
  if (is_adopted) {
    queue(file);
  } else {
    close_file(file);
    by_identity_.erase(identity);
    file_at_.erase(file.real_path);
    file.identity = {};
    file.has_failed = true;
    file.links = 0;
    file.is_at_end = true;
  }
  const auto slot = slots_.find(file.path);
  if (slot == slots_.end()) return;
  if (!is_current) {
    if (!is_adopted) read_after_truncation(slot->second, location, identity, next_id);
    return;
  }
  slot->second.current = nullptr;
  const auto status = disk_.status(slot->second.path);
  // Truncated and then renamed, before that was heard of: what was written in between is in a generation.
  if (!status) return read_generations(slot->second, nullptr, false);
  if (!(status->identity == identity)) return rotate(slot->second, *status, false);
  TrackedFile& fresh = add_file(slot->second, *status, slot->second.real_path, {},
                                options_.on_truncate == OnTruncate::read_new ? status->size : 0, false);
  slot->second.current = &fresh;
  queue(fresh);
}

}  // namespace rankwire::file_log
