// Appends protobuf to a Buffer in one pass. A nested message is opened with a guess of how many
// bytes its length will take; closing fills the length in and moves the contents if the guess was
// wrong. Only groups too large to be worth moving keep a padded length (legal, and parsed by all).
#pragma once

#include <bit>
#include <cstring>
#include <string_view>

#include "base/buffer.hpp"
#include "otlp/shapes.hpp"

namespace rankwire::otlp {

constexpr std::size_t varint_size(std::uint64_t value) {
  return (static_cast<std::size_t>(std::bit_width(value | 1)) * 9 + 64) / 64;
}

// What `open` returned and `close` needs.
struct OpenMessage {
  std::size_t contents = 0;  // Offset in the buffer.
  std::uint32_t reserved = 0;
};

class WireWriter {
 public:
  // Contents of more than this are not moved to make their length a byte or two shorter.
  static constexpr std::size_t moved_bytes_max = 4096;
  static constexpr std::uint32_t group_length_bytes = 4;

  explicit WireWriter(Buffer& to) : buffer_(to), at_(to.data() + to.size()), end_(to.data() + to.capacity()) {}
  WireWriter(const WireWriter&) = delete;
  ~WireWriter() { flush(); }

  // Makes everything written part of the buffer.
  void flush() { buffer_.commit(size() - buffer_.size()); }
  // Of the buffer, with what it held before.
  std::size_t size() const { return static_cast<std::size_t>(at_ - buffer_.data()); }
  const char* data() const { return buffer_.data(); }

  // Room for the `put` methods, which do not check.
  void room(std::size_t count) {
    if (static_cast<std::size_t>(end_ - at_) < count) [[unlikely]]
      grow(count);
  }
  void put_varint(std::uint64_t value) {
    while (value >= 0x80) {
      *at_++ = static_cast<char>(value | 0x80);
      value >>= 7;
    }
    *at_++ = static_cast<char>(value);
  }
  template <class T>
  void put_fixed(T value) {
    static_assert(sizeof(T) == 4 || sizeof(T) == 8);
    std::memcpy(at_, &value, sizeof value);
    at_ += sizeof value;
  }
  void put_bytes(std::string_view bytes) {
    copy(at_, bytes.data(), bytes.size());
    at_ += bytes.size();
  }
  // A text or bytes field; needs room for 16 bytes more than the text.
  void put_text(field::Number number, std::string_view text) {
    put_varint(length_tag(number));
    put_varint(text.size());
    put_bytes(text);
  }

  // An attribute as most are: a key and a text. Its message must be shorter than 128 bytes: all lengths then take one.
  static bool is_short_attribute(std::string_view key, std::string_view text) { return key.size() + text.size() < 122; }
  void short_attribute(field::Number number, std::string_view key, std::string_view text) {
    room(key.size() + text.size() + 16);
    put_varint(length_tag(number));
    char* at = at_;
    *at++ = static_cast<char>(key.size() + text.size() + 6);
    *at++ = static_cast<char>(length_tag(field::key_value::key));
    *at++ = static_cast<char>(key.size());
    copy(at, key.data(), key.size());
    at += key.size();
    *at++ = static_cast<char>(length_tag(field::key_value::value));
    *at++ = static_cast<char>(text.size() + 2);
    *at++ = static_cast<char>(length_tag(field::value::text));
    *at++ = static_cast<char>(text.size());
    copy(at, text.data(), text.size());
    at_ = at + text.size();
  }

  void put_fixed64(field::Number number, std::uint64_t value) {
    put_varint(fixed64_tag(number));
    put_fixed(value);
  }

  // Fields that are left out when they have their default.
  void varint(field::Number number, std::uint64_t value) {
    if (value == 0) return;
    room(20);
    put_varint(varint_tag(number));
    put_varint(value);
  }
  void zigzag32(field::Number number, std::int32_t value) {
    varint(number, static_cast<std::uint32_t>(value) << 1 ^ static_cast<std::uint32_t>(value >> 31));
  }
  void fixed32(field::Number number, std::uint32_t value) {
    if (value == 0) return;
    room(16);
    put_varint(fixed32_tag(number));
    put_fixed(value);
  }
  void fixed64(field::Number number, std::uint64_t value) {
    if (value != 0) fixed64_always(number, value);
  }
  // Negative zero is not the default.
  void real(field::Number number, double value) { fixed64(number, std::bit_cast<std::uint64_t>(value)); }
  void text(field::Number number, std::string_view text) {
    if (text.empty()) return;
    room(text.size() + 16);
    put_text(number, text);
  }
  void fixed64_always(field::Number number, std::uint64_t value) {
    room(16);
    put_fixed64(number, value);
  }
  void real_always(field::Number number, double value) { fixed64_always(number, std::bit_cast<std::uint64_t>(value)); }
  template <class Id>
  void id(field::Number number, const Id& id) {
    if (id.is_set()) text(number, {reinterpret_cast<const char*>(id.bytes), sizeof id.bytes});
  }
  // Bytes that are already fields.
  void raw(std::string_view fields) {
    room(fields.size());
    put_bytes(fields);
  }
  // Remembers the bytes from `offset` to here, wherever closing moves them, to write them again.
  static constexpr std::size_t remembered_max = 4;
  void remember(std::size_t slot, std::size_t offset) { remembered_[slot] = {offset, size() - offset}; }
  std::size_t remembered_size(std::size_t slot) const { return remembered_[slot].size; }
  // Needs room for it.
  void put_remembered(std::size_t slot) {
    const Piece piece = remembered_[slot];
    copy(at_, buffer_.data() + piece.offset, piece.size);
    at_ += piece.size;
  }

  OpenMessage open(field::Number number, std::uint32_t length_bytes) {
    room(20);
    put_varint(length_tag(number));
    at_ += length_bytes;
    return {size(), length_bytes};
  }
  void close(OpenMessage message) {
    const std::size_t length = size() - message.contents;
    const std::size_t needed = varint_size(length);
    if (needed != message.reserved) [[unlikely]]
      return close_moving(message, length, needed);
    put_length(buffer_.data() + message.contents - needed, length, needed);
  }

 private:
  static void copy(char* to, const char* from, std::size_t count) {
    if (count > 16) {
      std::memcpy(to, from, count);
    } else if (count >= 8) {
      std::uint64_t first, last;
      std::memcpy(&first, from, 8);
      std::memcpy(&last, from + count - 8, 8);
      std::memcpy(to, &first, 8);
      std::memcpy(to + count - 8, &last, 8);
    } else if (count >= 4) {
      std::uint32_t first, last;
      std::memcpy(&first, from, 4);
      std::memcpy(&last, from + count - 4, 4);
      std::memcpy(to, &first, 4);
      std::memcpy(to + count - 4, &last, 4);
    } else {
      for (std::size_t i = 0; i < count; ++i) to[i] = from[i];
    }
  }
  // `width` bytes, padded if the length needs fewer.
  static void put_length(char* to, std::size_t length, std::size_t width) {
    for (; width > 1; --width, length >>= 7) *to++ = static_cast<char>(length | 0x80);
    *to = static_cast<char>(length);
  }
  void close_moving(OpenMessage message, std::size_t length, std::size_t needed);
  void grow(std::size_t count);

  struct Piece {
    std::size_t offset = 0;
    std::size_t size = 0;
  };

  Buffer& buffer_;
  char* at_;
  char* end_;
  Piece remembered_[remembered_max];
};

}  // namespace rankwire::otlp
