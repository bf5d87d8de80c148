// One batch: telemetry of one signal, its arena, and the buffers its views point into.
// Move-only: one owner at a time may change it; a copy is always spelled out as clone().
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <variant>
#include <vector>

#include "base/arena.hpp"
#include "base/buffer.hpp"
#include "base/bytes.hpp"
#include "signal/client.hpp"
#include "signal/logs.hpp"
#include "signal/metrics.hpp"
#include "signal/traces.hpp"

namespace rankwire {

enum class Signal : std::uint8_t { logs, metrics, traces };
inline constexpr Signal all_signals[] = {Signal::logs, Signal::metrics, Signal::traces};
std::string_view to_string(Signal signal);
// "log_records", "metric_points", "spans": what otelcol's metric names call the records of a signal.
std::string_view record_noun(Signal signal);

// What owns the memory behind a batch's views. Shared by the clones of a batch.
class BatchMemory {
 public:
  Arena arena;
  std::vector<SharedBytes> buffers;
};

// Records grouped by resource and scope, plus their memory. `Record` is LogRecord, Metric or Span.
template <class Record>
class RecordBatch {
 public:
  RecordBatch() : memory_(std::make_shared<BatchMemory>()) {}
  RecordBatch(RecordBatch&&) noexcept = default;
  RecordBatch& operator=(RecordBatch&&) noexcept = default;

  // The arena that new bytes of this batch go into. Touched by the owner's thread only.
  Arena& arena() { return memory_->arena; }
  // Keeps `bytes` alive as long as this batch or a clone of it.
  void keep(SharedBytes bytes) { memory_->buffers.push_back(std::move(bytes)); }

  List<ResourceGroup<Record>> resources;

  // Records as OTLP counts them: log records, data points, spans.
  std::uint64_t record_count() const;
  bool empty() const { return record_count() == 0; }
  // Memory held: arena blocks and kept buffers.
  Bytes memory_bytes() const;
  // Copies the record structures into a new arena; strings stay shared with this batch.
  RecordBatch clone() const;
  // Keeps alive what the records of another batch point to, so that some of them may be put into this one.
  void share(const RecordBatch& other);
  // An empty batch that does so.
  RecordBatch sharing() const {
    RecordBatch made;
    made.share(*this);
    return made;
  }
  // Forgets all records but keeps the arena's memory, if no clone shares it.
  void reset();

 private:
  std::shared_ptr<BatchMemory> memory_;
  std::vector<std::shared_ptr<BatchMemory>> shared_;  // Of the batches this is a clone of.
};

// After an element was copied: makes its lists its own, so that both may be changed in place. Strings stay shared.
void own_lists(LogRecord& record, Arena& arena);
void own_lists(Span& record, Arena& arena);
void own_lists(Metric& record, Arena& arena);
void own_lists(Resource& resource, Arena& arena);
void own_lists(Scope& scope, Arena& arena);
// With the records in it.
template <class Record>
void own_lists(ResourceGroup<Record>& group, Arena& arena);

// As a batch's clone(): new lists, shared strings.
Metric clone(const Metric& metric, Arena& arena);

using LogBatch = RecordBatch<LogRecord>;
using MetricBatch = RecordBatch<Metric>;
using TraceBatch = RecordBatch<Span>;

extern template class RecordBatch<LogRecord>;
extern template class RecordBatch<Metric>;
extern template class RecordBatch<Span>;

// A batch in wire form: an OTLP export request of one signal, as protobuf. Requests concatenate:
// chunk after chunk is again one valid request, so batches merge without being decoded.
struct WireBatch {
  Signal signal = Signal::logs;
  std::vector<SharedBytes> chunks;  // None is empty.
  std::uint64_t record_count = 0;
  Bytes size;  // Sum of the chunks.
};

// Either form. Whoever needs the other form converts it with otlp/.
class SignalBatch {
 public:
  SignalBatch(LogBatch batch) : form_(std::move(batch)) {}
  SignalBatch(MetricBatch batch) : form_(std::move(batch)) {}
  SignalBatch(TraceBatch batch) : form_(std::move(batch)) {}
  SignalBatch(WireBatch batch) : form_(std::move(batch)) {}

  Signal signal() const;
  std::uint64_t record_count() const;
  Bytes memory_bytes() const;
  SignalBatch clone() const;

  // Who sent it; kept by clone(), and by whoever changes the form.
  const ClientRef& client() const { return client_; }
  void set_client(ClientRef client) { client_ = std::move(client); }

  bool is_wire() const { return std::holds_alternative<WireBatch>(form_); }
  // Each of these must only be asked of its own form.
  LogBatch& logs() { return std::get<LogBatch>(form_); }
  const LogBatch& logs() const { return std::get<LogBatch>(form_); }
  MetricBatch& metrics() { return std::get<MetricBatch>(form_); }
  const MetricBatch& metrics() const { return std::get<MetricBatch>(form_); }
  TraceBatch& traces() { return std::get<TraceBatch>(form_); }
  const TraceBatch& traces() const { return std::get<TraceBatch>(form_); }
  WireBatch& wire() { return std::get<WireBatch>(form_); }
  const WireBatch& wire() const { return std::get<WireBatch>(form_); }

 private:
  std::variant<LogBatch, MetricBatch, TraceBatch, WireBatch> form_;
  ClientRef client_;
};

}  // namespace rankwire
