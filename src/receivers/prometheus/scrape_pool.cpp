#include "receivers/prometheus/scrape_pool.hpp"

namespace rankwire::prometheus {

ScrapePool::ScrapePool(Job job, Environment& environment, ScrapeWorkers& workers, Intake* to, Options options)
    : job_(std::make_shared<const Job>(std::move(job))),
      environment_(environment),
      workers_(workers),
      to_(to),
      options_(options),
      failures_(environment.counters.counter("rankwire_prometheus_discovery_failures_total",
                                             "Lookups of targets that failed.",
                                             {{"receiver", job_->receiver}, {"job", job_->config.job_name}})) {
  const DiscoveryContext context{environment_, failures_, job_->config.job_name, job_->receiver};
  for (const auto& config : job_->config.file_sd_configs) discoveries_.push_back(make_file_discovery(config, context));
  for (const auto& config : job_->config.http_sd_configs) discoveries_.push_back(make_http_discovery(config, context));
  for (const auto& config : job_->config.dns_sd_configs) discoveries_.push_back(make_dns_discovery(config, context));
  for (const auto& config : job_->config.kubernetes_sd_configs)
    discoveries_.push_back(make_kubernetes_discovery(config, context));
  found_.resize(discoveries_.size() + 1);
}

ScrapePool::~ScrapePool() { stop(); }

void ScrapePool::observe() {
  const auto add = [&](const char* name, const char* help, auto figure, const char* state) {
    rankwire::Labels labels = {{"receiver", job_->receiver}, {"job", job_->config.job_name}};
    if (state != nullptr) labels.emplace_back("state", state);
    observed_.push_back(environment_.counters.observe(
        name, help, labels, [this, figure] { return static_cast<double>(figure(figures())); }));
  };
  constexpr const char* targets = "rankwire_prometheus_targets";
  constexpr const char* help = "Targets of a job, by what becomes of them.";
  add(targets, help, [](const Figures& f) { return f.up; }, "up");
  add(targets, help, [](const Figures& f) { return f.targets - f.up; }, "down");
  add(targets, help, [](const Figures& f) { return f.dropped; }, "dropped");
  add(targets, help, [](const Figures& f) { return f.invalid; }, "invalid");
  add(
      "rankwire_prometheus_series", "Series that the last scrapes kept.", [](const Figures& f) { return f.series; },
      nullptr);
  add(
      "rankwire_prometheus_series_bytes", "Memory in which they are remembered.",
      [](const Figures& f) { return f.memory.count; }, nullptr);
}

Result<void> ScrapePool::start() {
  observe();
  update(discoveries_.size(), static_groups(job_->config.static_configs));
  for (std::size_t i = 0; i < discoveries_.size(); ++i) {
    auto worker = Worker::start("rw-discovery", [this, i](const std::stop_token& stop) {
      discoveries_[i]->run([this, i](std::vector<TargetGroup> groups) { update(i, std::move(groups)); }, stop);
    });
    if (!worker) return std::move(worker).error();
    threads_.push_back(std::move(*worker));
  }
  return {};
}

void ScrapePool::stop() {
  for (Worker& thread : threads_) thread.request_stop();
  threads_.clear();
}

void ScrapePool::end() {
  stop();
  const std::lock_guard lock(mutex_);
  for (const auto& [identity, scraper] : scrapers_) workers_.remove(scraper);
  scrapers_.clear();
}

void ScrapePool::note_invalid(const Error& error, const OwnedLabels& labels) {
  ++invalid_;
  std::string target;
  for (const auto& [name, value] : labels)
    if (name == "__address__") target = value;
  const std::string text = target + error.message();
  if (std::exchange(last_invalid_, text) == text) return;
  environment_.log.warn("prometheus: a target cannot be used",
                        {{"job", job_->config.job_name}, {"target", target}, {"error", error.message()}});
}

std::map<std::string, ScrapeTarget> ScrapePool::targets_now() {
  std::map<std::string, ScrapeTarget> all;
  dropped_ = invalid_ = 0;
  for (const auto& groups : found_)
    for (const TargetGroup& group : groups)
      for (const OwnedLabels& labels : group.targets) {
        auto target = make_target(job_->config, job_->target_rules, labels, group.labels);
        if (!target) {
          note_invalid(target.error(), labels);
        } else if (!*target) {
          ++dropped_;
        } else {
          std::string identity = (*target)->identity();
          all.emplace(std::move(identity), std::move(**target));
        }
      }
  const std::uint64_t limit = job_->config.limits.target_limit.value_or(0);
  if (limit == 0 || all.size() <= limit) return all;
  environment_.log.error("prometheus: more targets than target_limit, so none of the job is scraped",
                         {{"job", job_->config.job_name}, {"targets", all.size()}, {"target_limit", limit}});
  return {};
}

void ScrapePool::update(std::size_t source, std::vector<TargetGroup> groups) {
  const std::lock_guard lock(mutex_);
  found_[source] = std::move(groups);
  std::map<std::string, ScrapeTarget> now = targets_now();
  std::erase_if(scrapers_, [&](const auto& entry) {
    if (now.contains(entry.first)) return false;
    workers_.remove(entry.second);
    return true;
  });
  for (auto& [identity, target] : now) {
    if (scrapers_.contains(identity)) continue;
    const Duration interval = target.interval;
    auto scraper = std::make_shared<Scraper>(job_, std::move(target), environment_, to_, options_.seed);
    const auto own = static_cast<std::int64_t>(scraper->spread() % static_cast<std::uint64_t>(interval.count()));
    const Duration wait = options_.first_scrape >= Duration{0} ? options_.first_scrape : Duration{own};
    workers_.add(scraper, environment_.clock.now() + wait);
    scrapers_.emplace(identity, std::move(scraper));
  }
}

void ScrapePool::scrape_all(Deadline deadline) {
  const std::lock_guard lock(mutex_);
  for (const auto& [identity, scraper] : scrapers_)
    if (!deadline.has_passed(environment_.clock)) scraper->scrape(deadline, {});
}

ScrapePool::Figures ScrapePool::figures() const {
  const std::lock_guard lock(mutex_);
  Figures figures{.targets = scrapers_.size(), .dropped = dropped_, .invalid = invalid_};
  for (const auto& [identity, scraper] : scrapers_) {
    figures.up += scraper->is_up() ? 1 : 0;
    figures.series += scraper->series();
    figures.memory += scraper->memory();
  }
  return figures;
}

}  // namespace rankwire::prometheus
