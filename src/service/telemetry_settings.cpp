#include "service/telemetry_settings.hpp"

namespace rankwire::service {

void LogSampling::fields(config::Fields& f) {
  f.field("enabled", enabled, "Limit how often one message is written.");
  f.field("tick", tick, "The period that messages are counted in.", {.min = 1});
  f.field("initial", initial, "Of one message, how many are written in a tick before sampling starts.");
  f.field("thereafter", thereafter, "Then every n-th is written; 0: none.");
}

void LogSettings::fields(config::Fields& f) {
  static const std::vector<config::Choice> levels = {
      {"info", static_cast<int>(LogLevel::info)},   {"INFO", static_cast<int>(LogLevel::info)},
      {"Info", static_cast<int>(LogLevel::info)},   {"debug", static_cast<int>(LogLevel::debug)},
      {"DEBUG", static_cast<int>(LogLevel::debug)}, {"Debug", static_cast<int>(LogLevel::debug)},
      {"warn", static_cast<int>(LogLevel::warn)},   {"WARN", static_cast<int>(LogLevel::warn)},
      {"Warn", static_cast<int>(LogLevel::warn)},   {"error", static_cast<int>(LogLevel::error)},
      {"ERROR", static_cast<int>(LogLevel::error)}, {"Error", static_cast<int>(LogLevel::error)}};
  f.choice("level", level, levels, "The least severe messages that are written.");
  f.choice("encoding", encoding,
           {{"console", static_cast<int>(LogEncoding::console)}, {"json", static_cast<int>(LogEncoding::json)}},
           "Lines for people or JSON.");
  f.section("sampling", sampling, "Rate limit.");
  f.field("output_paths", output_paths, "stderr, stdout or files, appended to.");
  f.field("initial_fields", initial_fields, "Fields added to every message.");
  f.ignored("error_output_paths", "errors of the logger itself go to stderr");
  f.ignored("development", "there is no development mode");
  f.ignored("disable_caller", "messages carry no source positions");
  f.ignored("disable_stacktrace", "messages carry no stack traces");
  f.ignored("disable_zap_resource", "messages carry no resource");
  f.unsupported("processors", "the agent's own log goes to output_paths only");
}

void PrometheusReader::fields(config::Fields& f) {
  f.field("host", host, "Address to listen on.");
  f.field("port", port, "Port to listen on; 0: the system chooses.", {.min = 0, .max = 65535});
  f.field("without_type_suffix", without_type_suffix, "Names of counters do not end in _total.");
  f.field("without_units", without_units, "Names carry no units.");
  f.field("without_scope_info", without_scope_info, "No otel_scope labels.");
  f.ignored("with_resource_constant_labels", "the agent's own metrics carry no resource labels");
  f.ignored("translation_strategy", "names are those of otelcol's default reader");
}

void PrometheusReader::validate(config::Validator& v) const {
  const std::string message = "false has no effect: metrics carry the names of otelcol's default reader";
  if (!without_type_suffix) v.warning("without_type_suffix", message);
  if (!without_units) v.warning("without_units", message);
  if (!without_scope_info) v.warning("without_scope_info", message);
}

void PullExporter::fields(config::Fields& f) { f.optional_section("prometheus", prometheus, "A Prometheus endpoint."); }

void PullReader::fields(config::Fields& f) { f.section("exporter", exporter, "How the metrics are offered."); }

void MetricReader::fields(config::Fields& f) {
  f.optional_section("pull", pull, "Metrics that are scraped.");
  f.unsupported("periodic", "scrape the Prometheus endpoint instead");
}

void MetricSettings::fields(config::Fields& f) {
  static const std::vector<config::Choice> levels = {
      {"normal", static_cast<int>(MetricLevel::normal)},     {"Normal", static_cast<int>(MetricLevel::normal)},
      {"none", static_cast<int>(MetricLevel::none)},         {"None", static_cast<int>(MetricLevel::none)},
      {"basic", static_cast<int>(MetricLevel::basic)},       {"Basic", static_cast<int>(MetricLevel::basic)},
      {"detailed", static_cast<int>(MetricLevel::detailed)}, {"Detailed", static_cast<int>(MetricLevel::detailed)}};
  f.choice("level", level, levels, "none: nothing is served; the other levels are the same here.");
  f.list("readers", readers, "Where metrics are offered; an empty list: nowhere.");
  f.ignored("address", "as in otelcol since v0.123; set readers instead");
  f.ignored("views", "every metric is offered as it is");
}

std::optional<PrometheusReader> MetricSettings::endpoint() const {
  if (level == MetricLevel::none) return {};
  for (const MetricReader& reader : readers)
    if (reader.pull && reader.pull->exporter.prometheus) return reader.pull->exporter.prometheus;
  return {};
}

void TelemetrySettings::fields(config::Fields& f) {
  f.section("logs", logs, "The agent's own log.");
  f.section("metrics", metrics, "The agent's own metrics.");
  f.ignored("traces", "the agent records no spans about itself");
  f.ignored("resource", "the agent's own metrics carry no resource");
}

}  // namespace rankwire::service
