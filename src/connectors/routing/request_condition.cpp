#include "connectors/routing/request_condition.hpp"

#include <algorithm>

namespace rankwire::routing {
namespace {

constexpr std::string_view opening = "request[\"", closing = "\"]";

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

Error malformed() {
  return {ErrorKind::invalid, "must have the form request[\"name\"] == \"value\", or != instead of =="};
}

}  // namespace

Result<RequestCondition> RequestCondition::parse(std::string_view text) {
  text = trimmed(text);
  if (!text.starts_with(opening)) return malformed();
  text.remove_prefix(opening.size());
  const std::size_t end = text.find(closing);
  if (end == std::string_view::npos || end == 0) return malformed();
  RequestCondition condition;
  condition.name_ = text.substr(0, end);
  std::transform(condition.name_.begin(), condition.name_.end(), condition.name_.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  text = trimmed(text.substr(end + closing.size()));
  if (!text.starts_with("==") && !text.starts_with("!=")) return malformed();
  condition.is_equal_ = text[0] == '=';
  text = trimmed(text.substr(2));
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return malformed();
  condition.value_ = text.substr(1, text.size() - 2);
  if (condition.value_.find('"') != std::string::npos) return malformed();
  return condition;
}

bool RequestCondition::holds(const Client* client) const {
  if (client == nullptr) return false;
  for (const auto& [name, value] : client->metadata)
    if (name == name_ && (value == value_) == is_equal_) return true;
  return false;
}

}  // namespace rankwire::routing
