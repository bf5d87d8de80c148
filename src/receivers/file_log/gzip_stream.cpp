#include "receivers/file_log/gzip_stream.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>

namespace rankwire::file_log {

namespace {
Error damaged() { return Error(ErrorKind::corrupt, "the gzip data is damaged"); }
}  // namespace

struct GzipStream::State {
  z_stream stream{};
  bool is_ready = false;
  bool is_between_members = true;
  bool is_interrupted = false;
  bool is_damaged = false;
  bool has_pending = false;  // What was taken in already may make more contents, or be damaged.
  std::uint64_t compressed_offset = 0;
  std::uint64_t offset = 0;
  std::array<char, 32 * 1024> input;

  ~State() {
    if (is_ready) inflateEnd(&stream);
  }
};

GzipStream::GzipStream() : state_(std::make_unique<State>()) {}
GzipStream::GzipStream(GzipStream&&) noexcept = default;
GzipStream::~GzipStream() = default;

std::uint64_t GzipStream::offset() const { return state_->offset; }
bool GzipStream::is_complete() const {
  return state_->is_between_members && state_->offset != 0 && !state_->is_interrupted;
}
bool GzipStream::is_interrupted() const { return state_->is_interrupted; }

Result<std::size_t> GzipStream::read(File& file, char* into, std::size_t size) {
  State& s = *state_;
  // Found by an earlier read that still had good contents to give; there may be no input left to find it in again.
  if (s.is_damaged) return damaged();
  if (!s.is_ready) {
    constexpr int gzip_only = 15 + 16;
    if (inflateInit2(&s.stream, gzip_only) != Z_OK) return Error(ErrorKind::refused, "no memory for decompression");
    s.is_ready = true;
  }
  s.is_interrupted = false;
  std::size_t done = 0;
  while (done < size) {
    if (s.stream.avail_in == 0 && !s.has_pending) {
      auto count = file.read_at(s.compressed_offset, s.input.data(), s.input.size());
      s.is_interrupted = !count;
      if (!count && done == 0) return count.error();
      // What was decompressed before must not be lost with the error.
      if (!count || *count == 0) break;
      s.compressed_offset += *count;
      s.stream.next_in = reinterpret_cast<Bytef*>(s.input.data());
      s.stream.avail_in = static_cast<uInt>(*count);
    }
    s.is_between_members = false;
    s.stream.next_out = reinterpret_cast<Bytef*>(into + done);
    s.stream.avail_out = static_cast<uInt>(std::min<std::size_t>(size - done, 1u << 30));
    const uInt room = s.stream.avail_out;
    const int code = inflate(&s.stream, Z_NO_FLUSH);
    done += room - s.stream.avail_out;
    s.has_pending = s.stream.avail_out == 0 && code == Z_OK;
    if (code == Z_STREAM_END) {
      s.is_between_members = true;
      if (inflateReset(&s.stream) != Z_OK) return Error(ErrorKind::refused, "no memory for decompression");
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
      s.is_damaged = true;
      s.offset += done;
      if (done != 0) return done;
      return damaged();
    }
  }
  s.offset += done;
  return done;
}

Result<bool> GzipStream::skip_to(File& file, std::uint64_t offset) {
  std::array<char, 16 * 1024> sink;
  while (state_->offset < offset) {
    auto count = read(file, sink.data(), std::min<std::uint64_t>(sink.size(), offset - state_->offset));
    if (!count) return count.error();
    if (*count == 0) return false;
  }
  return state_->offset == offset;
}

}  // namespace rankwire::file_log
