// Reads one protobuf message field by field. Never reads past the end; the first failure of a whole
// request is kept in a Failure, after which `next` is false and reads give zero.
#pragma once

#include <bit>
#include <cstring>
#include <string_view>

#include "base/error.hpp"
#include "otlp/shapes.hpp"

namespace rankwire::otlp {

static_assert(std::endian::native == std::endian::little, "fixed-width fields are copied as they lie");

// What is wrong with a request, and where.
struct Failure {
  const char* at = nullptr;
  const char* reason = nullptr;
  bool is_refusal = false;  // Nothing is wrong with the bytes, but we have no room.

  void set(const char* where, const char* why) {
    if (reason != nullptr) return;
    at = where;
    reason = why;
  }
  // An error that names the offset within `whole`.
  Error error(std::string_view whole) const;
};

// Nesting of unknown groups is bounded like everything else.
inline constexpr int group_nesting_max = 32;

// The end of the varint at `at`, or null: 10 bytes at most. Bits beyond 64 are dropped, as everywhere.
const char* read_varint_slow(const char* at, const char* end, std::uint64_t& value);

inline const char* read_varint(const char* at, const char* end, std::uint64_t& value) {
  if (at < end && static_cast<signed char>(*at) >= 0) [[likely]] {
    value = static_cast<unsigned char>(*at);
    return at + 1;
  }
  if (end - at >= 2 && static_cast<signed char>(at[1]) >= 0) [[likely]] {
    value = (static_cast<unsigned char>(*at) & 0x7fu) | static_cast<std::uint64_t>(at[1]) << 7;
    return at + 2;
  }
  return read_varint_slow(at, end, value);
}

// The end of a field's value of a type that no message of ours uses, or null with the failure set.
const char* skip_unknown(const char* at, const char* end, std::uint32_t tag, int depth, Failure& failure);

class WireReader {
 public:
  WireReader(std::string_view bytes, Failure& failure)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()), failure_(failure) {}

  // Moves to the next field. False at the end and after a failure.
  bool next() {
    if (at_ >= end_) return false;
    field_ = at_;
    std::uint64_t tag;
    const char* after = read_varint(at_, end_, tag);
    if (after == nullptr || tag > 0xffff'ffffu) [[unlikely]]
      return fail("bad field tag");
    tag_ = static_cast<std::uint32_t>(tag);
    at_ = after;
    return true;
  }
  std::uint32_t tag() const { return tag_; }
  // Where the current field (its tag) and the next one begin.
  const char* field_begin() const { return field_; }
  const char* position() const { return at_; }
  bool ok() const { return !has_failed_; }

  std::uint64_t varint() {
    std::uint64_t value;
    const char* after = read_varint(at_, end_, value);
    if (after == nullptr) [[unlikely]] {
      fail("bad or truncated number");
      return 0;
    }
    at_ = after;
    return value;
  }
  std::uint32_t varint32() { return static_cast<std::uint32_t>(varint()); }
  std::int32_t zigzag32() {
    const std::uint32_t n = varint32();
    return static_cast<std::int32_t>(n >> 1 ^ (0u - (n & 1)));
  }
  std::uint64_t fixed64() { return fixed<std::uint64_t>(); }
  std::uint32_t fixed32() { return fixed<std::uint32_t>(); }
  double real() { return fixed<double>(); }
  std::string_view bytes() {
    std::uint64_t size;
    const char* after = read_varint(at_, end_, size);
    if (after == nullptr || size > static_cast<std::uint64_t>(end_ - after)) [[unlikely]] {
      fail("truncated field");
      return {};
    }
    at_ = after + size;
    return {after, static_cast<std::size_t>(size)};
  }
  // Steps over the value of the current field, whatever it is.
  bool step_over();
  // Steps over a field that the caller does not know; a known one here has the wrong wire type.
  bool skip(Message message);
  // Always false, for `return in.fail(...)`.
  bool fail(const char* reason) {
    failure_.set(field_, reason);
    has_failed_ = true;
    at_ = end_;
    return false;
  }

 private:
  template <class T>
  T fixed() {
    if (static_cast<std::size_t>(end_ - at_) < sizeof(T)) [[unlikely]] {
      fail("truncated number");
      return 0;
    }
    T value;
    std::memcpy(&value, at_, sizeof value);
    at_ += sizeof value;
    return value;
  }

  const char* at_;
  const char* end_;
  const char* field_ = nullptr;
  std::uint32_t tag_ = 0;
  bool has_failed_ = false;
  Failure& failure_;
};

// Reads an attribute as most are: a key and then a text, of less than 128 bytes each. False: it is another one, or not
// well formed.
inline bool read_short_attribute(std::string_view bytes, std::string_view& key, std::string_view& text) {
  constexpr char key_tag = field::key_value::key << 3 | 2, value_tag = field::key_value::value << 3 | 2,
                 text_tag = field::value::text << 3 | 2;
  if (bytes.size() < 6 || bytes[0] != key_tag || bytes[1] < 0) return false;
  const auto key_size = static_cast<std::size_t>(bytes[1]);
  if (key_size + 6 > bytes.size()) return false;
  const std::string_view value = bytes.substr(2 + key_size);
  // A size of 128 or more is negative here, and equals none.
  const auto text_size = static_cast<std::ptrdiff_t>(value.size()) - 4;
  if (value[0] != value_tag || value[1] != text_size + 2 || value[2] != text_tag || value[3] != text_size) return false;
  key = bytes.substr(2, key_size);
  text = value.substr(4);
  return true;
}

// How many fields of `tag` a message has, as far as it is well formed: a size to reserve.
std::uint32_t count_fields(std::string_view bytes, std::uint32_t tag);

}  // namespace rankwire::otlp
