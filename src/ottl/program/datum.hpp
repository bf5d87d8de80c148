// What an expression is while a program runs: a value of telemetry, or one of the things that only the
// language knows (times, durations, ids, lists of records). Trivially copyable; what it points to lies in the
// batch, in its arena or in the program.
#pragma once

#include <cstdint>
#include <string_view>

#include "signal/resource.hpp"
#include "signal/value.hpp"

namespace rankwire::text {
class TimeZone;
}

namespace rankwire::ottl {

enum class Type : std::uint8_t {
  any,  // Known only when a record is there. Never the type of a Datum.
  nil,
  boolean,
  integer,
  real,
  text,
  bytes,
  list,
  map,
  time,
  duration,
  trace_id,
  span_id,
  profile_id,
  records,  // Events, links, data points and so on: they can be counted and given to a path of the same kind.
};
// As messages call it: "an integer".
std::string_view to_string(Type type);

// What a Datum of Type::records is a list of, or, of the last two, what it is.
enum class RecordsKind : std::uint8_t {
  span_events,
  span_links,
  number_points,
  histogram_points,
  exponential_histogram_points,
  summary_points,
  exemplars,
  quantiles,
  buckets,  // ExponentialBuckets
  status,   // Of a Span.
};

class Datum {
 public:
  Datum() = default;
  Datum(const Value& value);
  static Datum of_time(std::int64_t unix_nanos, const text::TimeZone* zone = nullptr) {
    Datum datum(Type::time, Value::of(unix_nanos));
    datum.zone_ = zone;
    return datum;
  }
  static Datum of_duration(std::int64_t nanos) { return {Type::duration, Value::of(nanos)}; }
  static Datum of(const TraceId& id) { return {Type::trace_id, of_raw(id.bytes, sizeof id.bytes)}; }
  static Datum of(const SpanId& id) { return {Type::span_id, of_raw(id.bytes, sizeof id.bytes)}; }
  static Datum of_profile_id(std::string_view bytes) { return {Type::profile_id, Value::of_bytes(bytes)}; }
  // `list` is the List itself, which must outlive the statement.
  static Datum of_records(RecordsKind kind, const void* list, std::uint32_t count) {
    Datum datum(Type::records, Value::of(std::int64_t{count}));
    datum.records_ = list;
    datum.records_kind_ = kind;
    return datum;
  }

  Type type() const { return type_; }
  bool is_nil() const { return type_ == Type::nil; }
  bool is(Type type) const { return type_ == type; }
  // Whether an attribute can be it.
  bool is_telemetry() const { return type_ <= Type::map; }
  // What lands in an attribute. Times, durations and records: empty, as in the original; ids too.
  Value value() const { return is_telemetry() ? value_ : Value(); }

  // Each of these must only be asked of its own type; text() also of bytes and ids.
  bool boolean() const { return value_.boolean(); }
  std::int64_t integer() const { return value_.integer(); }
  double real() const { return value_.real(); }
  std::string_view text() const { return value_.text(); }
  List<Value> list() const { return value_.items(); }
  Attributes map() const { return value_.entries(); }
  std::int64_t unix_nanos() const { return value_.integer(); }
  std::int64_t nanos() const { return value_.integer(); }
  const text::TimeZone* zone() const { return zone_; }  // Null: UTC.
  RecordsKind records_kind() const { return records_kind_; }
  const void* records() const { return records_; }
  std::uint32_t record_count() const { return static_cast<std::uint32_t>(value_.integer()); }

 private:
  Datum(Type type, const Value& value) : type_(type), value_(value) {}
  static Value of_raw(const std::uint8_t* bytes, std::size_t size) {
    return Value::of_bytes({reinterpret_cast<const char*>(bytes), size});
  }

  Type type_ = Type::nil;
  RecordsKind records_kind_ = RecordsKind::span_events;
  Value value_;
  union {
    const text::TimeZone* zone_ = nullptr;
    const void* records_;
  };
};

inline Datum::Datum(const Value& value) : value_(value) {
  constexpr Type types[] = {Type::nil,  Type::text, Type::boolean, Type::integer,
                            Type::real, Type::list, Type::map,     Type::bytes};
  type_ = types[static_cast<std::size_t>(value.type())];
}

}  // namespace rankwire::ottl
