// The kernel's files below `root_path`, read into buffers that are used again, and what they are taken apart with.
// A view is gone with the next `read`. Used by one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.hpp"

namespace rankwire::host_metrics {

// Takes the next line off `text`; false: there is none.
bool next_line(std::string_view& text, std::string_view& line);
// Takes the next word off a line, or what is left: empty, if nothing is. Between words are spaces and tabs.
std::string_view next_word(std::string_view& line);
// Takes `count` words off a line.
void skip_words(std::string_view& line, std::size_t count);
// The number that is the next word; 0 where it is none.
std::uint64_t next_number(std::string_view& line);
std::optional<std::uint64_t> number_of(std::string_view word);
double real_of(std::string_view word);

class HostFiles {
 public:
  // Empty: the root of this process.
  HostFiles(FileSystem& files, std::string root) : files_(files), root_(std::move(root)) {
    while (root_.ends_with('/')) root_.pop_back();
  }

  bool has_root() const { return !root_.empty(); }
  // All paths are absolute, as a process on the host sees them.
  std::string full_path(std::string_view path) const { return root_ + std::string(path); }
  // Of a file below /proc/net, as the host's processes see it: behind a root, /proc/net would be our own network.
  std::string net_path(std::string_view file) const {
    return (has_root() ? "/proc/1/net/" : "/proc/net/") + std::string(file);
  }
  // More than `size_max` is cut off.
  Result<std::string_view> read(std::string_view path, std::size_t size_max = 4 << 20);
  // Calls take(bytes) with pieces of a file that may be long, of lines of at most 1 KiB.
  template <class Take>
  Result<void> read_in_pieces(std::string_view path, Take take);
  // /proc/stat, which costs the kernel much: read once between two calls of `begin_scrape`.
  Result<std::string_view> stat();
  void begin_scrape() { has_stat_ = false; }
  // Of the lines of /proc/stat.
  std::size_t cpu_count();
  // When the machine started, in nanoseconds since 1970; 0: it cannot be told.
  std::uint64_t boot_time();

  Result<std::vector<DirectoryEntry>> list(std::string_view path) { return files_.list(full_path(path)); }
  Result<std::string> link(std::string_view path) { return files_.read_link(full_path(path)); }
  Result<FileSystemSpace> space(std::string_view path) { return files_.space(full_path(path)); }
  Result<std::string> real_path(std::string_view path) { return files_.real_path(full_path(path)); }

 private:
  static constexpr std::size_t piece_size = 64 << 10;
  // The kernel fills a page of 4 KiB or more with whole lines, which are short. Less is the end: to ask whether there
  // is more would make it look through all its sockets once more.
  static constexpr std::size_t whole_page_min = 3 << 10;

  Result<std::unique_ptr<File>> open(std::string_view path);
  Result<std::string_view> read_into(std::string& buffer, std::string_view path, std::size_t size_max);

  FileSystem& files_;
  std::string root_;
  std::string path_, buffer_, stat_;
  bool has_stat_ = false;
};

template <class Take>
Result<void> HostFiles::read_in_pieces(std::string_view path, Take take) {
  auto file = open(path);
  if (!file) return std::move(file).error();
  if (buffer_.size() < piece_size) buffer_.resize(piece_size);
  for (std::uint64_t offset = 0;;) {
    const auto count = (*file)->read_at(offset, buffer_.data(), piece_size);
    if (!count) return count.error();
    take(std::string_view(buffer_.data(), *count));
    if (*count < whole_page_min) return {};
    offset += *count;
  }
}

}  // namespace rankwire::host_metrics
