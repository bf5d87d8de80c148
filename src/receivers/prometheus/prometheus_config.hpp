// Configuration of the receiver: Prometheus' own under `config`, and what the Collector adds.
#pragma once

#include <optional>
#include <vector>

#include "component/settings/client_settings.hpp"
#include "receivers/prometheus/scrape_config.hpp"

namespace rankwire::prometheus {

struct PromConfig {
  GlobalConfig global;
  std::vector<ScrapeConfig> scrape_configs;

  void fields(config::Fields& f);
};

struct ListRefreshConfig {
  DurationText refresh_interval;
  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

// A server that divides targets among agents.
struct TargetAllocatorConfig {
  HttpClientConfig client;
  Duration interval = std::chrono::seconds(30);
  std::string collector_id;
  std::optional<ListRefreshConfig> http_sd_config;
  std::optional<HttpSettings> http_scrape_config;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct PrometheusConfig {
  PromConfig config;
  std::optional<TargetAllocatorConfig> target_allocator;
  bool trim_metric_suffixes = false;
  bool scrape_on_shutdown = false;
  Duration initial_scrape_offset{-1};  // Below 0: each target at a time of its own.

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

}  // namespace rankwire::prometheus
