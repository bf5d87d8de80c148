// What a user writes under `prometheus`, with upstream's defaults.
#pragma once

#include "component/settings/delivery_settings.hpp"
#include "component/settings/server_settings.hpp"
#include "exporters/prometheus/series_store.hpp"

namespace rankwire::prometheus_page {

struct ResourceConversionConfig {
  bool enabled = false;
  bool exclude_service_attributes = false;

  void fields(config::Fields& f);
};

struct ResourceLabelsConfig {
  std::vector<std::string> included, excluded;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct PrometheusConfig {
  // What `translation_strategy` says, or else `add_metric_suffixes`.
  enum class Strategy : std::uint8_t {
    underscores_with_suffixes,
    underscores_without_suffixes,
    utf8_with_suffixes,
    none,
    unset,
  };

  HttpServerConfig server;
  std::optional<QueueConfig> sending_queue;
  std::string metric_namespace;
  config::StringMap const_labels;
  bool send_timestamps = false;
  Duration metric_expiration = std::chrono::minutes(5);
  ResourceConversionConfig resource_to_telemetry_conversion;
  ResourceLabelsConfig resource_constant_labels;
  bool enable_open_metrics = false;
  bool without_scope_info = false;
  bool add_metric_suffixes = true;
  Strategy translation_strategy = Strategy::unset;
  Bytes max_state_size = 128_MiB;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
  StoreOptions store() const;
};

}  // namespace rankwire::prometheus_page
