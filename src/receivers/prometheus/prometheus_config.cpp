#include "receivers/prometheus/prometheus_config.hpp"

#include <set>

namespace rankwire::prometheus {

void PromConfig::fields(config::Fields& f) {
  f.section("global", global, "What holds for every job that does not say otherwise.");
  f.list("scrape_configs", scrape_configs, "Jobs: what is scraped, and how.");
  f.unsupported("scrape_config_files", "name the files with --config instead, they are merged");
  constexpr const char* no_server = "this is a receiver: use processors and exporters";
  for (const char* const key : {"alerting", "rule_files", "remote_write", "remote_read", "storage", "tracing", "otlp"})
    f.unsupported(key, no_server);
  f.ignored("runtime", "it concerns Go's runtime");
}

void ListRefreshConfig::fields(config::Fields& f) {
  refresh_interval.field(f, "refresh_interval", "Time between two requests; empty: 5s.");
}

void ListRefreshConfig::validate(config::Validator& v) const { refresh_interval.validate(v, "refresh_interval"); }

void TargetAllocatorConfig::fields(config::Fields& f) {
  f.squash(client);
  f.field("interval", interval, "How often it is asked for jobs.", {.min = 1e6});
  f.field("collector_id", collector_id, "Name by which it knows this agent: of its pod.");
  f.optional_section("http_sd_config", http_sd_config, "How the targets of each job are asked for.");
  f.optional_section("http_scrape_config", http_scrape_config, "HTTP settings of scrapes, in place of each job's.");
}

void TargetAllocatorConfig::validate(config::Validator& v) const {
  if (const auto url = net::Url::parse(client.endpoint); !url)
    v.error("endpoint", url.error().message(), "for example \"http://target-allocator\"");
  if (collector_id.empty()) v.error("collector_id", "must be set", "${env:POD_NAME}");
  if (collector_id.find("${") != std::string::npos) v.error("collector_id", "has a variable in it that is not set");
  if (client.auth) v.error("auth", "is not supported here", "put the credentials in headers");
}

void PrometheusConfig::fields(config::Fields& f) {
  f.section("config", config, "Configuration of Prometheus: global and scrape_configs. Write $$ for each $ in it.");
  f.field("trim_metric_suffixes", trim_metric_suffixes, "Take _total and the unit off the names of metrics.");
  f.field("scrape_on_shutdown", scrape_on_shutdown, "Scrape every target once more in the end.");
  f.field("initial_scrape_offset", initial_scrape_offset,
          "When the first scrape of each target is, after the start; below 0: each at a time of its own.");
  f.ignored("discovery_reload_on_startup", "targets are scraped as soon as they are known");
  f.optional_section("target_allocator", target_allocator, "A server that says what this agent scrapes.");
  f.unsupported("api_server", "the targets are shown in the agent's own telemetry");
  f.unsupported("use_start_time_metric", "use the processor metric_start_time");
  f.unsupported("start_time_metric_regex", "use the processor metric_start_time");
  f.unsupported("use_collector_start_time_fallback", "use the processor metric_start_time");
  f.unsupported("report_extra_scrape_metrics", "set extra_scrape_metrics in config::global");
}

void PrometheusConfig::validate(config::Validator& v) const {
  if (config.scrape_configs.empty() && !target_allocator)
    v.error("config", "must have scrape_configs", "or set target_allocator");
  std::set<std::string> names;
  for (const ScrapeConfig& one : config.scrape_configs) {
    if (!names.insert(one.job_name).second)
      v.error("config::scrape_configs", "two of them have the job_name \"" + one.job_name + "\"");
    ScrapeConfig whole = one;
    if (const auto problem = whole.inherit(config.global))
      v.error("config::scrape_configs", "of job \"" + one.job_name + "\": " + *problem);
  }
}

}  // namespace rankwire::prometheus
