// `service::telemetry` of a configuration: the agent's own log and metrics.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "config/fields.hpp"

namespace rankwire::service {

enum class LogEncoding : std::uint8_t { console, json };
enum class MetricLevel : std::uint8_t { none, basic, normal, detailed };

struct LogSampling {
  bool enabled = true;
  Duration tick = std::chrono::seconds(10);
  std::uint64_t initial = 10;      // Of one message in one tick: all of the first ones …
  std::uint64_t thereafter = 100;  // … then every n-th; 0: none.

  void fields(config::Fields& f);
};

struct LogSettings {
  LogLevel level = LogLevel::info;
  LogEncoding encoding = LogEncoding::console;
  LogSampling sampling;
  std::vector<std::string> output_paths = {"stderr"};  // "stderr", "stdout" or a file.
  config::StringMap initial_fields;

  void fields(config::Fields& f);
};

struct PrometheusReader {
  std::string host = "localhost";
  std::uint64_t port = 8888;
  bool without_type_suffix = true;
  bool without_units = true;
  bool without_scope_info = true;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct PullExporter {
  std::optional<PrometheusReader> prometheus;

  void fields(config::Fields& f);
};

struct PullReader {
  PullExporter exporter;

  void fields(config::Fields& f);
};

struct MetricReader {
  std::optional<PullReader> pull;

  void fields(config::Fields& f);
};

struct MetricSettings {
  MetricLevel level = MetricLevel::normal;
  std::vector<MetricReader> readers = {{PullReader{{PrometheusReader{}}}}};

  void fields(config::Fields& f);
  // Where to serve /metrics; nothing: nowhere.
  std::optional<PrometheusReader> endpoint() const;
};

struct TelemetrySettings {
  LogSettings logs;
  MetricSettings metrics;

  void fields(config::Fields& f);
};

}  // namespace rankwire::service
