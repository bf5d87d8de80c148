// Spans are counted on the threads that bring them; a timer passes the metrics on. What was counted and not yet passed
// on is in memory only: the spans are settled when they are counted.
#include "connectors/span_metrics/span_metrics_connector.hpp"

#include <mutex>

#include "component/held.hpp"
#include "component/timer.hpp"
#include "connectors/span_metrics/aggregation.hpp"

namespace rankwire::span_metrics {
namespace {

class SpanMetricsConnector final : public Connector {
 public:
  SpanMetricsConnector(const SpanMetricsConfig& config, const ComponentContext& context, Intake& next)
      : clock_(context.environment.clock),
        next_(next),
        interval_(config.metrics_flush_interval),
        aggregation_(config, {context.environment.clock, context.environment.random, context.environment.counters,
                              context.id.text()}),
        timer_(clock_, "rw-span-metrics", [this](const std::stop_token& stop) {
          const Instant next_due = clock_.now() + interval_;
          pass_on({clock_, stop}, false);
          return next_due;
        }) {}

  Result<void> start(Host&) override { return timer_.start(clock_.now() + interval_); }

  void stop(Deadline deadline) override {
    timer_.stop();
    pass_on({.clock = clock_, .stop = {}, .deadline = deadline, .is_last = true}, true);
  }

  Result<void> consume(SignalBatch batch, CompletionRef) override {
    OutgoingBatch records(batch);
    const auto spans = records.traces();
    if (!spans) return spans.error();
    const std::lock_guard lock(mutex_);
    aggregation_.add(**spans);
    return {};
  }

  Bytes held_memory() const override {
    const std::lock_guard lock(mutex_);
    return aggregation_.bytes();
  }

 private:
  // Waits for room; what a stop interrupts is passed on with the next, which is the last.
  void pass_on(const Patience& patience, bool is_last) {
    if (waiting_ && !deliver(patience)) return;
    {
      const std::lock_guard lock(mutex_);
      MetricBatch metrics = aggregation_.flush(is_last);
      if (metrics.resources.empty()) return;
      waiting_.emplace(std::move(metrics));
    }
    deliver(patience);
  }

  bool deliver(const Patience& patience) {
    std::vector<Held> nobody;
    if (!deliver_held(next_, *waiting_, nobody, patience)) return false;
    waiting_.reset();
    return true;
  }

  Clock& clock_;
  Intake& next_;
  const Duration interval_;
  mutable std::mutex mutex_;
  Aggregation aggregation_;             // Guarded by mutex_.
  std::optional<SignalBatch> waiting_;  // Of the timer's thread, and of `stop` after it has ended.
  Timer timer_;
};

Result<std::unique_ptr<Connector>> create(const SpanMetricsConfig& config, const ComponentContext& context,
                                          Intakes intakes) {
  if (intakes.metrics == nullptr)
    return Error(ErrorKind::invalid, "no pipeline of metrics has this connector as a receiver");
  return std::unique_ptr<Connector>(std::make_unique<SpanMetricsConnector>(config, context, *intakes.metrics));
}

}  // namespace

ConnectorFactory span_metrics_factory() {
  ComponentInfo info{.type = "span_metrics",
                     .aliases = {"spanmetrics"},
                     .summary = "Requests, errors and durations as metrics, from spans.",
                     .signals = {Signal::traces},
                     .stability = Stability::alpha};
  info.pairs = {{Signal::traces, Signal::metrics}};
  return make_factory<SpanMetricsConfig, Connector, Intakes>(std::move(info), create);
}

}  // namespace rankwire::span_metrics
