#include "processors/cardinality_limit/cardinality_limit_processor.hpp"

#include <mutex>
#include <unordered_map>

#include "processors/cardinality_limit/metric_budget.hpp"
#include "processors/cardinality_limit/overflow.hpp"
#include "signal/retain.hpp"

namespace rankwire::cardinality_limit {
namespace {

bool has_value(const NumberPoint& point) { return (point.flags & 1) == 0 && point.value.type != NumberType::none; }
template <class Point>
bool has_value(const Point& point) {
  return (point.flags & 1) == 0;
}

class CardinalityLimitProcessor final : public Processor {
 public:
  CardinalityLimitProcessor(const CardinalityLimitConfig& config, LimitTable limits, const ComponentContext& context)
      : limits_(std::move(limits)),
        max_staleness_(config.max_staleness),
        id_(context.id.text()),
        environment_(context.environment),
        figures_(context.environment.counters, {{"processor", id_}}),
        room_{config.max_state_size.count, 0} {}

  Result<void> process(SignalBatch& batch) override {
    MetricBatch& metrics = batch.metrics();
    const std::lock_guard lock(mutex_);
    now_ = environment_.clock.now();
    expire();
    for (MetricResource& resource : metrics.resources) {
      const Identity resource_id = identity_of(resource.resource);
      for (MetricScope& scope : resource.scopes) {
        const Identity scope_id = identity_of(scope.scope);
        for (Metric& metric : scope.records)
          limit(metric, stream_identity(resource_id, scope_id, metric), metrics.arena());
      }
    }
    return {};
  }
  std::string_view drop_reason() const override { return "overflow"; }

 private:
  void limit(Metric& metric, const Identity& stream, Arena& arena) {
    const Limits& limits = limits_.of(metric);
    if (limits.series_max == 0 && !limits.concern_values()) return;
    MetricBudget* const budget = budget_of(metric, limits);
    visit_points(metric, [&](auto& points) {
      using Point = std::remove_reference_t<decltype(points[0])>;
      std::vector<Excess<Point>> excess;
      bool is_dropped = false;
      retain(points, [&](const Point& point) {
        const Identity series = series_identity(stream, point.attributes);
        if (passes(budget, metric, series, point.attributes)) return true;
        if (has_value(point)) excess.push_back({series, point});
        is_dropped = true;
        return false;
      });
      if (is_dropped && !excess.empty()) points.push(arena, joined_points(excess, metric, arena));
    });
  }

  bool passes(MetricBudget* budget, const Metric& metric, const Identity& series, const Attributes& point) {
    if (point.size() == 1 && point[0].key == overflow_key) return true;  // One from further down the line.
    if (budget == nullptr) {
      overflowed(metric.name, "").add();
      return false;
    }
    const std::string* const to_blame = budget->blame(series, point, now_);
    if (to_blame == nullptr) return true;
    overflowed(metric.name, *to_blame).add();
    if (budget->is_news(now_))
      environment_.log.warn("cardinality_limit: a metric is over its budget; the excess goes into its overflow series",
                            {{"metric", metric.name},
                             {"attribute", *to_blame},
                             {"max_series", budget->limits().series_max},
                             {"max_values", budget->limits().values_max_of(*to_blame)}});
    return false;
  }

  // The handle is found by a hash of the two names; the registry bounds how many there can be.
  Counter& overflowed(std::string_view metric, std::string_view attribute) {
    const Identity key = joined(identity_of(metric), identity_of(attribute));
    const auto found = overflowed_.find(key);
    if (found != overflowed_.end()) return *found->second;
    Counter& counter = environment_.counters.counter(
        "rankwire_cardinality_limit_overflow_points_total",
        "Points that went into an overflow series, by the metric and the attribute with the most values.",
        {{"processor", id_}, {"metric", std::string(metric)}, {"attribute", std::string(attribute)}});
    if (overflowed_.size() < Counters::series_per_family_max) overflowed_.emplace(key, &counter);
    return counter;
  }

  // Null: there is no memory for another metric.
  MetricBudget* budget_of(const Metric& metric, const Limits& limits) {
    const Identity name = identity_of(metric.name);
    const auto found = budgets_.find(name);
    if (found != budgets_.end()) return &found->second;
    if (!room_.has(sizeof(MetricBudget) + metric.name.size())) return nullptr;
    return &budgets_.try_emplace(name, std::string(metric.name), limits, max_staleness_, figures_, room_).first->second;
  }

  // Now and then all of them; a metric that has no series left is forgotten.
  void expire() {
    if (max_staleness_.count() == 0 || now_ < expires_at_) return;
    expires_at_ = now_ + max_staleness_ / 8;
    for (auto at = budgets_.begin(); at != budgets_.end();) {
      at->second.expire(now_);
      at = at->second.empty() ? budgets_.erase(at) : std::next(at);
    }
  }

  const LimitTable limits_;
  const Duration max_staleness_;
  const std::string id_;
  Environment& environment_;
  const StateFigures figures_;
  std::mutex mutex_;  // Guards what follows; held for a batch.
  StateRoom room_;
  std::unordered_map<Identity, MetricBudget> budgets_;
  std::unordered_map<Identity, Counter*> overflowed_;
  Instant now_{};
  Instant expires_at_{};
};

Result<std::unique_ptr<Processor>> create(const CardinalityLimitConfig& config, const ComponentContext& context) {
  auto limits = LimitTable::compile(config);
  if (!limits) return std::move(limits).error();
  return std::unique_ptr<Processor>(std::make_unique<CardinalityLimitProcessor>(config, std::move(*limits), context));
}

}  // namespace

ProcessorFactory cardinality_limit_factory() {
  return make_factory<CardinalityLimitConfig, Processor>(
      {.type = "cardinality_limit",
       .aliases = {},
       .summary = "Gives every metric a budget of series; the excess goes into an overflow series.",
       .signals = {Signal::metrics},
       .stability = Stability::beta},
      create);
}

}  // namespace rankwire::cardinality_limit
