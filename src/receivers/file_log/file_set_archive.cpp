// Files that are gone from their directory (polls_to_archive): where reading ended in them is remembered
// for a while, so that one that is moved back, or unpacked again, is not read twice.
#include "receivers/file_log/file_set.hpp"

namespace rankwire::file_log {

// Forgets it now if nothing is to be remembered.
void FileSet::archive(Finished gone) {
  if (options_.archive_time == Duration{0} || gone.record.fingerprint.length == 0 || gone.record.position == 0)
    return positions_.forget(gone.id);
  if (archive_.size() >= options_.archived_max) {
    positions_.forget(archive_.front().file.id);
    archive_.pop_front();
  }
  archive_.push_back({std::move(gone), environment_.clock.now() + options_.archive_time});
}

void FileSet::expire_archive() {
  const Instant now = environment_.clock.now();
  while (!archive_.empty() && archive_.front().until <= now) {
    positions_.forget(archive_.front().file.id);
    archive_.pop_front();
  }
}

// What was read of the contents of a file that nobody knows, if it is one of those that were gone. Two
// files may begin in the same way: then the bytes before the position tell, or, where these are not known
// after a restart, that it is the same file or ends just there.
std::optional<FileSet::Finished> FileSet::take_archived(const Slot& slot, const Sibling& sibling) {
  if (archive_.empty()) return {};
  auto contents = Contents::open(disk_, sibling);
  if (!contents) return {};
  const std::string start = contents->start(options_.fingerprint_size);
  const std::uint64_t length = contents->length();
  for (auto at = archive_.begin(); at != archive_.end(); ++at) {
    const FileRecord& known = at->file.record;
    const std::uint64_t position = sibling.is_gzip ? known.position & 0xffffffffu : known.position;
    if (!known.fingerprint.matches(start) || position > length) continue;
    const bool is_same = at->file.guard.empty() ? position == length || known.identity == sibling.status.identity
                                                : contents->holds(known.position, at->file.guard);
    if (!is_same) continue;
    Finished found = std::move(at->file);
    archive_.erase(at);
    // Under the path where it is now; so it is found again after a restart.
    positions_.forget(found.id);
    found.record.identity = sibling.status.identity;
    found.record.is_finished = false;
    found.record.path = slot.path;
    found.record.real_path = sibling.path;
    found.id = positions_.add(found.record);
    return found;
  }
  return {};
}

}  // namespace rankwire::file_log
