#include "service/flow_counters.hpp"

namespace rankwire::service {
namespace {

// Upstream's boundaries, so that quantiles of dashboards keep their steps.
const std::vector<double> record_bounds = {10,   25,   50,   75,   100,  250,  500,   750,   1000,  2000,  3000,
                                           4000, 5000, 6000, 7000, 8000, 9000, 10000, 20000, 30000, 50000, 100000};

std::vector<double> byte_bounds() {
  std::vector<double> bounds;
  for (double bound = 128; bound <= 16 * 1024 * 1024; bound *= 2) bounds.push_back(bound);
  return bounds;
}

Labels with(Labels labels, const std::string& name, const char* value) {
  labels.emplace_back(name, value);
  return labels;
}

Labels receiver_labels(const std::string& receiver, const char* transport) {
  Labels labels = {{"receiver", receiver}};
  if (*transport != '\0') labels.emplace_back("transport", transport);
  return labels;
}

Counter& receiver_counter(Counters& counters, const char* what, const char* help, Signal signal, const Labels& labels) {
  return counters.counter("otelcol_receiver_" + std::string(what) + "_" + std::string(record_noun(signal)), help,
                          labels);
}

}  // namespace

Labels component_labels(ComponentKind kind, const std::string& id, Signal signal, const std::string& pipeline) {
  Labels labels = {{"otelcol_component_kind", std::string(to_string(kind))},
                   {"otelcol_component_id", id},
                   {"otelcol_signal", std::string(to_string(signal))}};
  if (!pipeline.empty()) labels.emplace_back("otelcol_pipeline_id", pipeline);
  return labels;
}

FlowCounter::FlowCounter(Counters& counters, const std::string& name, const std::string& help, const Labels& labels,
                         const std::string& outcome_label)
    : success_(&counters.counter(name, help, with(labels, outcome_label, "success"))),
      refused_(&counters.counter(name, help, with(labels, outcome_label, "refused"))),
      failure_(&counters.counter(name, help, with(labels, outcome_label, "failure"))) {}

void FlowCounter::add(const Result<void>& result, std::uint64_t count) const {
  Counter* counter = result ? success_ : result.error().is_retryable() ? refused_ : failure_;
  if (counter) counter->add(count);
}

SizeHistograms::SizeHistograms(Counters& counters, const std::string& name, const std::string& what,
                               const Labels& labels)
    : records_(&counters.histogram(name, "Records " + what, record_bounds, labels)),
      bytes_(&counters.histogram(name + "_bytes", "Bytes " + what, byte_bounds(), labels)) {}

void SizeHistograms::observe(std::uint64_t records, Bytes size) const {
  if (!records_) return;
  records_->observe(static_cast<double>(records));
  bytes_->observe(static_cast<double>(size.count));
}

BatchCounters::BatchCounters(Counters& counters, const std::string& processor)
    : size_(counters, "otelcol_processor_batch_batch_send_size", "in a batch that was sent.",
            {{"processor", processor}}),
      partitions_(&counters.gauge("otelcol_processor_batch_metadata_cardinality",
                                  "Combinations of client metadata that are batched apart.",
                                  {{"processor", processor}})),
      by_size_(&counters.counter("otelcol_processor_batch_batch_size_trigger_send",
                                 "Batches sent because they were large enough.", {{"processor", processor}})),
      by_timeout_(&counters.counter("otelcol_processor_batch_timeout_trigger_send",
                                    "Batches sent because their time was over.", {{"processor", processor}})) {
  partitions_->set(1);
}

void BatchCounters::partitions(std::uint64_t count) const {
  if (partitions_) partitions_->set(static_cast<std::int64_t>(count));
}

void BatchCounters::sent(std::uint64_t records, Bytes size, bool is_by_size) const {
  if (!by_size_) return;
  size_.observe(records, size);
  (is_by_size ? by_size_ : by_timeout_)->add();
}

ReceiverCounters::ReceiverCounters(Counters& counters, const std::string& receiver, const char* over, Signal signal)
    : transport(over),
      accepted_(receiver_counter(counters, "accepted", "Records taken on by the pipelines.", signal,
                                 receiver_labels(receiver, over))),
      refused_(receiver_counter(counters, "refused", "Records the pipelines refused; the sender may retry.", signal,
                                receiver_labels(receiver, over))),
      failed_(receiver_counter(counters, "failed", "Records that failed inside the agent.", signal,
                               receiver_labels(receiver, over))),
      requests_(counters, "otelcol_receiver_requests", "Requests, or reads of a file, with records in them.",
                receiver_labels(receiver, over), "outcome") {}

void ReceiverCounters::count(const Result<void>& result, std::uint64_t records) const {
  requests_.add(result, 1);
  if (result)
    accepted_.add(records);
  else if (result.error().is_retryable())
    refused_.add(records);
  else
    failed_.add(records);
}

}  // namespace rankwire::service
