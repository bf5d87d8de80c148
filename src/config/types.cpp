// Component ids and secrets.
#include "config/types.hpp"

#include <string.h>

namespace rankwire::config {
namespace {

constexpr std::size_t type_size_max = 63;
constexpr std::size_t name_size_max = 1024;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_type_character(char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

Error invalid(std::string message) { return {ErrorKind::invalid, std::move(message)}; }

}  // namespace

Result<ComponentId> ComponentId::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view type = trimmed(text.substr(0, slash));
  if (type.empty()) return invalid("a component id needs a type: type or type/name");
  if (type.size() > type_size_max) return invalid("a component type has at most 63 characters");
  if (!is_letter(type[0])) return invalid("a component type starts with a letter");
  for (const char c : type) {
    if (!is_type_character(c)) return invalid("a component type has letters, digits and _ only");
  }
  ComponentId id{std::string(type), {}};
  if (slash == std::string_view::npos) return id;
  const std::string_view name = trimmed(text.substr(slash + 1));
  if (name.empty()) return invalid("the name after the / of a component id is empty");
  if (name.size() > name_size_max) return invalid("a component name has at most 1024 characters");
  id.name = name;
  return id;
}

Secret& Secret::operator=(const Secret& other) {
  if (this == &other) return *this;
  wipe();
  value_ = other.value_;
  return *this;
}

Secret::~Secret() { wipe(); }

void Secret::wipe() {
  // The whole buffer: an earlier, longer value may be behind the end.
  value_.resize(value_.capacity());
  ::explicit_bzero(value_.data(), value_.size());
  value_.clear();
}

}  // namespace rankwire::config
