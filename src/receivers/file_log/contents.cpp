#include "receivers/file_log/contents.hpp"

#include "receivers/file_log/gzip_stream.hpp"

namespace rankwire::file_log {

Result<Contents> Contents::open(FileSystem& files, const std::string& path, const FileIdentity& identity,
                                bool is_gzip) {
  auto file = files.open(path, {});
  if (!file) return file.error();
  const auto status = (*file)->status();
  if (!status) return status.error();
  if (!(status->identity == identity))
    return Error(ErrorKind::invalid, "opening " + path + ": another file has taken the path");
  return Contents(std::move(*file), status->size, is_gzip);
}

std::string Contents::start(std::size_t size) {
  std::string found(size, '\0');
  Result<std::size_t> count = 0;
  if (is_gzip_) {
    GzipStream stream;
    count = stream.read(*file_, found.data(), size);
    was_interrupted_ = stream.is_interrupted();
  } else {
    count = file_->read_at(0, found.data(), size);
    was_interrupted_ = !count;
  }
  found.resize(count ? *count : 0);
  return found;
}

std::uint64_t Contents::length() {
  if (!is_gzip_) return size_;
  constexpr std::uint64_t least = 18;  // An empty member: header and trailer.
  unsigned char tail[4];
  if (size_ < least) return 0;
  const auto count = file_->read_at(size_ - sizeof tail, reinterpret_cast<char*>(tail), sizeof tail);
  if (!count || *count != sizeof tail) return 0;
  return tail[0] | tail[1] << 8 | tail[2] << 16 | static_cast<std::uint32_t>(tail[3]) << 24;
}

bool Contents::holds(std::uint64_t offset, const std::string& guard) {
  if (guard.size() > offset) return false;
  std::string found(guard.size(), '\0');
  Result<std::size_t> count = 0;
  if (is_gzip_) {
    GzipStream stream;
    const auto reached = stream.skip_to(*file_, offset - guard.size());
    if (!reached || !*reached) return false;
    count = stream.read(*file_, found.data(), found.size());
  } else {
    count = file_->read_at(offset - guard.size(), found.data(), found.size());
  }
  return count && *count == guard.size() && found == guard;
}

}  // namespace rankwire::file_log
