// The requests of one batch, in rounds: what is in one round may go out at the same time, and each round waits for the
// one before. No series is in a round twice, so that a request sent again says the same as before, which Prometheus
// takes, and nothing is ever older than what it has.
#pragma once

#include "exporters/prometheus_remote_write/request_writer.hpp"
#include "exporters/prometheus_remote_write/sent_journal.hpp"
#include "signal/expiring_map.hpp"

namespace rankwire::prometheus_remote_write {

struct PlannedRequest {
  Buffer body;  // Compressed.
  std::vector<SentSample> samples;
  std::vector<std::uint32_t> points;  // Of each sample.
  bool is_settled = false;            // Taken or rejected.
};

struct SendPlan {
  Identity batch;
  std::vector<std::vector<PlannedRequest>> rounds;
  std::vector<bool> lost;  // By data point.
  std::string why_lost;
  bool has_of_last_process = false;  // Samples that the last process sent were left out.
};

struct PlanOptions {
  Protocol protocol = Protocol::v1;
  std::size_t request_bytes_max = 3'000'000;
  bool has_metadata = false;
};

// When the newest sample of each series was sent.
using LastSent = ExpiringMap<std::int64_t>;

// Takes samples apart and sorts them. Errors: compressing.
Result<SendPlan> make_plan(SeriesSet& set, const PlanOptions& options, LastSent& last_sent, const SentJournal& journal,
                           Instant now);

}  // namespace rankwire::prometheus_remote_write
