// A disk that fails on command, over a real one: full, broken, torn by a kill in the middle of a
// write, or robbed of whatever was not synced by a power loss. Counts changing calls, so that a test
// can place the fault at any of them. Syncing only takes note: it is lose_power that tells.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "base/file_system.hpp"

namespace rankwire::testing {

class FaultyFileSystem final : public FileSystem {
 public:
  explicit FaultyFileSystem(FileSystem& real) : real_(real) {}

  // Every changing call from the `nth` on (0: the next) fails like this, until heal().
  void fail_writes_from(std::uint64_t nth, ErrorKind kind) { set_fault(nth, kind, false, {}); }
  // Only the `nth` changing call fails; `written` bytes of it reach the disk.
  void fail_write(std::uint64_t nth, ErrorKind kind, std::uint64_t written = 0) { set_fault(nth, kind, true, written); }
  // The process dies in the `nth` changing call: `written` bytes of it reach the disk, nothing after it.
  void die_at(std::uint64_t nth, std::uint64_t written) { set_fault(nth, ErrorKind::unavailable, false, written); }
  // Reads of these bytes of a file fail as a bad sector does.
  void break_sector(const std::string& path, std::uint64_t from, std::uint64_t to) {
    const std::lock_guard lock(mutex_);
    bad_[path] = {from, to};
  }
  // What another process does just before the next opening of this path.
  void before_open(const std::string& path, std::function<void()> action) {
    const std::lock_guard lock(mutex_);
    before_open_[path] = std::move(action);
  }
  void heal() {
    const std::lock_guard lock(mutex_);
    fault_.reset();
    bad_.clear();
  }
  // Calls that failed because of a fault.
  std::uint64_t strikes() const {
    const std::lock_guard lock(mutex_);
    return strikes_;
  }
  std::uint64_t changing_calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }

  // Cuts every file back to what was synced plus `kept` of 256 parts of the rest. Files whose
  // directory was not synced since they were made vanish. Close everything first.
  void lose_power(std::uint32_t kept) {
    const std::lock_guard lock(mutex_);
    for (const auto& [path, synced] : synced_) {
      const auto status = real_.status(path);
      if (!status) continue;
      auto file = real_.open(path, {.write = true});
      if (file && status->size > synced) (void)(*file)->truncate(synced + (status->size - synced) * kept / 256);
    }
    for (const std::string& path : unsynced_entries_) (void)real_.remove(path);
    synced_.clear();
    unsynced_entries_.clear();
  }

  // FileSystem
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Result<FileStatus> status(const std::string& path, bool follow) override { return real_.status(path, follow); }
  Result<std::vector<DirectoryEntry>> list(const std::string& directory) override { return real_.list(directory); }
  Result<std::string> real_path(const std::string& path) override { return real_.real_path(path); }
  Result<void> make_directories(const std::string& path, std::uint32_t permissions) override {
    return real_.make_directories(path, permissions);
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    if (auto fault = strike()) return fault->error();
    return real_.rename(from, to);
  }
  Result<void> remove(const std::string& path) override {
    if (auto fault = strike()) return fault->error();
    const std::lock_guard lock(mutex_);
    synced_.erase(path);
    unsynced_entries_.erase(path);
    return real_.remove(path);
  }
  Result<void> sync_directory(const std::string& directory) override {
    if (auto fault = strike()) return fault->error();
    const std::lock_guard lock(mutex_);
    std::erase_if(unsynced_entries_, [&](const std::string& path) { return path.starts_with(directory + "/"); });
    return {};
  }
  Result<std::uint64_t> free_bytes(const std::string& path) override { return real_.free_bytes(path); }
  Result<FileSystemSpace> space(const std::string& path) override { return real_.space(path); }
  Result<std::string> read_link(const std::string& path) override { return real_.read_link(path); }
  Result<std::unique_ptr<DirectoryWatcher>> make_watcher() override { return real_.make_watcher(); }

 private:
  class FaultyFile;

  struct Fault {
    std::uint64_t at = 0;  // In changing calls.
    ErrorKind kind = ErrorKind::unavailable;
    bool is_single = false;
    std::uint64_t written = 0;
    Error error() const { return {kind, "an injected fault"}; }
  };

  void set_fault(std::uint64_t nth, ErrorKind kind, bool is_single, std::uint64_t written) {
    const std::lock_guard lock(mutex_);
    fault_ = Fault{calls_ + nth, kind, is_single, written};
  }
  // Counts a changing call; the fault, if it hits this one.
  std::optional<Fault> strike() {
    const std::lock_guard lock(mutex_);
    const std::uint64_t call = calls_++;
    if (!fault_ || call < fault_->at || (fault_->is_single && call > fault_->at)) return {};
    ++strikes_;
    Fault fault = *fault_;
    if (call > fault_->at) fault.written = 0;
    return fault;
  }

  FileSystem& real_;
  mutable std::mutex mutex_;
  std::uint64_t calls_ = 0;
  std::uint64_t strikes_ = 0;
  std::optional<Fault> fault_;
  std::map<std::string, std::uint64_t> synced_;  // Written files and how much of them is safe.
  std::set<std::string> unsynced_entries_;
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> bad_;
  std::map<std::string, std::function<void()>> before_open_;
};

class FaultyFileSystem::FaultyFile final : public File {
 public:
  FaultyFile(FaultyFileSystem& owner, std::unique_ptr<File> real, std::string path)
      : owner_(owner), real_(std::move(real)), path_(std::move(path)) {}

  Result<std::size_t> read_at(std::uint64_t offset, char* into, std::size_t size) override {
    const std::lock_guard lock(owner_.mutex_);
    const auto bad = owner_.bad_.find(path_);
    if (bad != owner_.bad_.end() && offset < bad->second.second && offset + size > bad->second.first)
      return Error(ErrorKind::corrupt, "an unreadable sector");
    return real_->read_at(offset, into, size);
  }
  Result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
    if (auto fault = owner_.strike()) {
      (void)real_->write_at(offset, bytes.substr(0, fault->written));
      return fault->error();
    }
    return real_->write_at(offset, bytes);
  }
  Result<void> append(std::string_view bytes) override { return append(std::span(&bytes, 1)); }
  Result<void> append(std::span<const std::string_view> pieces) override {
    if (auto fault = owner_.strike()) {
      for (std::string_view piece : pieces) {
        (void)real_->append(piece.substr(0, fault->written));
        fault->written -= std::min<std::uint64_t>(fault->written, piece.size());
      }
      return fault->error();
    }
    return real_->append(pieces);
  }
  Result<void> sync() override {
    if (auto fault = owner_.strike()) return fault->error();
    const auto now = real_->status();
    const std::lock_guard lock(owner_.mutex_);
    if (now) owner_.synced_[path_] = now->size;
    return {};
  }
  Result<void> truncate(std::uint64_t size) override {
    if (auto fault = owner_.strike()) return fault->error();
    const std::lock_guard lock(owner_.mutex_);
    auto synced = owner_.synced_.find(path_);
    if (synced != owner_.synced_.end()) synced->second = std::min(synced->second, size);
    return real_->truncate(size);
  }
  void drop_cache(std::uint64_t offset) override { real_->drop_cache(offset); }
  Result<FileStatus> status() override { return real_->status(); }
  Result<void> lock() override { return real_->lock(); }

 private:
  FaultyFileSystem& owner_;
  const std::unique_ptr<File> real_;
  const std::string path_;
};

inline Result<std::unique_ptr<File>> FaultyFileSystem::open(const std::string& path, OpenMode mode) {
  std::function<void()> action;
  {
    const std::lock_guard lock(mutex_);
    if (auto at = before_open_.find(path); at != before_open_.end()) {
      action = std::move(at->second);
      before_open_.erase(at);
    }
  }
  if (action) action();
  const bool exists = static_cast<bool>(real_.status(path, false));
  if (mode.create && !exists) {
    if (auto fault = strike()) return fault->error();
  }
  auto file = real_.open(path, mode);
  if (!file) return file;
  if (mode.write) {
    const std::lock_guard lock(mutex_);
    const auto status = (*file)->status();
    synced_.try_emplace(path, exists && status ? status->size : 0);
    if (!exists) unsynced_entries_.insert(path);
  }
  return std::unique_ptr<File>(std::make_unique<FaultyFile>(*this, std::move(*file), path));
}

}  // namespace rankwire::testing
