#include "processors/rate_limit/key.hpp"

namespace rankwire::rate_limit {
namespace {

constexpr std::size_t text_max = 200;

void append(std::string& text, const std::vector<std::string>& names, const Attributes& attributes) {
  for (const std::string& name : names) {
    if (!text.empty()) text += '/';
    const Value* value = find(attributes, name);
    if (value == nullptr)
      text += '-';
    else if (value->is_text())
      text += value->text().substr(0, text_max);
    else if (value->type() == ValueType::integer)
      text += std::to_string(value->integer());
    else if (value->type() == ValueType::boolean)
      text += value->boolean() ? "true" : "false";
    else
      text += '?';
  }
}

}  // namespace

Result<KeyReader> KeyReader::compile(const std::vector<std::string>& keys) {
  constexpr std::string_view resource_prefix = "resource.", record_prefix = "record.";
  KeyReader reader;
  for (const std::string& key : keys) {
    if (key == "namespace" || key == "pod") reader.of_resource_.emplace_back("k8s.namespace.name");
    if (key == "namespace") continue;
    if (key == "pod")
      reader.of_resource_.emplace_back("k8s.pod.name");
    else if (key.starts_with(resource_prefix) && key.size() > resource_prefix.size())
      reader.of_resource_.push_back(key.substr(resource_prefix.size()));
    else if (key.starts_with(record_prefix) && key.size() > record_prefix.size())
      reader.of_record_.push_back(key.substr(record_prefix.size()));
    else
      return Error(ErrorKind::invalid,
                   "\"" + key + "\" is none of pod, namespace, resource.<attribute> and record.<attribute>");
  }
  return reader;
}

Identity KeyReader::joined_of(const Names& names, const Attributes& attributes, Identity identity) {
  for (const std::string& name : names) {
    const Value* value = find(attributes, name);
    identity = joined(identity, value ? identity_of(*value) : Identity{});
  }
  return identity;
}

std::string KeyReader::text(const Resource& resource, const Attributes* attributes) const {
  std::string text;
  append(text, of_resource_, resource.attributes);
  if (attributes) append(text, of_record_, *attributes);
  if (text.size() > text_max) {
    std::size_t end = text_max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // Not inside a character.
    text.resize(end);
  }
  return text.empty() ? "all" : text;
}

}  // namespace rankwire::rate_limit
