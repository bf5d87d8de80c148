#include "receivers/prometheus/units.hpp"

#include <array>
#include <charconv>

namespace rankwire::prometheus {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t milliseconds;
};
// In the order in which they may be written.
constexpr std::array<Unit, 7> units = {{{"y", 365LL * 86'400'000},
                                        {"w", 7LL * 86'400'000},
                                        {"d", 86'400'000},
                                        {"h", 3'600'000},
                                        {"m", 60'000},
                                        {"s", 1000},
                                        {"ms", 1}}};
constexpr std::int64_t milliseconds_max = INT64_MAX / 1'000'000;

struct Part {
  std::int64_t number = 0;
  std::string_view unit;
};

// A number and the letters behind it, taken off `text`.
bool take(std::string_view& text, Part& part) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), part.number);
  if (error != std::errc() || part.number < 0 || text.front() == '-') return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  std::size_t letters = 0;
  while (letters < text.size() && (text[letters] < '0' || text[letters] > '9')) ++letters;
  part.unit = text.substr(0, letters);
  text.remove_prefix(letters);
  return true;
}

Error no_duration(std::string_view text) {
  return Error(
      ErrorKind::invalid,
      "\"" + std::string(text) + "\" is no duration, such as 30s, 1m30s, 500ms or 1d (units: y, w, d, h, m, s, ms)");
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  if (text == "0") return Duration{0};
  std::int64_t sum = 0;
  std::size_t next_unit = 0;
  std::string_view rest = text;
  if (rest.empty()) return no_duration(text);
  while (!rest.empty()) {
    Part part;
    if (!take(rest, part)) return no_duration(text);
    while (next_unit < units.size() && units[next_unit].name != part.unit) ++next_unit;
    if (next_unit == units.size()) return no_duration(text);
    const std::int64_t unit = units[next_unit++].milliseconds;
    if (part.number > (milliseconds_max - sum) / unit)
      return Error(ErrorKind::invalid, "the duration \"" + std::string(text) + "\" is too long");
    sum += part.number * unit;
  }
  return Duration{std::chrono::milliseconds(sum)};
}

Result<Bytes> parse_size(std::string_view text) {
  static constexpr std::array<std::pair<char, int>, 6> prefixes = {
      {{'K', 10}, {'M', 20}, {'G', 30}, {'T', 40}, {'P', 50}, {'E', 60}}};
  const auto wrong = [&] {
    return Error(ErrorKind::invalid, "\"" + std::string(text) + "\" is no size, such as 10MB or 512KiB");
  };
  std::string_view rest = text;
  Part part;
  if (rest.empty() || !take(rest, part) || !rest.empty()) return wrong();
  if (part.unit.empty() && part.number == 0) return Bytes{0};
  int shift = 0;
  std::string_view unit = part.unit;
  for (const auto& [letter, bits] : prefixes) {
    if (!unit.starts_with(letter)) continue;
    shift = bits;
    unit.remove_prefix(1);
    if (unit.starts_with('i')) unit.remove_prefix(1);
    break;
  }
  if (unit != "B" || (part.number != 0 && part.number > (INT64_MAX >> shift))) return wrong();
  return Bytes{static_cast<std::uint64_t>(part.number) << shift};
}

void DurationText::validate(config::Validator& v, std::string_view key) const {
  if (text_.empty()) return;
  if (const auto parsed = parse_duration(text_); !parsed) v.error(key, parsed.error().message());
}

}  // namespace rankwire::prometheus
