// Values as text, for string() and for texts with EXPR(...) in them.
#include <charconv>
#include <cmath>

#include "receivers/file_log/parse/expr/expression.hpp"

namespace rankwire::file_log::expr {

namespace {

void append_number(double number, std::string& to) {
  if (std::isnan(number)) {
    to += "NaN";
  } else if (std::isinf(number)) {
    to += number > 0 ? "+Inf" : "-Inf";
  } else {
    char digits[40];
    const auto end = std::to_chars(digits, digits + sizeof digits, number);
    to.append(digits, end.ptr);
  }
}

void append_quoted(std::string_view text, std::string& to) {
  to += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      to += '\\';
      to += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      static constexpr char hex[] = "0123456789abcdef";
      to += "\\u00";
      to += hex[static_cast<unsigned char>(c) >> 4];
      to += hex[c & 15];
    } else {
      to += c;
    }
  }
  to += '"';
}

void append_json(const Value& value, std::string& to) {
  switch (value.type()) {
    case ValueType::empty: to += "null"; break;
    case ValueType::text:
    case ValueType::bytes: append_quoted(value.text(), to); break;
    case ValueType::boolean: to += value.boolean() ? "true" : "false"; break;
    case ValueType::integer: to += std::to_string(value.integer()); break;
    case ValueType::real: append_number(value.real(), to); break;
    case ValueType::array:
      to += '[';
      for (const Value& item : value.items()) {
        if (to.back() != '[') to += ',';
        append_json(item, to);
      }
      to += ']';
      break;
    case ValueType::map:
      to += '{';
      for (const KeyValue& entry : value.entries()) {
        if (to.back() != '{') to += ',';
        append_quoted(entry.key, to);
        to += ':';
        append_json(entry.value, to);
      }
      to += '}';
      break;
  }
}

}  // namespace

std::string_view to_text(const Value& value, Arena& arena) {
  if (value.is_text() || value.type() == ValueType::bytes) return value.text();
  if (value.type() == ValueType::empty) return {};
  std::string text;
  append_json(value, text);
  return arena.copy(text);
}

}  // namespace rankwire::file_log::expr
