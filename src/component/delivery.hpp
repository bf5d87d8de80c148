// How the service queues, batches and retries in front of an exporter (otelcol's exporterhelper).
// Plain settings; `component/settings/` reads them from configuration.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "config/types.hpp"

namespace rankwire {

enum class Sizer : std::uint8_t { requests, items, bytes };

// Exactly what the user configured with `batch` or `sending_queue.batch`.
struct BatchPolicy {
  Duration flush_timeout = std::chrono::milliseconds(200);
  Sizer sizer = Sizer::items;
  std::uint64_t min_size = 8192;
  std::uint64_t max_size = 0;  // 0: never split.
  // Metadata keys in lower case: records of clients with different values are never in one batch.
  std::vector<std::string> metadata_keys;
  std::uint64_t partitions_max = 0;  // Further combinations of values are refused; 0: never.

  bool operator==(const BatchPolicy&) const = default;
};

struct QueuePolicy {
  std::uint64_t num_consumers = 10;
  std::uint64_t queue_size = 1000;
  Sizer sizer = Sizer::requests;
  bool block_on_overflow = false;
  bool wait_for_result = false;
  std::optional<config::ComponentId> storage;
  // Absent: adaptive. A record waits only while the destination is busy.
  std::optional<BatchPolicy> batch;

  bool operator==(const QueuePolicy&) const = default;
};

struct RetryPolicy {
  bool enabled = true;
  Duration initial_interval = std::chrono::seconds(5);
  double randomization_factor = 0.5;
  double multiplier = 1.5;
  Duration max_interval = std::chrono::seconds(30);
  Duration max_elapsed_time = std::chrono::seconds(300);  // 0: for ever.
};

struct DeliveryPolicy {
  std::optional<QueuePolicy> queue;  // Absent: `send` runs on the pipeline's thread.
  RetryPolicy retry;
  // Metadata keys in lower case: what clients said there goes into the request, so that batches with different values
  // are never joined. Known once the exporter has started.
  std::vector<std::string> kept_apart_by;
};

}  // namespace rankwire
