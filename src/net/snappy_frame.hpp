// The framed form of snappy (x-snappy-framed, and what gRPC calls snappy). Private to this room.
#pragma once

#include <string_view>

#include "base/buffer.hpp"
#include "base/error.hpp"
#include "net/growing_output.hpp"

namespace rankwire::net {

// A stream begins with this chunk.
inline constexpr std::string_view snappy_stream_identifier{"\xff\x06\x00\x00sNaPpY", 10};

Buffer compress_snappy_frames(std::string_view text);
Result<void> decompress_snappy_frames(std::string_view body, GrowingOutput& output);

}  // namespace rankwire::net
