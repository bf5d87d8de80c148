#include "ottl/program/keys.hpp"

#include "ottl/program/convert.hpp"

namespace rankwire::ottl {
namespace {

bool wrong_key(Frame& frame, std::string_view container, const Datum& key) {
  return frame.fail(std::string(container) + " cannot be indexed by " + std::string(to_string(key.type())));
}

bool cannot_index(Frame& frame, const Value& at) {
  return frame.fail(std::string(to_string(Datum(at).type())) + " has no keys");
}

bool write_item(Frame& frame, Value& at, Keys keys, const Value& value) {
  if (!keys[0].is(Type::integer)) return wrong_key(frame, "a list", keys[0]);
  // As the original: a list that is not there yet starts at 0, whatever is below.
  const bool is_new = at.type() == ValueType::empty;
  const std::int64_t index = is_new && keys[0].integer() < 0 ? 0 : keys[0].integer();
  List<Value> items = is_new ? List<Value>() : at.items();
  if (index < 0 || (!is_new && index >= items.size()))
    return frame.fail("index " + std::to_string(index) + " is outside of a list of " + std::to_string(items.size()));
  if (index >= list_items_max)
    return frame.fail("index " + std::to_string(index) + " would make a list of more than " +
                      std::to_string(list_items_max));
  items.own(frame.arena);
  while (items.size() <= index) items.push(frame.arena, {});
  Value changed = items[static_cast<std::uint32_t>(index)];
  if (!write_keys(frame, changed, keys.subspan(1), value)) return false;
  items[static_cast<std::uint32_t>(index)] = changed;
  at = Value::of(items);
  return true;
}

}  // namespace

bool read_keys(Frame& frame, const Value& at, Keys keys, Datum& out) {
  if (keys.empty()) {
    out = at;
    return true;
  }
  if (at.type() == ValueType::map) return read_keys(frame, at.entries(), keys, out);
  if (at.type() == ValueType::empty) {
    out = {};
    return true;
  }
  if (at.type() != ValueType::array) return cannot_index(frame, at);
  if (!keys[0].is(Type::integer)) return wrong_key(frame, "a list", keys[0]);
  const List<Value> items = at.items();
  const std::int64_t index = keys[0].integer();
  if (index < 0 || index >= items.size())
    return frame.fail("index " + std::to_string(index) + " is outside of a list of " + std::to_string(items.size()));
  return read_keys(frame, items[static_cast<std::uint32_t>(index)], keys.subspan(1), out);
}

bool read_keys(Frame& frame, const Attributes& at, Keys keys, Datum& out) {
  if (!keys[0].is(Type::text)) return wrong_key(frame, "a map", keys[0]);
  const Value* found = find(at, keys[0].text());
  if (found == nullptr) {
    out = {};
    return true;
  }
  return read_keys(frame, *found, keys.subspan(1), out);
}

bool write_keys(Frame& frame, Value& at, Keys keys, const Value& value) {
  if (keys.empty()) {
    at = value;
    return true;
  }
  if (at.type() == ValueType::array || (at.type() == ValueType::empty && keys[0].is(Type::integer)))
    return write_item(frame, at, keys, value);
  if (at.type() != ValueType::map && at.type() != ValueType::empty) return cannot_index(frame, at);
  Attributes entries = at.type() == ValueType::map ? at.entries() : Attributes();
  if (!write_keys(frame, entries, keys, value)) return false;
  at = Value::of(entries);
  return true;
}

bool write_keys(Frame& frame, Attributes& at, Keys keys, const Value& value) {
  if (!keys[0].is(Type::text)) return wrong_key(frame, "a map", keys[0]);
  if (keys.size() == 1) {
    set(at, frame.arena, keys[0].text(), value);
    return true;
  }
  const Value* found = find(at, keys[0].text());
  Value changed = found != nullptr ? *found : Value();
  if (!write_keys(frame, changed, keys.subspan(1), value)) return false;
  set(at, frame.arena, keys[0].text(), changed);
  return true;
}

}  // namespace rankwire::ottl
