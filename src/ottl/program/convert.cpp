#include "ottl/program/convert.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>

#include "ottl/program/path_field.hpp"
#include "text/civil_time.hpp"
#include "text/time_format.hpp"

namespace rankwire::ottl {
namespace {

std::string_view hexadecimal(std::string_view bytes, Arena& arena) {
  constexpr char digits[] = "0123456789abcdef";
  char* text = arena.allocate_array<char>(2 * bytes.size());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    text[2 * i] = digits[byte >> 4];
    text[2 * i + 1] = digits[byte & 15];
  }
  return {text, 2 * bytes.size()};
}

// As JSON, with the quotes, as in the original.
Datum time_text(const Datum& time, Arena& arena) {
  static const auto format = text::TimeFormat::make("\"%FT%T.%s");
  static const auto offset = text::TimeFormat::make("%j\"");
  std::string text;
  format->append(time.unix_nanos(), time.zone(), text);
  if (text::civil_time(time.unix_nanos(), time.zone()).offset == 0)
    text += "Z\"";
  else
    offset->append(time.unix_nanos(), time.zone(), text);
  return Value::of(arena.copy(text));
}

// As a list of numbers, as in the original; `trace_id.string` is hexadecimal.
Datum id_text(const Datum& id, Arena& arena) {
  std::string text = "[";
  for (const char c : id.text()) text += (text.size() == 1 ? "" : ",") + std::to_string(static_cast<unsigned char>(c));
  return Value::of(arena.copy(text + "]"));
}

bool to_text_like(Frame& frame, Datum& datum) {
  switch (datum.type()) {
    case Type::nil:
    case Type::text: return true;
    case Type::bytes: datum = Value::of(hexadecimal(datum.text(), frame.arena)); return true;
    case Type::trace_id:
    case Type::span_id:
    case Type::profile_id: datum = id_text(datum, frame.arena); return true;
    case Type::boolean:
    case Type::integer:
    case Type::real:
    case Type::list:
    case Type::map: datum = Value::of(text_of(datum.value(), frame.arena)); return true;
    case Type::time: datum = time_text(datum, frame.arena); return true;
    case Type::duration: datum = Value::of(frame.arena.copy(std::to_string(datum.nanos()))); return true;
    default: return expected(frame, Type::text, datum);
  }
}

template <class N>
Datum parsed(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  N number{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  return code == std::errc() && end == text.data() + text.size() ? Datum(Value::of(number)) : Datum();
}

std::int64_t cut(double real) {
  if (std::isnan(real)) return 0;
  if (real >= 9223372036854775807.0) return INT64_MAX;
  return real <= -9223372036854775808.0 ? INT64_MIN : static_cast<std::int64_t>(real);
}

bool to_integer_like(Frame& frame, Datum& datum) {
  switch (datum.type()) {
    case Type::nil:
    case Type::integer: return true;
    case Type::real: datum = Value::of(cut(datum.real())); return true;
    case Type::boolean: datum = Value::of(std::int64_t{datum.boolean() ? 1 : 0}); return true;
    case Type::text: datum = parsed<std::int64_t>(datum.text()); return true;
    default: return expected(frame, Type::integer, datum);
  }
}

bool to_real_like(Frame& frame, Datum& datum) {
  switch (datum.type()) {
    case Type::nil:
    case Type::real: return true;
    case Type::integer: datum = Value::of(static_cast<double>(datum.integer())); return true;
    case Type::boolean: datum = Value::of(datum.boolean() ? 1.0 : 0.0); return true;
    case Type::text:
      datum = parsed<double>(datum.text());
      return !datum.is_nil() || frame.fail("expected a number but got another text");
    default: return expected(frame, Type::real, datum);
  }
}

bool to_boolean_like(Frame& frame, Datum& datum) {
  switch (datum.type()) {
    case Type::nil:
    case Type::boolean: return true;
    case Type::integer: datum = Value::of(datum.integer() != 0); return true;
    case Type::real: datum = Value::of(datum.real() != 0); return true;
    case Type::text: {
      const std::string_view text = datum.text();
      for (const std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"})
        if (text == yes) return datum = Value::of(true), true;
      for (const std::string_view no : {"0", "f", "F", "false", "FALSE", "False"})
        if (text == no) return datum = Value::of(false), true;
      return frame.fail("expected a boolean but got another text");
    }
    default: return expected(frame, Type::boolean, datum);
  }
}

Datum big_endian(std::uint64_t bits, Arena& arena) {
  char* bytes = arena.allocate_array<char>(8);
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(bits >> (8 * (7 - i)));
  return Value::of_bytes({bytes, 8});
}

bool to_bytes_like(Frame& frame, Datum& datum) {
  switch (datum.type()) {
    case Type::nil:
    case Type::bytes: return true;
    case Type::text:
    case Type::trace_id:
    case Type::span_id:
    case Type::profile_id: datum = Value::of_bytes(datum.text()); return true;
    case Type::integer: datum = big_endian(static_cast<std::uint64_t>(datum.integer()), frame.arena); return true;
    case Type::real: datum = big_endian(std::bit_cast<std::uint64_t>(datum.real()), frame.arena); return true;
    case Type::boolean:
      datum = Value::of_bytes(datum.boolean() ? std::string_view("\1", 1) : std::string_view("\0", 1));
      return true;
    default: return expected(frame, Type::bytes, datum);
  }
}

bool to_texts(Frame& frame, Datum& datum, bool is_strict) {
  if (!datum.is(Type::list)) return expected(frame, Type::list, datum);
  const List<Value> items = datum.list();
  bool are_texts = true;
  for (const Value& item : items) are_texts = are_texts && item.is_text();
  if (are_texts) return true;
  if (is_strict) return frame.fail("expected a list of texts");
  List<Value> texts;
  texts.reserve(frame.arena, items.size());
  for (const Value& item : items) {
    Datum text(item);
    if (!to_text_like(frame, text)) return false;
    texts.push(frame.arena, text.value());
  }
  datum = Value::of(texts);
  return true;
}

Type type_of(Want want) {
  switch (want) {
    case Want::text:
    case Want::text_like: return Type::text;
    case Want::integer:
    case Want::integer_like: return Type::integer;
    case Want::real:
    case Want::real_like: return Type::real;
    case Want::boolean:
    case Want::boolean_like: return Type::boolean;
    case Want::bytes_like: return Type::bytes;
    case Want::list:
    case Want::texts:
    case Want::texts_like:
    case Want::anys: return Type::list;
    case Want::map:
    case Want::map_target: return Type::map;
    case Want::time: return Type::time;
    case Want::duration: return Type::duration;
    case Want::trace_id: return Type::trace_id;
    case Want::any:
    case Want::target:
    case Want::function: return Type::any;
  }
  return Type::any;
}

}  // namespace

bool may_be(Want want, Type type) {
  if (type == Type::any || want == Want::any) return true;
  switch (want) {
    case Want::text_like: return type != Type::records;
    case Want::integer_like:
    case Want::real_like:
    case Want::boolean_like:
      return type == Type::nil || type == Type::integer || type == Type::real || type == Type::boolean ||
             type == Type::text;
    case Want::bytes_like:
      return type != Type::list && type != Type::map && type != Type::time && type != Type::duration &&
             type != Type::records;
    default: return type == type_of(want);
  }
}

bool coerce(Frame& frame, Want want, Datum& datum) {
  switch (want) {
    case Want::any: return true;
    case Want::text_like: return to_text_like(frame, datum);
    case Want::integer_like: return to_integer_like(frame, datum);
    case Want::real_like: return to_real_like(frame, datum);
    case Want::boolean_like: return to_boolean_like(frame, datum);
    case Want::bytes_like: return to_bytes_like(frame, datum);
    case Want::texts: return to_texts(frame, datum, true);
    case Want::texts_like: return to_texts(frame, datum, false);
    default:
      if (datum.is(type_of(want))) return true;
      return expected(frame, type_of(want), datum);
  }
}

std::string_view to_string(Want want) {
  switch (want) {
    case Want::any: return "any value";
    case Want::text_like: return "a text or something that can be written as one";
    case Want::integer_like: return "an integer or something that can be read as one";
    case Want::real_like: return "a number or something that can be read as one";
    case Want::boolean_like: return "a boolean or something that can be read as one";
    case Want::bytes_like: return "bytes, a text or a number";
    case Want::texts:
    case Want::texts_like: return "a list of texts";
    case Want::target:
    case Want::map_target: return "a path that can be set";
    case Want::function: return "the name of a function";
    default: return to_string(type_of(want));
  }
}

std::string_view to_string(Type type) {
  switch (type) {
    case Type::any: return "any value";
    case Type::nil: return "nil";
    case Type::boolean: return "a boolean";
    case Type::integer: return "an integer";
    case Type::real: return "a real number";
    case Type::text: return "a text";
    case Type::bytes: return "bytes";
    case Type::list: return "a list";
    case Type::map: return "a map";
    case Type::time: return "a time";
    case Type::duration: return "a duration";
    case Type::trace_id: return "a trace id";
    case Type::span_id: return "a span id";
    case Type::profile_id: return "a profile id";
    case Type::records: return "a list of records";
  }
  return "?";
}

std::string_view to_string(Context context) {
  constexpr std::string_view names[] = {"resource", "scope", "log", "span", "spanevent", "metric", "datapoint"};
  return names[static_cast<std::size_t>(context)];
}

}  // namespace rankwire::ottl
