// Text to numbers, durations and sizes, by the rules of Go and of YAML as upstream reads it, and
// back. A leading zero means octal ("0123" is 83) and underscores are dropped, as in Go's YAML.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"

namespace rankwire::config {

struct Integer {
  bool is_negative = false;
  std::uint64_t magnitude = 0;

  std::optional<std::int64_t> as_signed() const;
  std::optional<std::uint64_t> as_unsigned() const;
  double as_real() const;
  std::string text() const;
};

std::optional<Integer> parse_integer(std::string_view text);
std::optional<double> parse_real(std::string_view text);
std::optional<bool> parse_boolean(std::string_view text);
bool is_null_text(std::string_view text);

// "1h30m", "200ms", "-1.5s", "0". The error says what is wrong without repeating the text.
Result<Duration> parse_duration(std::string_view text);
// "16KiB", "1MB", "1.5 GiB", "1000". K, M, G, T, P are decimal, Ki, Mi, … binary; case does not matter.
Result<Bytes> parse_size(std::string_view text);

// Both parse back to the same value.
std::string format_duration(Duration value);
std::string format_size(Bytes value);
std::string format_real(double value);

}  // namespace rankwire::config
