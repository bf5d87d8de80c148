#include "processors/log_dedup/field_names.hpp"

#include <span>

namespace rankwire::log_dedup {
namespace {

std::vector<std::string> parts_of(std::string_view text) {
  std::vector<std::string> parts(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '.') {
      parts.back() += '.';
      ++i;
    } else if (text[i] == '.') {
      parts.emplace_back();
    } else {
      parts.back() += text[i];
    }
  }
  return parts;
}

using Keys = std::span<const std::string>;

const Value* find_in(const Attributes& attributes, Keys keys) {
  const Value* value = rankwire::find(attributes, keys[0]);
  if (value == nullptr || keys.size() == 1) return value;
  return value->type() == ValueType::map ? find_in(value->entries(), keys.subspan(1)) : nullptr;
}

void remove_in(Attributes& attributes, Keys keys, Arena& arena) {
  if (keys.size() == 1) {
    rankwire::remove(attributes, arena, keys[0]);
    return;
  }
  const Value* value = rankwire::find(attributes, keys[0]);
  if (value == nullptr || value->type() != ValueType::map) return;
  Attributes inner = value->entries();
  remove_in(inner, keys.subspan(1), arena);
  rankwire::set(attributes, arena, keys[0], Value::of(inner));
}

}  // namespace

std::optional<FieldName> FieldName::parse(std::string_view text) {
  std::vector<std::string> parts = parts_of(text);
  const bool is_body = parts[0] == "body";
  if (!is_body && parts[0] != "attributes") return std::nullopt;
  parts.erase(parts.begin());
  for (const std::string& part : parts)
    if (part.empty()) return std::nullopt;
  return FieldName{is_body, std::move(parts)};
}

const Value* find(const LogRecord& record, const FieldName& field) {
  if (!field.is_body) return field.keys.empty() ? nullptr : find_in(record.attributes, field.keys);
  if (field.keys.empty()) return &record.body;
  return record.body.type() == ValueType::map ? find_in(record.body.entries(), field.keys) : nullptr;
}

void remove(LogRecord& record, const FieldName& field, Arena& arena) {
  if (field.keys.empty()) return;
  if (!field.is_body) return remove_in(record.attributes, field.keys, arena);
  if (record.body.type() != ValueType::map) return;
  Attributes entries = record.body.entries();
  remove_in(entries, field.keys, arena);
  record.body = Value::of(entries);
}

}  // namespace rankwire::log_dedup
