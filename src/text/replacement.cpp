#include "text/replacement.hpp"

#include <algorithm>
#include <charconv>

namespace rankwire::text {

namespace {

bool is_word(char c) {
  return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || (c & 0x80) != 0;
}

// The name that a reference gives, `at` being behind the dollar and then behind the reference; empty: it is none.
std::string_view read_name(std::string_view text, std::size_t& at) {
  const bool has_braces = at < text.size() && text[at] == '{';
  const std::size_t start = at + (has_braces ? 1 : 0);
  std::size_t end = start;
  while (end < text.size() && is_word(text[end])) ++end;
  if (end == start || (has_braces && (end == text.size() || text[end] != '}'))) return {};
  at = end + (has_braces ? 1 : 0);
  return text.substr(start, end - start);
}

// -1: it is a name, not a number.
int number_of(std::string_view name) {
  int number = 0;
  const auto [end, code] = std::from_chars(name.data(), name.data() + name.size(), number);
  const bool has_leading_zero = name.size() > 1 && name.front() == '0';
  return code == std::errc() && end == name.data() + name.size() && !has_leading_zero ? number : -1;
}

}  // namespace

Replacement::Replacement(std::string_view text, std::span<const std::string> group_names) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t dollar = std::min(text.find('$', at), text.size());
    add_text(text.substr(at, dollar - at));
    if (dollar == text.size()) return;
    at = dollar + 1;
    if (at < text.size() && text[at] == '$') {
      add_text("$");
      ++at;
      continue;
    }
    const std::string_view name = read_name(text, at);
    if (name.empty())
      add_text("$");
    else
      add_reference(name, group_names);
  }
}

void Replacement::add_text(std::string_view text) {
  if (text.empty()) return;
  if (pieces_.empty() || pieces_.back().group >= 0) pieces_.emplace_back();
  pieces_.back().text.append(text);
}

void Replacement::add_reference(std::string_view name, std::span<const std::string> group_names) {
  int group = number_of(name);
  if (group < 0) {
    const auto found = std::find(group_names.begin(), group_names.end(), name);
    if (found != group_names.end()) group = static_cast<int>(found - group_names.begin()) + 1;
  }
  // What refers to no group stands for nothing.
  if (group < 0 || static_cast<std::size_t>(group) > group_names.size()) return;
  pieces_.push_back({group, {}});
  groups_needed_ = std::max(groups_needed_, static_cast<std::size_t>(group) + 1);
}

}  // namespace rankwire::text
