// A disk in memory with inodes, symbolic links, locks and change notification. It remembers what was
// synced: a power loss takes back the rest, in any order and torn. Every call is a point where other
// threads go on and where a fault may strike. Calls from the world outside the agent (group 0) never
// fail and are durable at once.
#pragma once

#include <deque>
#include <map>
#include <set>

#include "base/file_system.hpp"
#include "faults.hpp"

namespace rankwire::simulation {

struct Inode {
  struct Write {
    std::uint64_t offset;
    std::string bytes;
    std::optional<std::uint64_t> truncate_to;  // Instead of writing.
  };
  std::uint64_t number = 0;
  std::uint64_t birth_nanos = 0;
  FileType type = FileType::regular;
  std::string bytes;  // As processes see it. Of a symbolic link: where it leads.
  std::string durable;
  std::vector<Write> unsynced;
  std::string refused;  // What the last write was about if it failed.
  std::uint64_t modified_nanos = 0;
  std::uint32_t mode = 0600;
  std::uint32_t links = 1;
  const void* lock_holder = nullptr;
  std::uint32_t lock_group = 0;
};
using InodeRef = std::shared_ptr<Inode>;

class Disk final : public FileSystem {
 public:
  Disk(Clock& clock, Faults& faults) : clock_(clock), faults_(faults) {}

  // FileSystem
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Result<FileStatus> status(const std::string& path, bool follow = true) override;
  Result<std::vector<DirectoryEntry>> list(const std::string& directory) override;
  Result<std::string> real_path(const std::string& path) override;
  Result<void> make_directories(const std::string& path, std::uint32_t permissions) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<void> sync_directory(const std::string& directory) override;
  Result<std::uint64_t> free_bytes(const std::string& path) override;
  Result<std::unique_ptr<DirectoryWatcher>> make_watcher() override;

  // For the world.
  void link_symbolically(const std::string& path, const std::string& target);
  // The next file made gets the number of the one removed last, as ext4 does.
  void reuse_last_inode() { must_reuse_ = true; }
  // The processes of the group are gone: their locks and handles with them.
  void process_died(std::uint32_t group);
  // What was not synced is lost, kept, reordered or torn. All processes must be gone.
  void lose_power();
  // Flips one bit of a file below the directory; false if there is none.
  bool flip_bit(const std::string& below);
  // Calls `visit(path, bytes)` for each regular file below the directory.
  template <class Visit>
  void each_file(const std::string& below, Visit visit) const {
    for (const auto& [path, inode] : entries_)
      if (path.starts_with(below + "/") && inode->type == FileType::regular) visit(path, inode->bytes);
  }
  // Calls `visit(path, inode, is_removed)` for each regular file below the directory, also for those
  // whose removal a power loss could still take back.
  template <class Visit>
  void each_version(const std::string& below, Visit visit) const {
    for (const auto& [path, inode] : entries_)
      if (path.starts_with(below + "/") && inode->type == FileType::regular) visit(path, *inode, false);
    for (const auto& [directory, changes] : unsynced_entries_)
      for (const EntryChange& change : changes)
        if (change.before && change.path.starts_with(below + "/") && change.before->type == FileType::regular)
          visit(change.path, *change.before, true);
  }
  std::size_t open_handles(std::uint32_t group) const;
  // Called with everything that the process under test writes.
  std::function<void(const std::string& path, std::string_view bytes)> on_write;
  // Called with each call of the process under test that changes something or fails.
  std::function<void(const std::string& what)> on_call;
  // What /proc/self/statm says, in pages.
  std::uint64_t resident_pages = 4000;

 private:
  friend class DiskFile;
  friend class DiskWatcher;

  struct EntryChange {
    std::string path;
    InodeRef before, after;     // Null: absent.
    bool is_with_last = false;  // The second half of a rename.
  };

  bool is_outside() const { return Scheduler::self() == nullptr || Scheduler::self()->group == 0; }
  // A call of the process begins: others run, faults strike.
  Result<void> enter(const char* call, const std::string& path, bool is_change);
  void say(const char* call, const std::string& path, std::string_view outcome) const;
  Result<std::string> resolve(const std::string& path, bool follow_last);
  InodeRef find(const std::string& path) const;
  InodeRef make(const std::string& path, FileType type);
  void set_entry(const std::string& path, InodeRef inode, bool is_with_last = false);
  void wrote(Inode& inode, Inode::Write write);
  void tell(const std::string& path, WatchEvent event);
  void tell_of(const Inode& inode);
  static std::string parent(const std::string& path);
  static std::string name_of(const std::string& path);
  FileStatus status_of(const Inode& inode) const;

  Clock& clock_;
  Faults& faults_;
  std::map<std::string, InodeRef> entries_;
  std::map<std::string, std::vector<EntryChange>> unsynced_entries_;  // By directory.
  std::map<const void*, std::uint32_t> handles_;                      // To the group that holds it.
  std::set<class DiskWatcher*> watchers_;
  std::uint64_t next_number_ = 100;
  std::uint64_t last_removed_ = 0;
  bool must_reuse_ = false;
};

}  // namespace rankwire::simulation
