// Which files are open: at most as many as allowed, however many there are, and only a few of them
// with a decompressor. A file that finds no descriptor waits; it is never given up.
#include <algorithm>

#include "receivers/file_log/file_set.hpp"

namespace rankwire::file_log {

TrackedFile* FileSet::next_ready() {
  while (!undecoded_.empty() && has_free_decoder()) {
    ready_.push_back(undecoded_.front());
    undecoded_.pop_front();
    decoding_.push_back(ready_.back());  // Reserved until it was looked at.
  }
  for (std::size_t tries = ready_.size(); tries != 0; --tries) {
    TrackedFile* file = find(ready_.front());
    ready_.pop_front();
    if (file == nullptr) continue;
    file->is_queued = false;
    if (file->previous != nullptr && !file->previous->is_at_end) {
      queue(*file->previous);
      continue;  // `reached_end` queues it again.
    }
    if (make_ready(*file)) return file;
  }
  return nullptr;
}

bool FileSet::has_free_decoder() {
  std::erase_if(decoding_, [&](std::uint32_t id) {
    const TrackedFile* file = find(id);
    return file == nullptr || (!file->gzip && !file->is_queued);
  });
  if (decoding_.size() < options_.decoders_max) return true;
  for (const std::uint32_t id : decoding_) {
    // One that waits for more to be written: it can be decompressed once more.
    TrackedFile* file = find(id);
    if (!file->is_at_end || file->is_queued) continue;
    file->gzip.reset();
    std::erase(decoding_, id);
    return true;
  }
  return false;
}

bool FileSet::claim_decoder(TrackedFile& file) {
  if (!file.is_gzip || file.gzip || std::find(decoding_.begin(), decoding_.end(), file.id) != decoding_.end())
    return true;
  if (!has_free_decoder()) {
    file.is_queued = true;
    undecoded_.push_back(file.id);
    return false;
  }
  decoding_.push_back(file.id);
  return true;
}

Result<void> FileSet::make_open(TrackedFile& file) {
  if (file.is_open()) return {};
  if (open_.size() >= open_files_max_ && !close_idle())
    return Error(ErrorKind::refused, "as many files are open as may be");
  auto opened = file.open(disk_, options_.must_lock);
  if (!opened && opened.error().kind() == ErrorKind::refused && close_idle()) {
    // The process has fewer descriptors than was configured: some stay free for everything else. `scan` raises it
    // again.
    constexpr std::size_t least = 2;
    open_files_max_ = std::min(open_files_max_, std::max(open_.size() - open_.size() / 4, least));
    opened = file.open(disk_, options_.must_lock);
  }
  RANKWIRE_TRY(std::move(opened));
  open_.push_back(file.id);
  telemetry_.open_files.add(1);
  return {};
}

bool FileSet::make_ready(TrackedFile& file) {
  if (const auto opened = make_open(file); !opened) {
    if (opened.error().kind() == ErrorKind::refused) {
      file.is_queued = true;
      starved_.push_back(file.id);
      return false;
    }
    const std::string tried = file.real_path;
    // Locked ones are tried again by the next scan.
    if (!file.is_rotated && opened.error().kind() != ErrorKind::denied) check(std::string(file.path));
    if (file.real_path != tried)
      queue(file);  // It was renamed, and found.
    else if (file.is_rotated && opened.error().kind() == ErrorKind::invalid)
      demote(file, true);
    return false;
  }
  if (!claim_decoder(file)) return false;
  if (!file.parser) file.parser = parsers_.make(facts_of(file));
  if (TrackedFile* previous = file.previous; previous != nullptr) {
    // After a truncation the end of what the parser holds is lost: it must not be joined with what came later.
    if (previous->parser && file.taken == 0 && !previous->has_failed) {
      const auto held = previous->parser->held_from();
      file.parser->continue_from(*previous->parser);
      if (held) {
        file.held_for = previous->id;
        previous->held_by_next_from = held;
      }
    }
    previous->next = nullptr;
    file.previous = nullptr;
  }
  return true;
}

// A descriptor may have become free.
void FileSet::feed_one() {
  const std::uint32_t id = starved_.front();
  starved_.pop_front();
  ready_.push_back(id);
}

// Closes the file that needs its descriptor least. What has no name any more is never closed: it
// could not be opened again. False if there is none.
bool FileSet::close_idle() {
  const auto close_one = [&](auto may_close) {
    for (std::size_t tries = open_.size(); tries != 0; --tries) {
      open_hand_ = (open_hand_ + 1) % open_.size();
      TrackedFile* file = find(open_[open_hand_]);
      if (file != nullptr && !may_close(*file)) continue;
      if (file != nullptr) {
        file->close();
        if (file->is_at_end && file->untaken == 0 && file->parser && file->parser->is_replaceable())
          file->parser.reset();
      }
      open_[open_hand_] = open_.back();
      open_.pop_back();
      telemetry_.open_files.add(-1);
      return true;
    }
    return false;
  };
  const auto is_idle = [](const TrackedFile& file) { return !file.is_queued && file.is_at_end; };
  if (close_one([&](const TrackedFile& file) { return !file.is_rotated && is_idle(file); })) return true;
  if (close_one([&](const TrackedFile& file) { return !file.is_rotated && file.is_queued && !file.gzip; })) return true;
  return close_one([&](TrackedFile& file) {
    // One that waits for the generation before it is not needed yet.
    const bool is_early = file.previous != nullptr && file.taken == 0;
    if (!is_early && (!is_idle(file) || file.untaken != 0)) return false;
    const auto named = disk_.status(file.real_path);
    return named && named->identity == file.identity;
  });
}

void FileSet::close_file(TrackedFile& file) {
  if (const auto at = std::find(open_.begin(), open_.end(), file.id); at != open_.end()) {
    open_.erase(at);
    telemetry_.open_files.add(-1);
    if (!starved_.empty()) feed_one();
  }
  file.close();
}

}  // namespace rankwire::file_log
