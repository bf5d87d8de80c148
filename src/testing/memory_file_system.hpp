// A disk in memory: quick enough for fuzzers. No symbolic links, no change notification; directories
// exist once something is in them.
#pragma once

#include <algorithm>
#include <map>

#include "base/file_system.hpp"

namespace rankwire::testing {

class MemoryFileSystem final : public FileSystem {
 public:
  void put(const std::string& path, std::string bytes) {
    contents_[path] = std::make_shared<Content>();
    contents_[path]->bytes = std::move(bytes);
  }

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    auto found = contents_.find(path);
    if (found == contents_.end() && !mode.create) return missing(path);
    if (found != contents_.end() && mode.exclusive) return Error(ErrorKind::invalid, path + " exists");
    if (found == contents_.end()) found = contents_.emplace(path, std::make_shared<Content>()).first;
    if (mode.truncate) found->second->bytes.clear();
    return std::unique_ptr<File>(std::make_unique<MemoryFile>(found->second));
  }
  Result<FileStatus> status(const std::string& path, bool) override {
    const auto found = contents_.find(path);
    if (found != contents_.end()) return FileStatus{.type = FileType::regular, .size = found->second->bytes.size()};
    const auto below = contents_.lower_bound(path + "/");
    if (below == contents_.end() || !below->first.starts_with(path + "/")) return missing(path);
    return FileStatus{.type = FileType::directory};
  }
  Result<std::vector<DirectoryEntry>> list(const std::string& directory) override {
    std::vector<DirectoryEntry> entries;
    for (const auto& [path, content] : contents_) {
      if (!path.starts_with(directory + "/")) continue;
      std::string name = path.substr(directory.size() + 1);
      const std::size_t slash = name.find('/');
      if (slash != std::string::npos) name.resize(slash);
      if (!entries.empty() && entries.back().name == name) continue;
      entries.push_back({name, slash == std::string::npos ? FileType::regular : FileType::directory, 0});
    }
    return entries;
  }
  Result<std::string> real_path(const std::string& path) override { return path; }
  Result<void> make_directories(const std::string&, std::uint32_t) override { return {}; }
  Result<void> rename(const std::string& from, const std::string& to) override {
    const auto found = contents_.find(from);
    if (found == contents_.end()) return missing(from);
    contents_[to] = found->second;
    contents_.erase(from);
    return {};
  }
  Result<void> remove(const std::string& path) override {
    if (contents_.erase(path) == 0) return missing(path);
    return {};
  }
  Result<void> sync_directory(const std::string&) override { return {}; }
  Result<std::uint64_t> free_bytes(const std::string&) override { return UINT64_MAX; }
  Result<std::unique_ptr<DirectoryWatcher>> make_watcher() override {
    return Error(ErrorKind::unavailable, "a disk in memory tells nobody of changes");
  }

 private:
  struct Content {
    std::string bytes;
  };

  static Error missing(const std::string& path) {
    return {ErrorKind::invalid, "opening " + path + ": no such file or directory"};
  }

  class MemoryFile final : public File {
   public:
    explicit MemoryFile(std::shared_ptr<Content> content) : content_(std::move(content)) {}
    Result<std::size_t> read_at(std::uint64_t offset, char* into, std::size_t size) override {
      const std::string& bytes = content_->bytes;
      if (offset >= bytes.size()) return std::size_t{0};
      return bytes.copy(into, size, offset);
    }
    Result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
      if (content_->bytes.size() < offset + bytes.size()) content_->bytes.resize(offset + bytes.size());
      content_->bytes.replace(offset, bytes.size(), bytes);
      return {};
    }
    Result<void> append(std::string_view bytes) override {
      content_->bytes.append(bytes);
      return {};
    }
    Result<void> append(std::span<const std::string_view> pieces) override {
      for (const std::string_view piece : pieces) content_->bytes.append(piece);
      return {};
    }
    Result<void> sync() override { return {}; }
    Result<void> truncate(std::uint64_t size) override {
      content_->bytes.resize(size);
      return {};
    }
    void drop_cache(std::uint64_t) override {}
    Result<FileStatus> status() override {
      return FileStatus{.type = FileType::regular, .size = content_->bytes.size()};
    }
    Result<void> lock() override { return {}; }

   private:
    const std::shared_ptr<Content> content_;
  };

  std::map<std::string, std::shared_ptr<Content>> contents_;
};

}  // namespace rankwire::testing
