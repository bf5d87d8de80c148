// Builds a batch from parsed OTLP/JSON. Every string is copied into the arena. The first failure is
// kept; what is read after it does not matter. Included by the json_decode*.cpp files only, because
// of simdjson.
#pragma once

#include <simdjson.h>

#include <string>

#include "otlp/otlp.hpp"

namespace rankwire::otlp {

using Json = simdjson::dom::element;

// Whether a member has the name of a field, given in its lower_snake_case spelling: the mapping of
// protobuf to JSON allows that and lowerCamelCase.
bool names(std::string_view member, std::string_view field);

class JsonDecoder {
 public:
  // `memory_max` as in DecodeOptions.
  JsonDecoder(Arena& arena, Bytes memory_max) : arena_(arena), memory_max_(memory_max) {}

  template <class Record>
  void request(const Json& json, List<ResourceGroup<Record>>& to);
  const std::string& failure() const { return failure_; }
  bool is_refused() const { return is_refused_; }

 private:
  // Calls `member(name, value)` for each member that is not null.
  template <class Member>
  void for_members(const Json& json, Member member) {
    if (json.is_null()) return;
    simdjson::dom::object object;
    if (json.get(object) != simdjson::SUCCESS) return fail("expected an object");
    for (const auto field : object)
      if (!field.value.is_null()) member(std::string_view(field.key), Json(field.value));
  }
  template <class Item>
  void for_items(const Json& json, Item item) {
    simdjson::dom::array array;
    if (json.get(array) != simdjson::SUCCESS) return fail("expected an array");
    for (const Json each : array) item(each);
  }
  // Decodes each item with a method of this class into a new element of `to`.
  template <class T>
  void items(const Json& json, List<T>& to, void (JsonDecoder::*decode)(const Json&, T&)) {
    for_items(json, [&](const Json& each) {
      if (memory_max_.count != 0 && arena_.reserved_bytes() > memory_max_.count) is_refused_ = true;
      if (!is_refused_) (this->*decode)(each, to.push(arena_, {}));
    });
  }

  template <class Record>
  void resource_group(const Json& json, ResourceGroup<Record>& to);
  template <class Record>
  void scope_group(const Json& json, ScopeGroup<Record>& to);
  void resource(const Json& json, Resource& to);
  void entity(const Json& json, EntityRef& to);
  void scope(const Json& json, Scope& to);
  void attributes(const Json& json, Attributes& to) { items(json, to, &JsonDecoder::attribute); }
  void attribute(const Json& json, KeyValue& to);
  void value(const Json& json, Value& to);
  void nested(const Json& json, bool is_array, Value& to);

  void record(const Json& json, LogRecord& to);

  void record(const Json& json, Metric& to);
  template <class Point>
  void data(const Json& json, Metric& to, MetricType type, List<Point>& points);
  void point(const Json& json, NumberPoint& to);
  void point(const Json& json, HistogramPoint& to);
  void point(const Json& json, ExponentialHistogramPoint& to);
  void point(const Json& json, SummaryPoint& to);
  // Members that several kinds of points have. False if `name` is none of them.
  template <class Point>
  bool common_member(std::string_view name, const Json& json, Point& to);
  template <class Point>
  bool histogram_member(std::string_view name, const Json& json, Point& to);
  void buckets(const Json& json, ExponentialBuckets& to);
  void quantile(const Json& json, Quantile& to);
  void exemplar(const Json& json, Exemplar& to);
  void counts(const Json& json, List<std::uint64_t>& to);

  void record(const Json& json, Span& to);
  void event(const Json& json, SpanEvent& to);
  void link(const Json& json, SpanLink& to);
  void status(const Json& json, Span& to);

  std::string_view text(const Json& json);
  void texts(const Json& json, List<std::string_view>& to);
  std::string_view bytes(const Json& json);
  template <class Id>
  void id(const Json& json, Id& to) {
    hex(json, to.bytes, sizeof to.bytes);
  }
  void hex(const Json& json, std::uint8_t* to, std::size_t count);
  bool boolean(const Json& json);
  // Numbers may also be strings.
  std::int64_t integer(const Json& json);
  std::uint64_t unsigned_integer(const Json& json);
  std::uint32_t unsigned32(const Json& json) { return static_cast<std::uint32_t>(integer(json)); }
  double real(const Json& json);
  // A number, or one of `names`, whose place is its number. Unknown ones are 0.
  std::uint32_t enumeration(const Json& json, std::string_view prefix, std::span<const std::string_view> names);

  void fail(const char* why) {
    if (failure_.empty()) failure_ = why;
  }

  Arena& arena_;
  const Bytes memory_max_;
  bool is_refused_ = false;
  std::string failure_;
  int depth_ = 0;  // Of values.
};

}  // namespace rankwire::otlp
