#include "receivers/prometheus/scraper.hpp"

#include <algorithm>
#include <functional>

namespace rankwire::prometheus {
namespace {

// Of a page where no body_size_limit is set.
constexpr Bytes page_bytes_max{256u << 20};

std::string_view media_type(std::string_view protocol) {
  if (protocol == "PrometheusProto")
    return "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";
  if (protocol == "OpenMetricsText1.0.0") return "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8";
  if (protocol == "OpenMetricsText0.0.1") return "application/openmetrics-text;version=0.0.1";
  if (protocol == "PrometheusText1.0.0") return "text/plain;version=1.0.0;escaping=allow-utf-8";
  return "text/plain;version=0.0.4";
}

std::vector<std::string> protocols_of(const ScrapeFormat& format) {
  if (!format.scrape_protocols.empty()) return format.scrape_protocols;
  std::vector<std::string> all = {"OpenMetricsText1.0.0", "OpenMetricsText0.0.1", "PrometheusText1.0.0",
                                  "PrometheusText0.0.4"};
  if (format.scrape_native_histograms.value_or(false)) all.insert(all.begin(), "PrometheusProto");
  return all;
}

std::string accepted(const std::vector<std::string>& protocols) {
  std::string text;
  std::size_t weight = protocols.size() + 1;
  for (const std::string& protocol : protocols)
    text += std::string(media_type(protocol)) + ";q=0." + std::to_string(weight--) + ",";
  return text + "*/*;q=0." + std::to_string(weight);
}

exposition::Format format_named(std::string_view protocol) {
  using exposition::Format;
  if (protocol == "PrometheusProto") return Format::protobuf;
  return protocol.starts_with("OpenMetrics") ? Format::open_metrics : Format::text;
}

exposition::TargetOptions options_of(const Job& job, const ScrapeTarget& target, std::uint64_t seed) {
  const auto number = [](const std::optional<std::uint64_t>& limit) {
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(limit.value_or(0), UINT32_MAX));
  };
  exposition::TargetOptions options;
  options.job = target.label("job");
  options.instance = target.label("instance");
  options.labels = target.labels;
  for (const auto& [name, value] : job.external_labels) set_owned(options.labels, name, value);
  options.discovered = target.discovered;
  options.scope_version = job.scope_version;
  options.honors_timestamps = job.config.honor_timestamps;
  options.tracks_timestamps_staleness = job.config.track_timestamps_staleness;
  options.trims_metric_suffixes = job.trims_metric_suffixes;
  options.scrapes_native_histograms = job.config.format.scrape_native_histograms.value_or(false);
  options.always_scrapes_classic_histograms = job.config.format.always_scrape_classic_histograms.value_or(false);
  options.limits.samples_max = job.config.limits.sample_limit.value_or(0);
  options.limits.labels_max = number(job.config.limits.label_limit);
  options.limits.label_name_bytes_max = number(job.config.limits.label_name_length_limit);
  options.limits.label_value_bytes_max = number(job.config.limits.label_value_length_limit);
  options.seed = seed;
  return options;
}

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

net::Headers Job::headers(Duration timeout) const {
  char text[32];
  std::snprintf(text, sizeof text, "%g", seconds(timeout));
  net::Headers headers = {{"Accept", accepted(protocols_of(config.format))},
                          {"X-Prometheus-Scrape-Timeout-Seconds", text}};
  headers.emplace_back("Accept-Encoding", config.enable_compression ? "gzip" : "identity");
  return headers;
}

class Scraper::Rules final : public exposition::SeriesRules {
 public:
  Rules(const Job& job, const ScrapeTarget& target) : job_(job), target_(target) {}

  bool wants(std::string_view name) override { return job_.series_rules.may_keep_name(name); }

  bool relabel(Labels& labels, Arena& arena) override {
    if (job_.config.honor_labels) {
      for (const auto& [name, value] : target_.labels)
        if (value_of(labels, name).empty()) set(labels, name, value);
    } else {
      join(labels, arena);
    }
    if (!job_.series_rules.apply(labels, arena) || labels.empty()) return false;
    for (const auto& [name, value] : job_.external_labels) set(labels, name, value);
    return true;
  }

 private:
  // The target's labels win; the series' own of these names become exported_….
  void join(Labels& labels, Arena& arena) const {
    Labels exposed;
    for (const auto& [name, value] : target_.labels) {
      if (const std::string_view own = value_of(labels, name); !own.empty()) exposed.push_back({name, own});
      set(labels, name, value);
    }
    std::stable_sort(exposed.begin(), exposed.end(),
                     [](const Label& a, const Label& b) { return a.name.size() < b.name.size(); });
    for (const Label& label : exposed) {
      std::string name = "exported_" + std::string(label.name);
      while (!value_of(labels, name).empty()) name.insert(0, "exported_");
      set(labels, arena.copy(name), label.value);
    }
  }

  const Job& job_;
  const ScrapeTarget& target_;
};

Scraper::Scraper(std::shared_ptr<const Job> job, ScrapeTarget target, Environment& environment, Intake* to,
                 std::uint64_t seed)
    : job_(std::move(job)),
      target_(std::move(target)),
      environment_(environment),
      to_(to),
      spread_(std::hash<std::string>{}(target_.identity()) ^ seed),
      rules_(std::make_unique<Rules>(*job_, target_)),
      client_(target_.url, job_->config.http, environment,
              job_->config.limits.body_size_max().count != 0 ? job_->config.limits.body_size_max() : page_bytes_max),
      series_of_(options_of(*job_, target_, seed)) {}

Scraper::~Scraper() = default;

Result<void> Scraper::read(std::int64_t time_ms, Instant start, const std::stop_token& stop,
                           std::uint64_t& page_bytes) {
  auto page = client_.get(job_->headers(target_.timeout), Deadline{start + target_.timeout}, stop);
  if (!page) {
    series_of_.lost(time_ms);
    return std::move(page).error();
  }
  page_bytes = page->body.size();
  const auto format = exposition::format_of(page->content_type);
  return series_of_.read(page->body, format.value_or(format_named(job_->config.format.fallback_scrape_protocol)),
                         time_ms, *rules_);
}

void Scraper::scrape(Deadline deadline, const std::stop_token& stop) {
  const Instant start = environment_.clock.now();
  const auto time_ms = static_cast<std::int64_t>(environment_.clock.unix_nanos() / 1'000'000);
  std::uint64_t page_bytes = 0;
  const Result<void> read = this->read(time_ms, start, stop, page_bytes);
  // What was cut off by our own end says nothing about the target.
  if (!read && stop.stop_requested()) return;
  report(time_ms, environment_.clock.now() - start, read.has_value(), page_bytes);
  note(read);
  deliver(deadline, stop);
  series_ = series_of_.series_count();
  memory_ = series_of_.memory_bytes().count;
}

void Scraper::report(std::int64_t time_ms, Duration took, bool is_read, std::uint64_t page_bytes) {
  const exposition::PageCounts counts = is_read ? series_of_.counts() : exposition::PageCounts{};
  const auto add = [&](std::string_view name, double value) { series_of_.report(name, value, time_ms); };
  add("up", is_read ? 1 : 0);
  add("scrape_duration_seconds", seconds(took));
  add("scrape_samples_scraped", static_cast<double>(counts.scraped));
  add("scrape_samples_post_metric_relabeling", static_cast<double>(counts.kept));
  add("scrape_series_added", static_cast<double>(counts.added));
  if (!job_->config.format.extra_scrape_metrics.value_or(false)) return;
  add("scrape_timeout_seconds", seconds(target_.timeout));
  add("scrape_sample_limit", static_cast<double>(job_->config.limits.sample_limit.value_or(0)));
  add("scrape_body_size_bytes", static_cast<double>(page_bytes));
}

void Scraper::note(const Result<void>& read) {
  is_up_ = read.has_value();
  if (was_up_.value_or(true) && !read)
    environment_.log.warn("prometheus: a target cannot be scraped",
                          {{"receiver", job_->receiver},
                           {"job", std::string(target_.label("job"))},
                           {"url", target_.url.endpoint.text() + target_.url.target},
                           {"error", read.error().message()}});
  if (!was_up_.value_or(true) && read)
    environment_.log.info("prometheus: a target is scraped again",
                          {{"receiver", job_->receiver},
                           {"job", std::string(target_.label("job"))},
                           {"url", target_.url.endpoint.text() + target_.url.target}});
  was_up_ = read.has_value();
}

void Scraper::end(Deadline deadline, const std::stop_token& stop) {
  if (!job_->ends_series) return;
  series_of_.end(static_cast<std::int64_t>(environment_.clock.unix_nanos() / 1'000'000));
  deliver(deadline, stop);
}

void Scraper::deliver(Deadline deadline, const std::stop_token& stop) {
  while (std::optional<MetricBatch> batch = series_of_.next_batch()) {
    if (to_ == nullptr) continue;
    const std::uint64_t points = batch->record_count();
    SignalBatch whole(std::move(*batch));
    for (;;) {
      // On failure the batch is still ours, so it is given as a copy.
      const Result<void> passed = pass_on(*to_, whole.clone(), {});
      if (passed) break;
      if (!passed.error().is_final() && !stop.stop_requested() && to_->wait_for_room(stop, deadline) &&
          !deadline.has_passed(environment_.clock))
        continue;
      to_->count_dropped(points, passed.error().is_final() ? "undeliverable" : "no_room");
      break;
    }
  }
}

}  // namespace rankwire::prometheus
