#include "disk.hpp"

#include <algorithm>

#include "base/require.hpp"

namespace rankwire::simulation {
namespace {

constexpr int links_followed_max = 20;
constexpr std::string_view statm = "/proc/self/statm";

Error missing(const std::string& path) {
  return {ErrorKind::invalid, "opening " + path + ": no such file or directory"};
}

}  // namespace

// Group 0 never gets faults; its writes are durable at once.
class DiskFile final : public File {
 public:
  DiskFile(Disk& disk, InodeRef inode, std::string path)
      : disk_(disk), inode_(std::move(inode)), path_(std::move(path)) {
    disk_.handles_[this] = Scheduler::self() ? Scheduler::self()->group : 0;
  }
  ~DiskFile() override {
    if (inode_->lock_holder == this) inode_->lock_holder = nullptr;
    disk_.handles_.erase(this);
  }

  Result<std::size_t> read_at(std::uint64_t offset, char* into, std::size_t size) override {
    RANKWIRE_TRY(disk_.enter("read_at", path_, false));
    if (!disk_.is_outside() && path_ != statm && disk_.faults_.strikes(Fault::read_error))
      return Error(ErrorKind::corrupt, "reading " + path_ + ": Input/output error");
    if (path_ == statm) {
      const std::string pages = std::to_string(disk_.resident_pages);
      inode_->bytes = pages + " " + pages + " 0 0 0 0 0\n";
    }
    if (offset >= inode_->bytes.size()) return std::size_t{0};
    return inode_->bytes.copy(into, size, offset);
  }
  Result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
    inode_->refused = bytes;
    RANKWIRE_TRY(disk_.enter("write_at", path_, true));
    if (disk_.on_write && !disk_.is_outside()) disk_.on_write(path_, bytes);
    if (!disk_.is_outside() && disk_.faults_.strikes(Fault::short_write)) {
      disk_.wrote(*inode_, {offset, std::string(bytes.substr(0, disk_.faults_.dice().below(bytes.size() + 1))), {}});
      return Error(ErrorKind::refused, "writing " + path_ + ": No space left on device");
    }
    disk_.wrote(*inode_, {offset, std::string(bytes), {}});
    inode_->refused.clear();
    return {};
  }
  Result<void> append(std::string_view bytes) override { return write_at(inode_->bytes.size(), bytes); }
  Result<void> append(std::span<const std::string_view> pieces) override {
    std::string joined;
    for (const std::string_view piece : pieces) joined.append(piece);
    return write_at(inode_->bytes.size(), joined);
  }
  Result<void> sync() override {
    RANKWIRE_TRY(disk_.enter("sync", path_, false));
    // After a failed fsync the kernel may have dropped the pages: nobody may rely on them.
    if (!disk_.is_outside() && disk_.faults_.strikes(Fault::sync_error)) {
      disk_.say("sync", path_, "EIO");
      return Error(ErrorKind::corrupt, "syncing " + path_ + ": Input/output error");
    }
    disk_.say("sync", path_, "");
    inode_->durable = inode_->bytes;
    inode_->unsynced.clear();
    return {};
  }
  Result<void> truncate(std::uint64_t size) override {
    RANKWIRE_TRY(disk_.enter("truncate", path_, true));
    disk_.wrote(*inode_, {0, {}, size});
    return {};
  }
  void drop_cache(std::uint64_t) override {}
  Result<FileStatus> status() override {
    RANKWIRE_TRY(disk_.enter("status", path_, false));
    return disk_.status_of(*inode_);
  }
  Result<void> lock() override {
    RANKWIRE_TRY(disk_.enter("lock", path_, false));
    if (inode_->lock_holder != nullptr && inode_->lock_holder != this)
      return Error(ErrorKind::refused, path_ + " is locked by another process");
    inode_->lock_holder = this;
    inode_->lock_group = disk_.handles_[this];
    return {};
  }

 private:
  Disk& disk_;
  const InodeRef inode_;
  const std::string path_;
};

class DiskWatcher final : public DirectoryWatcher {
 public:
  explicit DiskWatcher(Disk& disk) : disk_(disk), group_(Scheduler::self()->group) { disk_.watchers_.insert(this); }
  ~DiskWatcher() override { disk_.watchers_.erase(this); }

  Result<int> watch(const std::string& directory) override {
    RANKWIRE_TRY(disk_.enter("watch", directory, false));
    auto resolved = disk_.resolve(directory, true);
    if (!resolved) return std::move(resolved).error();
    const InodeRef inode = disk_.find(*resolved);
    if (!inode || inode->type != FileType::directory) return missing(directory);
    for (const auto& [number, path] : watched_)
      if (path == *resolved) return number;
    watched_[++last_] = *resolved;
    return last_;
  }
  void unwatch(int watch) override { watched_.erase(watch); }
  bool wait(std::vector<DirectoryChange>& changes, int timeout_ms) override {
    Scheduler& scheduler = *Scheduler::current();
    scheduler.yield();
    if (changes_.empty() && !is_awake_ && timeout_ms != 0) {
      const Instant until =
          timeout_ms < 0 ? Instant::max() : scheduler.now() + Duration(std::chrono::milliseconds(timeout_ms));
      scheduler.wait(this, until);
    }
    is_awake_ = false;
    const bool has_any = !changes_.empty();
    changes.insert(changes.end(), changes_.begin(), changes_.end());
    changes_.clear();
    return has_any;
  }
  void wake() override {
    is_awake_ = true;
    Scheduler::current()->announce_all(this);
  }

  void tell(const std::string& directory, const std::string& name, WatchEvent event) {
    for (const auto& [number, path] : watched_) {
      if (path != directory) continue;
      if (disk_.faults_.strikes(Fault::watch_overflow)) {
        changes_.assign(1, {-1, WatchEvent::overflowed, {}});
      } else if (changes_.empty() ||
                 !(changes_.back().watch == number && changes_.back().event == event && changes_.back().name == name)) {
        changes_.push_back({number, event, name});
      }
      Scheduler::current()->announce_all(this);
    }
  }
  void directory_gone(const std::string& directory) {
    std::erase_if(watched_, [&](const auto& entry) {
      if (entry.second != directory) return false;
      changes_.push_back({entry.first, WatchEvent::vanished, {}});
      Scheduler::current()->announce_all(this);
      return true;
    });
  }
  std::uint32_t group() const { return group_; }

 private:
  Disk& disk_;
  const std::uint32_t group_;
  std::map<int, std::string> watched_;
  std::vector<DirectoryChange> changes_;
  bool is_awake_ = false;
  int last_ = 0;
};

std::string Disk::parent(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos || slash == 0 ? "/" : path.substr(0, slash);
}

std::string Disk::name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

void Disk::say(const char* call, const std::string& path, std::string_view outcome) const {
  if (on_call && !is_outside()) on_call(std::string(call) + " " + path + " " + std::string(outcome));
}

Result<void> Disk::enter(const char* call, const std::string& path, bool is_change) {
  Scheduler& scheduler = *Scheduler::current();
  scheduler.yield();
  if (is_outside()) return {};
  if (faults_.strikes(Fault::slow_disk)) scheduler.sleep(std::chrono::milliseconds(faults_.dice().between(1, 2000)));
  if (!is_change) return {};
  const bool is_broken = faults_.strikes(Fault::write_error);
  const bool is_full = !is_broken && faults_.strikes(Fault::disk_full);
  say(call, path, is_broken ? "EIO" : is_full ? "ENOSPC" : "");
  if (is_broken) return Error(ErrorKind::corrupt, "writing " + path + ": Input/output error");
  if (is_full) return Error(ErrorKind::refused, "writing " + path + ": No space left on device");
  return {};
}

InodeRef Disk::find(const std::string& path) const {
  const auto found = entries_.find(path);
  return found == entries_.end() ? nullptr : found->second;
}

// Follows links in every part of the path. A missing last part is no error.
Result<std::string> Disk::resolve(const std::string& path, bool follow_last) {
  std::string rest = path, done;
  for (int links = 0; !rest.empty();) {
    const std::size_t begin = rest.find_first_not_of('/');
    if (begin == std::string::npos) break;
    const std::size_t end = std::min(rest.find('/', begin), rest.size());
    const std::string part = rest.substr(begin, end - begin);
    rest.erase(0, end);
    if (part == ".") continue;
    if (part == "..") {
      done = done.substr(0, done.rfind('/') == std::string::npos ? 0 : done.rfind('/'));
      continue;
    }
    const std::string next = done + "/" + part;
    const InodeRef inode = find(next);
    const bool is_last = rest.find_first_not_of('/') == std::string::npos;
    if (!inode && !is_last) return missing(path);
    if (inode && inode->type == FileType::symlink && (!is_last || follow_last)) {
      if (++links > links_followed_max) return Error(ErrorKind::unavailable, path + ": too many links");
      rest = inode->bytes + rest;
      if (inode->bytes.starts_with('/')) done.clear();
      continue;
    }
    done = next;
  }
  return done.empty() ? "/" : done;
}

void Disk::set_entry(const std::string& path, InodeRef inode, bool is_with_last) {
  const InodeRef before = find(path);
  if (!is_outside()) unsynced_entries_[parent(path)].push_back({path, before, inode, is_with_last});
  if (inode)
    entries_[path] = std::move(inode);
  else
    entries_.erase(path);
}

InodeRef Disk::make(const std::string& path, FileType type) {
  auto inode = std::make_shared<Inode>();
  const bool must_reuse = std::exchange(must_reuse_, false) && last_removed_ != 0;
  inode->number = must_reuse ? std::exchange(last_removed_, 0) : ++next_number_;
  inode->birth_nanos = clock_.unix_nanos();
  inode->modified_nanos = clock_.unix_nanos();
  inode->type = type;
  set_entry(path, inode);
  tell(path, WatchEvent::appeared);
  return inode;
}

void Disk::wrote(Inode& inode, Inode::Write write) {
  if (write.truncate_to) {
    inode.bytes.resize(*write.truncate_to);
  } else {
    if (inode.bytes.size() < write.offset + write.bytes.size()) inode.bytes.resize(write.offset + write.bytes.size());
    inode.bytes.replace(write.offset, write.bytes.size(), write.bytes);
  }
  inode.modified_nanos = clock_.unix_nanos();
  if (is_outside())
    inode.durable = inode.bytes;
  else
    inode.unsynced.push_back(std::move(write));
  tell_of(inode);
}

void Disk::tell(const std::string& path, WatchEvent event) {
  if (watchers_.empty()) return;
  const std::string directory = parent(path), name = name_of(path);
  for (DiskWatcher* watcher : std::vector<DiskWatcher*>(watchers_.begin(), watchers_.end()))
    watcher->tell(directory, name, event);
}

void Disk::tell_of(const Inode& inode) {
  if (watchers_.empty()) return;
  std::vector<std::string> paths;
  for (const auto& [path, one] : entries_)
    if (one.get() == &inode) paths.push_back(path);
  for (const std::string& path : paths) tell(path, WatchEvent::modified);
}

FileStatus Disk::status_of(const Inode& inode) const {
  return {.identity = {1, inode.number, inode.birth_nanos},
          .type = inode.type,
          .size = inode.bytes.size(),
          .modified_nanos = inode.modified_nanos,
          .mode = inode.mode,
          .owner = 0,
          .group = 0,
          .links = inode.links};
}

Result<std::unique_ptr<File>> Disk::open(const std::string& path, OpenMode mode) {
  if (path == statm) return std::unique_ptr<File>(std::make_unique<DiskFile>(*this, std::make_shared<Inode>(), path));
  RANKWIRE_TRY(enter("open", path, false));
  if (!is_outside() && faults_.strikes(Fault::out_of_handles)) {
    say("open", path, "EMFILE");
    return Error(ErrorKind::refused, "opening " + path + ": Too many open files");
  }
  if (!mode.create) say("open", path, "for reading");
  auto resolved = resolve(path, mode.follow_symlinks);
  if (!resolved) return std::move(resolved).error();
  InodeRef inode = find(*resolved);
  if (inode && inode->type == FileType::symlink) return Error(ErrorKind::denied, path + " is a symbolic link");
  if (inode && inode->type == FileType::directory && mode.write)
    return Error(ErrorKind::invalid, path + " is a directory");
  if (inode && mode.create && mode.exclusive) return Error(ErrorKind::invalid, path + " exists");
  if (!inode) {
    if (!mode.create) return missing(path);
    const InodeRef above = find(parent(*resolved));
    if (!above || above->type != FileType::directory) return missing(path);
    RANKWIRE_TRY(enter("open", path, true));
    inode = make(*resolved, FileType::regular);
    inode->mode = mode.permissions;
  }
  if (mode.truncate && !inode->bytes.empty()) wrote(*inode, {0, {}, std::uint64_t{0}});
  return std::unique_ptr<File>(std::make_unique<DiskFile>(*this, std::move(inode), *resolved));
}

Result<FileStatus> Disk::status(const std::string& path, bool follow) {
  RANKWIRE_TRY(enter("status", path, false));
  auto resolved = resolve(path, follow);
  if (!resolved) return std::move(resolved).error();
  if (*resolved == "/") return FileStatus{.type = FileType::directory};
  const InodeRef inode = find(*resolved);
  if (!inode) return missing(path);
  return status_of(*inode);
}

Result<std::vector<DirectoryEntry>> Disk::list(const std::string& directory) {
  RANKWIRE_TRY(enter("list", directory, false));
  auto resolved = resolve(directory, true);
  if (!resolved) return std::move(resolved).error();
  const InodeRef inode = find(*resolved);
  if (*resolved != "/" && (!inode || inode->type != FileType::directory)) return missing(directory);
  const std::string below = *resolved == "/" ? "/" : *resolved + "/";
  std::vector<DirectoryEntry> entries;
  for (auto at = entries_.lower_bound(below); at != entries_.end() && at->first.starts_with(below); ++at)
    if (at->first.find('/', below.size()) == std::string::npos)
      entries.push_back({at->first.substr(below.size()), at->second->type, at->second->number});
  for (std::size_t i = entries.size(); i > 1; --i) std::swap(entries[i - 1], entries[faults_.dice().below(i)]);
  return entries;
}

Result<std::string> Disk::real_path(const std::string& path) {
  RANKWIRE_TRY(enter("real_path", path, false));
  auto resolved = resolve(path, true);
  if (!resolved) return resolved;
  if (*resolved != "/" && !find(*resolved)) return missing(path);
  return resolved;
}

Result<void> Disk::make_directories(const std::string& path, std::uint32_t permissions) {
  RANKWIRE_TRY(enter("make_directories", path, true));
  for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    const InodeRef found = find(part);
    if (found && found->type == FileType::regular) return Error(ErrorKind::invalid, part + " is not a directory");
    if (!found && !part.empty()) make(part, FileType::directory)->mode = permissions;
    if (slash == std::string::npos) return {};
  }
}

Result<void> Disk::rename(const std::string& from, const std::string& to) {
  RANKWIRE_TRY(enter("rename", from, true));
  const InodeRef inode = find(from);
  if (!inode) return missing(from);
  if (const InodeRef over = find(to); over && over != inode) over->links = 0;
  require(inode->type != FileType::directory, "the simulated disk renames files only");
  set_entry(from, nullptr);
  set_entry(to, inode, parent(from) == parent(to));
  tell(from, WatchEvent::vanished);
  tell(to, WatchEvent::appeared);
  return {};
}

Result<void> Disk::remove(const std::string& path) {
  RANKWIRE_TRY(enter("remove", path, true));
  const InodeRef inode = find(path);
  if (!inode) return missing(path);
  inode->links = 0;
  last_removed_ = inode->number;
  set_entry(path, nullptr);
  if (inode->type == FileType::directory)
    for (DiskWatcher* watcher : std::vector<DiskWatcher*>(watchers_.begin(), watchers_.end()))
      watcher->directory_gone(path);
  tell(path, WatchEvent::vanished);
  return {};
}

Result<void> Disk::sync_directory(const std::string& directory) {
  RANKWIRE_TRY(enter("sync_directory", directory, false));
  if (!is_outside() && faults_.strikes(Fault::sync_error))
    return Error(ErrorKind::corrupt, "syncing " + directory + ": Input/output error");
  say("sync_directory", directory, "");
  unsynced_entries_.erase(directory);
  return {};
}

Result<std::uint64_t> Disk::free_bytes(const std::string&) { return std::uint64_t{1} << 40; }

Result<std::unique_ptr<DirectoryWatcher>> Disk::make_watcher() {
  return std::unique_ptr<DirectoryWatcher>(std::make_unique<DiskWatcher>(*this));
}

void Disk::link_symbolically(const std::string& path, const std::string& target) {
  if (find(path)) return;
  make(path, FileType::symlink)->bytes = target;
}

void Disk::process_died(std::uint32_t group) {
  for (const auto& [path, inode] : entries_)
    if (inode->lock_holder != nullptr && inode->lock_group == group) inode->lock_holder = nullptr;
  std::erase_if(handles_, [&](const auto& entry) { return entry.second == group; });
  std::erase_if(watchers_, [&](DiskWatcher* watcher) { return watcher->group() == group; });
}

void Disk::lose_power() {
  Dice& dice = faults_.dice();
  for (auto& [directory, changes] : unsynced_entries_) {
    // The journal of a directory keeps order: a prefix of it survives.
    std::size_t kept = dice.below(changes.size() + 1);
    if (kept < changes.size() && changes[kept].is_with_last) ++kept;
    for (std::size_t i = changes.size(); i-- > kept;) {
      const EntryChange& change = changes[i];
      if (change.before)
        entries_[change.path] = change.before;
      else
        entries_.erase(change.path);
    }
  }
  unsynced_entries_.clear();
  for (const auto& [path, inode] : entries_) {
    if (inode->unsynced.empty()) continue;
    std::string bytes = inode->durable;
    for (Inode::Write& write : inode->unsynced) {
      if (dice.chance(0.5)) continue;
      if (write.truncate_to) {
        bytes.resize(std::min<std::uint64_t>(bytes.size(), *write.truncate_to));
        continue;
      }
      if (faults_.strikes(Fault::power_loss_torn_write)) write.bytes.resize(dice.below(write.bytes.size() + 1));
      if (bytes.size() < write.offset + write.bytes.size()) bytes.resize(write.offset + write.bytes.size());
      bytes.replace(write.offset, write.bytes.size(), write.bytes);
    }
    inode->bytes = inode->durable = std::move(bytes);
    inode->unsynced.clear();
    inode->links = 1;
  }
}

bool Disk::flip_bit(const std::string& below) {
  std::vector<InodeRef> files;
  for (const auto& [path, inode] : entries_)
    if (path.starts_with(below + "/") && inode->type == FileType::regular && !inode->bytes.empty())
      files.push_back(inode);
  if (files.empty()) return false;
  Inode& inode = *faults_.dice().one_of(files);
  const std::uint64_t at = faults_.dice().below(inode.bytes.size());
  inode.bytes[at] = static_cast<char>(inode.bytes[at] ^ (1 << faults_.dice().below(8)));
  inode.durable = inode.bytes;
  inode.unsynced.clear();
  return true;
}

std::size_t Disk::open_handles(std::uint32_t group) const {
  return static_cast<std::size_t>(
      std::count_if(handles_.begin(), handles_.end(), [&](const auto& entry) { return entry.second == group; }));
}

}  // namespace rankwire::simulation
