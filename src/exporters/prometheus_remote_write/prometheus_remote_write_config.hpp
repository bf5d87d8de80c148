// What a user writes under `prometheus_remote_write`, with upstream's defaults.
#pragma once

#include "component/settings/client_settings.hpp"
#include "component/settings/delivery_settings.hpp"
#include "exporters/prometheus_remote_write/send_plan.hpp"
#include "exporters/prometheus_remote_write/translate.hpp"

namespace rankwire::prometheus_remote_write {

struct RemoteWriteQueueConfig {
  bool enabled = true;
  std::uint64_t queue_size = 10'000;
  std::uint64_t num_consumers = 5;
  std::optional<config::ComponentId> storage;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct ResourceConversionConfig {
  bool enabled = false;
  bool exclude_service_attributes = false;

  void fields(config::Fields& f);
};

struct TargetInfoConfig {
  bool enabled = true;

  void fields(config::Fields& f);
};

struct PrometheusRemoteWriteConfig {
  // What `translation_strategy` says, or else `add_metric_suffixes`.
  enum class Strategy : std::uint8_t {
    underscores_with_suffixes,
    underscores_without_suffixes,
    utf8_with_suffixes,
    none,
    unset,
  };

  HttpClientConfig client;
  RetryConfig retry_on_failure;
  RemoteWriteQueueConfig remote_write_queue;
  std::string metric_namespace;
  config::StringMap external_labels;
  std::uint64_t max_batch_size_bytes = 3'000'000;
  std::optional<std::uint64_t> max_batch_request_parallelism;
  ResourceConversionConfig resource_to_telemetry_conversion;
  TargetInfoConfig target_info;
  bool disable_scope_info = false;
  bool add_metric_suffixes = true;
  Strategy translation_strategy = Strategy::unset;
  bool send_metadata = false;
  Protocol protobuf_message = Protocol::v1;

  PrometheusRemoteWriteConfig() {
    client.timeout = std::chrono::seconds(5);
    client.compression = net::Encoding::snappy;
    retry_on_failure.initial_interval = std::chrono::milliseconds(50);
  }
  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
  DeliveryPolicy delivery() const;
  TranslationRules translation() const;
  std::uint64_t parallel_requests() const;
};

}  // namespace rankwire::prometheus_remote_write
