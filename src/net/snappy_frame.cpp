// The framed form of snappy: chunks of at most 64 KiB, each with a masked CRC-32C of its contents.
#include "net/snappy_frame.hpp"

#include <array>

#include <snappy.h>

namespace rankwire::net {

namespace {

constexpr std::size_t chunk_contents_max = 65536;
constexpr std::size_t header_size = 4;
constexpr std::size_t checksum_size = 4;

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) ? 0x82f63b78u : 0u);
    table[i] = value;
  }
  return table;
}

std::uint32_t masked_crc(std::string_view text) {
  static constexpr auto table = make_crc_table();
  std::uint32_t crc = ~0u;
  for (const char c : text) crc = table[(crc ^ static_cast<unsigned char>(c)) & 0xff] ^ (crc >> 8);
  crc = ~crc;
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

void put_little_endian(Buffer& to, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) to.push(static_cast<char>(value >> (8 * i)));
}

std::uint32_t little_endian(std::string_view from, int bytes) {
  std::uint32_t value = 0;
  for (int i = bytes - 1; i >= 0; --i)
    value = (value << 8) | static_cast<unsigned char>(from[static_cast<std::size_t>(i)]);
  return value;
}

Error broken(const char* what) { return Error(ErrorKind::invalid, std::string("snappy stream: ") + what); }

Result<void> read_data_chunk(bool is_compressed, std::string_view chunk, GrowingOutput& output) {
  if (chunk.size() < checksum_size) return broken("a chunk is too short");
  const std::string_view contents = chunk.substr(checksum_size);
  std::size_t size = contents.size();
  if (is_compressed && !snappy::GetUncompressedLength(contents.data(), contents.size(), &size)) {
    return broken("a chunk is damaged");
  }
  if (size > chunk_contents_max) return broken("a chunk is too large");
  RANKWIRE_TRY(output.make_room(size, std::max(size, output.size())));
  if (!is_compressed) {
    std::copy(contents.begin(), contents.end(), output.free_space());
  } else if (!snappy::RawUncompress(contents.data(), contents.size(), output.free_space())) {
    return broken("a chunk is damaged");
  }
  if (masked_crc({output.free_space(), size}) != little_endian(chunk, 4)) return broken("a checksum is wrong");
  output.commit(size);
  return {};
}

}  // namespace

Buffer compress_snappy_frames(std::string_view text) {
  Buffer out(text.size() / 2 + 64);
  out.append(snappy_stream_identifier);
  Buffer packed(snappy::MaxCompressedLength(std::min(text.size(), chunk_contents_max)));
  while (!text.empty()) {
    const std::string_view part = text.substr(0, chunk_contents_max);
    text.remove_prefix(part.size());
    std::size_t size = 0;
    snappy::RawCompress(part.data(), part.size(), packed.data(), &size);
    const bool is_smaller = size < part.size();
    const std::string_view contents = is_smaller ? std::string_view(packed.data(), size) : part;
    out.push(is_smaller ? '\x00' : '\x01');
    put_little_endian(out, static_cast<std::uint32_t>(contents.size() + checksum_size), 3);
    put_little_endian(out, masked_crc(part), 4);
    out.append(contents);
  }
  return out;
}

Result<void> decompress_snappy_frames(std::string_view body, GrowingOutput& output) {
  if (!body.starts_with(snappy_stream_identifier)) return broken("the identifier is missing");
  while (!body.empty()) {
    if (body.size() < header_size) return broken("it ends inside a chunk header");
    const auto type = static_cast<unsigned char>(body[0]);
    const std::size_t size = little_endian(body.substr(1), 3);
    body.remove_prefix(header_size);
    if (size > body.size()) return broken("it ends inside a chunk");
    const std::string_view chunk = body.substr(0, size);
    body.remove_prefix(size);
    if (type <= 1) {
      RANKWIRE_TRY(read_data_chunk(type == 0, chunk, output));
    } else if (type < 0x80) {
      return broken("a chunk of an unknown kind must not be skipped");
    }
  }
  return {};
}

}  // namespace rankwire::net
