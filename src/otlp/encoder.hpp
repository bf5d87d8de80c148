// Writes a batch as an export request. Consecutive records often share one attribute list (the same
// elements in memory): its encoded form is then copied from where it was written last.
#pragma once

#include "otlp/wire_writer.hpp"
#include "signal/batch.hpp"

namespace rankwire::otlp {

class Encoder {
 public:
  explicit Encoder(Buffer& to) : out_(to) {}

  template <class Record>
  void request(const RecordBatch<Record>& batch);

 private:
  template <class Record>
  void scope_group(const ScopeGroup<Record>& group);
  void resource(const Resource& resource);
  void scope(const Scope& scope);
  void attributes(field::Number number, const Attributes& attributes);
  void key_value(field::Number number, const KeyValue& entry);
  // The message Value with its tag, also when it is empty.
  void value(field::Number number, const Value& value);
  void put_scalar(const Value& value);

  void record(const LogRecord& record);

  void record(const Metric& metric);
  template <class Point>
  void data(field::Number number, const Metric& metric, const List<Point>& points);
  void point(const NumberPoint& point);
  void point(const HistogramPoint& point);
  void point(const ExponentialHistogramPoint& point);
  void point(const SummaryPoint& point);
  void buckets(field::Number number, const ExponentialBuckets& buckets);
  void exemplars(field::Number number, const List<Exemplar>& exemplars);
  void packed(field::Number number, const void* numbers, std::size_t count);

  void record(const Span& span);
  void event(const SpanEvent& event);
  void link(const SpanLink& link);

  WireWriter out_;
  // Whose encoded form the writer remembers.
  const KeyValue* remembered_entries_ = nullptr;
  std::uint32_t remembered_count_ = 0;
  field::Number remembered_number_ = 0;
};

// About how many bytes a batch takes when encoded; for reserving.
std::size_t encoded_size_estimate(const LogBatch& batch);
std::size_t encoded_size_estimate(const MetricBatch& batch);
std::size_t encoded_size_estimate(const TraceBatch& batch);

}  // namespace rankwire::otlp
