// What tells the contents of a file from those of another: how they begin, how long they are, what stands before a
// position.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "receivers/file_log/siblings.hpp"

namespace rankwire::file_log {

// One file, open: paths are renamed under us, so whatever is asked about a file must be asked of the same open one.
class Contents {
 public:
  // `invalid` where the path is another file's by now, or no file's: `is_gone`.
  static Result<Contents> open(FileSystem& files, const std::string& path, const FileIdentity& identity, bool is_gzip);
  static Result<Contents> open(FileSystem& files, const Sibling& sibling) {
    return open(files, sibling.path, sibling.status.identity, sibling.is_gzip);
  }

  static bool is_gone(const Result<Contents>& opened) { return !opened && opened.error().kind() == ErrorKind::invalid; }

  File& file() { return *file_; }
  // Up to `size` bytes, decompressed; fewer where there are no more, or they cannot be read.
  std::string start(std::size_t size);
  // Whether the disk failed in the last `start`: of bytes that are not gzip it did not.
  bool was_interrupted() const { return was_interrupted_; }
  // In bytes; of a compressed file modulo 4 GiB, as its end says.
  std::uint64_t length();
  // Whether `guard` stands before `offset`. Decompresses up to there.
  bool holds(std::uint64_t offset, const std::string& guard);

 private:
  Contents(std::unique_ptr<File> file, std::uint64_t size, bool is_gzip)
      : file_(std::move(file)), size_(size), is_gzip_(is_gzip) {}

  std::unique_ptr<File> file_;
  std::uint64_t size_;  // When it was opened.
  bool is_gzip_;
  bool was_interrupted_ = false;
};

}  // namespace rankwire::file_log
