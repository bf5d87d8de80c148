#include "ottl/contexts/trace_state.hpp"

#include <algorithm>
#include <string>

namespace rankwire::ottl {
namespace {

constexpr std::size_t entries_max = 32;
constexpr std::size_t part_max = 256;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Calls `use` with each entry until it returns false.
template <class Use>
void each_entry(std::string_view state, Use use) {
  while (!state.empty()) {
    const std::size_t end = std::min(state.find(','), state.size());
    const std::string_view entry = trimmed(state.substr(0, end));
    if (!entry.empty() && !use(entry)) return;
    state.remove_prefix(std::min(end + 1, state.size()));
  }
}

std::string_view key_of(std::string_view entry) { return entry.substr(0, entry.find('=')); }

bool is_key(std::string_view key) {
  return !key.empty() && key.size() <= part_max && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("_-*/@").find(c) != std::string_view::npos;
  });
}

bool is_value(std::string_view value) {
  return !value.empty() && value.size() <= part_max && value.back() != ' ' &&
         std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~' && c != ',' && c != '='; });
}

}  // namespace

std::string_view trace_state_value(std::string_view state, std::string_view key) {
  std::string_view found;
  each_entry(state, [&](std::string_view entry) {
    if (key_of(entry) != key || entry.size() <= key.size()) return true;
    found = entry.substr(key.size() + 1);
    return false;
  });
  return found;
}

bool set_trace_state_value(Frame& frame, std::string_view& state, std::string_view key, std::string_view value) {
  if (!is_key(key)) return frame.fail("this cannot be a key of a trace state");
  if (!is_value(value)) return frame.fail("this cannot be a value of a trace state");
  std::string text = std::string(key) + "=" + std::string(value);
  std::size_t count = 1;
  each_entry(state, [&](std::string_view entry) {
    if (key_of(entry) == key) return true;
    text.append(",").append(entry);
    return ++count < entries_max;  // More than the specification allows: the oldest go.
  });
  state = frame.arena.copy(text);
  return true;
}

}  // namespace rankwire::ottl
