// A growable array whose memory is an arena's. Trivially copyable: a copy is a second view of the
// same elements, so exactly one of the copies may grow or change them.
#pragma once

#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <type_traits>

#include "base/arena.hpp"
#include "base/require.hpp"

namespace rankwire {

template <class T>
class List {
  // A function rather than a class-scope assertion, so that recursive types can hold lists of themselves.
  static constexpr void check_element() { static_assert(std::is_trivially_copyable_v<T>); }

 public:
  List() = default;
  // A view of elements somebody else owns. Growing it copies them into the arena first.
  static List shared(const T* data, std::uint32_t size) {
    List list;
    list.data_ = const_cast<T*>(data);
    list.size_ = size;
    return list;
  }

  std::uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // Whether elements may be changed in place: false for a view made by `shared`.
  bool is_owned() const { return capacity_ != 0; }

  const T& operator[](std::uint32_t index) const { return data_[index]; }
  T& operator[](std::uint32_t index) { return data_[index]; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  T& back() { return data_[size_ - 1]; }
  const T& back() const { return data_[size_ - 1]; }
  const T* data() const { return data_; }
  std::span<const T> span() const { return {data_, size_}; }

  void reserve(Arena& arena, std::uint32_t capacity) {
    if (capacity > capacity_) grow(arena, capacity);
  }
  T& push(Arena& arena, const T& value) {
    if (size_ >= capacity_) grow(arena, size_ < 4 ? 4 : size_ * 2);
    data_[size_] = value;
    return data_[size_++];
  }
  // A new element with its defaults, in its place.
  T& add(Arena& arena) {
    if (size_ >= capacity_) grow(arena, size_ < 4 ? 4 : size_ * 2);
    return *new (data_ + size_++) T();
  }
  // Makes the elements this list's own, so that they may be changed in place.
  void own(Arena& arena) {
    if (!is_owned() && size_ != 0) grow(arena, size_);
  }
  // Keeps the order of the rest.
  void erase(std::uint32_t index) {
    require(index < size_ && is_owned(), "erase from a list that owns the element");
    std::memmove(static_cast<void*>(data_ + index), data_ + index + 1, (size_ - index - 1) * sizeof(T));
    --size_;
  }
  void truncate(std::uint32_t size) { size_ = size < size_ ? size : size_; }
  void clear() { size_ = 0; }

 private:
  void grow(Arena& arena, std::uint32_t capacity) {
    check_element();
    T* data = arena.allocate_array<T>(capacity);
    if (size_ != 0) std::memcpy(static_cast<void*>(data), data_, size_ * sizeof(T));
    data_ = data;
    capacity_ = capacity;
  }

  T* data_ = nullptr;
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 0;  // 0: the elements are somebody else's.
};

}  // namespace rankwire
