// OTLP/JSON, reading: names, strings, numbers, ids and enumerations.
#include <charconv>
#include <cmath>
#include <limits>

#include "otlp/json_decoder.hpp"

namespace rankwire::otlp {

bool names(std::string_view member, std::string_view field) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < field.size(); ++i, ++at) {
    if (at >= member.size()) return false;
    if (member[at] == field[i]) continue;
    // "time_unix" is also "timeUnix".
    if (field[i] != '_' || i + 1 == field.size() || member[at] != field[i + 1] - 'a' + 'A') return false;
    ++i;
  }
  return at == member.size();
}

std::string_view JsonDecoder::text(const Json& json) {
  std::string_view text;
  if (json.get(text) != simdjson::SUCCESS) {
    fail("expected a string");
    return {};
  }
  return arena_.copy(text);
}

void JsonDecoder::texts(const Json& json, List<std::string_view>& to) {
  for_items(json, [&](const Json& each) { to.push(arena_, text(each)); });
}

namespace {

int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return -1;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

// Both alphabets, padded or not.
std::string_view JsonDecoder::bytes(const Json& json) {
  std::string_view text;
  if (json.get(text) != simdjson::SUCCESS) fail("expected a string in base64");
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  char* const begin = arena_.allocate_array<char>(text.size() / 4 * 3 + 3);
  char* to = begin;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int digit = base64_digit(c);
    if (digit < 0) {
      fail("bad base64");
      return {};
    }
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    *to++ = static_cast<char>(bits >> count);
  }
  if (text.size() % 4 == 1) fail("bad base64");
  return {begin, static_cast<std::size_t>(to - begin)};
}

void JsonDecoder::hex(const Json& json, std::uint8_t* to, std::size_t count) {
  std::string_view text;
  if (json.get(text) != simdjson::SUCCESS || (!text.empty() && text.size() != 2 * count))
    return fail("expected a trace id of 32 or a span id of 16 hex digits");
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    const int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return fail("an id that is not hex");
    to[i / 2] = static_cast<std::uint8_t>(high << 4 | low);
  }
  if (text.empty()) std::memset(to, 0, count);
}

bool JsonDecoder::boolean(const Json& json) {
  bool flag = false;
  std::string_view text;
  if (json.get(flag) == simdjson::SUCCESS) return flag;
  if (json.get(text) != simdjson::SUCCESS || (text != "true" && text != "false")) fail("expected true or false");
  return text == "true";
}

namespace {

template <class N>
bool parse(std::string_view text, N& number) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

// The integer that a JSON number or string says, also as "1e3" or "1.0".
template <class N>
bool whole_number(const Json& json, N& number) {
  std::string_view text;
  double real;
  if (json.get(number) == simdjson::SUCCESS) return true;
  if (json.get(text) == simdjson::SUCCESS) {
    if (parse(text, number)) return true;
    if (!parse(text, real)) return false;
  } else if (json.get(real) != simdjson::SUCCESS) {
    return false;
  }
  constexpr auto limit = static_cast<double>(std::numeric_limits<N>::max());
  if (!(real >= static_cast<double>(std::numeric_limits<N>::min()) && real < limit) || real != std::floor(real))
    return false;
  number = static_cast<N>(real);
  return true;
}

}  // namespace

std::int64_t JsonDecoder::integer(const Json& json) {
  std::int64_t number = 0;
  if (!whole_number(json, number)) fail("expected a 64-bit integer");
  return number;
}

std::uint64_t JsonDecoder::unsigned_integer(const Json& json) {
  std::uint64_t number = 0;
  if (!whole_number(json, number)) fail("expected an unsigned 64-bit integer");
  return number;
}

double JsonDecoder::real(const Json& json) {
  double number = 0;
  if (json.get(number) == simdjson::SUCCESS) return number;
  std::string_view text;
  if (json.get(text) == simdjson::SUCCESS) {
    if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
    if (text == "Infinity") return std::numeric_limits<double>::infinity();
    if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
    if (parse(text, number)) return number;
  }
  fail("expected a number");
  return 0;
}

std::uint32_t JsonDecoder::enumeration(const Json& json, std::string_view prefix,
                                       std::span<const std::string_view> names) {
  std::string_view text;
  if (json.get(text) != simdjson::SUCCESS) return unsigned32(json);
  if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == text) return static_cast<std::uint32_t>(i);
  std::uint32_t number = 0;
  if (!parse(text, number)) fail("unknown name of an enumeration");
  return number;
}

}  // namespace rankwire::otlp
