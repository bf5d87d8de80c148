// Owned, growable, uninitialised bytes, and a pool that recycles them: a fresh 1 MiB buffer costs
// the kernel 256 page faults, a recycled one none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

namespace rankwire {

class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::size_t capacity) { reserve(capacity); }
  static Buffer copy_of(std::string_view text);
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Buffer();

  char* data() { return data_; }
  const char* data() const { return data_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::size_t capacity() const { return capacity_; }
  std::string_view view() const { return {data_, size_}; }

  void reserve(std::size_t capacity);  // Keeps the contents.
  void resize(std::size_t size) {
    reserve(size);
    size_ = size;
  }  // New bytes are uninitialised.
  void clear() { size_ = 0; }
  // Returns room for `count` more bytes; `commit` says how many were written.
  char* prepare(std::size_t count) {
    if (capacity_ - size_ < count) grow(count);
    return data_ + size_;
  }
  void commit(std::size_t count) { size_ += count; }
  void append(std::string_view text) {
    if (text.empty()) return;  // Its data may be null, which memcpy does not allow.
    std::memcpy(prepare(text.size()), text.data(), text.size());
    size_ += text.size();
  }
  void push(char byte) {
    *prepare(1) = byte;
    ++size_;
  }
  void erase_front(std::size_t count);

 private:
  void swap(Buffer& other) noexcept;
  void grow(std::size_t more);

  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

// Immutable bytes that several holders share (several exporters' queues hold the same batch).
using SharedBytes = std::shared_ptr<const Buffer>;

// Thread-safe. Holds at most `idle_bytes_max` of buffers nobody uses.
class BufferPool : public std::enable_shared_from_this<BufferPool> {
 public:
  static std::shared_ptr<BufferPool> make(std::size_t idle_bytes_max);
  // An empty buffer of at least `capacity`.
  Buffer take(std::size_t capacity);
  void give_back(Buffer buffer);
  // Shares `buffer`; when the last holder lets go, it returns to this pool.
  SharedBytes share(Buffer buffer);
  // Frees the idle buffers, for when the process has gone quiet or memory is short.
  void trim();

 private:
  explicit BufferPool(std::size_t idle_bytes_max) : idle_bytes_max_(idle_bytes_max) {}

  const std::size_t idle_bytes_max_;
  std::mutex mutex_;
  std::vector<Buffer> idle_;    // Guarded by mutex_.
  std::size_t idle_bytes_ = 0;  // Guarded by mutex_.
};

}  // namespace rankwire
