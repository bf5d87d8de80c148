#include "base/arena.hpp"

#include <algorithm>

namespace rankwire {

void* Arena::allocate_slow(std::size_t size, std::size_t alignment) {
  const std::size_t wanted = size + alignment;
  const std::size_t last = blocks_.empty() ? 0 : blocks_.back().size;
  const std::size_t block_size = std::max(wanted, std::clamp(last * 2, block_bytes_min, block_bytes_max));
  blocks_.push_back({std::make_unique_for_overwrite<std::byte[]>(block_size), block_size});
  reserved_ += block_size;
  const auto begin = reinterpret_cast<std::uintptr_t>(blocks_.back().memory.get());
  const auto at = (begin + alignment - 1) & ~(static_cast<std::uintptr_t>(alignment) - 1);
  // A block made for one large thing must not end the use of the roomier one before it, but
  // keeping one current block is simpler and wastes at most half.
  cursor_ = at + size;
  end_ = begin + block_size;
  return reinterpret_cast<void*>(at);
}

void Arena::reset() {
  if (blocks_.empty()) return;
  auto largest =
      std::max_element(blocks_.begin(), blocks_.end(), [](const Block& a, const Block& b) { return a.size < b.size; });
  Block kept = std::move(*largest);
  blocks_.clear();
  reserved_ = 0;
  if (kept.size > 4 * block_bytes_max) {  // One giant record must not hold memory for ever.
    cursor_ = end_ = 0;
    return;
  }
  cursor_ = reinterpret_cast<std::uintptr_t>(kept.memory.get());
  end_ = cursor_ + kept.size;
  reserved_ = kept.size;
  blocks_.push_back(std::move(kept));
}

}  // namespace rankwire
