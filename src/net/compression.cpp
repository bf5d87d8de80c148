// Content encodings: names, compression, and the contexts that each thread keeps for itself.
// "deflate" is written as zlib, as RFC 9110 says; raw deflate is accepted when reading.
#include "net/compression.hpp"

#include <libdeflate.h>
#include <lz4frame.h>
#include <snappy.h>
#include <zstd.h>

#include "net/snappy_frame.hpp"

namespace rankwire::net {

namespace {

struct Name {
  std::string_view name;
  Encoding encoding;
};
constexpr Name names[] = {{"identity", Encoding::identity},
                          {"gzip", Encoding::gzip},
                          {"zlib", Encoding::zlib},
                          {"deflate", Encoding::deflate},
                          {"zstd", Encoding::zstd},
                          {"snappy", Encoding::snappy},
                          {"x-snappy-framed", Encoding::snappy_framed},
                          {"lz4", Encoding::lz4},
                          {"", Encoding::identity},
                          {"none", Encoding::identity},
                          {"x-gzip", Encoding::gzip}};

constexpr int gzip_level_default = 1;
constexpr int zstd_level_default = 1;
constexpr std::size_t scratch_bytes_max = 4 << 20;
// A piece at least this large becomes a zstd frame of its own, where it lies; smaller ones are joined first.
constexpr std::size_t frame_bytes_min = 128 << 10;

Error failed(Encoding encoding) {
  return Error(ErrorKind::invalid, "compressing with " + std::string(name_of(encoding)) + " failed");
}

// Large (300 kB for gzip, more for zstd), so made on a thread's first use and freed with the thread.
class ThreadContexts {
 public:
  ~ThreadContexts() {
    libdeflate_free_compressor(deflate_);
    ZSTD_freeCCtx(zstd_);
  }
  libdeflate_compressor* deflate(int level) {
    if (level == deflate_level_) return deflate_;
    libdeflate_free_compressor(deflate_);
    deflate_ = libdeflate_alloc_compressor(level);
    deflate_level_ = deflate_ ? level : -1;
    return deflate_;
  }
  ZSTD_CCtx* zstd() {
    if (!zstd_) zstd_ = ZSTD_createCCtx();
    return zstd_;
  }
  // Empty; for joining pieces without new pages each time.
  Buffer& scratch() {
    if (scratch_.capacity() > scratch_bytes_max) scratch_ = Buffer();
    scratch_.clear();
    return scratch_;
  }

 private:
  libdeflate_compressor* deflate_ = nullptr;
  int deflate_level_ = -1;
  ZSTD_CCtx* zstd_ = nullptr;
  Buffer scratch_;
};

ThreadContexts& contexts() {
  static thread_local ThreadContexts own;
  return own;
}

std::size_t total_of(std::span<const std::string_view> pieces) {
  std::size_t total = 0;
  for (const std::string_view piece : pieces) total += piece.size();
  return total;
}

// Whole-buffer compressors want one piece; most bodies are one already.
std::string_view joined(std::span<const std::string_view> pieces, Buffer& storage) {
  if (pieces.size() == 1) return pieces.front();
  storage.reserve(total_of(pieces));
  for (const std::string_view piece : pieces) storage.append(piece);
  return storage.view();
}

Result<Buffer> compress_deflate(Encoding encoding, std::string_view text, int level) {
  libdeflate_compressor* compressor = contexts().deflate(level <= 0 ? gzip_level_default : level);
  if (!compressor)
    return Error(ErrorKind::invalid, "compression level " + std::to_string(level) + " is unknown to gzip");
  const bool is_gzip = encoding == Encoding::gzip;
  const std::size_t bound = is_gzip ? libdeflate_gzip_compress_bound(compressor, text.size())
                                    : libdeflate_zlib_compress_bound(compressor, text.size());
  Buffer out(bound);
  const std::size_t size = is_gzip ? libdeflate_gzip_compress(compressor, text.data(), text.size(), out.data(), bound)
                                   : libdeflate_zlib_compress(compressor, text.data(), text.size(), out.data(), bound);
  if (size == 0) return failed(encoding);
  out.commit(size);
  return out;
}

// How many pieces from the front make the next frame.
std::size_t frame_pieces(std::span<const std::string_view> pieces) {
  std::size_t count = 0, size = 0;
  while (count < pieces.size() && size < frame_bytes_min) {
    if (count != 0 && pieces[count].size() >= frame_bytes_min) break;
    size += pieces[count++].size();
  }
  return count;
}

// Frames after each other are one zstd body, so large pieces need not be copied together.
Result<Buffer> compress_zstd(std::span<const std::string_view> pieces, int level) {
  ZSTD_CCtx* context = contexts().zstd();
  ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters);
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level == 0 ? zstd_level_default : level);
  Buffer out(ZSTD_compressBound(total_of(pieces)));
  do {
    const std::size_t count = frame_pieces(pieces);
    const std::string_view text = count == 0 ? std::string_view() : joined(pieces.first(count), contexts().scratch());
    char* to = out.prepare(ZSTD_compressBound(text.size()));
    const std::size_t size = ZSTD_compress2(context, to, out.capacity() - out.size(), text.data(), text.size());
    if (ZSTD_isError(size)) return failed(Encoding::zstd);
    out.commit(size);
    pieces = pieces.subspan(count);
  } while (!pieces.empty());
  return out;
}

Result<Buffer> compress_snappy(std::string_view text) {
  Buffer out(snappy::MaxCompressedLength(text.size()));
  std::size_t size = 0;
  snappy::RawCompress(text.data(), text.size(), out.data(), &size);
  out.commit(size);
  return out;
}

Result<Buffer> compress_lz4(std::string_view text, int level) {
  LZ4F_preferences_t preferences{};
  preferences.compressionLevel = level;
  preferences.frameInfo.contentSize = text.size();
  Buffer out(LZ4F_compressFrameBound(text.size(), &preferences));
  const std::size_t size = LZ4F_compressFrame(out.data(), out.capacity(), text.data(), text.size(), &preferences);
  if (LZ4F_isError(size)) return failed(Encoding::lz4);
  out.commit(size);
  return out;
}

}  // namespace

std::optional<Encoding> encoding_named(std::string_view name) {
  for (const Name& known : names) {
    if (known.name == name) return known.encoding;
  }
  return {};
}

std::string_view name_of(Encoding encoding) {
  for (const Name& known : names) {
    if (known.encoding == encoding) return known.name;
  }
  return "identity";
}

Result<Buffer> compress(Encoding encoding, std::span<const std::string_view> pieces, int level) {
  if (encoding == Encoding::zstd) return compress_zstd(pieces, level);
  const std::string_view text = joined(pieces, contexts().scratch());
  switch (encoding) {
    case Encoding::gzip:
    case Encoding::zlib:
    case Encoding::deflate: return compress_deflate(encoding, text, level);
    case Encoding::snappy: return compress_snappy(text);
    case Encoding::snappy_framed: return compress_snappy_frames(text);
    case Encoding::lz4: return compress_lz4(text, level);
    case Encoding::zstd:
    case Encoding::identity: break;
  }
  return Buffer::copy_of(text);
}

}  // namespace rankwire::net
