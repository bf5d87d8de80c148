#include "processors/interval/interval_processor.hpp"

#include "component/rounds.hpp"
#include "otlp/otlp.hpp"
#include "processors/interval/interval_round.hpp"
#include "signal/retain.hpp"

namespace rankwire::interval {
namespace {

struct PassThroughConfig {
  bool gauge = false;
  bool summary = false;

  void fields(config::Fields& f) {
    f.field("gauge", gauge, "Gauges pass at once and unchanged.");
    f.field("summary", summary, "Summaries pass at once and unchanged.");
  }
};

struct IntervalConfig {
  Duration interval = std::chrono::seconds(60);
  PassThroughConfig pass_through;
  Bytes max_state_size = 64_MiB;

  void fields(config::Fields& f) {
    f.field("interval", interval, "How often the latest points go on.", {.min = 1e6});
    f.section("pass_through", pass_through, "What is not held back.");
    f.field("max_state_size", max_state_size, "Memory for what is gathered; full, the interval ends early.",
            {.min = 64 * 1024});
  }
};

class IntervalProcessor final : public Connector {
 public:
  IntervalProcessor(const IntervalConfig& config, Environment& environment, Intakes intakes)
      : config_(config),
        intakes_(intakes),
        rounds_(environment.clock, config.interval, config.max_state_size, intakes.metrics,
                [] { return std::make_unique<IntervalRound>(); }) {}

  Result<void> start(Host&) override { return rounds_.start(); }
  void stop(Deadline deadline) override { rounds_.stop(deadline); }
  void hurry(bool is_hurried) override { rounds_.hurry(is_hurried); }
  bool has_room(Signal, Bytes, std::uint64_t) const override { return rounds_.has_room(); }
  Bytes held_memory() const override { return rounds_.memory(); }

  Result<void> consume(SignalBatch batch, CompletionRef completion) override {
    if (!rounds_.has_room()) return rounds_.full();
    auto decoded = otlp::in_memory_form(std::move(batch));
    if (!decoded) return std::move(decoded).error();
    batch = std::move(*decoded);
    MetricBatch gathered = batch.metrics().clone();
    RANKWIRE_TRY(pass(std::move(batch), completion));
    retain_records(gathered, [this](const Resource&, const Scope&, const Metric& metric) { return is_held(metric); });
    if (gathered.empty()) return {};
    rounds_.gather(intakes_.held, std::move(completion), gathered.record_count(),
                   [&](IntervalRound& round, Held& held) { held.drop(add(gathered, round), "aggregated"); });
    return {};
  }

 private:
  // Deltas and counters that may fall cannot be represented by their last point.
  bool is_held(const Metric& metric) const {
    const bool is_cumulative = metric.temporality == Temporality::cumulative;
    switch (metric.type) {
      case MetricType::gauge: return !config_.pass_through.gauge;
      case MetricType::summary: return !config_.pass_through.summary;
      case MetricType::sum: return is_cumulative && metric.is_monotonic;
      case MetricType::histogram:
      case MetricType::exponential_histogram: return is_cumulative;
      case MetricType::empty: return false;
    }
    return false;
  }

  Result<void> pass(SignalBatch batch, const CompletionRef& completion) {
    retain_records(batch.metrics(),
                   [this](const Resource&, const Scope&, const Metric& metric) { return !is_held(metric); });
    return pass_at_once(intakes_.metrics, intakes_.held, std::move(batch), completion);
  }

  static std::uint64_t add(const MetricBatch& batch, IntervalRound& round) {
    std::uint64_t replaced = 0;
    for (const auto& resource : batch.resources) {
      const Identity resource_id = identity_of(resource.resource);
      for (const auto& scope : resource.scopes) {
        const Identity scope_id = identity_of(scope.scope);
        for (const Metric& metric : scope.records)
          replaced += round.add(resource, scope, resource_id, scope_id, metric);
      }
    }
    return replaced;
  }

  const IntervalConfig config_;
  const Intakes intakes_;
  Rounds<IntervalRound> rounds_;
};

Result<std::unique_ptr<Connector>> create(const IntervalConfig& config, const ComponentContext& context,
                                          Intakes intakes) {
  return std::unique_ptr<Connector>(std::make_unique<IntervalProcessor>(config, context.environment, intakes));
}

}  // namespace

ProcessorFactory interval_factory() {
  return make_holding_factory<IntervalConfig>(
      {.type = "interval",
       .aliases = {},
       .summary = "Passes on the latest point of each series once per interval.",
       .signals = {Signal::metrics},
       .stability = Stability::beta},
      create);
}

}  // namespace rankwire::interval
