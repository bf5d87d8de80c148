#include "ottl/program/path_field.hpp"

#include <algorithm>

namespace rankwire::ottl {
namespace {

template <std::size_t size>
Datum hexadecimal(Frame& frame, const std::uint8_t (&bytes)[size]) {
  constexpr char digits[] = "0123456789abcdef";
  char* text = frame.arena.allocate_array<char>(2 * size);
  for (std::size_t i = 0; i < size; ++i) {
    text[2 * i] = digits[bytes[i] >> 4];
    text[2 * i + 1] = digits[bytes[i] & 15];
  }
  return Value::of(std::string_view(text, 2 * size));
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

template <class Id>
bool parse_id(Frame& frame, const Datum& value, Id& into) {
  if (!value.is(Type::text)) return expected(frame, Type::text, value);
  const std::string_view text = value.text();
  if (text.size() != 2 * sizeof into.bytes)
    return frame.fail("expected " + std::to_string(2 * sizeof into.bytes) + " hexadecimal digits but got " +
                      std::to_string(text.size()) + " characters");
  Id id;
  for (std::size_t i = 0; i < sizeof id.bytes; ++i) {
    const int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return frame.fail("expected hexadecimal digits but got another character");
    id.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  into = id;
  return true;
}

template <class Id>
bool take_id(Frame& frame, const Datum& value, Type type, Id& into) {
  if (!value.is(type)) return expected(frame, type, value);
  std::copy_n(value.text().begin(), sizeof into.bytes, into.bytes);
  return true;
}

template <class N>
bool take_integer(Frame& frame, const Datum& value, N& into) {
  if (!value.is(Type::integer)) return expected(frame, Type::integer, value);
  into = static_cast<N>(value.integer());  // Wraps, as in the original.
  return true;
}

}  // namespace

bool expected(Frame& frame, Type wanted, const Datum& got) {
  return frame.fail("expected " + std::string(to_string(wanted)) + " but got " + std::string(to_string(got.type())));
}

bool set_text(Frame& frame, const Datum& value, std::string_view& into) {
  if (!value.is(Type::text)) return expected(frame, Type::text, value);
  into = value.text();
  return true;
}

bool set_integer(Frame& frame, const Datum& value, std::uint32_t& into) { return take_integer(frame, value, into); }
bool set_integer(Frame& frame, const Datum& value, std::uint64_t& into) { return take_integer(frame, value, into); }
bool set_integer(Frame& frame, const Datum& value, std::int32_t& into) { return take_integer(frame, value, into); }

bool take_enum(Frame& frame, const Datum& value, std::int64_t max, std::int64_t& number) {
  if (!value.is(Type::integer)) return expected(frame, Type::integer, value);
  number = value.integer();
  if (number >= 0 && number <= max) return true;
  return frame.fail("expected a number from 0 to " + std::to_string(max) + " but got " + std::to_string(number));
}

bool takes_records(Frame& frame, const Datum& value, RecordsKind kind) {
  if (!value.is(Type::records)) return expected(frame, Type::records, value);
  return value.records_kind() == kind || frame.fail("expected another kind of records");
}

bool set_time(Frame& frame, const Datum& value, std::uint64_t& into) {
  if (!value.is(Type::time)) return expected(frame, Type::time, value);
  into = static_cast<std::uint64_t>(value.unix_nanos());
  return true;
}

bool set_id(Frame& frame, const Datum& value, TraceId& into) { return take_id(frame, value, Type::trace_id, into); }
bool set_id(Frame& frame, const Datum& value, SpanId& into) { return take_id(frame, value, Type::span_id, into); }
bool set_id_text(Frame& frame, const Datum& value, TraceId& into) { return parse_id(frame, value, into); }
bool set_id_text(Frame& frame, const Datum& value, SpanId& into) { return parse_id(frame, value, into); }
Datum id_text(Frame& frame, const TraceId& id) { return hexadecimal(frame, id.bytes); }
Datum id_text(Frame& frame, const SpanId& id) { return hexadecimal(frame, id.bytes); }

}  // namespace rankwire::ottl
