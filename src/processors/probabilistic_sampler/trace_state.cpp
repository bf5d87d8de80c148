#include "processors/probabilistic_sampler/trace_state.hpp"

#include <algorithm>

#include "processors/probabilistic_sampler/probability.hpp"

namespace rankwire::probabilistic_sampler {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_key_char(char c) { return is_lower(c) || is_digit(c) || c == '_' || c == '-' || c == '*' || c == '/'; }

bool is_key(std::string_view key) {
  constexpr std::size_t key_max = 256, tenant_max = 241, system_max = 14;
  if (key.empty() || key.size() > key_max) return false;
  const std::size_t at = key.find('@');
  const auto is_rest = [](std::string_view rest) { return std::all_of(rest.begin(), rest.end(), is_key_char); };
  if (at == std::string_view::npos) return is_lower(key[0]) && is_rest(key.substr(1));
  const std::string_view tenant = key.substr(0, at), system = key.substr(at + 1);
  if (tenant.empty() || system.empty() || tenant.size() > tenant_max || system.size() > system_max) return false;
  return (is_lower(tenant[0]) || is_digit(tenant[0])) && is_rest(tenant) && is_lower(system[0]) && is_rest(system);
}

bool is_value(std::string_view value) {
  constexpr std::size_t value_max = 256;
  if (value.empty() || value.size() > value_max || value.back() == ' ') return false;
  return std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~' && c != ',' && c != '='; });
}

bool is_ot_field(std::string_view key, std::string_view value) {
  const auto is_plain = [](char c) { return is_lower(c) || is_digit(c); };
  if (key.empty() || !is_lower(key[0]) || !std::all_of(key.begin(), key.end(), is_plain)) return false;
  return std::all_of(value.begin(), value.end(),
                     [&](char c) { return is_plain(c) || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-'; });
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// Calls `each` with every part; false as soon as it is.
template <class Each>
bool for_each_part(std::string_view text, char separator, Each each) {
  for (;;) {
    const std::size_t end = text.find(separator);
    if (!each(text.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::optional<TraceState> TraceState::parse(std::string_view text, Arena& arena) {
  TraceState state;
  if (text.empty()) return state;
  if (text.size() > bytes_max) return {};
  std::uint32_t count = 0;
  const bool is_valid = for_each_part(text, ',', [&](std::string_view part) {
    return ++count <= members_max && state.read_member(trimmed(part), arena);
  });
  if (!is_valid) return {};
  return state;
}

bool TraceState::read_member(std::string_view member, Arena& arena) {
  if (member.empty()) return true;
  const std::size_t equals = member.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string_view key = member.substr(0, equals), value = member.substr(equals + 1);
  if (!is_key(key) || !is_value(value)) return false;
  if (key == "ot") return read_ot(value, arena);
  members_.push(arena, member);
  return true;
}

bool TraceState::read_ot(std::string_view value, Arena& arena) {
  if (value.size() > ot_bytes_max) return false;
  randomness.reset();
  threshold.reset();
  ot_fields_ = {};
  return for_each_part(value, ';', [&](std::string_view field) {
    const std::size_t colon = field.find(':');
    if (colon == std::string_view::npos) return false;
    const std::string_view name = field.substr(0, colon), text = field.substr(colon + 1);
    if (!is_ot_field(name, text)) return false;
    if (name == "rv") return (randomness = parse_randomness(text)).has_value();
    if (name == "th") return (threshold = parse_threshold(text)).has_value();
    ot_fields_.push(arena, field);
    return true;
  });
}

std::string_view TraceState::text(Arena& arena) const {
  constexpr std::size_t ours_max = 64;
  std::size_t size_max = ours_max;
  for (const std::string_view field : ot_fields_) size_max += field.size() + 1;
  for (const std::string_view member : members_) size_max += member.size() + 1;
  char* const begin = static_cast<char*>(arena.allocate(size_max, 1));
  char* end = begin;
  const auto put = [&end](std::string_view text) { end = std::copy(text.begin(), text.end(), end); };
  const auto field = [&](std::string_view name, std::string_view text) {
    put(end == begin ? "ot=" : ";");
    put(name);
    put(text);
  };
  if (randomness) field("rv:", randomness_text(*randomness, arena));
  if (threshold && *threshold != threshold_max) field("th:", threshold_text(*threshold, arena));
  for (const std::string_view other : ot_fields_) field(other, {});
  for (const std::string_view member : members_) {
    if (end != begin) put(",");
    put(member);
  }
  return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace rankwire::probabilistic_sampler
