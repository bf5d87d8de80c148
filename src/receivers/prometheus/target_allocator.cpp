#include "receivers/prometheus/target_allocator.hpp"

#include "config/load.hpp"

namespace rankwire::prometheus {
namespace {

constexpr Bytes jobs_bytes_max{64u << 20};
constexpr auto patience = std::chrono::seconds(30);
constexpr auto retry_pause = std::chrono::seconds(1);

HttpSettings settings_of(const HttpClientConfig& client) {
  HttpSettings settings;
  settings.fixed_headers = plain_headers(client.headers);
  settings.other_tls = tls_client_options(client.tls, {});
  settings.proxy_url = client.proxy_url;
  // Where it sends us nobody has checked.
  settings.follow_redirects = false;
  return settings;
}

std::string below(std::string endpoint, const std::string& path) {
  while (endpoint.ends_with('/')) endpoint.pop_back();
  return endpoint + path;
}

// The allocator has found the targets already.
config::Node without_discovery(const config::Node& job) {
  std::vector<config::Node::Entry> entries;
  for (const auto& [key, value] : job.entries())
    if (!key.ends_with("_sd_configs") && key != "static_configs") entries.emplace_back(key, value);
  return config::Node::map(std::move(entries), job.place());
}

}  // namespace

TargetAllocator::TargetAllocator(const TargetAllocatorConfig& config, Environment& environment, std::string receiver)
    : config_(config),
      environment_(environment),
      receiver_(std::move(receiver)),
      settings_(settings_of(config.client)),
      failures_(environment.counters.counter("rankwire_prometheus_allocator_failures_total",
                                             "Times that the target allocator did not say which jobs there are.",
                                             {{"receiver", receiver_}})),
      client_(*net::Url::parse(below(config.client.endpoint, "/scrape_configs")), settings_, environment,
              jobs_bytes_max) {}

void TargetAllocator::run(const Update& update, const std::stop_token& stop) {
  std::string last;
  const Clock& clock = environment_.clock;
  while (!stop.stop_requested()) {
    const net::Headers headers = {{"Accept", "application/json"}, {"Accept-Encoding", "gzip"}};
    auto page = client_.get(headers, Deadline::after(clock, patience), stop);
    Result<void> done = page ? Result<void>() : Result<void>(page.error());
    if (page && page->body != last) {
      auto jobs = parse(page->body);
      done = jobs ? Result<void>() : Result<void>(jobs.error());
      if (jobs) {
        update(std::move(*jobs));
        last = page->body;
      }
    }
    if (!done && !stop.stop_requested()) {
      failures_.add();
      environment_.log.warn("prometheus: the target allocator did not say which jobs there are; those known stay",
                            {{"receiver", receiver_}, {"error", done.error().message()}});
    }
    const Duration pause = done ? config_.interval : std::min<Duration>(config_.interval, retry_pause);
    (void)clock.wait_until(clock.now() + pause, stop);
  }
}

Result<std::map<std::string, TargetAllocator::Job>> TargetAllocator::parse(const std::string& text) const {
  config::Diagnostics diagnostics;
  const config::Node all = config::parse_yaml(text, "scrape_configs of the target allocator", diagnostics);
  if (diagnostics.has_errors()) return diagnostics.as_error();
  if (!all.is_map() && !all.is_null()) return Error(ErrorKind::invalid, "its answer is no map of jobs");
  std::map<std::string, Job> jobs;
  for (const auto& [name, node] : all.entries()) {
    auto job = job_of(name, node);
    if (job) {
      jobs.emplace(name, std::move(*job));
      continue;
    }
    failures_.add();
    environment_.log.error("prometheus: a job of the target allocator cannot be used; the others are scraped",
                           {{"receiver", receiver_}, {"job", name}, {"error", job.error().message()}});
  }
  return jobs;
}

Result<TargetAllocator::Job> TargetAllocator::job_of(const std::string& name, const config::Node& node) const {
  config::Diagnostics diagnostics;
  const config::Node kept = without_discovery(node);
  Job job{.text = config::to_yaml(kept), .config = config::read<ScrapeConfig>(kept, name, diagnostics)};
  if (diagnostics.has_errors()) return diagnostics.as_error();
  HttpDiscoveryConfig list;
  list.url = below(config_.client.endpoint, "/jobs/" + net::query_escaped(name) +
                                                "/targets?collector_id=" + net::query_escaped(config_.collector_id));
  // A target that another agent had is found soon.
  list.refresh_interval = DurationText("5s");
  if (config_.http_sd_config && config_.http_sd_config->refresh_interval.is_set())
    list.refresh_interval = config_.http_sd_config->refresh_interval;
  list.http = settings_;
  job.config.http_sd_configs = {std::move(list)};
  if (config_.http_scrape_config) job.config.http = *config_.http_scrape_config;
  return job;
}

}  // namespace rankwire::prometheus
