// Where a decompressor writes: grows within a limit and asks before it does. Private to this room.
#pragma once

#include <algorithm>
#include <functional>

#include "base/buffer.hpp"
#include "base/bytes.hpp"
#include "base/error.hpp"

namespace rankwire::net {

class GrowingOutput {
 public:
  GrowingOutput(Bytes limit, const std::function<bool(Bytes)>& may_grow_to)
      : limit_(limit.count), may_grow_to_(may_grow_to) {}

  // Room for at least `least` more bytes, `wished` if the limit allows.
  Result<void> make_room(std::size_t least, std::size_t wished) {
    const std::size_t size = bytes_.size();
    if (least > limit_ - size) {
      return Error(ErrorKind::refused,
                   "the body is larger than " + std::to_string(limit_) + " bytes when decompressed");
    }
    const std::size_t target = size + std::min<std::size_t>(std::max(least, wished), limit_ - size);
    if (target <= bytes_.capacity()) return {};
    if (may_grow_to_ && !may_grow_to_(Bytes{target})) {
      return Error(ErrorKind::refused, "no memory to decompress the body");
    }
    bytes_.reserve(target);
    return {};
  }
  char* free_space() { return bytes_.data() + bytes_.size(); }
  // Never past the limit, however large the buffer is.
  std::size_t free_size() const { return std::min<std::size_t>(bytes_.capacity(), limit_) - bytes_.size(); }
  void commit(std::size_t count) { bytes_.commit(count); }
  std::size_t size() const { return bytes_.size(); }
  Buffer take() { return std::move(bytes_); }

 private:
  const std::uint64_t limit_;
  const std::function<bool(Bytes)>& may_grow_to_;
  Buffer bytes_;
};

}  // namespace rankwire::net
