#include "receivers/file_log/tracked_file.hpp"

#include <algorithm>

namespace rankwire::file_log {

Result<void> TrackedFile::open(FileSystem& files, bool must_lock) {
  auto opened = files.open(real_path, {});
  if (!opened) return opened.error();
  const auto status = (*opened)->status();
  if (!status) return status.error();
  if (!(status->identity == identity))
    return Error(ErrorKind::invalid, "opening " + real_path + ": another file has taken the path");
  if (must_lock)
    if (const auto locked = (*opened)->lock(); !locked) return Error(ErrorKind::denied, locked.error().message());
  file = std::move(*opened);
  carry_.clear();
  learn_guard();
  return {};
}

void TrackedFile::learn_guard() {
  if (is_gzip || guard_size_ != 0 || taken == 0) return;
  const std::size_t wanted = std::min<std::uint64_t>(guard_size_max, taken);
  const auto count = file->read_at(taken - wanted, guard_.data(), wanted);
  if (count && *count == wanted) guard_size_ = wanted;
}

void TrackedFile::close() {
  file.reset();
  gzip.reset();
  carry_ = Buffer();
}

bool TrackedFile::refresh() {
  const auto status = file->status();
  if (!status) return false;
  size_seen = std::max(size_seen, size);
  (is_gzip ? stored_size_ : size) = status->size;
  modified_nanos = status->modified_nanos;
  links = status->links;
  return true;
}

ReadOutcome TrackedFile::read(char* into, std::size_t room) {
  return is_gzip ? read_gzip(into, room) : read_plain(into, room);
}

ReadOutcome TrackedFile::read_plain(char* into, std::size_t room) {
  if (size < taken) return {ReadState::truncated, {}, true};
  if (must_verify_ && fingerprint.length != 0) {
    const auto is_same = has_same_start();
    if (!is_same) return {ReadState::failed, {}, true};
    if (!*is_same) return {ReadState::truncated, {}, true};
  }
  const auto count = file->read_at(taken - guard_size_, into, room + guard_size_);
  if (!count) return {ReadState::failed, {}, true};
  const std::string_view bytes(into, *count);
  if (bytes.size() < guard_size_ || bytes.substr(0, guard_size_) != std::string_view(guard_.data(), guard_size_))
    return {ReadState::truncated, {}, true};
  const std::string_view data = bytes.substr(guard_size_);
  return {data.empty() ? ReadState::end : ReadState::data, data, data.size() < room || taken + data.size() >= size};
}

ReadOutcome TrackedFile::read_gzip(char* into, std::size_t room) {
  if (is_drained() && carry_.empty() && taken >= size) return {ReadState::end, {}, true};
  if (!gzip) gzip.emplace();
  const std::uint64_t wanted = taken + carry_.size();
  if (gzip->offset() != wanted) {
    carry_.clear();
    if (gzip->offset() > taken) gzip.emplace();
    const auto reached = gzip->skip_to(*file, taken);
    if (!reached || !*reached) return {ReadState::failed, {}, true};
  }
  const std::size_t kept = std::min(carry_.size(), room);
  if (kept != 0) std::memcpy(into, carry_.data(), kept);
  carry_.erase_front(kept);
  std::size_t size_read = kept;
  if (carry_.empty() && size_read < room) {
    const auto count = gzip->read(*file, into + size_read, room - size_read);
    if (!count && size_read == 0) return {ReadState::failed, {}, true};
    if (count) size_read += *count;
  }
  size = std::max(size, gzip->offset());
  const std::string_view data(into, size_read);
  // What is not taken comes back from here; `take` drops the front.
  Buffer all(data.size() + carry_.size());
  if (!data.empty()) all.append(data);
  if (!carry_.empty()) all.append(carry_.view());
  carry_ = std::move(all);
  const bool is_all = size_read < room && !gzip->is_interrupted();
  if (is_all && gzip->is_complete()) {
    // Thousands of old generations may be looked at: none keeps its decompressor.
    gzip.reset();
    drained_size_ = stored_size_;
  }
  return {data.empty() ? ReadState::end : ReadState::data, data, is_all};
}

void TrackedFile::take(std::string_view data, std::size_t count, std::uint32_t fingerprint_length_max) {
  if (count == 0) return;
  if (is_gzip) carry_.erase_front(count);
  if (carry_.empty()) carry_ = Buffer();
  grow_fingerprint(data.substr(0, count), fingerprint_length_max);
  const std::string_view parsed = data.substr(0, count);
  // Until something is taken there is no guard, and what was read may be put back.
  must_verify_ = false;
  if (parsed.size() >= guard_size_max) {
    guard_size_ = guard_size_max;
    std::memcpy(guard_.data(), parsed.data() + parsed.size() - guard_size_max, guard_size_max);
  } else {
    const std::size_t kept = std::min(guard_size_, guard_size_max - parsed.size());
    std::memmove(guard_.data(), guard_.data() + guard_size_ - kept, kept);
    std::memcpy(guard_.data() + kept, parsed.data(), parsed.size());
    guard_size_ = kept + parsed.size();
  }
  taken += count;
}

void TrackedFile::grow_fingerprint(std::string_view data, std::uint32_t length_max) {
  if (taken == 0) {
    // It may have been truncated before anything of it was delivered, and begin in another way now.
    fingerprint = Fingerprint::of(data, length_max);
    return;
  }
  if (fingerprint.length >= length_max || taken > length_max) return;
  if (is_gzip || !file) return;
  std::string start(std::min<std::uint64_t>(length_max, taken + data.size()), '\0');
  const auto count = file->read_at(0, start.data(), start.size());
  if (count && *count == start.size()) fingerprint = Fingerprint::of(start, length_max);
}

void TrackedFile::learn_fingerprint(std::uint32_t length_max) {
  if (fingerprint.length >= length_max || !file || is_gzip) return;
  std::string start(length_max, '\0');
  const auto count = file->read_at(0, start.data(), start.size());
  if (count) learn_fingerprint(std::string_view(start).substr(0, *count), length_max);
}

void TrackedFile::learn_fingerprint(std::string_view start, std::uint32_t length_max) {
  const bool is_longer = start.size() > fingerprint.length;
  if (is_longer && (fingerprint.length == 0 || fingerprint.matches(start)))
    fingerprint = Fingerprint::of(start, length_max);
}

Result<bool> TrackedFile::has_same_start() {
  std::string start(fingerprint.length, '\0');
  const auto count = file->read_at(0, start.data(), start.size());
  if (!count) return count.error();
  return fingerprint.matches(std::string_view(start).substr(0, *count));
}

bool TrackedFile::has_same_guard(File& other) const {
  std::array<char, guard_size_max> bytes{};
  const auto count = other.read_at(taken - guard_size_, bytes.data(), guard_size_);
  return count && *count == guard_size_ && std::memcmp(bytes.data(), guard_.data(), guard_size_) == 0;
}

void TrackedFile::move_to(std::uint64_t offset) {
  taken = offset;
  guard_size_ = 0;
  must_verify_ = offset != 0 && !is_gzip;
  untaken = 0;
  carry_.clear();
  is_at_end = false;
}

}  // namespace rankwire::file_log
