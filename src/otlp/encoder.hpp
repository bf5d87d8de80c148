// Writes a batch as an export request. Records often share a few attribute lists (the same elements in
// memory): their encoded form is then copied from where it was written last.
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
  // What logs read from files come to: times, a text and attributes that were written before. False:
  // it is more than that, and nothing was written.
  bool simple_record(const LogRecord& record);

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

  // Whose encoded form the writer remembers in the slot of the same number.
  struct Remembered {
    const KeyValue* entries = nullptr;
    std::uint32_t count = 0;
    field::Number number = 0;
  };
  static constexpr std::size_t none_remembered = WireWriter::remembered_max;
  std::size_t remembered(field::Number number, const Attributes& attributes) const {
    for (std::size_t slot = 0; slot < WireWriter::remembered_max; ++slot) {
      const Remembered& known = remembered_[slot];
      if (known.entries == attributes.data() && known.count == attributes.size() && known.number == number) return slot;
    }
    return none_remembered;
  }

  WireWriter out_;
  Remembered remembered_[WireWriter::remembered_max];
  std::uint32_t next_remembered_ = 0;
};

// About how many bytes a batch takes when encoded; for reserving.
std::size_t encoded_size_estimate(const LogBatch& batch);
std::size_t encoded_size_estimate(const MetricBatch& batch);
std::size_t encoded_size_estimate(const TraceBatch& batch);

}  // namespace rankwire::otlp
