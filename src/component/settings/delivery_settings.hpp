// `sending_queue` and `retry_on_failure` (otelcol's exporterhelper and configretry) of any exporter.
#pragma once

#include <optional>

#include "component/delivery.hpp"
#include "config/fields.hpp"

namespace rankwire {

struct PartitionConfig {
  std::vector<std::string> metadata_keys;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct BatchConfig {
  enum class Sizing : std::uint8_t { inherited, items, bytes };

  Duration flush_timeout = std::chrono::milliseconds(200);
  Sizing sizer = Sizing::inherited;  // The queue's; items if that counts requests.
  std::uint64_t min_size = 8192;
  std::uint64_t max_size = 0;
  PartitionConfig partition;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct QueueConfig {
  bool enabled = true;
  std::uint64_t num_consumers = 10;
  std::uint64_t queue_size = 1000;
  Sizer sizer = Sizer::requests;
  bool block_on_overflow = false;
  bool wait_for_result = false;
  std::optional<config::ComponentId> storage;
  std::optional<BatchConfig> batch;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
  Sizer batch_sizer() const;
};

struct RetryConfig {
  bool enabled = true;
  Duration initial_interval = std::chrono::seconds(5);
  double randomization_factor = 0.5;
  double multiplier = 1.5;
  Duration max_interval = std::chrono::seconds(30);
  Duration max_elapsed_time = std::chrono::seconds(300);

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

// Upper and lower case name the same header: an error if a key is empty or there twice.
void check_metadata_keys(config::Validator& v, const std::vector<std::string>& keys);
std::vector<std::string> in_lower_case(std::vector<std::string> keys);

DeliveryPolicy delivery_policy(const std::optional<QueueConfig>& queue, const RetryConfig& retry);

}  // namespace rankwire
