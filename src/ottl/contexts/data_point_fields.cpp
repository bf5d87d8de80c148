// datapoint.*: what a kind of points does not have reads as nil, and setting it does nothing.
#include "ottl/contexts/accessors.hpp"
#include "ottl/contexts/fields.hpp"

namespace rankwire::ottl {
namespace {

std::uint64_t* count_of(Frame& f) {
  if (f.point.histogram != nullptr) return &f.point.histogram->count;
  if (f.point.exponential != nullptr) return &f.point.exponential->count;
  return f.point.summary != nullptr ? &f.point.summary->count : nullptr;
}

List<Exemplar>* exemplars_of(Frame& f) {
  if (f.point.number != nullptr) return &f.point.number->exemplars;
  if (f.point.histogram != nullptr) return &f.point.histogram->exemplars;
  return f.point.exponential != nullptr ? &f.point.exponential->exemplars : nullptr;
}

// A number of the other type reads as 0, as in the original; setting changes the type.
PathField real_value_field() {
  return {.name = "value_double",
          .type = Type::real,
          .get =
              [](Frame& f, Datum& out) {
                out = {};
                if (const NumberPoint* point = f.point.number; point != nullptr)
                  out = Value::of(point->value.type == NumberType::real ? point->value.real : 0.0);
              },
          .set =
              [](Frame& f, const Datum& v) {
                if (f.point.number == nullptr) return true;
                if (!v.is(Type::real)) return expected(f, Type::real, v);
                f.point.number->value.type = NumberType::real;
                f.point.number->value.real = v.real();
                return true;
              }};
}

PathField integer_value_field() {
  return {.name = "value_int",
          .type = Type::integer,
          .get =
              [](Frame& f, Datum& out) {
                out = {};
                if (const NumberPoint* point = f.point.number; point != nullptr)
                  out = Value::of(point->value.type == NumberType::integer ? point->value.integer : std::int64_t{0});
              },
          .set =
              [](Frame& f, const Datum& v) {
                if (f.point.number == nullptr) return true;
                if (!v.is(Type::integer)) return expected(f, Type::integer, v);
                f.point.number->value.type = NumberType::integer;
                f.point.number->value.integer = v.integer();
                return true;
              }};
}

OptionalReal* optional_sum_of(Frame& f) {
  if (f.point.histogram != nullptr) return &f.point.histogram->sum;
  return f.point.exponential != nullptr ? &f.point.exponential->sum : nullptr;
}

PathField sum_field() {
  return {.name = "sum",
          .type = Type::real,
          .get =
              [](Frame& f, Datum& out) {
                out = {};
                if (const OptionalReal* sum = optional_sum_of(f); sum != nullptr)
                  out = Value::of(sum->is_set ? sum->value : 0.0);
                else if (f.point.summary != nullptr)
                  out = Value::of(f.point.summary->sum);
              },
          .set =
              [](Frame& f, const Datum& v) {
                OptionalReal* sum = optional_sum_of(f);
                if (sum == nullptr && f.point.summary == nullptr) return true;
                if (!v.is(Type::real)) return expected(f, Type::real, v);
                if (sum != nullptr)
                  *sum = {true, v.real()};
                else
                  f.point.summary->sum = v.real();
                return true;
              }};
}

bool take_number(Frame& f, const Value& value, std::uint64_t& out) {
  if (value.type() != ValueType::integer) return expected(f, Type::integer, value);
  if (value.integer() < 0) return f.fail("expected a count but got a negative integer");
  out = static_cast<std::uint64_t>(value.integer());
  return true;
}

bool take_number(Frame& f, const Value& value, double& out) {
  if (value.type() != ValueType::real && value.type() != ValueType::integer) return expected(f, Type::real, value);
  out = value.type() == ValueType::real ? value.real() : static_cast<double>(value.integer());
  return true;
}

// Counts and bounds of buckets, as lists of numbers.
template <auto at>
PathField numbers_field(std::string_view name) {
  return {.name = name,
          .type = Type::list,
          .get =
              [](Frame& f, Datum& out) {
                out = {};
                const auto* numbers = at(f);
                if (numbers == nullptr) return;
                List<Value> items;
                items.reserve(f.arena, numbers->size());
                for (const auto number : *numbers) {
                  if constexpr (std::is_floating_point_v<decltype(+number)>)
                    items.push(f.arena, Value::of(number));
                  else
                    items.push(f.arena, Value::of(static_cast<std::int64_t>(number)));
                }
                out = Value::of(items);
              },
          .set =
              [](Frame& f, const Datum& v) {
                auto* into = at(f);
                if (into == nullptr) return true;
                if (!v.is(Type::list)) return expected(f, Type::list, v);
                std::remove_pointer_t<decltype(into)> numbers;
                for (const Value& item : v.list())
                  if (!take_number(f, item, numbers.add(f.arena))) return false;
                *into = numbers;
                return true;
              }};
}

template <auto side>
ExponentialBuckets* buckets(Frame& f) {
  return f.point.exponential != nullptr ? &(f.point.exponential->*side) : nullptr;
}

template <auto side>
PathField buckets_field(std::string_view name) {
  return {
      .name = name,
      .type = Type::records,
      .get =
          [](Frame& f, Datum& out) {
            const ExponentialBuckets* all = buckets<side>(f);
            out = all != nullptr ? Datum::of_records(RecordsKind::buckets, all, all->bucket_counts.size()) : Datum();
          },
      .set =
          [](Frame& f, const Datum& v) {
            ExponentialBuckets* into = buckets<side>(f);
            if (into == nullptr) return true;
            if (!takes_records(f, v, RecordsKind::buckets)) return false;
            const auto& from = *static_cast<const ExponentialBuckets*>(v.records());
            *into = {from.offset, List<std::uint64_t>::shared(from.bucket_counts.data(), from.bucket_counts.size())};
            return true;
          }};
}

constexpr auto positive = &ExponentialHistogramPoint::positive;
constexpr auto negative = &ExponentialHistogramPoint::negative;

template <auto side>
std::int32_t* offset_of(Frame& f) {
  ExponentialBuckets* all = buckets<side>(f);
  return all != nullptr ? &all->offset : nullptr;
}

template <auto side>
List<std::uint64_t>* counts_of(Frame& f) {
  ExponentialBuckets* all = buckets<side>(f);
  return all != nullptr ? &all->bucket_counts : nullptr;
}

template <auto member>
auto* of_histogram(Frame& f) {
  return f.point.histogram != nullptr ? &(f.point.histogram->*member) : nullptr;
}

template <auto member>
auto* of_exponential(Frame& f) {
  return f.point.exponential != nullptr ? &(f.point.exponential->*member) : nullptr;
}

template <auto member>
auto* of_summary(Frame& f) {
  return f.point.summary != nullptr ? &(f.point.summary->*member) : nullptr;
}

std::uint64_t* start_of(Frame& f) {
  return f.point.visit([](auto& point) { return &point.start_time_unix_nanos; });
}
std::uint64_t* time_of(Frame& f) {
  return f.point.visit([](auto& point) { return &point.time_unix_nanos; });
}
std::uint32_t* flags_of(Frame& f) {
  return f.point.visit([](auto& point) { return &point.flags; });
}
Attributes* attributes_of(Frame& f) {
  return f.point.visit([](auto& point) { return &point.attributes; });
}

}  // namespace

std::span<const PathField> data_point_fields() {
  static const PathField fields[] = {
      cache_field(),
      attributes_field<&attributes_of>(),
      time_field<&start_of>("start_time"),
      number_field<&start_of>("start_time_unix_nano"),
      time_field<&time_of>("time"),
      number_field<&time_of>("time_unix_nano"),
      real_value_field(),
      integer_value_field(),
      records_field<RecordsKind::exemplars, &exemplars_of>("exemplars"),
      number_field<&flags_of>("flags"),
      number_field<&count_of>("count"),
      sum_field(),
      numbers_field<&of_histogram<&HistogramPoint::bucket_counts>>("bucket_counts"),
      numbers_field<&of_histogram<&HistogramPoint::explicit_bounds>>("explicit_bounds"),
      number_field<&of_exponential<&ExponentialHistogramPoint::scale>>("scale"),
      number_field<&of_exponential<&ExponentialHistogramPoint::zero_count>>("zero_count"),
      buckets_field<positive>("positive"),
      number_field<&offset_of<positive>>("positive.offset"),
      numbers_field<&counts_of<positive>>("positive.bucket_counts"),
      buckets_field<negative>("negative"),
      number_field<&offset_of<negative>>("negative.offset"),
      numbers_field<&counts_of<negative>>("negative.bucket_counts"),
      records_field<RecordsKind::quantiles, &of_summary<&SummaryPoint::quantiles>>("quantile_values"),
  };
  return fields;
}

}  // namespace rankwire::ottl
