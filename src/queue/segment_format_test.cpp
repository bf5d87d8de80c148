#include "queue/segment_format.hpp"

#include <doctest/doctest.h>

namespace rankwire::queue {
namespace {

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned>(static_cast<unsigned char>(byte)));
    text += digits;
  }
  return text;
}

template <std::size_t size>
std::string_view view(const std::array<char, size>& bytes) {
  return {bytes.data(), bytes.size()};
}

}  // namespace

TEST_CASE("the bytes are those of the worked example in docs/formats/queue.md") {
  const auto segment = encode(SegmentHeader{Signal::logs, 1, 0x0102030405060708});
  CHECK(hex(view(segment)) == "525751554555450a01000000000000000100000000000000080706050403020156438aa1eef62371");
  RecordHeader header{.payload_size = 5, .record_count = 2, .pushed_unix_nanos = 0x1112131415161718};
  header.payload_checksum = checksum("hello");
  CHECK(hex(view(encode(header, 1, 40))) ==
        "525751720500000002000000010000001817161514131211fddc625c55e8559570dff189853bc598");
  CHECK(hex(encode_seal({1, 2, 5}, Signal::logs, 1, 85)) ==
        "5257517218000000000000000200000000000000000000004fb105a99def161327bea85334d9c37d"
        "010000000000000002000000000000000500000000000000");
  CHECK(hex(view(encode(Ack{40, 85, 1, 2}, 0x0102030405060708))) ==
        "280000005500000001000000000000000200000000000000f50512710673189d");
}

TEST_CASE("headers read back as they were written, and not at another place") {
  RecordHeader header{.signal = Signal::traces, .payload_size = 5, .record_count = 2, .pushed_unix_nanos = 3};
  const auto bytes = encode(header, 7, 40);
  const auto read = decode_record_header(view(bytes), 7, 40);
  REQUIRE(read);
  CHECK(read->signal == Signal::traces);
  CHECK(read->payload_size == 5);
  CHECK(read->record_count == 2);
  CHECK(!decode_record_header(view(bytes), 7, 41));
  CHECK(!decode_record_header(view(bytes), 8, 40));
}

TEST_CASE("any flipped bit in a header or acknowledgement is noticed") {
  const auto record = encode(RecordHeader{.payload_size = 5}, 7, 40);
  const auto ack = encode(Ack{40, 85, 1, 2}, 9);
  for (std::size_t bit = 0; bit < 8 * record.size(); ++bit) {
    auto flipped = record;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    CHECK(!decode_record_header(view(flipped), 7, 40));
  }
  for (std::size_t bit = 0; bit < 8 * ack.size(); ++bit) {
    auto flipped = ack;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    CHECK(!decode_ack(view(flipped), 9));
  }
}

TEST_CASE("file names carry the number in hexadecimal and nothing else is taken for one") {
  CHECK(file_name(42, segment_suffix) == "000000000000002a.segment");
  CHECK(number_of("000000000000002a.segment", segment_suffix) == 42);
  CHECK(!number_of("000000000000002a.acks", segment_suffix));
  CHECK(!number_of("2a.segment", segment_suffix));
  CHECK(!number_of("000000000000002g.segment", segment_suffix));
}

}  // namespace rankwire::queue
