#include "base/buffer.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace rankwire {

Buffer Buffer::copy_of(std::string_view text) {
  Buffer buffer(text.size());
  buffer.append(text);
  return buffer;
}

Buffer::~Buffer() { std::free(data_); }

void Buffer::swap(Buffer& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(capacity_, other.capacity_);
}

void Buffer::reserve(std::size_t capacity) {
  if (capacity <= capacity_) return;
  void* data = std::realloc(data_, capacity);
  if (data == nullptr) throw std::bad_alloc();
  data_ = static_cast<char*>(data);
  capacity_ = capacity;
}

void Buffer::grow(std::size_t more) { reserve(std::max({size_ + more, capacity_ * 2, std::size_t{256}})); }

void Buffer::erase_front(std::size_t count) {
  count = std::min(count, size_);
  if (count != 0 && count != size_) std::memmove(data_, data_ + count, size_ - count);
  size_ -= count;
}

std::shared_ptr<BufferPool> BufferPool::make(std::size_t idle_bytes_max) {
  return std::shared_ptr<BufferPool>(new BufferPool(idle_bytes_max));
}

Buffer BufferPool::take(std::size_t capacity) {
  {
    const std::lock_guard lock(mutex_);
    // The smallest that fits, so that a small request does not take the one large buffer.
    auto best = idle_.end();
    for (auto it = idle_.begin(); it != idle_.end(); ++it)
      if (it->capacity() >= capacity && (best == idle_.end() || it->capacity() < best->capacity())) best = it;
    if (best != idle_.end() && best->capacity() <= 8 * std::max(capacity, std::size_t{4096})) {
      Buffer buffer = std::move(*best);
      idle_bytes_ -= buffer.capacity();
      if (best != idle_.end() - 1) *best = std::move(idle_.back());
      idle_.pop_back();
      return buffer;
    }
  }
  return Buffer(capacity);
}

void BufferPool::give_back(Buffer buffer) {
  buffer.clear();
  const std::lock_guard lock(mutex_);
  if (buffer.capacity() == 0 || idle_bytes_ + buffer.capacity() > idle_bytes_max_) return;
  idle_bytes_ += buffer.capacity();
  idle_.push_back(std::move(buffer));
}

SharedBytes BufferPool::share(Buffer buffer) {
  return SharedBytes(new Buffer(std::move(buffer)), [pool = shared_from_this()](const Buffer* shared) {
    auto* owned = const_cast<Buffer*>(shared);
    pool->give_back(std::move(*owned));
    delete owned;
  });
}

void BufferPool::trim() {
  const std::lock_guard lock(mutex_);
  idle_.clear();
  idle_bytes_ = 0;
}

}  // namespace rankwire
