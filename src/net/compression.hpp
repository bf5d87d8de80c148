// Content encodings of HTTP and gRPC.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "base/buffer.hpp"
#include "base/bytes.hpp"
#include "base/error.hpp"

namespace rankwire::net {

enum class Encoding : std::uint8_t { identity, gzip, zlib, deflate, zstd, snappy, snappy_framed, lz4 };

// Of a Content-Encoding or grpc-encoding value; nullopt if unknown. "" and "none" are identity.
std::optional<Encoding> encoding_named(std::string_view name);
std::string_view name_of(Encoding encoding);

// Whole bodies. `pieces` are compressed as if joined. Level 0 is the encoding's default (zstd 1, gzip 1).
// Compressor contexts are kept per thread.
Result<Buffer> compress(Encoding encoding, std::span<const std::string_view> pieces, int level);

// Never produces more than `limit`: a bomb is `refused` before it is in memory. `may_grow_to` is asked
// each time more output memory is needed; false ends with `refused`.
Result<Buffer> decompress(Encoding encoding, std::string_view body, Bytes limit,
                          const std::function<bool(Bytes)>& may_grow_to = {});

}  // namespace rankwire::net
