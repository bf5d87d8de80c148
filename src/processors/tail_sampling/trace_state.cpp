// A W3C tracestate is checked as a whole: the original takes no member of one that is not valid.
#include <algorithm>
#include <array>

#include "processors/tail_sampling/policy.hpp"

namespace rankwire::tail_sampling {
namespace {

constexpr std::size_t members_max = 32;
constexpr std::size_t value_bytes_max = 256;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_lower_or_digit(char c) { return is_lower(c) || (c >= '0' && c <= '9'); }
bool is_key_char(char c) { return is_lower_or_digit(c) || c == '_' || c == '-' || c == '*' || c == '/'; }

// A key, or what stands behind its @.
bool is_name(std::string_view text, std::size_t more_max) {
  return !text.empty() && is_lower(text[0]) && text.size() - 1 <= more_max &&
         std::all_of(text.begin() + 1, text.end(), is_key_char);
}

bool is_tenant(std::string_view text) {
  return !text.empty() && is_lower_or_digit(text[0]) && text.size() - 1 <= 240 &&
         std::all_of(text.begin() + 1, text.end(), is_key_char);
}

bool is_key(std::string_view key) {
  const std::size_t at = key.find('@');
  if (at == std::string_view::npos) return is_name(key, 255);
  return is_tenant(key.substr(0, at)) && is_name(key.substr(at + 1), 13);
}

bool is_value(std::string_view value) {
  return !value.empty() && value.size() <= value_bytes_max && value.back() != ' ' &&
         std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~' && c != ',' && c != '='; });
}

std::string_view trimmed_left(std::string_view text) {
  const std::size_t at = text.find_first_not_of(" \t");
  return at == std::string_view::npos ? std::string_view() : text.substr(at);
}

std::string_view trimmed_right(std::string_view text) { return text.substr(0, text.find_last_not_of(" \t") + 1); }

}  // namespace

bool has_trace_state(std::string_view text, std::string_view key, const std::vector<std::string>& values) {
  std::array<std::string_view, members_max> keys;
  std::size_t count = 0;
  bool is_found = false;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view member = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    if (member.empty()) continue;
    const std::size_t equals = member.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string_view name = trimmed_left(member.substr(0, equals));
    const std::string_view value = trimmed_right(member.substr(equals + 1));
    if (!is_key(name) || !is_value(value) || count == members_max) return false;
    if (std::find(keys.begin(), keys.begin() + count, name) != keys.begin() + count) return false;
    keys[count++] = name;
    is_found = is_found || (name == key && std::find(values.begin(), values.end(), value) != values.end());
  }
  return is_found;
}

}  // namespace rankwire::tail_sampling
