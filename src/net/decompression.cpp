// Decompression of whole bodies within a limit. The sizes that bodies claim for themselves are
// hints: they never decide how much memory is taken beyond what the limit and the caller allow.
#include <libdeflate.h>
#include <lz4frame.h>
#include <snappy.h>
#include <zstd.h>

#include "net/compression.hpp"
#include "net/growing_output.hpp"
#include "net/snappy_frame.hpp"

namespace rankwire::net {

namespace {

constexpr std::size_t room_least = 4096;
// No deflate stream expands more than this.
constexpr std::size_t deflate_ratio_max = 1032;
// Nor snappy: a copy of at most 64 bytes takes at least two.
constexpr std::size_t snappy_ratio_max = 64;
// The window a zstd frame may ask of us: 8 MiB, as RFC 8878 recommends decoders to bound it.
constexpr int zstd_window_log_max = 23;
constexpr std::size_t kept_bytes_max = 1 << 20;

Error damaged(Encoding encoding) {
  return Error(ErrorKind::invalid, "the body is not valid " + std::string(name_of(encoding)));
}

class ThreadContexts {
 public:
  ~ThreadContexts() {
    libdeflate_free_decompressor(deflate_);
    ZSTD_freeDCtx(zstd_);
    if (lz4_) LZ4F_freeDecompressionContext(lz4_);
  }
  libdeflate_decompressor* deflate() {
    if (!deflate_) deflate_ = libdeflate_alloc_decompressor();
    return deflate_;
  }
  ZSTD_DCtx* zstd() {
    if (!zstd_) zstd_ = ZSTD_createDCtx();
    ZSTD_DCtx_reset(zstd_, ZSTD_reset_session_and_parameters);
    ZSTD_DCtx_setParameter(zstd_, ZSTD_d_windowLogMax, zstd_window_log_max);
    return zstd_;
  }
  // A frame with a large window leaves its buffer behind; most frames need none.
  void trim() {
    if (ZSTD_sizeof_DCtx(zstd_) <= kept_bytes_max) return;
    ZSTD_freeDCtx(zstd_);
    zstd_ = nullptr;
  }
  LZ4F_dctx* lz4() {
    if (!lz4_) LZ4F_createDecompressionContext(&lz4_, LZ4F_VERSION);
    LZ4F_resetDecompressionContext(lz4_);
    return lz4_;
  }

 private:
  libdeflate_decompressor* deflate_ = nullptr;
  ZSTD_DCtx* zstd_ = nullptr;
  LZ4F_dctx* lz4_ = nullptr;
};

ThreadContexts& contexts() {
  static thread_local ThreadContexts own;
  return own;
}

std::size_t little_endian_32(std::string_view from) {
  std::size_t value = 0;
  for (int i = 3; i >= 0; --i) value = (value << 8) | static_cast<unsigned char>(from[static_cast<std::size_t>(i)]);
  return value;
}

enum class DeflateForm : std::uint8_t { gzip, zlib, raw };

DeflateForm form_of(Encoding encoding, std::string_view body) {
  if (encoding == Encoding::gzip) return DeflateForm::gzip;
  const auto first = static_cast<unsigned char>(body[0]);
  const auto second = body.size() > 1 ? static_cast<unsigned char>(body[1]) : 0u;
  const bool is_zlib = (first & 0x0fu) == 8 && (first * 256u + second) % 31 == 0;
  return is_zlib || encoding == Encoding::zlib ? DeflateForm::zlib : DeflateForm::raw;
}

libdeflate_result run_deflate(DeflateForm form, std::string_view body, GrowingOutput& output, std::size_t& used,
                              std::size_t& made) {
  libdeflate_decompressor* decompressor = contexts().deflate();
  char* to = output.free_space();
  const std::size_t room = output.free_size();
  switch (form) {
    case DeflateForm::gzip:
      return libdeflate_gzip_decompress_ex(decompressor, body.data(), body.size(), to, room, &used, &made);
    case DeflateForm::zlib:
      return libdeflate_zlib_decompress_ex(decompressor, body.data(), body.size(), to, room, &used, &made);
    case DeflateForm::raw: break;
  }
  return libdeflate_deflate_decompress_ex(decompressor, body.data(), body.size(), to, room, &used, &made);
}

// libdeflate works on whole buffers, so a member that does not fit is begun again with twice the
// room; gzip says its size in its last four bytes, which makes that rare.
Result<void> decompress_member(Encoding encoding, DeflateForm form, std::string_view& body, GrowingOutput& output) {
  const std::size_t bound = body.size() * deflate_ratio_max;
  std::size_t room = std::max(body.size() * 4, room_least);
  if (form == DeflateForm::gzip && body.size() >= 18) room = little_endian_32(body.substr(body.size() - 4));
  room = std::min(std::max<std::size_t>(room, 1), bound);
  RANKWIRE_TRY(output.make_room(0, room));
  while (true) {
    std::size_t used = 0, made = 0;
    const libdeflate_result result = run_deflate(form, body, output, used, made);
    if (result == LIBDEFLATE_SUCCESS) {
      output.commit(made);
      body.remove_prefix(used);
      return {};
    }
    if (result != LIBDEFLATE_INSUFFICIENT_SPACE) return damaged(encoding);
    const std::size_t had = output.free_size();
    RANKWIRE_TRY(output.make_room(had + 1, std::max(had * 2, room_least)));
  }
}

Result<void> decompress_deflate(Encoding encoding, std::string_view body, GrowingOutput& output) {
  const DeflateForm form = form_of(encoding, body);
  do {
    RANKWIRE_TRY(decompress_member(encoding, form, body, output));
  } while (form == DeflateForm::gzip && !body.empty());
  return {};
}

Result<void> decompress_zstd(std::string_view body, GrowingOutput& output) {
  const unsigned long long claimed = ZSTD_getFrameContentSize(body.data(), body.size());
  const bool is_known = claimed != ZSTD_CONTENTSIZE_UNKNOWN && claimed != ZSTD_CONTENTSIZE_ERROR;
  if (is_known) RANKWIRE_TRY(output.make_room(claimed, claimed));
  ZSTD_DCtx* context = contexts().zstd();
  ZSTD_inBuffer from{body.data(), body.size(), 0};
  std::size_t hint = 1;
  while (from.pos < from.size || hint != 0) {
    ZSTD_outBuffer to{output.free_space(), output.free_size(), 0};
    const std::size_t before = from.pos;
    hint = ZSTD_decompressStream(context, &to, &from);
    if (ZSTD_isError(hint)) return damaged(Encoding::zstd);
    output.commit(to.pos);
    if (to.pos != 0 || from.pos != before) continue;
    if (output.free_size() != 0) return damaged(Encoding::zstd);
    RANKWIRE_TRY(output.make_room(1, std::max({output.size(), body.size() * 2, room_least})));
  }
  contexts().trim();
  return {};
}

Result<void> decompress_snappy(std::string_view body, GrowingOutput& output) {
  if (body.starts_with(snappy_stream_identifier)) return decompress_snappy_frames(body, output);
  std::size_t size = 0;
  if (!snappy::GetUncompressedLength(body.data(), body.size(), &size)) return damaged(Encoding::snappy);
  if (size / snappy_ratio_max > body.size()) return damaged(Encoding::snappy);  // A lie: not worth the memory.
  RANKWIRE_TRY(output.make_room(size, size));
  if (size == 0) return {};
  if (!snappy::RawUncompress(body.data(), body.size(), output.free_space())) return damaged(Encoding::snappy);
  output.commit(size);
  return {};
}

Result<void> decompress_lz4(std::string_view body, GrowingOutput& output) {
  LZ4F_dctx* context = contexts().lz4();
  std::size_t hint = 1;
  while (!body.empty() || hint != 0) {
    std::size_t made = output.free_size(), used = body.size();
    hint = LZ4F_decompress(context, output.free_space(), &made, body.data(), &used, nullptr);
    if (LZ4F_isError(hint)) return damaged(Encoding::lz4);
    output.commit(made);
    body.remove_prefix(used);
    if (made != 0 || used != 0) continue;
    if (output.free_size() != 0) return damaged(Encoding::lz4);
    RANKWIRE_TRY(output.make_room(1, std::max({output.size(), body.size() * 2, room_least})));
  }
  return {};
}

Result<void> run(Encoding encoding, std::string_view body, GrowingOutput& output) {
  switch (encoding) {
    case Encoding::gzip:
    case Encoding::zlib:
    case Encoding::deflate: return decompress_deflate(encoding, body, output);
    case Encoding::zstd: return decompress_zstd(body, output);
    case Encoding::snappy: return decompress_snappy(body, output);
    case Encoding::snappy_framed: return decompress_snappy_frames(body, output);
    case Encoding::lz4: return decompress_lz4(body, output);
    case Encoding::identity: break;
  }
  RANKWIRE_TRY(output.make_room(body.size(), body.size()));
  std::copy(body.begin(), body.end(), output.free_space());
  output.commit(body.size());
  return {};
}

}  // namespace

Result<Buffer> decompress(Encoding encoding, std::string_view body, Bytes limit,
                          const std::function<bool(Bytes)>& may_grow_to) {
  if (body.empty()) return Buffer();  // Go's readers give nothing for nothing, whatever the encoding.
  GrowingOutput output(limit, may_grow_to);
  RANKWIRE_TRY(run(encoding, body, output));
  return output.take();
}

}  // namespace rankwire::net
