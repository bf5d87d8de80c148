#include "receivers/prometheus/scrape_config.hpp"

#include <algorithm>
#include <array>

#include "net/http_client.hpp"

namespace rankwire::prometheus {
namespace {

constexpr std::array<std::string_view, 5> protocols = {
    "PrometheusProto", "OpenMetricsText0.0.1", "OpenMetricsText1.0.0", "PrometheusText0.0.4", "PrometheusText1.0.0"};

bool is_protocol(std::string_view name) {
  return std::find(protocols.begin(), protocols.end(), name) != protocols.end();
}

// Service discovery of clouds and registries that no cluster of ours is made of.
constexpr std::array<const char*, 26> foreign_discoveries = {
    "azure_sd_configs",       "consul_sd_configs",   "digitalocean_sd_configs", "docker_sd_configs",
    "dockerswarm_sd_configs", "ec2_sd_configs",      "eureka_sd_configs",       "gce_sd_configs",
    "hetzner_sd_configs",     "ionos_sd_configs",    "kuma_sd_configs",         "lightsail_sd_configs",
    "linode_sd_configs",      "marathon_sd_configs", "nerve_sd_configs",        "nomad_sd_configs",
    "openstack_sd_configs",   "ovhcloud_sd_configs", "puppetdb_sd_configs",     "scaleway_sd_configs",
    "serverset_sd_configs",   "stackit_sd_configs",  "triton_sd_configs",       "uyuni_sd_configs",
    "vultr_sd_configs",       "aws_sd_configs"};

template <class T>
void take_unset(std::optional<T>& own, const std::optional<T>& global) {
  if (!own) own = global;
}

bool is_listed(const config::Node& params) {
  return params.is_null() ||
         (params.is_map() && std::all_of(params.entries().begin(), params.entries().end(), [](const auto& entry) {
            return entry.second.is_sequence() || entry.second.is_null();
          }));
}

}  // namespace

void ScrapeLimits::fields(config::Fields& f) {
  f.field("body_size_limit", body_size_limit,
          "Largest page, uncompressed (\"10MB\"); a larger one fails the scrape. 0: none.");
  f.field("sample_limit", sample_limit, "Most samples after metric_relabel_configs; more fail the scrape. 0: none.");
  f.field("label_limit", label_limit, "Most labels of a sample. 0: none.");
  f.field("label_name_length_limit", label_name_length_limit, "Longest name of a label. 0: none.");
  f.field("label_value_length_limit", label_value_length_limit, "Longest value of a label. 0: none.");
  f.field("target_limit", target_limit, "Most targets of a job; with more, none is scraped. 0: none.");
  f.ignored("keep_dropped_targets", "dropped targets are counted, not kept");
}

void ScrapeLimits::validate(config::Validator& v) const {
  if (!body_size_limit) return;
  if (const auto size = parse_size(*body_size_limit); !size) v.error("body_size_limit", size.error().message());
}

void ScrapeLimits::inherit(const ScrapeLimits& global) {
  take_unset(body_size_limit, global.body_size_limit);
  take_unset(sample_limit, global.sample_limit);
  take_unset(label_limit, global.label_limit);
  take_unset(label_name_length_limit, global.label_name_length_limit);
  take_unset(label_value_length_limit, global.label_value_length_limit);
  take_unset(target_limit, global.target_limit);
}

Bytes ScrapeLimits::body_size_max() const { return body_size_limit ? *parse_size(*body_size_limit) : Bytes{0}; }

void ScrapeFormat::fields(config::Fields& f) {
  f.field("scrape_protocols", scrape_protocols,
          "Formats to ask for, the best first: PrometheusProto, OpenMetricsText1.0.0, OpenMetricsText0.0.1, "
          "PrometheusText1.0.0, PrometheusText0.0.4. None: the last four, PrometheusProto before them with "
          "scrape_native_histograms.");
  f.field("scrape_native_histograms", scrape_native_histograms, "Ask for native histograms.");
  f.field("always_scrape_classic_histograms", always_scrape_classic_histograms,
          "Take the classic buckets of a histogram that is native too.");
  f.renamed("scrape_classic_histograms", "always_scrape_classic_histograms");
  f.field("extra_scrape_metrics", extra_scrape_metrics,
          "Also report scrape_timeout_seconds, scrape_sample_limit and scrape_body_size_bytes.");
  f.field("convert_classic_histograms_to_nhcb", convert_classic_histograms_to_nhcb,
          "Must not be true: classic histograms stay what they are in OTLP.");
  f.ignored("metric_name_validation_scheme", "names of any letters are taken");
  f.ignored("metric_name_escaping_scheme", "names of any letters are asked for");
  f.ignored("scrape_failure_log_file", "a failed scrape is logged with the agent's other messages");
}

void ScrapeFormat::validate(config::Validator& v) const {
  for (const std::string& protocol : scrape_protocols)
    if (!is_protocol(protocol)) v.error("scrape_protocols", "\"" + protocol + "\" is no protocol of a scrape");
  if (convert_classic_histograms_to_nhcb.value_or(false))
    v.error("convert_classic_histograms_to_nhcb", "is not supported: classic histograms stay what they are in OTLP");
}

void ScrapeFormat::inherit(const ScrapeFormat& global) {
  if (scrape_protocols.empty()) scrape_protocols = global.scrape_protocols;
  take_unset(scrape_native_histograms, global.scrape_native_histograms);
  take_unset(always_scrape_classic_histograms, global.always_scrape_classic_histograms);
  take_unset(extra_scrape_metrics, global.extra_scrape_metrics);
}

void GlobalConfig::fields(config::Fields& f) {
  scrape_interval.field(f, "scrape_interval", "Time between two scrapes; empty: 1m.");
  scrape_timeout.field(f, "scrape_timeout", "Longest time of a scrape; empty: 10s, or the interval.");
  f.squash(format);
  f.squash(limits);
  f.field("external_labels", external_labels, "Attributes of every point.");
  f.ignored("evaluation_interval", "there are no rules");
  f.ignored("rule_query_offset", "there are no rules");
  f.ignored("query_log_file", "there are no queries");
  f.ignored("runtime", "it concerns Go's runtime");
}

void GlobalConfig::validate(config::Validator& v) const {
  scrape_interval.validate(v, "scrape_interval");
  scrape_timeout.validate(v, "scrape_timeout");
}

void StaticConfig::fields(config::Fields& f) {
  f.field("targets", targets, "host:port of each.");
  f.field("labels", labels, "Labels of all of them.");
}

void StaticConfig::validate(config::Validator& v) const {
  for (const std::string& target : targets)
    if (target.find('/') != std::string::npos)
      v.error("targets", "\"" + target + "\" is no host:port",
              "the path goes into metrics_path, the scheme into scheme");
}

void FileDiscoveryConfig::fields(config::Fields& f) {
  f.field("files", files, "YAML or JSON files with targets; * in the last part of the path.");
  refresh_interval.field(f, "refresh_interval", "The files are read again after this in any case; empty: 5m.");
}

void FileDiscoveryConfig::validate(config::Validator& v) const {
  if (files.empty()) v.error("files", "must name one file or more");
  for (const std::string& file : files)
    if (!file.ends_with(".yml") && !file.ends_with(".yaml") && !file.ends_with(".json"))
      v.error("files", "\"" + file + "\" does not end with .yml, .yaml or .json");
  refresh_interval.validate(v, "refresh_interval");
}

void HttpDiscoveryConfig::fields(config::Fields& f) {
  f.field("url", url, "Where a GET gives a JSON list of targets.");
  refresh_interval.field(f, "refresh_interval", "Time between two requests; empty: 1m.");
  f.squash(http);
}

void HttpDiscoveryConfig::validate(config::Validator& v) const {
  if (const auto parsed = net::Url::parse(url); !parsed) v.error("url", parsed.error().message());
  refresh_interval.validate(v, "refresh_interval");
}

void DnsDiscoveryConfig::fields(config::Fields& f) {
  static const std::vector<config::Choice> types = {{"SRV", static_cast<int>(DnsRecordType::srv)},
                                                    {"A", static_cast<int>(DnsRecordType::a)},
                                                    {"AAAA", static_cast<int>(DnsRecordType::aaaa)},
                                                    {"MX", static_cast<int>(DnsRecordType::mx)},
                                                    {"NS", static_cast<int>(DnsRecordType::ns)}};
  f.field("names", names, "Names to look up.");
  f.choice("type", type, types, "Kind of record.");
  f.field("port", port, "Port of the targets, where the record has none.", {.min = 0, .max = 65535});
  refresh_interval.field(f, "refresh_interval", "Time between two lookups; empty: 30s.");
}

void DnsDiscoveryConfig::validate(config::Validator& v) const {
  if (names.empty()) v.error("names", "must hold one name or more");
  if (type != DnsRecordType::srv && port == 0) v.error("port", "must be set for this kind of record");
  refresh_interval.validate(v, "refresh_interval");
}

void ScrapeConfig::fields(config::Fields& f) {
  f.field("job_name", job_name, "Becomes the label job, and service.name.");
  scrape_interval.field(f, "scrape_interval", "Time between two scrapes; empty: as in global.");
  scrape_timeout.field(f, "scrape_timeout", "Longest time of a scrape; empty: as in global.");
  f.squash(format);
  f.field("fallback_scrape_protocol", format.fallback_scrape_protocol,
          "What a page without a usable Content-Type is read as; empty: PrometheusText0.0.4.");
  f.squash(limits);
  f.field("metrics_path", metrics_path, "Path of the page.");
  f.field("scheme", scheme, "http or https.");
  f.field("params", params, "Parameters of the request: name: [value, …].");
  f.field("honor_labels", honor_labels,
          "A page's own labels win over the target's, which become exported_… otherwise.");
  f.field("honor_timestamps", honor_timestamps, "Use the times that a page gives.");
  f.field("track_timestamps_staleness", track_timestamps_staleness,
          "Mark series with times of their own as stale too.");
  f.field("enable_compression", enable_compression, "Ask for a compressed page.");
  f.squash(http);
  f.list("static_configs", static_configs, "Targets by name.");
  f.list("file_sd_configs", file_sd_configs, "Targets in files.");
  f.list("http_sd_configs", http_sd_configs, "Targets that a server lists.");
  f.list("dns_sd_configs", dns_sd_configs, "Targets in the DNS.");
  f.list("kubernetes_sd_configs", kubernetes_sd_configs, "Targets that Kubernetes knows.");
  for (const char* const foreign : foreign_discoveries)
    f.unsupported(
        foreign,
        "there is static, file, http, dns and kubernetes discovery; http_sd_configs takes what any other lists");
  f.list("relabel_configs", relabel_configs, "Rules for the labels of targets.");
  f.list("metric_relabel_configs", metric_relabel_configs, "Rules for the labels of samples.");
  f.ignored("native_histogram_bucket_limit", "exponential histograms are passed on as they come");
  f.ignored("native_histogram_min_bucket_factor", "exponential histograms are passed on as they come");
}

void ScrapeConfig::validate(config::Validator& v) const {
  if (job_name.empty()) v.error("job_name", "must be set");
  if (scheme != "http" && scheme != "https") v.error("scheme", "must be http or https");
  scrape_interval.validate(v, "scrape_interval");
  scrape_timeout.validate(v, "scrape_timeout");
  if (!format.fallback_scrape_protocol.empty() && !is_protocol(format.fallback_scrape_protocol))
    v.error("fallback_scrape_protocol", "\"" + format.fallback_scrape_protocol + "\" is no protocol of a scrape");
  if (!is_listed(params)) v.error("params", "must be a map of lists", "module: [http_2xx]");
}

std::optional<std::string> ScrapeConfig::inherit(const GlobalConfig& global) {
  const bool is_timeout_set = scrape_timeout.is_set();
  if (!scrape_interval.is_set()) scrape_interval = global.scrape_interval;
  if (!scrape_timeout.is_set()) scrape_timeout = global.scrape_timeout;
  if (interval() <= Duration{0}) return "the scrape interval must not be 0";
  if (timeout() > interval()) {
    if (is_timeout_set) return "the scrape timeout is longer than the scrape interval";
    scrape_timeout = scrape_interval;
  }
  format.inherit(global.format);
  limits.inherit(global.limits);
  return {};
}

std::vector<std::pair<std::string, std::vector<std::string>>> ScrapeConfig::parameters() const {
  std::vector<std::pair<std::string, std::vector<std::string>>> all;
  for (const auto& [name, values] : params.entries()) {
    auto& [unused, texts] = all.emplace_back(name, std::vector<std::string>());
    for (const config::Node& value : values.items()) texts.push_back(value.original_text());
  }
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace rankwire::prometheus
