// A bump allocator: everything a batch allocates lives and dies together. Not thread-safe.
// Only trivially destructible things go in; nothing is freed one by one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <type_traits>
#include <vector>

namespace rankwire {

class Arena {
 public:
  static constexpr std::size_t block_bytes_min = 16 * 1024;
  static constexpr std::size_t block_bytes_max = 1024 * 1024;

  Arena() = default;
  Arena(Arena&&) noexcept = default;
  Arena& operator=(Arena&&) noexcept = default;

  // Uninitialised memory; never null, also for a size of 0.
  void* allocate(std::size_t size, std::size_t alignment) {
    const auto at = (cursor_ + alignment - 1) & ~(static_cast<std::uintptr_t>(alignment) - 1);
    if (at + size <= end_ && at >= cursor_) [[likely]] {
      cursor_ = at + size;
      return reinterpret_cast<void*>(at);
    }
    return allocate_slow(size, alignment);
  }

  template <class T>
  T* allocate_array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    return static_cast<T*>(allocate(count * sizeof(T), alignof(T)));
  }

  std::string_view copy(std::string_view text) {
    if (text.empty()) return {};
    char* to = static_cast<char*>(allocate(text.size(), 1));
    std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }

  // Forgets everything but keeps the largest block for reuse.
  void reset();

  // Bytes held from the system, used or not.
  std::size_t reserved_bytes() const { return reserved_; }

 private:
  struct Block {
    std::unique_ptr<std::byte[]> memory;
    std::size_t size;
  };

  void* allocate_slow(std::size_t size, std::size_t alignment);

  std::uintptr_t cursor_ = 0;
  std::uintptr_t end_ = 0;
  std::vector<Block> blocks_;
  std::size_t reserved_ = 0;
};

}  // namespace rankwire
