#include "queue/segment_format.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <bit>

namespace rankwire::queue {

static_assert(std::endian::native == std::endian::little, "the files are little-endian and copied as they are");

namespace {

constexpr std::string_view segment_magic = "RWQUEUE\n";
constexpr std::size_t version_at = 8;

template <class T>
void put(char* to, std::size_t at, T value) {
  std::memcpy(to + at, &value, sizeof value);
}

template <class T>
T get(std::string_view bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

std::uint64_t seeded(std::string_view bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

std::uint64_t place_seed(std::uint64_t segment, std::uint32_t offset) { return segment * 0x9E3779B97F4A7C15u + offset; }

bool is_signal(std::uint8_t number) { return number <= static_cast<std::uint8_t>(Signal::traces); }

}  // namespace

Tally& Tally::operator+=(const Tally& other) {
  stored += other.stored;
  records += other.records;
  payload += other.payload;
  return *this;
}

Tally& Tally::operator-=(const Tally& other) {
  stored -= std::min(stored, other.stored);
  records -= std::min(records, other.records);
  payload -= std::min(payload, other.payload);
  return *this;
}

std::uint64_t Tally::units(Sizer sizer) const {
  switch (sizer) {
    case Sizer::requests: return stored;
    case Sizer::items: return records;
    case Sizer::bytes: return payload;
  }
  return stored;
}

Tally Ack::tally() const { return {stored, records, to - from - std::uint64_t{stored} * record_header_size}; }

std::array<char, segment_header_size> encode(const SegmentHeader& header) {
  std::array<char, segment_header_size> bytes{};
  std::memcpy(bytes.data(), segment_magic.data(), segment_magic.size());
  put(bytes.data(), version_at, format_version);
  put(bytes.data(), 12, static_cast<std::uint8_t>(header.signal));
  put(bytes.data(), 16, header.number);
  put(bytes.data(), 24, header.created_unix_nanos);
  put(bytes.data(), 32, seeded({bytes.data(), 32}, 0));
  return bytes;
}

Result<SegmentHeader> decode_segment_header(std::string_view bytes) {
  if (bytes.size() < segment_header_size || !bytes.starts_with(segment_magic))
    return Error(ErrorKind::corrupt, "not the header of a queue segment");
  const auto version = get<std::uint32_t>(bytes, version_at);
  // With the version put right, so that a flipped bit in it is not mistaken for a newer format.
  char copy[32];
  std::memcpy(copy, bytes.data(), sizeof copy);
  put(copy, version_at, format_version);
  if (seeded({copy, sizeof copy}, 0) != get<std::uint64_t>(bytes, 32)) {
    if (version > format_version)
      return Error(ErrorKind::invalid, "written in queue format " + std::to_string(version) +
                                           "; this version of rankwire reads up to format " +
                                           std::to_string(format_version) +
                                           ": run the version that wrote it, or move the directory away");
    return Error(ErrorKind::corrupt, "damaged segment header");
  }
  const auto signal = get<std::uint8_t>(bytes, 12);
  if (!is_signal(signal)) return Error(ErrorKind::corrupt, "damaged segment header");
  return SegmentHeader{static_cast<Signal>(signal), get<std::uint64_t>(bytes, 16), get<std::uint64_t>(bytes, 24)};
}

std::array<char, record_header_size> encode(const RecordHeader& header, std::uint64_t segment, std::uint32_t offset) {
  std::array<char, record_header_size> bytes{};
  std::memcpy(bytes.data(), record_magic.data(), record_magic.size());
  put(bytes.data(), 4, header.payload_size);
  put(bytes.data(), 8, header.record_count);
  put(bytes.data(), 12, static_cast<std::uint8_t>(header.kind));
  put(bytes.data(), 13, static_cast<std::uint8_t>(header.signal));
  put(bytes.data(), 16, header.pushed_unix_nanos);
  put(bytes.data(), 24, header.payload_checksum);
  put(bytes.data(), 32, seeded({bytes.data(), 32}, place_seed(segment, offset)));
  return bytes;
}

std::optional<RecordHeader> decode_record_header(std::string_view bytes, std::uint64_t segment, std::uint32_t offset) {
  if (bytes.size() < record_header_size || !bytes.starts_with(record_magic)) return {};
  if (seeded(bytes.substr(0, 32), place_seed(segment, offset)) != get<std::uint64_t>(bytes, 32)) return {};
  RecordHeader header;
  const auto kind = get<std::uint8_t>(bytes, 12);
  const auto signal = get<std::uint8_t>(bytes, 13);
  if ((kind != 1 && kind != 2) || !is_signal(signal)) return {};
  header.kind = static_cast<RecordKind>(kind);
  header.signal = static_cast<Signal>(signal);
  header.payload_size = get<std::uint32_t>(bytes, 4);
  if (header.payload_size > payload_size_max) return {};
  header.record_count = get<std::uint32_t>(bytes, 8);
  header.pushed_unix_nanos = get<std::uint64_t>(bytes, 16);
  header.payload_checksum = get<std::uint64_t>(bytes, 24);
  return header;
}

std::string encode_seal(const Tally& total, Signal signal, std::uint64_t segment, std::uint32_t offset) {
  char payload[24];
  put(payload, 0, total.stored);
  put(payload, 8, total.records);
  put(payload, 16, total.payload);
  RecordHeader header{.kind = RecordKind::seal, .signal = signal, .payload_size = sizeof payload};
  header.payload_checksum = checksum({payload, sizeof payload});
  const auto bytes = encode(header, segment, offset);
  return std::string(bytes.data(), bytes.size()) + std::string(payload, sizeof payload);
}

std::optional<Tally> decode_seal(std::string_view bytes, std::uint64_t segment, std::uint32_t offset) {
  const auto header = decode_record_header(bytes, segment, offset);
  if (!header || header->kind != RecordKind::seal || bytes.size() != seal_size) return {};
  const std::string_view payload = bytes.substr(record_header_size);
  if (header->payload_size != payload.size() || checksum(payload) != header->payload_checksum) return {};
  const Tally total{get<std::uint64_t>(payload, 0), get<std::uint64_t>(payload, 8), get<std::uint64_t>(payload, 16)};
  return total;
}

std::array<char, ack_size> encode(const Ack& ack, std::uint64_t created_unix_nanos) {
  std::array<char, ack_size> bytes{};
  put(bytes.data(), 0, ack.from);
  put(bytes.data(), 4, ack.to);
  put(bytes.data(), 8, ack.stored);
  put(bytes.data(), 16, ack.records);
  put(bytes.data(), 24, seeded({bytes.data(), 24}, created_unix_nanos));
  return bytes;
}

std::optional<Ack> decode_ack(std::string_view bytes, std::uint64_t created_unix_nanos) {
  if (bytes.size() < ack_size) return {};
  if (seeded(bytes.substr(0, 24), created_unix_nanos) != get<std::uint64_t>(bytes, 24)) return {};
  const Ack ack{get<std::uint32_t>(bytes, 0), get<std::uint32_t>(bytes, 4), get<std::uint32_t>(bytes, 8),
                get<std::uint64_t>(bytes, 16)};
  if (ack.to <= ack.from || ack.to - ack.from < std::uint64_t{ack.stored} * record_header_size) return {};
  return ack;
}

std::uint64_t checksum(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

std::uint64_t checksum(const std::vector<SharedBytes>& chunks) {
  if (chunks.size() == 1) return checksum(chunks.front()->view());
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  for (const SharedBytes& chunk : chunks) XXH3_64bits_update(&state, chunk->data(), chunk->size());
  return XXH3_64bits_digest(&state);
}

std::string file_name(std::uint64_t number, std::string_view suffix) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(number));
  return std::string(digits) + std::string(suffix);
}

std::optional<std::uint64_t> number_of(std::string_view file_name, std::string_view suffix) {
  if (file_name.size() != 16 + suffix.size() || !file_name.ends_with(suffix)) return {};
  std::uint64_t number = 0;
  for (const char c : file_name.substr(0, 16)) {
    const bool is_digit = c >= '0' && c <= '9';
    if (!is_digit && (c < 'a' || c > 'f')) return {};
    number = number << 4 | static_cast<std::uint64_t>(is_digit ? c - '0' : c - 'a' + 10);
  }
  return number;
}

}  // namespace rankwire::queue
