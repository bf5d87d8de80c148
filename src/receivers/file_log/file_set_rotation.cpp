// The generations of one path: which files were written under it since it was last looked at, in
// which order, and from where each is read.
#include <algorithm>

#include "base/planted_bug.hpp"
#include "receivers/file_log/file_set.hpp"

namespace rankwire::file_log {

void FileSet::rotate(Slot& slot, const FileStatus& status, bool is_new) {
  const auto resolved = disk_.real_path(slot.path);
  slot.real_path = resolved ? *resolved : slot.path;
  slot_at_[slot.real_path] = slot.path;
  found_directory(directory_of(slot.path));
  found_directory(directory_of(slot.real_path));
  if (slot.current != nullptr) telemetry_.rotations.add();
  retire_current(slot);
  slot.alias = {};
  std::optional<Finished> known = take_restored(slot, status);
  const auto tracked = by_identity_.find(status.identity);
  if (tracked != by_identity_.end() && tracked->second->path != slot.path) {
    slot.alias = status.identity;
    return;
  }
  read_generations(slot, &status, is_new);
  if (!known && !by_identity_.contains(status.identity))
    known = take_archived(slot, {name_of(slot.real_path), slot.real_path, status, is_gzip_path(slot.real_path)});
  add_current(slot, status, known);
}

void FileSet::retire_current(Slot& slot) {
  if (slot.current == nullptr) return;
  slot.current->is_rotated = true;
  ++rotated_count_;
  slot.current->learn_fingerprint(options_.fingerprint_size);
  slot.current->changed_at = environment_.clock.now();
  if (is_planted(PlantedBug::rotated_file_forgotten)) slot.current->has_failed = true;
  queue(*slot.current);
  slot.current = nullptr;
}

// What the checkpoint knows of the file now at the path, if that is still the same contents.
std::optional<FileSet::Finished> FileSet::take_restored(Slot& slot, const FileStatus& status) {
  for (std::vector<Finished>* list : {&slot.restored, &slot.finished}) {
    for (auto at = list->begin(); at != list->end(); ++at) {
      const FileRecord& record = at->record;
      if (!(record.identity == status.identity)) continue;
      const bool is_gzip = is_gzip_path(slot.real_path);
      const bool is_shorter = !is_gzip && status.size < record.position;
      if (is_shorter) continue;
      if (const std::size_t length = record.fingerprint.length; length != 0) {
        auto contents = Contents::open(disk_, slot.real_path, status.identity, is_gzip);
        // One that was renamed just now is found again under its other name; until then nothing speaks against it.
        if (!Contents::is_gone(contents) &&
            !record.fingerprint.matches(contents ? contents->start(length) : std::string()))
          continue;
      }
      Finished found = std::move(*at);
      list->erase(at);
      return found;
    }
  }
  return {};
}

// Every older generation in the directory that is not known was never seen, and is read whole;
// except, when the path itself is new, what was there before this receiver watched.
void FileSet::read_generations(Slot& slot, const FileStatus* current, bool is_new) {
  // A directory that changes while it is listed is listed again at once, so that the order is kept.
  constexpr int tries_max = 5;
  for (int i = 0; i < tries_max; ++i) {
    if (read_directory(slot, current, is_new)) return;
  }
  look_again_.push_back(slot.path);
}

// False: something was renamed or removed meanwhile.
bool FileSet::read_directory(Slot& slot, const FileStatus* current, bool is_new) {
  const std::string& location = slot.real_path.empty() ? slot.path : slot.real_path;
  Siblings siblings = find_siblings(disk_, directory_of(location), name_of(location));
  for (const Sibling& sibling : siblings.found) {
    if (current != nullptr && sibling.status.identity == current->identity) continue;
    std::optional<Missed> continued;
    const Recognised recognised = recognise(slot, sibling, current, continued);
    if (recognised == Recognised::gone)
      siblings.is_torn = true;
    else if (continued)
      add_generation(slot, *continued);
    else if (recognised == Recognised::unknown && is_new && sibling.status.modified_nanos <= known_since_nanos_ &&
             (options_.start_at == StartAt::end || !is_included(sibling.path)))
      siblings.is_torn |= !add_history(slot, sibling);
    else if (recognised == Recognised::unknown)
      add_generation(slot, {sibling, take_archived(slot, sibling)});
  }
  if (!siblings.is_torn && !slot.is_incomplete) drop_vanished(slot, siblings.found, current);
  return !siblings.is_torn;
}

// What was rotated out before the first start is remembered as if it had been read. False if it is gone.
bool FileSet::add_history(Slot& slot, const Sibling& sibling) {
  auto contents = Contents::open(disk_, sibling);
  if (Contents::is_gone(contents)) return false;
  const std::string start = contents ? contents->start(options_.fingerprint_size) : std::string();
  const std::uint64_t size = contents ? contents->length() : sibling.status.size;
  FileRecord record{.identity = sibling.status.identity,
                    .fingerprint = Fingerprint::of(start, options_.fingerprint_size),
                    .position = size,
                    .size = size,
                    .modified_nanos = sibling.status.modified_nanos,
                    .is_finished = true,
                    .path = slot.path,
                    .real_path = sibling.path};
  known_at_[record.identity] = slot.path;
  const std::uint32_t id = positions_.add(record);
  slot.finished.push_back({id, std::move(record)});
  return true;
}

void FileSet::look_again() {
  std::vector<std::string> paths = std::exchange(look_again_, {});
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  for (const std::string& path : paths) {
    const auto at = slots_.find(path);
    if (at == slots_.end()) continue;
    const auto status = disk_.status(path);
    // Another file is at the path: a rotation looks at everything.
    const TrackedFile* current = at->second.current;
    if (current == nullptr ? status.has_value() : !status || !(status->identity == current->identity))
      check(path);
    else
      read_generations(at->second, status ? &*status : nullptr, false);
  }
}

// A generation that could not be opened where it was found: it may have been compressed just now.
void FileSet::demote(TrackedFile& file, bool must_look_now) {
  const auto slot = slots_.find(file.path);
  if (slot == slots_.end() || file.identity.inode == 0) return give_up(file);
  const std::uint64_t position = positions_.rewind(file.id);
  FileRecord record{.identity = file.identity,
                    .fingerprint = file.fingerprint,
                    .position = position,
                    .size = std::max(file.size, position),
                    .modified_nanos = file.modified_nanos,
                    .path = file.path,
                    .real_path = file.real_path};
  const std::uint32_t next_id = file.next != nullptr ? file.next->id : 0;
  if (record.fingerprint.length != 0 || record.size > position)
    slot->second.restored.push_back({file.id, std::move(record), {}, next_id});
  else
    positions_.forget(file.id);
  look_again_.push_back(file.path);
  remove(file);
  if (!must_look_now) {
    if (TrackedFile* next = find(next_id)) queue(*next);
    return;
  }
  // At once: the generation after it must not overtake it.
  look_again();
  if (TrackedFile* next = find(next_id)) queue(*next);
}

FileSet::Recognised FileSet::recognise(Slot& slot, const Sibling& sibling, const FileStatus* current,
                                       std::optional<Missed>& continued) {
  const FileIdentity& identity = sibling.status.identity;
  if (const auto copy = copies_.find(identity); copy != copies_.end() && copy->second == sibling.status.size)
    return Recognised::known;
  if (const auto tracked = by_identity_.find(identity); tracked != by_identity_.end()) {
    move_location(*tracked->second, sibling.path);
    return Recognised::known;
  }
  for (Finished& finished : slot.finished) {
    if (!(finished.record.identity == identity)) continue;
    finished.record.real_path = sibling.path;
    return Recognised::known;
  }
  for (auto at = slot.restored.begin(); at != slot.restored.end(); ++at) {
    if (!(at->record.identity == identity)) continue;
    if (const Fingerprint& print = at->record.fingerprint; print.length != 0) {
      auto contents = Contents::open(disk_, sibling);
      if (Contents::is_gone(contents)) return Recognised::gone;
      if (!print.matches(contents ? contents->start(print.length) : std::string())) continue;
    }
    continued = Missed{sibling, std::move(*at)};
    slot.restored.erase(at);
    return Recognised::known;
  }
  return recognise_contents(slot, sibling, current, continued);
}

// An identity never seen: the contents may still be known, compressed or copied since.
FileSet::Recognised FileSet::recognise_contents(Slot& slot, const Sibling& sibling, const FileStatus* current,
                                                std::optional<Missed>& continued) {
  auto contents = Contents::open(disk_, sibling);
  if (Contents::is_gone(contents)) return Recognised::gone;
  const std::string start = contents ? contents->start(options_.fingerprint_size) : std::string();
  if (!contents || (start.empty() && (sibling.is_gzip || sibling.status.size != 0))) {
    // Not gzip, or not written to its end yet: worth another look while it is new. A disk that fails may recover.
    constexpr std::uint64_t minute = 60'000'000'000;
    const bool is_new = sibling.status.modified_nanos + minute > environment_.clock.unix_nanos();
    if (is_new || !contents || contents->was_interrupted()) note_incomplete(slot);
    return Recognised::known;
  }
  const std::uint64_t length = contents->length();
  const auto shown = [&](std::uint64_t size) { return sibling.is_gzip ? size & 0xffffffffu : size; };
  for (auto at = slot.finished.begin(); at != slot.finished.end(); ++at) {
    const FileRecord& record = at->record;
    if (!record.fingerprint.matches(start) || shown(record.position) > length) continue;
    const bool is_whole = shown(record.position) == length;
    const bool must_compare = !is_whole || has_twin(slot, record.fingerprint);
    if (must_compare && (at->guard.empty() ? !is_whole : !contents->holds(record.position, at->guard))) continue;
    known_at_.erase(record.identity);
    if (!is_whole) {  // Somebody wrote to it after it was forgotten.
      continued = Missed{sibling, std::move(*at)};
      slot.finished.erase(at);
      return Recognised::known;
    }
    at->record.identity = sibling.status.identity;
    at->record.real_path = sibling.path;
    known_at_[sibling.status.identity] = slot.path;
    positions_.describe(at->id, sibling.status.identity, record.fingerprint, true);
    return Recognised::known;
  }
  for (auto at = slot.restored.begin(); at != slot.restored.end(); ++at) {
    const bool is_copied = current != nullptr && at->record.identity == current->identity;
    if (!sibling.is_gzip && !is_copied) continue;
    if (!at->record.fingerprint.matches(start) || shown(at->record.position) > length) continue;
    continued = Missed{sibling, std::move(*at)};
    slot.restored.erase(at);
    return Recognised::known;
  }
  for (auto& [id, file] : files_) {
    if (file->path != slot.path) continue;
    learn_start(*file);
    if (!file->fingerprint.matches(start) || shown(file->taken) > length) continue;
    if (!sibling.is_gzip) {
      // Of what was not read yet nothing but the start tells: all of it must be known.
      if (file->taken == 0 && file->fingerprint.length < start.size()) continue;
      if (!file->has_same_guard(contents->file())) continue;
      copies_[sibling.status.identity] = sibling.status.size;
      return Recognised::known;
    }
    if (file->compressed_as == sibling.status.identity) return Recognised::known;
    const auto named = disk_.status(file->real_path);
    const bool is_there = named && named->identity == file->identity;
    // Beside its original it is not listed (siblings.cpp): the listing missed that one.
    if (is_there && sibling.path == file->real_path + ".gz") return Recognised::gone;
    if (file->compressed_as.inode != 0 || is_there) continue;
    const bool must_compare = shown(file->size) != length || has_twin(slot, file->fingerprint);
    if (must_compare && !contents->holds(file->taken, file->guard())) continue;
    file->compressed_as = sibling.status.identity;
    return Recognised::known;
  }
  return Recognised::unknown;
}

// A fingerprint made when there was little in the file is like many others: makes it as long as it can be.
void FileSet::learn_start(TrackedFile& file) {
  if (file.is_gzip || file.fingerprint.length >= options_.fingerprint_size) return;
  if (file.is_open()) return file.learn_fingerprint(options_.fingerprint_size);
  auto contents = Contents::open(disk_, file.real_path, file.identity, false);
  if (contents) file.learn_fingerprint(contents->start(options_.fingerprint_size), options_.fingerprint_size);
}

// Whether another generation begins in the same way.
bool FileSet::has_twin(const Slot& slot, const Fingerprint& fingerprint) const {
  std::size_t count = 0;
  for (const Finished& finished : slot.finished) count += finished.record.fingerprint == fingerprint ? 1 : 0;
  for (const Finished& restored : slot.restored) count += restored.record.fingerprint == fingerprint ? 1 : 0;
  for (const auto& [id, file] : files_) count += file->path == slot.path && file->fingerprint == fingerprint ? 1 : 0;
  return count > 1;
}

void FileSet::add_generation(Slot& slot, const Missed& missed) {
  TrackedFile* next = find(missed.known ? missed.known->next_id : missed.next_id);
  if (next != nullptr && next->taken != 0) next = nullptr;
  TrackedFile* newest = slot.current != nullptr || next != nullptr ? slot.newest : nullptr;
  TrackedFile& file = add_file(slot, missed.sibling.status, missed.sibling.path, missed.known,
                               missed.known ? missed.known->record.position : 0, missed.sibling.is_gzip);
  file.is_rotated = true;
  ++rotated_count_;
  if (newest != nullptr) unlink_late(slot, file, newest);
  if (next != nullptr) {
    if (next->previous != nullptr) next->previous->next = nullptr;
    link(&file, *next);
  }
  queue(file);
  // At once, before it is compressed or removed.
  if (const auto opened = make_open(file); !opened && opened.error().kind() == ErrorKind::invalid) demote(file, false);
}

// A generation found only after the current one is being read: nobody waits for it, and it waits
// for nobody.
void FileSet::unlink_late(Slot& slot, TrackedFile& file, TrackedFile* newest) {
  newest->next = nullptr;
  file.previous = nullptr;
  slot.newest = newest;
}

void FileSet::add_current(Slot& slot, const FileStatus& status, const std::optional<Finished>& known) {
  const auto tracked = by_identity_.find(status.identity);
  if (tracked != by_identity_.end()) {  // It was away for a moment.
    slot.current = tracked->second;
    slot.current->is_rotated = false;
    move_location(*slot.current, slot.real_path);
    queue(*slot.current);
    return;
  }
  const bool is_gzip = is_gzip_path(slot.real_path);
  std::uint64_t start = known ? known->record.position : 0;
  if (!known && is_first_scan_ && !has_history_ && options_.start_at == StartAt::end) {
    start = is_gzip ? 0 : status.size;
    if (is_gzip)
      if (auto contents = Contents::open(disk_, slot.real_path, status.identity, true)) start = contents->length();
  }
  TrackedFile& file = add_file(slot, status, slot.real_path, known, start, is_gzip);
  slot.current = &file;
  if (is_gzip || status.size != start)
    queue(file);
  else
    file.is_at_end = true;
}

TrackedFile& FileSet::add_file(Slot& slot, const FileStatus& status, const std::string& real_path,
                               const std::optional<Finished>& known, std::uint64_t start, bool is_gzip) {
  auto made = std::make_unique<TrackedFile>();
  TrackedFile& file = *made;
  file.identity = status.identity;
  file.path = slot.path;
  file.real_path = real_path;
  file.is_gzip = is_gzip;
  file.size = status.size;
  file.modified_nanos = status.modified_nanos;
  file.changed_at = environment_.clock.now();
  file.move_to(start);
  if (known) {
    file.id = known->id;
    file.fingerprint = known->record.fingerprint;
    if (!(known->record.identity == status.identity) || known->record.is_finished)
      positions_.describe(file.id, file.identity, file.fingerprint, false);
  } else {
    if (status.size != 0) {
      auto contents = Contents::open(disk_, real_path, status.identity, is_gzip);
      if (contents)
        file.fingerprint = Fingerprint::of(contents->start(options_.fingerprint_size), options_.fingerprint_size);
    }
    file.id = positions_.add({.identity = file.identity,
                              .fingerprint = file.fingerprint,
                              .position = start,
                              .size = status.size,
                              .modified_nanos = status.modified_nanos,
                              .path = file.path,
                              .real_path = slot.real_path});
  }
  known_at_.erase(file.identity);
  by_identity_[file.identity] = &file;
  file_at_[real_path] = file.id;
  link(slot.newest, file);
  slot.newest = &file;
  files_[file.id] = std::move(made);
  return file;
}

// Somebody still writes to a file that was rotated out and read to its end.
void FileSet::resume_finished(Slot& slot) {
  for (auto at = slot.finished.begin(); at != slot.finished.end();) {
    if (at->record.real_path.ends_with(".gz") || !resume(slot, *at))
      ++at;
    else
      at = slot.finished.erase(at);
  }
}

bool FileSet::resume(Slot& slot, const Finished& finished) {
  const auto status = disk_.status(finished.record.real_path);
  if (!status || !(status->identity == finished.record.identity) || status->size <= finished.record.position)
    return false;
  TrackedFile* newest = slot.newest;
  TrackedFile& file = add_file(slot, *status, finished.record.real_path, finished, finished.record.position, false);
  if (newest != nullptr) unlink_late(slot, file, newest);
  file.is_rotated = true;
  ++rotated_count_;
  queue(file);
  return true;
}

void FileSet::drop_vanished(Slot& slot, const std::vector<Sibling>& siblings, const FileStatus* current) {
  const auto is_gone = [&](const Finished& known) {
    if (current != nullptr && known.record.identity == current->identity && known.record.is_finished) return false;
    return std::none_of(siblings.begin(), siblings.end(),
                        [&](const Sibling& s) { return s.status.identity == known.record.identity; });
  };
  for (std::vector<Finished>* list : {&slot.finished, &slot.restored}) {
    for (auto at = list->begin(); at != list->end();) {
      if (!is_gone(*at)) {
        ++at;
        continue;
      }
      const FileRecord& record = at->record;
      if (!record.is_finished && record.size > record.position) {
        telemetry_.lost_vanished.add(record.size - record.position);
        environment_.log.warn("a log file vanished before it was read to its end",
                              {{"path", record.path}, {"bytes", record.size - record.position}});
      }
      known_at_.erase(record.identity);
      archive(std::move(*at));
      at = list->erase(at);
    }
  }
}

}  // namespace rankwire::file_log
