// One entry of `scrape_configs`, with what it has from `global`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "receivers/prometheus/http_settings.hpp"
#include "receivers/prometheus/kubernetes_config.hpp"
#include "receivers/prometheus/relabel.hpp"
#include "receivers/prometheus/units.hpp"

namespace rankwire::prometheus {

// Limits of each scrape; 0: none.
struct ScrapeLimits {
  std::optional<std::string> body_size_limit;
  std::optional<std::uint64_t> sample_limit;
  std::optional<std::uint64_t> label_limit;
  std::optional<std::uint64_t> label_name_length_limit;
  std::optional<std::uint64_t> label_value_length_limit;
  std::optional<std::uint64_t> target_limit;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
  void inherit(const ScrapeLimits& global);
  Bytes body_size_max() const;  // 0: none.
};

// What can be set for all and for each.
struct ScrapeFormat {
  std::vector<std::string> scrape_protocols;
  std::string fallback_scrape_protocol;
  std::optional<bool> scrape_native_histograms;
  std::optional<bool> always_scrape_classic_histograms;
  std::optional<bool> extra_scrape_metrics;
  std::optional<bool> convert_classic_histograms_to_nhcb;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
  void inherit(const ScrapeFormat& global);
};

struct GlobalConfig {
  DurationText scrape_interval, scrape_timeout;
  ScrapeFormat format;
  ScrapeLimits limits;
  config::StringMap external_labels;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct StaticConfig {
  std::vector<std::string> targets;
  config::StringMap labels;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct FileDiscoveryConfig {
  std::vector<std::string> files;
  DurationText refresh_interval;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct HttpDiscoveryConfig {
  std::string url;
  DurationText refresh_interval;
  HttpSettings http;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

enum class DnsRecordType : std::uint8_t { srv, a, aaaa, mx, ns };

struct DnsDiscoveryConfig {
  std::vector<std::string> names;
  DnsRecordType type = DnsRecordType::srv;
  std::uint64_t port = 0;
  DurationText refresh_interval;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct ScrapeConfig {
  std::string job_name;
  DurationText scrape_interval, scrape_timeout;
  ScrapeFormat format;
  ScrapeLimits limits;
  std::string metrics_path = "/metrics";
  std::string scheme = "http";
  config::Node params;
  bool honor_labels = false;
  bool honor_timestamps = true;
  bool track_timestamps_staleness = false;
  bool enable_compression = true;
  HttpSettings http;
  std::vector<StaticConfig> static_configs;
  std::vector<FileDiscoveryConfig> file_sd_configs;
  std::vector<HttpDiscoveryConfig> http_sd_configs;
  std::vector<DnsDiscoveryConfig> dns_sd_configs;
  std::vector<KubernetesDiscoveryConfig> kubernetes_sd_configs;
  std::vector<RelabelConfig> relabel_configs;
  std::vector<RelabelConfig> metric_relabel_configs;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;

  // Takes from `global` what is not set here. What is wrong with both together, in a sentence; else nothing.
  std::optional<std::string> inherit(const GlobalConfig& global);
  // After `inherit`:
  Duration interval() const { return scrape_interval.value_or(std::chrono::minutes(1)); }
  Duration timeout() const { return scrape_timeout.value_or(std::chrono::seconds(10)); }
  std::vector<std::pair<std::string, std::vector<std::string>>> parameters() const;
};

}  // namespace rankwire::prometheus
