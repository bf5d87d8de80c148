#include "receivers/prometheus/prometheus_receiver.hpp"

#include "receivers/prometheus/prometheus_config.hpp"
#include "receivers/prometheus/scrape_pool.hpp"
#include "receivers/prometheus/target_allocator.hpp"

namespace rankwire::prometheus {
namespace {

class PrometheusReceiver final : public Receiver {
 public:
  PrometheusReceiver(const PrometheusConfig& config, const ComponentContext& context, Intakes intakes)
      : config_(config),
        environment_(context.environment),
        id_(context.id.text()),
        to_(intakes.metrics),
        options_{.first_scrape = config.initial_scrape_offset, .seed = environment_.random.next()},
        workers_(environment_.clock) {
    if (config_.target_allocator)
      allocator_ = std::make_unique<TargetAllocator>(*config_.target_allocator, environment_, id_);
  }

  Result<void> start(Host&) override {
    Result<void> started = workers_.start();
    for (const ScrapeConfig& one : config_.config.scrape_configs) {
      if (!started) break;
      pools_.push_back(make_pool(one, true));
      started = pools_.back()->start();
    }
    if (started && allocator_) started = start_allocator();
    if (!started) stop(Deadline{environment_.clock.now()});
    return started;
  }

  void stop(Deadline deadline) override {
    thread_.request_stop();
    thread_.join();
    for (const auto& pool : pools_) pool->stop();
    for (const auto& [name, one] : allocated_) one.pool->stop();
    workers_.stop();
    if (config_.scrape_on_shutdown) {
      for (const auto& pool : pools_) pool->scrape_all(deadline);
      for (const auto& [name, one] : allocated_) one.pool->scrape_all(deadline);
    }
    allocated_.clear();
    pools_.clear();
  }

 private:
  std::unique_ptr<ScrapePool> make_pool(const ScrapeConfig& one, bool ends_series) {
    Job job;
    job.config = one;
    (void)job.config.inherit(config_.config.global);  // Checked before.
    const auto& external = config_.config.global.external_labels;
    job.external_labels = {external.begin(), external.end()};
    job.trims_metric_suffixes = config_.trim_metric_suffixes;
    job.ends_series = ends_series;
    job.target_rules = RelabelRules(one.relabel_configs);
    job.series_rules = RelabelRules(one.metric_relabel_configs);
    job.receiver = id_;
    return std::make_unique<ScrapePool>(std::move(job), environment_, workers_, to_, options_);
  }

  Result<void> start_allocator() {
    auto worker = Worker::start("rw-allocator", [this](const std::stop_token& stop) {
      allocator_->run([this](std::map<std::string, TargetAllocator::Job> jobs) { update(std::move(jobs)); }, stop);
    });
    if (!worker) return std::move(worker).error();
    thread_ = std::move(*worker);
    return {};
  }

  // On the allocator's thread. A job that has not changed is not disturbed.
  void update(std::map<std::string, TargetAllocator::Job> jobs) {
    std::erase_if(allocated_, [&](const auto& entry) {
      const auto found = jobs.find(entry.first);
      if (found != jobs.end() && found->second.text == entry.second.text) return false;
      entry.second.pool->end();
      return true;
    });
    for (auto& [name, job] : jobs) {
      if (allocated_.contains(name)) continue;
      ScrapeConfig whole = job.config;
      const auto problem = whole.inherit(config_.config.global);
      Allocated made{.text = std::move(job.text), .pool = make_pool(job.config, false)};
      const Result<void> started = problem ? Error(ErrorKind::invalid, *problem) : made.pool->start();
      if (started) {
        allocated_.emplace(name, std::move(made));
      } else {
        environment_.log.error("prometheus: a job of the target allocator cannot be scraped",
                               {{"receiver", id_}, {"job", name}, {"error", started.error().message()}});
      }
    }
  }

  struct Allocated {
    std::string text;
    std::unique_ptr<ScrapePool> pool;
  };

  const PrometheusConfig config_;
  Environment& environment_;
  const std::string id_;
  Intake* const to_;
  const ScrapePool::Options options_;
  ScrapeWorkers workers_;
  std::vector<std::unique_ptr<ScrapePool>> pools_;
  std::unique_ptr<TargetAllocator> allocator_;  // Null: there is none.
  std::map<std::string, Allocated> allocated_;  // Of the allocator's thread, while it runs. By job.
  Worker thread_;
};

Result<std::unique_ptr<Receiver>> create(const PrometheusConfig& config, const ComponentContext& context,
                                         Intakes intakes) {
  return std::unique_ptr<Receiver>(std::make_unique<PrometheusReceiver>(config, context, intakes));
}

}  // namespace

ReceiverFactory prometheus_factory() {
  return make_factory<PrometheusConfig, Receiver, Intakes>({.type = "prometheus",
                                                            .aliases = {},
                                                            .summary = "Scrapes pages of metrics as Prometheus does.",
                                                            .signals = {Signal::metrics},
                                                            .stability = Stability::beta,
                                                            .faces_untrusted_input = true},
                                                           create);
}

}  // namespace rankwire::prometheus
