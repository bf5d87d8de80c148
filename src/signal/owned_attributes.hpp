// Attributes that outlive their batch: one block of memory with every key, value and list in it. Immutable.
// A view of them must not outlive them: what goes into a batch is `deep_copy(view(), arena)`.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "base/bytes.hpp"
#include "signal/value.hpp"

namespace rankwire {

class OwnedAttributes {
 public:
  OwnedAttributes() = default;
  explicit OwnedAttributes(const Attributes& attributes);
  OwnedAttributes(OwnedAttributes&& other) noexcept { *this = std::move(other); }
  OwnedAttributes& operator=(OwnedAttributes&& other) noexcept {
    block_ = std::move(other.block_);
    block_bytes_ = std::exchange(other.block_bytes_, 0);
    count_ = std::exchange(other.count_, 0);
    return *this;
  }

  Attributes view() const { return Attributes::shared(reinterpret_cast<const KeyValue*>(block_.get()), count_); }
  // Held beside the object itself.
  Bytes bytes() const { return {block_bytes_}; }

 private:
  std::unique_ptr<std::byte[]> block_;
  std::size_t block_bytes_ = 0;
  std::uint32_t count_ = 0;
};

}  // namespace rankwire
