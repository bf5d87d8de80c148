#include "exporters/debug/text.hpp"

#include <time.h>

#include <charconv>
#include <cstdio>

#include "otlp/json_writer.hpp"

namespace rankwire::debug {

namespace {

constexpr char hex_digits[] = "0123456789abcdef";

void write_json(const Value& value, otlp::JsonWriter& to);

void write_json(const Attributes& entries, otlp::JsonWriter& to) {
  to.begin_object();
  for (const KeyValue& entry : entries) {
    to.escaped_key(entry.key);
    write_json(entry.value, to);
  }
  to.end_object();
}

void write_json(const Value& value, otlp::JsonWriter& to) {
  switch (value.type()) {
    case ValueType::empty: return to.null();
    case ValueType::text: return to.string(value.text());
    case ValueType::bytes: return to.base64(value.text());
    case ValueType::boolean: return to.boolean(value.boolean());
    case ValueType::integer: return to.number(value.integer());
    case ValueType::real: return to.real(value.real());
    case ValueType::map: return write_json(value.entries(), to);
    case ValueType::array: break;
  }
  to.begin_array();
  for (const Value& item : value.items().span()) write_json(item, to);
  to.end_array();
}

template <class N>
void append_number(Buffer& out, N number) {
  char* to = out.prepare(40);
  out.commit(static_cast<std::size_t>(std::to_chars(to, to + 40, number).ptr - to));
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f;
}

}  // namespace

Text& Text::data(std::string_view text) {
  for (const char c : text) {
    if (!is_control(c)) {
      out_.push(c);
      continue;
    }
    out_.append("\\x");
    out_.push(hex_digits[static_cast<unsigned char>(c) >> 4]);
    out_.push(hex_digits[static_cast<unsigned char>(c) & 15]);
  }
  return *this;
}

Text& Text::number(std::int64_t number) {
  append_number(out_, number);
  return *this;
}

Text& Text::number(std::uint64_t number) {
  append_number(out_, number);
  return *this;
}

Text& Text::real(double number) {
  append_number(out_, number);
  return *this;
}

Text& Text::fixed(double number) {
  constexpr std::size_t digits_max = 330;
  char* to = out_.prepare(digits_max);
  out_.commit(static_cast<std::size_t>(std::snprintf(to, digits_max, "%.6f", number)));
  return *this;
}

Text& Text::hex(const void* bytes, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const unsigned byte = static_cast<const unsigned char*>(bytes)[i];
    out_.push(hex_digits[byte >> 4]);
    out_.push(hex_digits[byte & 15]);
  }
  return *this;
}

Text& Text::time(std::uint64_t unix_nanos) {
  const auto seconds = static_cast<time_t>(unix_nanos / 1'000'000'000);
  tm parts{};
  gmtime_r(&seconds, &parts);
  char text[96];
  std::snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d:%02d.%09d", parts.tm_year + 1900, parts.tm_mon + 1,
                parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, static_cast<int>(unix_nanos % 1'000'000'000));
  std::string_view shown = text;
  while (shown.back() == '0' && unix_nanos % 1'000'000'000 != 0) shown.remove_suffix(1);
  if (unix_nanos % 1'000'000'000 == 0) shown = shown.substr(0, shown.find('.'));
  return *this << shown << " +0000 UTC";
}

Text& Text::plain(const Value& value) {
  switch (value.type()) {
    case ValueType::empty: return *this;
    case ValueType::text: return data(value.text());
    case ValueType::bytes: return hex(value.text().data(), value.text().size());
    case ValueType::boolean: return *this << (value.boolean() ? "true" : "false");
    case ValueType::integer: return number(value.integer());
    case ValueType::real: return real(value.real());
    default: break;
  }
  otlp::JsonWriter json(out_);
  write_json(value, json);
  return *this;
}

Text& Text::typed(const Value& value) {
  switch (value.type()) {
    case ValueType::empty: *this << "Empty("; break;
    case ValueType::text: *this << "Str("; break;
    case ValueType::bytes: *this << "Bytes("; break;
    case ValueType::boolean: *this << "Bool("; break;
    case ValueType::integer: *this << "Int("; break;
    case ValueType::real: *this << "Double("; break;
    case ValueType::array: *this << "Slice("; break;
    case ValueType::map: *this << "Map("; break;
  }
  return plain(value) << ")";
}

Text& Text::pairs(const Attributes& attributes) {
  for (const KeyValue& entry : attributes) {
    (*this << " ").data(entry.key) << "=";
    plain(entry.value);
  }
  return *this;
}

Text& Text::lines(std::string_view indent, const Attributes& attributes) {
  for (const KeyValue& entry : attributes) {
    (*this << indent << "-> ").data(entry.key) << ": ";
    typed(entry.value) << "\n";
  }
  return *this;
}

}  // namespace rankwire::debug
