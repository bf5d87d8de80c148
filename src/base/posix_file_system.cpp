// The real disk. Maps errno to error kinds in one place.
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>

#include "base/file_system.hpp"
#include "base/inotify_watcher.hpp"

namespace rankwire {
namespace {

constexpr std::string_view missing_text = "no such file or directory";

Error error_from_errno(const char* operation, const std::string& path, int code) {
  const std::string what = std::string(operation) + " " + path + ": ";
  switch (code) {
    case ENOENT:
    case ENOTDIR: return {ErrorKind::invalid, what + std::string(missing_text)};
    case EACCES:
    case EPERM:
    case EROFS: return {ErrorKind::denied, what + std::strerror(code)};
    case EIO: return {ErrorKind::corrupt, what + std::strerror(code)};
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case EWOULDBLOCK: return {ErrorKind::refused, what + std::strerror(code)};
    case EEXIST:
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
    case EINVAL: return {ErrorKind::invalid, what + std::strerror(code)};
    default: return {ErrorKind::unavailable, what + std::strerror(code)};
  }
}

std::uint64_t nanos(const statx_timestamp& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000u + time.tv_nsec;
}

FileType type_of(std::uint32_t mode) {
  if (S_ISREG(mode)) return FileType::regular;
  if (S_ISDIR(mode)) return FileType::directory;
  return S_ISLNK(mode) ? FileType::symlink : FileType::other;
}

Result<FileStatus> status_from(int directory, const char* path, int flags, const std::string& shown) {
  struct statx raw;
  if (::statx(directory, path, flags, STATX_BASIC_STATS | STATX_BTIME, &raw) != 0)
    return error_from_errno("reading the status of", shown, errno);
  FileStatus status;
  status.identity.device = makedev(raw.stx_dev_major, raw.stx_dev_minor);
  status.identity.inode = raw.stx_ino;
  status.identity.birth_nanos = (raw.stx_mask & STATX_BTIME) != 0 ? nanos(raw.stx_btime) : 0;
  status.type = type_of(raw.stx_mode);
  status.size = raw.stx_size;
  status.modified_nanos = nanos(raw.stx_mtime);
  status.mode = raw.stx_mode & 07777u;
  status.owner = raw.stx_uid;
  status.group = raw.stx_gid;
  status.links = raw.stx_nlink;
  return status;
}

class PosixFile final : public File {
 public:
  PosixFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  PosixFile(const PosixFile&) = delete;
  ~PosixFile() override { ::close(descriptor_); }

  Result<std::size_t> read_at(std::uint64_t offset, char* into, std::size_t size) override {
    for (;;) {
      const ssize_t count = ::pread(descriptor_, into, size, static_cast<off_t>(offset));
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno != EINTR) return error_from_errno("reading", path_, errno);
    }
  }

  Result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t count = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (count < 0) {
        if (errno == EINTR) continue;
        return error_from_errno("writing", path_, errno);
      }
      bytes.remove_prefix(static_cast<std::size_t>(count));
      offset += static_cast<std::uint64_t>(count);
    }
    return {};
  }

  Result<void> append(std::string_view bytes) override { return append(std::span(&bytes, 1)); }

  Result<void> append(std::span<const std::string_view> pieces) override {
    constexpr std::size_t pieces_max = 64;
    while (!pieces.empty()) {
      iovec vectors[pieces_max];
      const std::size_t count = std::min(pieces.size(), pieces_max);
      for (std::size_t i = 0; i < count; ++i) vectors[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
      RANKWIRE_TRY(write_vectors(vectors, count));
      pieces = pieces.subspan(count);
    }
    return {};
  }

  Result<void> sync() override {
    if (::fdatasync(descriptor_) != 0) return error_from_errno("syncing", path_, errno);
    return {};
  }

  Result<void> truncate(std::uint64_t size) override {
    if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) return error_from_errno("truncating", path_, errno);
    return {};
  }

  void drop_cache(std::uint64_t offset) override {
    (void)::posix_fadvise(descriptor_, 0, static_cast<off_t>(offset), POSIX_FADV_DONTNEED);
  }

  Result<FileStatus> status() override { return status_from(descriptor_, "", AT_EMPTY_PATH, path_); }

  Result<void> lock() override {
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) return error_from_errno("locking", path_, errno);
    return {};
  }

  int descriptor() const override { return descriptor_; }

 private:
  Result<void> write_vectors(iovec* vectors, std::size_t count) {
    while (count != 0) {
      const ssize_t written = ::writev(descriptor_, vectors, static_cast<int>(count));
      if (written < 0) {
        if (errno == EINTR) continue;
        return error_from_errno("appending to", path_, errno);
      }
      auto left = static_cast<std::size_t>(written);
      while (count != 0 && left >= vectors->iov_len) {
        left -= vectors->iov_len;
        ++vectors;
        --count;
      }
      if (count != 0) {
        vectors->iov_base = static_cast<char*>(vectors->iov_base) + left;
        vectors->iov_len -= left;
      }
    }
    return {};
  }

  const int descriptor_;
  const std::string path_;
};

class PosixFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    int flags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;  // Non-blocking: opening a FIFO must not hang.
    flags |= mode.write ? O_RDWR : O_RDONLY;
    if (mode.create) flags |= O_CREAT;
    if (mode.exclusive) flags |= O_EXCL;
    if (mode.truncate) flags |= O_TRUNC;
    if (!mode.follow_symlinks) flags |= O_NOFOLLOW;
    int descriptor = -1;
    do descriptor = ::open(path.c_str(), flags, mode.permissions);
    while (descriptor < 0 && errno == EINTR);
    if (descriptor < 0) return error_from_errno("opening", path, errno);
    if (mode.write && !mode.truncate && ::lseek(descriptor, 0, SEEK_END) < 0) {
      const Error error = error_from_errno("seeking in", path, errno);
      ::close(descriptor);
      return error;
    }
    return std::unique_ptr<File>(std::make_unique<PosixFile>(descriptor, path));
  }

  Result<FileStatus> status(const std::string& path, bool follow) override {
    return status_from(AT_FDCWD, path.c_str(), follow ? 0 : AT_SYMLINK_NOFOLLOW, path);
  }

  Result<std::vector<DirectoryEntry>> list(const std::string& directory) override {
    DIR* stream = ::opendir(directory.c_str());
    if (stream == nullptr) return error_from_errno("listing", directory, errno);
    std::vector<DirectoryEntry> entries;
    errno = 0;
    while (const dirent* entry = ::readdir(stream)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") {
        FileType type = FileType::other;
        if (entry->d_type == DT_REG)
          type = FileType::regular;
        else if (entry->d_type == DT_DIR)
          type = FileType::directory;
        else if (entry->d_type == DT_LNK)
          type = FileType::symlink;
        entries.push_back({std::string(name), type, entry->d_ino});
      }
      errno = 0;
    }
    const int code = errno;
    ::closedir(stream);
    if (code != 0) return error_from_errno("listing", directory, code);
    return entries;
  }

  Result<std::string> real_path(const std::string& path) override {
    char* resolved = ::realpath(path.c_str(), nullptr);
    if (resolved == nullptr) return error_from_errno("resolving", path, errno);
    std::string text = resolved;
    std::free(resolved);
    return text;
  }

  Result<void> make_directories(const std::string& path, std::uint32_t permissions) override {
    for (std::size_t at = path.find('/', 1);; at = path.find('/', at + 1)) {
      const std::string prefix = path.substr(0, at);
      if (!prefix.empty() && ::mkdir(prefix.c_str(), permissions) != 0 && errno != EEXIST && errno != EISDIR)
        return error_from_errno("making directory", prefix, errno);
      if (at == std::string::npos) break;
    }
    const auto made = status(path, true);
    if (!made) return made.error();
    if (made->type != FileType::directory) return error_from_errno("making directory", path, EEXIST);
    return {};
  }

  Result<void> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return error_from_errno("renaming", from + " to " + to, errno);
    return {};
  }

  Result<void> remove(const std::string& path) override {
    if (::remove(path.c_str()) != 0) return error_from_errno("removing", path, errno);
    return {};
  }

  Result<void> sync_directory(const std::string& directory) override {
    const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return error_from_errno("opening", directory, errno);
    const int result = ::fsync(descriptor);
    const int code = errno;
    ::close(descriptor);
    if (result != 0) return error_from_errno("syncing", directory, code);
    return {};
  }

  Result<std::uint64_t> free_bytes(const std::string& path) override {
    struct statvfs raw;
    if (::statvfs(path.c_str(), &raw) != 0) return error_from_errno("reading the free space of", path, errno);
    return static_cast<std::uint64_t>(raw.f_bavail) * raw.f_frsize;
  }

  Result<FileSystemSpace> space(const std::string& path) override {
    struct statvfs raw;
    if (::statvfs(path.c_str(), &raw) != 0) return error_from_errno("reading the space of", path, errno);
    FileSystemSpace space;
    space.total_bytes = static_cast<std::uint64_t>(raw.f_blocks) * raw.f_frsize;
    space.free_bytes = static_cast<std::uint64_t>(raw.f_bfree) * raw.f_frsize;
    space.available_bytes = static_cast<std::uint64_t>(raw.f_bavail) * raw.f_frsize;
    space.total_inodes = raw.f_files;
    space.free_inodes = raw.f_ffree;
    return space;
  }

  Result<std::string> read_link(const std::string& path) override {
    std::string target(PATH_MAX, '\0');
    const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
    if (size < 0) return error_from_errno("reading link", path, errno);
    target.resize(static_cast<std::size_t>(size));
    return target;
  }

  Result<std::unique_ptr<DirectoryWatcher>> make_watcher() override { return make_inotify_watcher(); }
};

}  // namespace

std::unique_ptr<FileSystem> make_posix_file_system() { return std::make_unique<PosixFileSystem>(); }

bool is_missing(const Error& error) { return error.message().ends_with(missing_text); }

}  // namespace rankwire
