#include "receivers/file_log/parse/field_path.hpp"

namespace rankwire::file_log {

namespace {

constexpr std::size_t keys_max = 32;

Error wrong_path(std::string_view text, const char* why) {
  return {ErrorKind::invalid, "\"" + std::string(text) + "\" is not a field: " + why};
}

// Reads `["key"]` at the start of `rest`.
bool take_bracket(std::string_view& rest, std::string& key) {
  if (rest.size() < 4 || (rest[1] != '"' && rest[1] != '\'')) return false;
  const std::size_t end = rest.find(rest[1], 2);
  if (end == std::string_view::npos || end + 1 >= rest.size() || rest[end + 1] != ']') return false;
  key = rest.substr(2, end - 2);
  rest.remove_prefix(end + 2);
  return true;
}

// A copy of `entries` with `value` at `keys`.
List<KeyValue> with_value(List<KeyValue> entries, std::span<const std::string> keys, Value value, Arena& arena) {
  const std::string_view key = keys.front();
  const Value* old = find(entries, key);
  const bool is_map = old != nullptr && old->type() == ValueType::map;
  if (keys.size() > 1) {
    value = Value::of(with_value(is_map ? old->entries() : List<KeyValue>(), keys.subspan(1), value, arena));
  } else if (is_map && value.type() == ValueType::map) {
    List<KeyValue> merged = old->entries();
    for (const KeyValue& entry : value.entries()) set(merged, arena, entry.key, entry.value);
    value = Value::of(merged);
  }
  set(entries, arena, old == nullptr ? arena.copy(key) : key, value);
  return entries;
}

bool take_value(List<KeyValue>& entries, std::span<const std::string> keys, Value& value, Arena& arena) {
  const Value* found = find(entries, keys.front());
  if (found == nullptr) return false;
  if (keys.size() == 1) {
    value = *found;
    return remove(entries, arena, keys.front());
  }
  if (found->type() != ValueType::map) return false;
  List<KeyValue> inner = found->entries();
  if (!take_value(inner, keys.subspan(1), value, arena)) return false;
  set(entries, arena, keys.front(), Value::of(inner));
  return true;
}

}  // namespace

Result<FieldPath> FieldPath::parse(std::string_view text) {
  std::string_view rest = text;
  if (rest.starts_with('$')) rest.remove_prefix(1);
  const std::size_t root_end = std::min(rest.find_first_of(".["), rest.size());
  const std::string_view root = rest.substr(0, root_end);
  FieldPath path;
  if (root == "body")
    path.root_ = Root::body;
  else if (root == "attributes")
    path.root_ = Root::attributes;
  else if (root == "resource")
    path.root_ = Root::resource;
  else
    return wrong_path(text, "it must begin with body, attributes or resource");
  rest.remove_prefix(root_end);
  while (!rest.empty()) {
    std::string key;
    if (rest.front() == '[') {
      if (!take_bracket(rest, key)) return wrong_path(text, "brackets hold a quoted key");
    } else if (rest.front() == '.') {
      rest.remove_prefix(1);
      const std::size_t end = std::min(rest.find_first_of(".["), rest.size());
      key = rest.substr(0, end);
      rest.remove_prefix(end);
    } else {
      return wrong_path(text, "after a bracket comes a dot, a bracket or the end");
    }
    if (key.empty()) return wrong_path(text, "a key is empty");
    if (path.keys_.size() == keys_max) return wrong_path(text, "it is nested too deeply");
    path.keys_.push_back(std::move(key));
  }
  return path;
}

FieldPath FieldPath::child(std::string key) const {
  FieldPath path = *this;
  path.keys_.push_back(std::move(key));
  return path;
}

bool FieldPath::get(const Entry& entry, Value& value) const {
  if (root_ == Root::body)
    value = entry.record.body;
  else
    value = Value::of(root_ == Root::attributes ? entry.record.attributes : entry.resource);
  for (const std::string& key : keys_) {
    if (value.type() != ValueType::map) return false;
    const Value* found = find(value.entries(), key);
    if (found == nullptr) return false;
    value = *found;
  }
  return !keys_.empty() || root_ != Root::body || value.type() != ValueType::empty;
}

bool FieldPath::set(Entry& entry, Arena& arena, Value value) const {
  Value& body = entry.record.body;
  if (root_ == Root::body) {
    const bool is_map = body.type() == ValueType::map;
    if (keys_.empty() && !(is_map && value.type() == ValueType::map)) {
      body = value;
      return true;
    }
    List<KeyValue> entries = is_map ? body.entries() : List<KeyValue>();
    if (keys_.empty())
      for (const KeyValue& pair : value.entries()) rankwire::set(entries, arena, pair.key, pair.value);
    else
      entries = with_value(entries, keys_, value, arena);
    body = Value::of(entries);
    return true;
  }
  Attributes& attributes = root_ == Root::attributes ? entry.record.attributes : entry.resource;
  if (!keys_.empty()) {
    attributes = with_value(attributes, keys_, value, arena);
    return true;
  }
  if (value.type() != ValueType::map) return false;
  for (const KeyValue& pair : value.entries()) rankwire::set(attributes, arena, pair.key, pair.value);
  return true;
}

bool FieldPath::take(Entry& entry, Arena& arena, Value& value) const {
  Value& body = entry.record.body;
  Attributes& attributes = root_ == Root::attributes ? entry.record.attributes : entry.resource;
  if (keys_.empty()) {
    if (!get(entry, value)) return false;
    if (root_ == Root::body)
      body = {};
    else
      attributes = {};
    return true;
  }
  if (root_ != Root::body) return take_value(attributes, keys_, value, arena);
  if (body.type() != ValueType::map) return false;
  List<KeyValue> entries = body.entries();
  if (!take_value(entries, keys_, value, arena)) return false;
  body = Value::of(entries);
  return true;
}

}  // namespace rankwire::file_log
