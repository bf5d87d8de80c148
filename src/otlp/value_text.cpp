#include "otlp/value_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include "otlp/json_writer.hpp"

namespace rankwire::otlp {
namespace {

constexpr std::uint32_t json_levels_max = 100;

void write_json(const Value& value, JsonWriter& json, std::uint32_t level) {
  if (level == json_levels_max) return json.null();
  switch (value.type()) {
    case ValueType::empty: return json.null();
    case ValueType::text: return json.string(value.text());
    case ValueType::bytes: return json.base64(value.text());
    case ValueType::boolean: return json.boolean(value.boolean());
    case ValueType::integer: return json.number(value.integer());
    case ValueType::real: return json.number_text(real_text(value.real()));
    case ValueType::array:
      json.begin_array();
      for (const Value& item : value.items()) write_json(item, json, level + 1);
      return json.end_array();
    case ValueType::map: {
      const Attributes entries = value.entries();
      std::vector<const KeyValue*> sorted;
      for (const KeyValue& entry : entries) sorted.push_back(&entry);
      std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->key < b->key; });
      json.begin_object();
      for (const KeyValue* entry : sorted) {
        json.escaped_key(entry->key);
        write_json(entry->value, json, level + 1);
      }
      return json.end_object();
    }
  }
}

}  // namespace

std::string real_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  const double size = std::fabs(value);
  const bool is_scientific = size != 0 && (size < 1e-6 || size >= 1e21);
  char text[64];
  const auto form = is_scientific ? std::chars_format::scientific : std::chars_format::fixed;
  std::string out(text, std::to_chars(text, text + sizeof text, value, form).ptr);
  // e-09 is written e-9.
  if (const auto at = out.find("e-0"); at != std::string::npos) out.erase(at + 2, 1);
  return out;
}

void append_json(const Value& value, std::string& out) {
  Buffer buffer;
  JsonWriter json(buffer);
  write_json(value, json, 0);
  out.append(buffer.view());
}

std::string_view text_of(const Value& value, Arena& arena) {
  switch (value.type()) {
    case ValueType::empty: return {};
    case ValueType::text: return value.text();
    case ValueType::boolean: return value.boolean() ? "true" : "false";
    case ValueType::integer: return arena.copy(std::to_string(value.integer()));
    case ValueType::real: return arena.copy(real_text(value.real()));
    case ValueType::bytes:
    case ValueType::array:
    case ValueType::map: {
      std::string json;
      append_json(value, json);
      const std::string_view text = json;
      return arena.copy(value.type() == ValueType::bytes ? text.substr(1, text.size() - 2) : text);
    }
  }
  return {};
}

}  // namespace rankwire::otlp
