#include "receivers/file_log/file_set.hpp"

#include <grp.h>
#include <pwd.h>

#include <algorithm>

#include "base/planted_bug.hpp"

namespace rankwire::file_log {

namespace {
// Modification times are those of the system's last tick.
constexpr std::uint64_t clock_step_nanos = 10'000'000;
}  // namespace

FileSet::FileSet(Environment& environment, const TailOptions& options, ParserFactory& parsers, Positions& positions,
                 Telemetry& telemetry, DirectoryWatcher* watcher)
    : environment_(environment),
      disk_(environment.files),
      options_(options),
      parsers_(parsers),
      positions_(positions),
      telemetry_(telemetry),
      watcher_(watcher),
      open_files_max_(options.open_files_max),
      known_since_nanos_(environment.clock.unix_nanos() - clock_step_nanos),
      must_poll_(watcher == nullptr) {}

FileSet::~FileSet() {
  telemetry_.open_files.add(-static_cast<std::int64_t>(open_.size()));
  if (is_planted(PlantedBug::files_left_open))
    for (auto& [id, file] : files_) (void)file->file.release();
}

void FileSet::restore(const CheckpointContents& contents, bool has_history) {
  has_history_ = has_history;
  if (has_history) known_since_nanos_ = 0;
  for (const auto& [id, record] : contents.files) {
    positions_.restore(id, record);
    Slot& slot = slots_[record.path];
    slot.path = record.path;
    slot.real_path = record.real_path;
    (record.is_finished ? slot.finished : slot.restored).push_back({id, record});
    known_at_[record.identity] = record.path;
    known_since_nanos_ = std::max(known_since_nanos_, record.modified_nanos);
  }
}

void FileSet::scan() {
  is_scan_due_ = is_scan_torn_ = false;
  std::vector<std::string> found;
  const GlobVisitor visits = visitor([&](const std::string& path) { found.push_back(path); });
  for (const Glob& glob : options_.include) walk(disk_, glob, {}, visits);
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  if (options_.choose) options_.choose(found);
  expire_archive();
  // What went away while nobody looked may be back elsewhere: it is known as gone first.
  if (is_first_scan_ && options_.archive_time > Duration{0}) {
    std::vector<std::string> gone;
    for (const auto& [path, slot] : slots_)
      if (!std::binary_search(found.begin(), found.end(), path)) gone.push_back(path);
    for (const std::string& path : gone) check(path);
  }
  for (const std::string& path : found) check(path);
  std::vector<std::string> others;
  for (auto& [path, slot] : slots_) {
    if (!slot.finished.empty()) resume_finished(slot);
    if (std::exchange(slot.is_incomplete, false)) look_again_.push_back(path);
    if (!std::binary_search(found.begin(), found.end(), path)) others.push_back(path);
  }
  for (const std::string& path : others) check(path);
  look_again();
  for (auto& [id, file] : files_) {
    if (file->is_rotated && (file->is_open() || !file->is_at_end)) queue(*file);
    file->was_notified = false;
  }
  is_first_scan_ = false;
  if (open_files_max_ < options_.open_files_max) ++open_files_max_;
}

bool FileSet::is_included(const std::string& path) const {
  const auto matches = [&](const Glob& glob) { return glob.matches(path); };
  return std::any_of(options_.include.begin(), options_.include.end(), matches) &&
         std::none_of(options_.exclude.begin(), options_.exclude.end(), matches);
}

GlobVisitor FileSet::visitor(std::function<void(const std::string& path)> match) {
  return {[this](const std::string& directory) { found_directory(directory); },
          [this, match = std::move(match)](const std::string& path) {
            if (is_included(path)) match(path);
          },
          [this](const Error& error) { unlisted(error); }};
}

void FileSet::unlisted(const Error& error) {
  if (error.kind() != ErrorKind::refused) return;
  environment_.log.warn("file_log cannot list a directory now and will try again", {{"error", error.message()}});
  is_scan_torn_ = true;
}

void FileSet::found_directory(const std::string& directory) {
  if (watcher_ == nullptr || watched_.contains(directory)) return;
  const auto watch = watcher_->watch(directory);
  if (!watch) {
    if (is_missing(watch.error())) return;
    if (!must_poll_)
      environment_.log.warn("file_log cannot watch a directory and looks at it every poll_interval instead",
                            {{"error", watch.error().message()}});
    must_poll_ = true;
    return;
  }
  watched_[directory] = *watch;
  directories_[*watch].push_back(directory);
}

void FileSet::forget_watch(int watch) {
  const auto at = directories_.find(watch);
  if (at == directories_.end()) return;
  for (const std::string& directory : at->second) watched_.erase(directory);
  directories_.erase(at);
  watcher_->unwatch(watch);
  is_scan_due_ = true;
}

void FileSet::apply(const std::vector<DirectoryChange>& changes) {
  for (const DirectoryChange& change : changes) {
    if (change.event == WatchEvent::overflowed) {
      is_scan_due_ = true;
      continue;
    }
    if (change.name.empty()) {
      if (change.event == WatchEvent::vanished) forget_watch(change.watch);
      continue;
    }
    const auto at = directories_.find(change.watch);
    if (at == directories_.end()) continue;
    const std::vector<std::string> directories =
        change.event == WatchEvent::modified ? std::vector<std::string>{} : at->second;
    if (change.event == WatchEvent::modified) {
      for (const std::string& directory : at->second) {
        location_.assign(directory == "." ? "" : directory);
        if (!location_.empty() && location_.back() != '/') location_.push_back('/');
        location_.append(change.name);
        modified(location_);
      }
      continue;
    }
    for (const std::string& directory : directories) {
      const std::string location =
          directory == "." ? change.name : (directory == "/" ? "/" : directory + "/") + change.name;
      if (change.event == WatchEvent::appeared) appeared(location);
      const auto slot = slot_at_.find(location);
      if (slot != slot_at_.end())
        check(std::string(slot->second));
      else if (slots_.contains(location))
        check(location);
    }
  }
  look_again();
}

void FileSet::modified(const std::string& location) {
  const auto at = file_at_.find(location);
  if (at == file_at_.end()) {
    if (is_included(location)) return check(std::string(location));
    for (const std::string& base : possible_originals(name_of(location))) {
      const auto original = slot_at_.find(directory_of(location) + "/" + base);
      const auto slot = original == slot_at_.end() ? slots_.end() : slots_.find(original->second);
      if (slot != slots_.end()) resume_finished(slot->second);
    }
    return;
  }
  TrackedFile* file = find(at->second);
  if (file == nullptr) return;
  file->was_notified = true;
  // What is known of it counts if it vanishes, or is compressed, before its turn.
  if (!file->is_open()) {
    if (const auto status = disk_.status(location)) file->note_size(status->size);
    learn_start(*file);
  }
  queue(*file);
}

void FileSet::appeared(const std::string& location) {
  const auto status = disk_.status(location);
  if (!status) return;
  if (status->type == FileType::directory) {
    const GlobVisitor visits = visitor([&](const std::string& path) { check(path); });
    for (const Glob& glob : options_.include) walk(disk_, glob, location, visits);
    return;
  }
  const auto known = by_identity_.find(status->identity);
  if (known != by_identity_.end()) {
    move_location(*known->second, location);
    queue(*known->second);
  }
  if (options_.choose)
    is_scan_due_ = is_scan_due_ || is_included(location);
  else if (!slot_at_.contains(location) && is_included(location))
    check(location);
}

void FileSet::check(const std::string& path) {
  const auto status = disk_.status(path);
  auto at = slots_.find(path);
  if (!status || status->type != FileType::regular) {
    if (at == slots_.end()) return;
    vanished(at->second);
    const Slot& slot = at->second;
    if (slot.newest == nullptr && slot.finished.empty() && slot.restored.empty()) slots_.erase(at);
    return;
  }
  const bool is_new = at == slots_.end();
  if (is_new) {
    const auto age = static_cast<std::uint64_t>(options_.exclude_older_than.count());
    if (age != 0 && status->modified_nanos + age < environment_.clock.unix_nanos()) return;
    if (is_compressed_generation(path, *status)) return;
    if (is_known_elsewhere(path, *status) || is_copy(path, *status)) return;
    at = slots_.try_emplace(path).first;
    at->second.path = path;
  }
  Slot& slot = at->second;
  if (slot.current != nullptr && slot.current->identity == status->identity)
    check_current(slot, *status);
  else if (!(slot.alias == status->identity))
    rotate(slot, *status, is_new);
}

bool FileSet::is_known_elsewhere(const std::string& path, const FileStatus& status) {
  if (by_identity_.contains(status.identity)) return false;  // Becomes an alias.
  const auto known = known_at_.find(status.identity);
  if (known == known_at_.end() || known->second == path) return false;
  const std::string owner = known->second;
  const auto slot = slots_.find(owner);
  if (slot == slots_.end()) return false;
  const auto is_same = [&](const Finished& finished) {
    return finished.record.identity == status.identity && (is_gzip_path(path) || finished.record.size <= status.size);
  };
  if (std::any_of(slot->second.finished.begin(), slot->second.finished.end(), is_same)) return true;
  // The slot that read it before decides first whether it is one of its generations.
  if (std::any_of(slot->second.restored.begin(), slot->second.restored.end(), is_same)) check(owner);
  return false;
}

// What `include` matches besides the file it was made from is read as that one's generation: its
// lines may be known already.
bool FileSet::is_compressed_generation(const std::string& path, const FileStatus& status) {
  if (!path.ends_with(".gz")) return false;
  for (const std::string& base : possible_originals(name_of(path))) {
    const std::string original = directory_of(path) + "/" + base;
    if (!slots_.contains(original)) continue;
    if (!by_identity_.contains(status.identity) && !known_at_.contains(status.identity))
      look_again_.push_back(original);
    return true;
  }
  return false;
}

void FileSet::check_current(Slot& slot, const FileStatus& status) {
  TrackedFile& file = *slot.current;
  file.note_size(status.size);
  const bool is_changed =
      file.is_gzip ? status.modified_nanos != file.modified_nanos : status.size != file.taken + file.untaken;
  if (!is_changed || file.is_queued) return;
  constexpr std::uint64_t notification_delay_max = 1'000'000'000;
  if (!is_first_scan_ && watcher_ != nullptr && !must_poll_ && !file.was_notified && file.is_at_end &&
      status.modified_nanos + notification_delay_max < environment_.clock.unix_nanos()) {
    environment_.log.info("file_log gets no change notification and looks every poll_interval instead",
                          {{"path", file.path}});
    must_poll_ = true;
  }
  queue(file);
}

void FileSet::vanished(Slot& slot) {
  const bool had_current = slot.current != nullptr;
  retire_current(slot);
  slot.alias = {};
  if (had_current || !slot.restored.empty() || !slot.finished.empty()) read_generations(slot, nullptr, false);
}

TrackedFile* FileSet::find(std::uint32_t id) {
  const auto at = files_.find(id);
  return at == files_.end() ? nullptr : at->second.get();
}

void FileSet::queue(TrackedFile& file) {
  if (file.is_queued || file.has_failed || file.is_ended) return;
  file.is_queued = true;
  file.is_at_end = false;
  ready_.push_back(file.id);
}

void FileSet::reached_end(TrackedFile& file) {
  file.is_at_end = true;
  if (file.is_rotated && file.is_drained()) ++drained_count_;
  if (file.next != nullptr) queue(*file.next);
  if (!starved_.empty()) feed_one();
}

void FileSet::unreadable(TrackedFile& file) {
  constexpr Duration retry_first = std::chrono::milliseconds(100), retry_max = std::chrono::seconds(30);
  constexpr Duration patience = std::chrono::minutes(1);
  const Instant now = environment_.clock.now();
  if (file.failures == 0) file.failing_since = now;
  if ((file.is_rotated || file.is_gzip) && now - file.failing_since >= patience) return give_up(file);
  if (file.failures == 0)
    environment_.log.warn("file_log cannot read a file and will try again", {{"path", file.path}});
  file.retry_at = now + std::min<Duration>(retry_first * (1 << std::min(file.failures, 10u)), retry_max);
  ++file.failures;
  failing_.push_back(file.id);
}

void FileSet::give_up(TrackedFile& file) {
  file.has_failed = true;
  file.gzip.reset();
  const std::uint64_t lost = file.size > file.taken ? file.size - file.taken : 0;
  telemetry_.lost_unreadable.add(lost);
  environment_.log.warn("file_log cannot read the rest of a file", {{"path", file.path}, {"bytes", lost}});
  reached_end(file);
}

void FileSet::note_incomplete(Slot& slot) {
  slot.is_incomplete = true;
  if (incomplete_at_ == Instant::max()) incomplete_at_ = environment_.clock.now() + incomplete_pause_;
}

// The next scan may be far away.
void FileSet::retry_incomplete(Instant now) {
  constexpr Duration pause_first = std::chrono::seconds(1), pause_max = std::chrono::seconds(30);
  if (now < incomplete_at_) return;
  incomplete_at_ = Instant::max();
  incomplete_pause_ = std::min(2 * incomplete_pause_, pause_max);
  for (auto& [path, slot] : slots_)
    if (std::exchange(slot.is_incomplete, false)) look_again_.push_back(path);
  look_again();
  if (incomplete_at_ == Instant::max()) incomplete_pause_ = pause_first;
}

void FileSet::retry_unreadable(Instant now) {
  retry_incomplete(now);
  std::erase_if(failing_, [&](std::uint32_t id) {
    TrackedFile* file = find(id);
    if (file != nullptr && now < file->retry_at) return false;
    if (file != nullptr) queue(*file);
    return true;
  });
}

Instant FileSet::next_retry() const {
  Instant next = incomplete_at_;
  for (const std::uint32_t id : failing_)
    if (const auto at = files_.find(id); at != files_.end()) next = std::min(next, at->second->retry_at);
  return next;
}

void FileSet::rewind(TrackedFile& file, std::uint64_t offset) {
  telemetry_.rewinds.add();
  file.parser = parsers_.make(facts_of(file));
  file.has_failed = false;
  file.is_ended = false;
  if (TrackedFile* earlier = find(std::exchange(file.held_for, 0))) {
    // What was taken over is gone with the old parser: it comes from the file before once more.
    earlier->held_by_next_from.reset();
    link(earlier, file);
    rewind(*earlier, positions_.delivered_until(earlier->id));
  }
  file.gzip.reset();
  file.move_to(offset);
  queue(file);
}

std::vector<TrackedFile*> FileSet::quiet_rotated() {
  std::vector<TrackedFile*> quiet;
  const Instant now = environment_.clock.now();
  for (auto& [id, file] : files_) {
    if (!file->is_rotated || file->is_ended || file->is_queued || !file->is_at_end) continue;
    if (file->next != nullptr && file->next->is_queued) continue;
    const bool is_quiet = file->is_drained() || now - file->changed_at >= options_.rotated_quiet;
    if (file->previous == nullptr && is_quiet) quiet.push_back(file.get());
  }
  drained_count_ = 0;
  return quiet;
}

void FileSet::retire() {
  std::vector<TrackedFile*> done;
  for (auto& [id, file] : files_)
    if (file->is_ended && !file->is_queued && !file->held_by_next_from && !positions_.has_unsettled(id))
      done.push_back(file.get());
  for (TrackedFile* file : done) {
    const auto slot = slots_.find(file->path);
    if (slot != slots_.end() && file->identity.inode != 0)
      finish(slot->second, *file);
    else
      positions_.forget(file->id);
    remove(*file);
  }
  while (!starved_.empty()) feed_one();
  rotated_count_ = 0;
  for (auto& [id, file] : files_) rotated_count_ += file->is_rotated ? 1 : 0;
  if (!options_.must_delete) return;
  for (auto& [id, file] : files_) {
    if (!file->is_at_end || file->is_rotated || file->untaken != 0 || file->taken == 0 || positions_.has_unsettled(id))
      continue;
    if (auto removed = disk_.remove(file->real_path); !removed)
      environment_.log.warn("file_log could not delete a file it has read", {{"error", removed.error().message()}});
  }
}

// Remembers what was read, so that it is not read again where it is found next.
void FileSet::finish(Slot& slot, TrackedFile& file) {
  if (file.is_open()) (void)file.refresh();
  FileRecord record{.identity = file.identity,
                    .fingerprint = file.fingerprint,
                    .position = file.taken,
                    .size = file.taken,
                    .modified_nanos = file.modified_nanos,
                    .is_finished = true,
                    .path = file.path,
                    .real_path = file.real_path};
  // Without a name it was deleted or compressed: only its contents tell which, when the directory
  // is looked at, and its inode may be another file's by then.
  if (file.links == 0) record.identity = {};
  positions_.describe(file.id, record.identity, record.fingerprint, true);
  if (file.links != 0) known_at_[record.identity] = file.path;
  slot.finished.push_back({file.id, std::move(record), file.guard()});
}

void FileSet::remove(TrackedFile& file) {
  if (file.next != nullptr) file.next->previous = nullptr;
  if (file.previous != nullptr) file.previous->next = nullptr;
  if (const auto at = by_identity_.find(file.identity); at != by_identity_.end() && at->second == &file)
    by_identity_.erase(at);
  if (const auto at = file_at_.find(file.real_path); at != file_at_.end() && at->second == file.id) file_at_.erase(at);
  if (const auto at = slots_.find(file.path); at != slots_.end()) {
    if (at->second.current == &file) at->second.current = nullptr;
    if (at->second.newest == &file) at->second.newest = nullptr;
  }
  close_file(file);
  files_.erase(file.id);
}

void FileSet::move_location(TrackedFile& file, const std::string& location) {
  if (const auto at = file_at_.find(file.real_path); at != file_at_.end() && at->second == file.id) file_at_.erase(at);
  file.real_path = location;
  file_at_[location] = file.id;
}

void FileSet::link(TrackedFile* previous, TrackedFile& file) {
  if (previous == nullptr || previous == &file) return;
  file.previous = previous;
  previous->next = &file;
}

bool FileSet::is_gzip_path(const std::string& path) const {
  return options_.compression == Compression::gzip ||
         (options_.compression == Compression::automatic && path.ends_with(".gz"));
}

FileFacts FileSet::facts_of(const TrackedFile& file) {
  // An older generation is still told apart by the path that it was written under.
  const auto slot = slots_.find(file.path);
  FileFacts facts{.path = file.path,
                  .path_resolved = slot != slots_.end() && !slot->second.real_path.empty() ? slot->second.real_path
                                                                                           : file.real_path};
  constexpr std::size_t header_size_max = 64 * 1024;
  if (options_.has_header && file.size != 0) {
    auto contents = Contents::open(disk_, file.real_path, file.identity, file.is_gzip);
    if (contents) facts.start = contents->start(header_size_max);
  }
  if (!options_.has_owner_facts) return facts;
  const auto status = disk_.status(file.real_path);
  if (!status) return facts;
  char scratch[4096];
  passwd user{};
  passwd* found_user = nullptr;
  if (::getpwuid_r(status->owner, &user, scratch, sizeof scratch, &found_user) == 0 && found_user != nullptr)
    facts.owner_name = user.pw_name;
  group owners{};
  group* found_group = nullptr;
  if (::getgrgid_r(status->group, &owners, scratch, sizeof scratch, &found_group) == 0 && found_group != nullptr)
    facts.owner_group_name = owners.gr_name;
  char mode[8];
  std::snprintf(mode, sizeof mode, "%04o", status->mode & 0777u);
  facts.permissions = mode;
  return facts;
}

}  // namespace rankwire::file_log
