// Writes a batch as an OTLP/JSON export request.
#pragma once

#include "otlp/json_writer.hpp"
#include "signal/batch.hpp"

namespace rankwire::otlp {

class JsonEncoder {
 public:
  explicit JsonEncoder(Buffer& to) : out_(to) {}

  template <class Record>
  void request(const RecordBatch<Record>& batch);

 private:
  void resource(const Resource& resource);
  void strings(std::string_view name, const List<std::string_view>& texts);
  void scope(const Scope& scope);
  void attributes(std::string_view name, const Attributes& attributes);
  void entries(const Attributes& attributes);
  void value(const Value& value);

  void record(const LogRecord& record);

  void record(const Metric& metric);
  template <class Point>
  void data(std::string_view name, const Metric& metric, const List<Point>& points);
  // What all points have in common.
  template <class Point>
  void begin_point(const Point& point);
  void point(const NumberPoint& point);
  void point(const HistogramPoint& point);
  void point(const ExponentialHistogramPoint& point);
  void point(const SummaryPoint& point);
  void number(const Number& number);
  void optional_real(std::string_view name, const OptionalReal& real);
  void counts(std::string_view name, const List<std::uint64_t>& counts);
  void buckets(std::string_view name, const ExponentialBuckets& buckets);
  void exemplars(const List<Exemplar>& exemplars);

  void record(const Span& span);
  void event(const SpanEvent& event);
  void link(const SpanLink& link);

  JsonWriter out_;
};

}  // namespace rankwire::otlp
