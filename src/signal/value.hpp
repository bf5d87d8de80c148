// Values and attributes in memory. Everything is a view: strings point into the batch's arena or
// into the buffer it was read from, so these types are trivially copyable and never own anything.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/list.hpp"

namespace rankwire {

struct KeyValue;

enum class ValueType : std::uint8_t { empty, text, boolean, integer, real, array, map, bytes };

// 16 bytes. Strings and lists are limited to 4 GiB and 4 G elements.
class Value {
 public:
  Value() = default;
  static Value of(std::string_view text) { return {ValueType::text, text.data(), text.size()}; }
  static Value of(const char* text) { return of(std::string_view(text)); }
  static Value of(bool flag) {
    Value v;
    v.type_ = ValueType::boolean;
    v.integer_ = flag ? 1 : 0;
    return v;
  }
  static Value of(std::int64_t number) {
    Value v;
    v.type_ = ValueType::integer;
    v.integer_ = number;
    return v;
  }
  static Value of(double number) {
    Value v;
    v.type_ = ValueType::real;
    v.real_ = number;
    return v;
  }
  static Value of_bytes(std::string_view bytes) { return {ValueType::bytes, bytes.data(), bytes.size()}; }
  static Value of(List<Value> items) { return {ValueType::array, items.data(), items.size()}; }
  static Value of(List<KeyValue> entries);

  ValueType type() const { return type_; }
  bool is_text() const { return type_ == ValueType::text; }
  // Each of these must only be asked of its own type; text() also of bytes.
  std::string_view text() const { return {static_cast<const char*>(pointer_), size_}; }
  bool boolean() const { return integer_ != 0; }
  std::int64_t integer() const { return integer_; }
  double real() const { return real_; }
  // Elements are shared: change a copy, then make a new Value of it.
  List<Value> items() const { return List<Value>::shared(static_cast<const Value*>(pointer_), size_); }
  List<KeyValue> entries() const;

 private:
  Value(ValueType type, const void* pointer, std::size_t size)
      : type_(type), size_(static_cast<std::uint32_t>(size)), pointer_(pointer) {}

  ValueType type_ = ValueType::empty;
  std::uint32_t size_ = 0;
  union {
    const void* pointer_ = nullptr;
    std::int64_t integer_;
    double real_;
  };
};

struct KeyValue {
  std::string_view key;
  Value value;
};

using Attributes = List<KeyValue>;

inline Value Value::of(List<KeyValue> entries) { return {ValueType::map, entries.data(), entries.size()}; }
inline List<KeyValue> Value::entries() const {
  return List<KeyValue>::shared(static_cast<const KeyValue*>(pointer_), size_);
}

// Null if the key is absent. The last of duplicate keys is not special: the first wins.
const Value* find(const Attributes& attributes, std::string_view key);
// Inserts or replaces. The key and the value must outlive the batch (arena.copy them if in doubt).
void set(Attributes& attributes, Arena& arena, std::string_view key, Value value);
bool remove(Attributes& attributes, Arena& arena, std::string_view key);
// A copy whose every byte lies in `arena`.
Value deep_copy(const Value& value, Arena& arena);
Attributes deep_copy(const Attributes& attributes, Arena& arena);
bool equal(const Value& a, const Value& b);
// Maps are equal whatever the order of their keys.
bool equal(const Attributes& a, const Attributes& b);

}  // namespace rankwire
