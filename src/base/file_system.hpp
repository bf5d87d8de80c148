// The disk, as an interface: tests and the simulator inject faults and power loss behind it.
// All paths are absolute or relative to the process. Every method is safe to call from any thread;
// one `File` is used by one thread at a time unless its comment says otherwise.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace rankwire {

// What identifies a file while it exists, however it is renamed.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t birth_nanos = 0;  // 0 where the file system keeps no birth time.

  bool operator==(const FileIdentity&) const = default;
};

enum class FileType : std::uint8_t { regular, directory, symlink, other };

struct FileStatus {
  FileIdentity identity;
  FileType type = FileType::other;
  std::uint64_t size = 0;
  std::uint64_t modified_nanos = 0;  // Since 1970 UTC.
  std::uint32_t mode = 0;            // Permission bits only.
  std::uint32_t owner = 0;
  std::uint32_t group = 0;
  std::uint32_t links = 1;  // 0: deleted while we hold it open.
};

// How full a file system is.
struct FileSystemSpace {
  std::uint64_t total_bytes = 0, free_bytes = 0;  // Free: also what only root may use.
  std::uint64_t available_bytes = 0;              // What anybody may use.
  std::uint64_t total_inodes = 0, free_inodes = 0;
};

class File {
 public:
  virtual ~File() = default;
  // Reads up to `size` bytes at `offset`; 0 means end of file. Safe from several threads at once.
  virtual Result<std::size_t> read_at(std::uint64_t offset, char* into, std::size_t size) = 0;
  // Writes everything or fails; after a failure any prefix may have been written.
  virtual Result<void> write_at(std::uint64_t offset, std::string_view bytes) = 0;
  virtual Result<void> append(std::string_view bytes) = 0;
  // Several pieces as one write, in order, at the end.
  virtual Result<void> append(std::span<const std::string_view> pieces) = 0;
  // On return the contents (and the size) survive power loss.
  virtual Result<void> sync() = 0;
  virtual Result<void> truncate(std::uint64_t size) = 0;
  // Tells the system that pages before `offset` will not be read again.
  virtual void drop_cache(std::uint64_t offset) = 0;
  virtual Result<FileStatus> status() = 0;
  // Exclusive, advisory, released on close. `refused` when another process holds it.
  virtual Result<void> lock() = 0;
  // The descriptor, or -1 where there is none (simulated files).
  virtual int descriptor() const { return -1; }
};

struct OpenMode {
  bool write = false;
  bool create = false;
  bool exclusive = false;  // Fail if it exists.
  bool truncate = false;
  bool follow_symlinks = true;
  std::uint32_t permissions = 0600;
};

struct DirectoryEntry {
  std::string name;
  FileType type = FileType::other;
  std::uint64_t inode = 0;
};

enum class WatchEvent : std::uint8_t { modified, appeared, vanished, overflowed };

struct DirectoryChange {
  int watch = -1;  // As returned by `watch`; -1 for `overflowed`.
  WatchEvent event = WatchEvent::modified;
  std::string name;  // Of the entry in the directory; empty: the directory itself.
};

// Change notification for directories (inotify). Used by one thread; `wake` may come from any.
class DirectoryWatcher {
 public:
  virtual ~DirectoryWatcher() = default;
  // Watches the entries of a directory. The same directory gives the same number.
  virtual Result<int> watch(const std::string& directory) = 0;
  virtual void unwatch(int watch) = 0;
  // Waits until something changed, `wake` was called or `timeout_ms` passed (-1: no limit).
  // Appends what changed to `changes`; false if nothing did.
  virtual bool wait(std::vector<DirectoryChange>& changes, int timeout_ms) = 0;
  virtual void wake() = 0;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  // Of what the path leads to; with `follow` false, of a symbolic link itself.
  virtual Result<FileStatus> status(const std::string& path, bool follow = true) = 0;
  virtual Result<std::vector<DirectoryEntry>> list(const std::string& directory) = 0;
  virtual Result<std::string> real_path(const std::string& path) = 0;
  virtual Result<void> make_directories(const std::string& path, std::uint32_t permissions) = 0;
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  virtual Result<void> remove(const std::string& path) = 0;
  // Makes creations, renames and removals in the directory survive power loss.
  virtual Result<void> sync_directory(const std::string& directory) = 0;
  virtual Result<std::uint64_t> free_bytes(const std::string& path) = 0;
  // Of the file system that holds the path. `unavailable` where that is not known.
  virtual Result<FileSystemSpace> space(const std::string& path);
  // What a symbolic link says, whether or not that exists. `unavailable` where there are none.
  virtual Result<std::string> read_link(const std::string& path);
  virtual Result<std::unique_ptr<DirectoryWatcher>> make_watcher() = 0;
};

// The real one. `errno` ENOENT becomes `invalid` with "no such file"; EACCES `denied`; EIO `corrupt`;
// ENOSPC and EMFILE `refused`; everything else `unavailable`.
std::unique_ptr<FileSystem> make_posix_file_system();

// Whether an error of this file says that the path does not exist.
bool is_missing(const Error& error);

// Helpers over the interface.
Result<std::string> read_file(FileSystem& files, const std::string& path, std::uint64_t size_max);
// Writes to a temporary name in the same directory, then renames: readers see the old or the new.
Result<void> write_file_atomically(FileSystem& files, const std::string& path, std::string_view bytes, bool sync,
                                   std::uint32_t permissions = 0600);

}  // namespace rankwire
