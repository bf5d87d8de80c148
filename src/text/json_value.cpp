#include "text/json_value.hpp"

#include <simdjson.h>

namespace rankwire::text {

namespace {

namespace dom = simdjson::dom;

Value convert(const dom::element& element, NumberForm numbers, Arena& arena);

Value convert_array(const dom::array& array, NumberForm numbers, Arena& arena) {
  List<Value> items;
  for (const dom::element item : array) items.push(arena, convert(item, numbers, arena));
  return Value::of(items);
}

Value convert_object(const dom::object& object, NumberForm numbers, Arena& arena) {
  constexpr std::size_t duplicate_check_max = 64;  // Beyond, quadratic search would be an attack.
  List<KeyValue> entries;
  entries.reserve(arena, static_cast<std::uint32_t>(object.size()));
  for (const dom::key_value_pair pair : object) {
    const Value value = convert(pair.value, numbers, arena);
    if (object.size() <= duplicate_check_max && find(entries, pair.key) != nullptr)
      set(entries, arena, pair.key, value);
    else
      entries.push(arena, {arena.copy(pair.key), value});
  }
  return Value::of(entries);
}

Value convert(const dom::element& element, NumberForm numbers, Arena& arena) {
  switch (element.type()) {
    case dom::element_type::ARRAY: return convert_array(element.get_array().value_unsafe(), numbers, arena);
    case dom::element_type::OBJECT: return convert_object(element.get_object().value_unsafe(), numbers, arena);
    case dom::element_type::STRING: return Value::of(arena.copy(element.get_string().value_unsafe()));
    case dom::element_type::BOOL: return Value::of(element.get_bool().value_unsafe());
    case dom::element_type::DOUBLE: return Value::of(element.get_double().value_unsafe());
    case dom::element_type::INT64: {
      const std::int64_t number = element.get_int64().value_unsafe();
      return numbers == NumberForm::real ? Value::of(static_cast<double>(number)) : Value::of(number);
    }
    case dom::element_type::UINT64: return Value::of(static_cast<double>(element.get_uint64().value_unsafe()));
    case dom::element_type::NULL_VALUE: return {};
  }
  return {};
}

// Keeps its buffers from line to line; the parser is not thread-safe.
dom::parser& thread_parser() {
  thread_local dom::parser parser(std::size_t{64} << 20);
  return parser;
}

bool read_json(std::string_view text, dom::element& root) {
  dom::parser& parser = thread_parser();
  if (text.empty()) return false;
  if (parser.max_depth() != json_depth_max || parser.capacity() < text.size()) {
    const std::size_t capacity = std::max<std::size_t>(text.size(), 16 * 1024);
    if (parser.allocate(capacity, json_depth_max) != simdjson::SUCCESS) return false;
  }
  return parser.parse(text.data(), text.size(), true).get(root) == simdjson::SUCCESS;
}

}  // namespace

bool read_json_object(std::string_view text, NumberForm numbers, Arena& arena, Value& value) {
  dom::element root;
  dom::object object;
  if (!read_json(text, root) || root.get_object().get(object) != simdjson::SUCCESS) return false;
  value = convert_object(object, numbers, arena);
  return true;
}

bool read_json_array(std::string_view text, NumberForm numbers, Arena& arena, Value& value) {
  dom::element root;
  dom::array array;
  if (!read_json(text, root) || root.get_array().get(array) != simdjson::SUCCESS) return false;
  value = convert_array(array, numbers, arena);
  return true;
}

}  // namespace rankwire::text
