// Conversions between text and numbers. Locale-free: only from_chars and to_chars.
#include "config/units.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace rankwire::config {
namespace {

constexpr std::uint64_t signed_max = std::numeric_limits<std::int64_t>::max();

Error invalid(std::string message) { return {ErrorKind::invalid, std::move(message)}; }

std::string without_underscores(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    if (c != '_') plain += c;
  }
  return plain;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Digits, at most one dot, an optional exponent: nothing else that from_chars would take.
bool looks_like_real(std::string_view text) {
  std::size_t at = 0, digits = 0;
  while (at < text.size() && is_digit(text[at])) ++at, ++digits;
  if (at < text.size() && text[at] == '.') ++at;
  while (at < text.size() && is_digit(text[at])) ++at, ++digits;
  if (digits == 0) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const std::size_t start = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    if (at == start) return false;
  }
  return at == text.size();
}

struct Unit {
  std::string_view name;
  double factor;
};

constexpr std::array<Unit, 8> duration_units{{{"ns", 1},
                                              {"us", 1e3},
                                              {"\xC2\xB5s", 1e3},
                                              {"\xCE\xBCs", 1e3},
                                              {"ms", 1e6},
                                              {"s", 1e9},
                                              {"m", 60e9},
                                              {"h", 3600e9}}};

constexpr std::array<Unit, 22> size_units{
    {{"", 1},        {"b", 1},        {"k", 1e3},     {"kb", 1e3},     {"ki", 0x1p10}, {"kib", 0x1p10},
     {"m", 1e6},     {"mb", 1e6},     {"mi", 0x1p20}, {"mib", 0x1p20}, {"g", 1e9},     {"gb", 1e9},
     {"gi", 0x1p30}, {"gib", 0x1p30}, {"t", 1e12},    {"tb", 1e12},    {"ti", 0x1p40}, {"tib", 0x1p40},
     {"p", 1e15},    {"pb", 1e15},    {"pi", 0x1p50}, {"pib", 0x1p50}}};

// Takes digits with an optional fraction off the front of `text`; whole and fraction apart, because
// a double cannot hold every number of nanoseconds.
struct Amount {
  std::uint64_t whole = 0;
  double fraction = 0;
};

std::optional<Amount> take_amount(std::string_view& text) {
  Amount amount;
  std::size_t digits = 0;
  const auto end = text.data() + text.size();
  if (!text.empty() && is_digit(text[0])) {
    const auto [rest, problem] = std::from_chars(text.data(), end, amount.whole);
    if (problem != std::errc{}) return {};
    digits += static_cast<std::size_t>(rest - text.data());
    text.remove_prefix(digits);
  }
  if (!text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    double scale = 0.1;
    while (!text.empty() && is_digit(text[0])) {
      amount.fraction += (text[0] - '0') * scale;
      scale /= 10;
      ++digits;
      text.remove_prefix(1);
    }
  }
  if (digits == 0) return {};
  return amount;
}

bool scale_into(std::uint64_t& total, const Amount& amount, double factor, std::uint64_t max) {
  const auto unit = static_cast<std::uint64_t>(factor);
  std::uint64_t whole = 0;
  if (__builtin_mul_overflow(amount.whole, unit, &whole)) return false;
  const auto part = static_cast<std::uint64_t>(std::llround(amount.fraction * factor));
  return !__builtin_add_overflow(whole, part, &whole) && !__builtin_add_overflow(total, whole, &total) && total <= max;
}

}  // namespace

std::optional<std::int64_t> Integer::as_signed() const {
  if (is_negative) {
    if (magnitude > signed_max + 1) return {};
    return static_cast<std::int64_t>(~magnitude + 1);
  }
  if (magnitude > signed_max) return {};
  return static_cast<std::int64_t>(magnitude);
}

std::optional<std::uint64_t> Integer::as_unsigned() const {
  if (is_negative && magnitude != 0) return {};
  return magnitude;
}

double Integer::as_real() const {
  const auto value = static_cast<double>(magnitude);
  return is_negative ? -value : value;
}

std::string Integer::text() const { return (is_negative && magnitude != 0 ? "-" : "") + std::to_string(magnitude); }

std::optional<Integer> parse_integer(std::string_view text) {
  if (text.empty() || (!is_digit(text[0]) && text[0] != '-' && text[0] != '+')) return {};
  const std::string plain = without_underscores(text);
  std::string_view rest = plain;
  Integer value;
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) {
    value.is_negative = rest[0] == '-';
    rest.remove_prefix(1);
  }
  int base = 10;
  if (rest.size() > 1 && rest[0] == '0') {
    const char mark = static_cast<char>(rest[1] | 0x20);
    base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
    rest.remove_prefix(mark == 'x' || mark == 'b' || mark == 'o' ? 2 : 1);
  }
  if (rest.empty()) return {};
  const auto end = rest.data() + rest.size();
  const auto [stop, problem] = std::from_chars(rest.data(), end, value.magnitude, base);
  if (problem != std::errc{} || stop != end) return {};
  if (value.is_negative && value.magnitude > signed_max + 1) return {};
  return value;
}

std::optional<double> parse_real(std::string_view text) {
  if (text == ".nan" || text == ".NaN" || text == ".NAN") return std::numeric_limits<double>::quiet_NaN();
  std::string_view body = text;
  const bool is_negative = !body.empty() && body[0] == '-';
  if (!body.empty() && (body[0] == '-' || body[0] == '+')) body.remove_prefix(1);
  if (body == ".inf" || body == ".Inf" || body == ".INF") {
    const double infinity = std::numeric_limits<double>::infinity();
    return is_negative ? -infinity : infinity;
  }
  if (body.empty() || body[0] == '_') return {};
  const std::string plain = without_underscores(body);
  if (!looks_like_real(plain)) return {};
  double value = 0;
  const auto end = plain.data() + plain.size();
  const auto [stop, problem] = std::from_chars(plain.data(), end, value);
  if (problem != std::errc{} || stop != end) return {};
  return is_negative ? -value : value;
}

std::optional<bool> parse_boolean(std::string_view text) {
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  return {};
}

bool is_null_text(std::string_view text) {
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

Result<Duration> parse_duration(std::string_view text) {
  bool is_negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    is_negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (text == "0") return Duration(0);
  if (text.empty()) return invalid("is not a duration");
  std::uint64_t total = 0;
  while (!text.empty()) {
    const auto amount = take_amount(text);
    if (!amount) return invalid("is not a duration");
    std::size_t length = 0;
    while (length < text.size() && !is_digit(text[length]) && text[length] != '.') ++length;
    const std::string_view name = text.substr(0, length);
    if (name.empty()) return invalid("is a duration without a unit");
    const Unit* unit = nullptr;
    for (const Unit& candidate : duration_units) {
      if (candidate.name == name) unit = &candidate;
    }
    if (!unit) return invalid("is a duration with an unknown unit");
    if (!scale_into(total, *amount, unit->factor, signed_max)) return invalid("is too long a duration");
    text.remove_prefix(length);
  }
  const auto nanos = static_cast<std::int64_t>(total);
  return Duration(is_negative ? -nanos : nanos);
}

Result<Bytes> parse_size(std::string_view text) {
  const auto amount = take_amount(text);
  if (!amount) return invalid("is not a size");
  while (!text.empty() && text[0] == ' ') text.remove_prefix(1);
  std::string name;
  for (const char c : text) name += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  for (const Unit& unit : size_units) {
    if (unit.name != name) continue;
    std::uint64_t total = 0;
    if (!scale_into(total, *amount, unit.factor, std::numeric_limits<std::uint64_t>::max())) {
      return invalid("is too large a size");
    }
    return Bytes{total};
  }
  return invalid("is a size with an unknown unit");
}

std::string format_duration(Duration value) {
  if (value.count() == 0) return "0s";
  std::string text = value.count() < 0 ? "-" : "";
  std::uint64_t left = static_cast<std::uint64_t>(value.count());
  if (value.count() < 0) left = ~left + 1;
  struct Step {
    std::uint64_t nanos;
    std::string_view name;
  };
  for (const Step step : {Step{3'600'000'000'000, "h"}, Step{60'000'000'000, "m"}, Step{1'000'000'000, "s"},
                          Step{1'000'000, "ms"}, Step{1'000, "us"}, Step{1, "ns"}}) {
    if (const std::uint64_t count = left / step.nanos) (text += std::to_string(count)).append(step.name);
    left %= step.nanos;
  }
  return text;
}

std::string format_size(Bytes value) {
  constexpr std::array<std::string_view, 6> names{"", "KiB", "MiB", "GiB", "TiB", "PiB"};
  std::uint64_t count = value.count;
  std::size_t step = 0;
  while (count != 0 && count % 1024 == 0 && step + 1 < names.size()) count /= 1024, ++step;
  return std::to_string(count).append(names[step]);
}

std::string format_real(double value) {
  if (std::isnan(value)) return ".nan";
  if (std::isinf(value)) return value > 0 ? ".inf" : "-.inf";
  std::array<char, 40> text;
  const auto [end, problem] = std::to_chars(text.data(), text.data() + text.size(), value);
  return problem == std::errc{} ? std::string(text.data(), end) : "0";
}

}  // namespace rankwire::config
