#include "exposition/number.hpp"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>

namespace rankwire::exposition {

namespace {

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((text[i] | 0x20) != lower[i]) return false;
  return true;
}

bool read_special(std::string_view unsigned_text, bool has_sign, bool is_negative, double& to) {
  if (equals_ignoring_case(unsigned_text, "inf") || equals_ignoring_case(unsigned_text, "infinity")) {
    to = is_negative ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
    return true;
  }
  if (has_sign || !equals_ignoring_case(unsigned_text, "nan")) return false;
  to = std::bit_cast<double>(normal_nan_bits);
  return true;
}

// What is out of range is either too small, which is 0, or too large, which is refused. The C library agrees on which:
// the text is well formed, so that the locale's decimal point (never set) is all that could differ.
bool read_extreme(std::string_view text, double& to) {
  to = std::strtod(std::string(text).c_str(), nullptr);
  return std::isfinite(to);
}

}  // namespace

bool read_real(std::string_view text, double& to) {
  const bool has_sign = !text.empty() && (text[0] == '+' || text[0] == '-');
  const bool is_negative = has_sign && text[0] == '-';
  if (has_sign) text.remove_prefix(1);
  if (text.empty()) return false;
  const unsigned digit = static_cast<unsigned char>(text[0]) - unsigned{'0'};
  if (digit > 9 && text[0] != '.') return read_special(text, has_sign, is_negative, to);
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), to, std::chars_format::general);
  if (end != text.data() + text.size()) return false;
  if (problem == std::errc::result_out_of_range) [[unlikely]] {
    if (!read_extreme(text, to)) return false;
  } else if (problem != std::errc()) {
    return false;
  }
  if (is_negative) to = -to;
  return true;
}

std::string_view write_real(double value, char* buffer) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  if (value == 0) return "0.0";
  char* end = std::to_chars(buffer, buffer + 32, value, std::chars_format::scientific).ptr;
  const std::string_view scientific(buffer, static_cast<std::size_t>(end - buffer));
  const std::size_t exponent_at = scientific.find('e') + 1;
  int exponent = 0;
  std::from_chars(buffer + exponent_at + (buffer[exponent_at] == '+'), end, exponent);
  // Go's decision for the shortest form, whatever the number of digits.
  if (exponent < -4 || exponent >= 6) return scientific;
  end = std::to_chars(buffer, buffer + 32, value, std::chars_format::fixed).ptr;
  std::string_view fixed(buffer, static_cast<std::size_t>(end - buffer));
  if (fixed.find('.') == std::string_view::npos) {
    std::memcpy(end, ".0", 2);
    fixed = {buffer, fixed.size() + 2};
  }
  return fixed;
}

}  // namespace rankwire::exposition
