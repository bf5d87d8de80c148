// Spans are paired on the threads that bring them; one timer flushes, ends waits and forgets. What waits and what was
// not passed on yet is in memory only: the spans are settled when they are taken.
#include "connectors/service_graph/service_graph_connector.hpp"

#include <mutex>

#include "component/held.hpp"
#include "component/timer.hpp"
#include "connectors/service_graph/graph.hpp"

namespace rankwire::service_graph {
namespace {

Duration or_else(Duration configured, Duration otherwise) { return configured.count() > 0 ? configured : otherwise; }

class ServiceGraphConnector final : public Connector {
 public:
  ServiceGraphConnector(const ServiceGraphConfig& config, const ComponentContext& context, Intake& next)
      : clock_(context.environment.clock),
        next_(next),
        flush_every_(config.metrics_flush_interval),
        requests_every_(or_else(config.store_expiration_loop, std::chrono::seconds(2))),
        series_every_(or_else(config.cache_loop, std::chrono::minutes(1))),
        graph_(config, clock_, context.environment.counters, context.id.text()),
        timer_(clock_, "rw-servicegraph", [this](const std::stop_token& stop) { return tick(stop); }) {}

  Result<void> start(Host&) override {
    const Instant now = clock_.now();
    flush_at_ = flush_every_.count() > 0 ? now + flush_every_ : Timer::never;
    requests_at_ = now + requests_every_;
    series_at_ = now + series_every_;
    return timer_.start(std::min({flush_at_, requests_at_, series_at_}));
  }

  void stop(Deadline deadline) override {
    timer_.stop();
    pass_on({.clock = clock_, .stop = {}, .deadline = deadline, .is_last = true});
  }

  Result<void> consume(SignalBatch batch, CompletionRef) override {
    OutgoingBatch records(batch);
    const auto spans = records.traces();
    if (!spans) return spans.error();
    {
      const std::lock_guard lock(mutex_);
      graph_.add(**spans);
    }
    if (flush_every_.count() == 0) {
      is_flush_asked_.store(true, std::memory_order_release);
      timer_.wake_at(clock_.now());
    }
    return {};
  }

  Bytes held_memory() const override {
    const std::lock_guard lock(mutex_);
    return graph_.bytes();
  }

 private:
  Instant tick(const std::stop_token& stop) {
    const Instant now = clock_.now();
    {
      const std::lock_guard lock(mutex_);
      if (now >= requests_at_) {
        graph_.expire_requests();
        requests_at_ = now + requests_every_;
      }
      if (now >= series_at_) {
        graph_.expire_series();
        series_at_ = now + series_every_;
      }
    }
    if (is_flush_asked_.exchange(false, std::memory_order_acquire) || now >= flush_at_) {
      if (flush_every_.count() > 0) flush_at_ = now + flush_every_;
      pass_on({clock_, stop});
    }
    return std::min({flush_at_, requests_at_, series_at_});
  }

  // Waits for room. Points are cumulative: what is not passed on now is said again by the next.
  void pass_on(const Patience& patience) {
    std::optional<SignalBatch> metrics;
    {
      const std::lock_guard lock(mutex_);
      MetricBatch flushed = graph_.flush();
      if (flushed.resources.empty()) return;
      metrics.emplace(std::move(flushed));
    }
    std::vector<Held> nobody;
    (void)deliver_held(next_, *metrics, nobody, patience);
  }

  Clock& clock_;
  Intake& next_;
  const Duration flush_every_, requests_every_, series_every_;
  Instant flush_at_{}, requests_at_{}, series_at_{};  // Of the timer's thread, once started.
  std::atomic<bool> is_flush_asked_{false};
  mutable std::mutex mutex_;
  Graph graph_;  // Guarded by mutex_.
  Timer timer_;
};

Result<std::unique_ptr<Connector>> create(const ServiceGraphConfig& config, const ComponentContext& context,
                                          Intakes intakes) {
  if (intakes.metrics == nullptr)
    return Error(ErrorKind::invalid, "no pipeline of metrics has this connector as a receiver");
  return std::unique_ptr<Connector>(std::make_unique<ServiceGraphConnector>(config, context, *intakes.metrics));
}

}  // namespace

ConnectorFactory service_graph_factory() {
  ComponentInfo info{
      .type = "service_graph",
      .aliases = {"servicegraph"},
      .summary = "Who calls whom, how often, how long and with how many failures, as metrics, from spans.",
      .signals = {Signal::traces},
      .stability = Stability::alpha};
  info.pairs = {{Signal::traces, Signal::metrics}};
  return make_factory<ServiceGraphConfig, Connector, Intakes>(std::move(info), create);
}

}  // namespace rankwire::service_graph
