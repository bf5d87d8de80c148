#include "signal/value.hpp"

namespace rankwire {

const Value* find(const Attributes& attributes, std::string_view key) {
  for (const KeyValue& entry : attributes)
    if (entry.key == key) return &entry.value;
  return nullptr;
}

void set(Attributes& attributes, Arena& arena, std::string_view key, Value value) {
  for (std::uint32_t i = 0; i < attributes.size(); ++i) {
    if (std::as_const(attributes)[i].key != key) continue;
    attributes.own(arena);
    attributes[i].value = value;
    return;
  }
  attributes.push(arena, {key, value});
}

bool remove(Attributes& attributes, Arena& arena, std::string_view key) {
  for (std::uint32_t i = 0; i < attributes.size(); ++i) {
    if (std::as_const(attributes)[i].key != key) continue;
    attributes.own(arena);
    attributes.erase(i);
    return true;
  }
  return false;
}

Value deep_copy(const Value& value, Arena& arena) {
  switch (value.type()) {
    case ValueType::text: return Value::of(arena.copy(value.text()));
    case ValueType::bytes: return Value::of_bytes(arena.copy(value.text()));
    case ValueType::array: {
      List<Value> items;
      for (const Value& item : value.items()) items.push(arena, deep_copy(item, arena));
      return Value::of(items);
    }
    case ValueType::map: return Value::of(deep_copy(value.entries(), arena));
    default: return value;
  }
}

Attributes deep_copy(const Attributes& attributes, Arena& arena) {
  Attributes copy;
  copy.reserve(arena, attributes.size());
  for (const KeyValue& entry : attributes) copy.push(arena, {arena.copy(entry.key), deep_copy(entry.value, arena)});
  return copy;
}

bool equal(const Value& a, const Value& b) {
  if (a.type() != b.type()) return false;
  switch (a.type()) {
    case ValueType::empty: return true;
    case ValueType::text:
    case ValueType::bytes: return a.text() == b.text();
    case ValueType::boolean: return a.boolean() == b.boolean();
    case ValueType::integer: return a.integer() == b.integer();
    case ValueType::real: return a.real() == b.real();
    case ValueType::map: return equal(a.entries(), b.entries());
    case ValueType::array: {
      const List<Value> left = a.items(), right = b.items();
      if (left.size() != right.size()) return false;
      for (std::uint32_t i = 0; i < left.size(); ++i)
        if (!equal(left[i], right[i])) return false;
      return true;
    }
  }
  return false;
}

bool equal(const Attributes& a, const Attributes& b) {
  if (a.size() != b.size()) return false;
  for (const KeyValue& entry : a) {
    const Value* other = find(b, entry.key);
    if (other == nullptr || !equal(entry.value, *other)) return false;
  }
  return true;
}

}  // namespace rankwire
