// Finds the places of elements that a vector holds by their hashes: open addressing, 8 bytes a slot, at most two thirds
// full. The elements are compared by the caller.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace rankwire::exposition {

class IdIndex {
 public:
  static constexpr std::uint32_t none = 0xffff'ffff;

  // The first id of this hash that `is_it` takes, or none.
  template <class Is>
  std::uint32_t find(std::uint64_t hash, const Is& is_it) const {
    if (slots_.empty()) return none;
    const auto tag = static_cast<std::uint32_t>(hash);
    for (std::size_t at = tag & mask_;; at = (at + 1) & mask_) {
      const Slot& slot = slots_[at];
      if (slot.id == none) return none;
      if (slot.tag == tag && is_it(slot.id)) return slot.id;
    }
  }
  void add(std::uint64_t hash, std::uint32_t id) {
    if (3 * (size_ + 1) > 2 * slots_.size()) grow();
    place({static_cast<std::uint32_t>(hash), id});
    ++size_;
  }
  std::size_t bytes() const { return slots_.capacity() * sizeof(Slot); }

 private:
  struct Slot {
    std::uint32_t tag = 0, id = none;
  };

  void place(Slot slot) {
    std::size_t at = slot.tag & mask_;
    while (slots_[at].id != none) at = (at + 1) & mask_;
    slots_[at] = slot;
  }
  void grow() {
    std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(slots_.empty() ? 64 : slots_.size() * 2));
    mask_ = slots_.size() - 1;
    for (const Slot& slot : old)
      if (slot.id != none) place(slot);
  }

  std::vector<Slot> slots_;
  std::size_t mask_ = 0, size_ = 0;
};

}  // namespace rankwire::exposition
