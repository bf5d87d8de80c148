// Families of series that several parts of the engine keep in the same shape, under the names that
// otelcol gives them. Handles are made once; counting is a few atomic additions for each batch.
#pragma once

#include <string>
#include <string_view>

#include "base/counters.hpp"
#include "base/error.hpp"
#include "component/component.hpp"

namespace rankwire::service {

// The labels of otelcol's pipeline telemetry. `pipeline` is empty for what pipelines share.
Labels component_labels(ComponentKind kind, const std::string& id, Signal signal, const std::string& pipeline = {});

// How many items went through, by how it ended. Counts nothing when default constructed.
class FlowCounter {
 public:
  FlowCounter() = default;
  FlowCounter(Counters& counters, const std::string& name, const std::string& help, const Labels& labels,
              const std::string& outcome_label = "otelcol_component_outcome");
  void add(const Result<void>& result, std::uint64_t count) const;

 private:
  Counter* success_ = nullptr;
  Counter* refused_ = nullptr;
  Counter* failure_ = nullptr;
};

// How large batches are, in records and in bytes: `name` and `name`_bytes.
class SizeHistograms {
 public:
  SizeHistograms() = default;
  SizeHistograms(Counters& counters, const std::string& name, const std::string& what, const Labels& labels);
  void observe(std::uint64_t records, Bytes size) const;

 private:
  Histogram* records_ = nullptr;
  Histogram* bytes_ = nullptr;
};

// What the batch processor of the given name would say: here the queue of the exporter batches for it.
class BatchCounters {
 public:
  BatchCounters() = default;
  BatchCounters(Counters& counters, const std::string& processor);
  void sent(std::uint64_t records, Bytes size, bool is_by_size) const;
  void partitions(std::uint64_t count) const;

 private:
  SizeHistograms size_;
  Gauge* partitions_ = nullptr;
  Counter* by_size_ = nullptr;
  Counter* by_timeout_ = nullptr;
};

// A receiver's records of one signal over one transport.
struct ReceiverCounters {
  ReceiverCounters(Counters& counters, const std::string& receiver, const char* transport, Signal signal);
  void count(const Result<void>& result, std::uint64_t records) const;

  const char* transport;

 private:
  Counter& accepted_;
  Counter& refused_;
  Counter& failed_;
  FlowCounter requests_;
};

}  // namespace rankwire::service
