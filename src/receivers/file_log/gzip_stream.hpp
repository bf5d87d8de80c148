// Reads a gzip file from front to back as if it were not compressed. Several members in a row are
// one stream; more members may be appended later.
#pragma once

#include <memory>
#include <string>

#include "base/file_system.hpp"

namespace rankwire::file_log {

class GzipStream {
 public:
  GzipStream();
  GzipStream(GzipStream&&) noexcept;
  ~GzipStream();

  // Decompresses up to `size` bytes that follow the ones before. 0: the end of what is there now.
  // `corrupt` if the file is not gzip or damaged; what came before it was good.
  Result<std::size_t> read(File& file, char* into, std::size_t size);
  // Decompresses and throws away until `offset`. False if the contents end before it.
  Result<bool> skip_to(File& file, std::uint64_t offset);

  std::uint64_t offset() const;  // Of the decompressed contents.
  // Whether what was read so far ends with a whole member: false for one still being written.
  bool is_complete() const;
  // Whether the last read ended early because the file could not be read on.
  bool is_interrupted() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rankwire::file_log
