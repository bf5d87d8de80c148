// The bytes of a queue's files, as docs/formats/queue.md describes them. No I/O here.
// Every header carries a checksum that also depends on where it lies, so that a payload which
// happens to contain stored bytes is never taken for records.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "component/delivery.hpp"
#include "signal/batch.hpp"

namespace rankwire::queue {

inline constexpr std::uint32_t format_version = 1;
inline constexpr std::uint32_t segment_header_size = 40;
inline constexpr std::uint32_t record_header_size = 40;
inline constexpr std::uint32_t seal_size = record_header_size + 24;
inline constexpr std::uint32_t ack_size = 32;
inline constexpr std::uint32_t payload_size_max = 1u << 30;
inline constexpr std::uint32_t segment_size_max = 16u << 20;  // Unless one record alone is larger.
inline constexpr std::string_view record_magic = "RWQr";

struct SegmentHeader {
  Signal signal = Signal::logs;
  std::uint64_t number = 0;
  std::uint64_t created_unix_nanos = 0;
};

enum class RecordKind : std::uint8_t { data = 1, seal = 2 };

struct RecordHeader {
  RecordKind kind = RecordKind::data;
  Signal signal = Signal::logs;
  std::uint32_t payload_size = 0;
  std::uint32_t record_count = 0;
  std::uint64_t pushed_unix_nanos = 0;
  std::uint64_t payload_checksum = 0;
};

// How much some stored records are, in every unit that somebody counts.
struct Tally {
  std::uint64_t stored = 0;   // Stored records.
  std::uint64_t records = 0;  // Telemetry records in them.
  std::uint64_t payload = 0;  // Bytes, without headers.

  Tally& operator+=(const Tally& other);
  Tally& operator-=(const Tally& other);
  std::uint64_t units(Sizer sizer) const;
};

// Every stored record that begins in [from, to) is acknowledged.
struct Ack {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  std::uint32_t stored = 0;
  std::uint64_t records = 0;

  Tally tally() const;
};

std::array<char, segment_header_size> encode(const SegmentHeader& header);
// `corrupt` if damaged, `invalid` if made by a newer version.
Result<SegmentHeader> decode_segment_header(std::string_view bytes);

std::array<char, record_header_size> encode(const RecordHeader& header, std::uint64_t segment, std::uint32_t offset);
std::optional<RecordHeader> decode_record_header(std::string_view bytes, std::uint64_t segment, std::uint32_t offset);

std::string encode_seal(const Tally& total, Signal signal, std::uint64_t segment, std::uint32_t offset);
// Of the last `seal_size` bytes of a segment file.
std::optional<Tally> decode_seal(std::string_view bytes, std::uint64_t segment, std::uint32_t offset);

std::array<char, ack_size> encode(const Ack& ack, std::uint64_t created_unix_nanos);
std::optional<Ack> decode_ack(std::string_view bytes, std::uint64_t created_unix_nanos);

std::uint64_t checksum(std::string_view bytes);
std::uint64_t checksum(const std::vector<SharedBytes>& chunks);

inline constexpr std::string_view segment_suffix = ".segment";
inline constexpr std::string_view ack_suffix = ".acks";
// "000000000000002a.segment"
std::string file_name(std::uint64_t number, std::string_view suffix);
std::optional<std::uint64_t> number_of(std::string_view file_name, std::string_view suffix);

}  // namespace rankwire::queue
