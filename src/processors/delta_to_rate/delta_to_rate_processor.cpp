#include "processors/delta_to_rate/delta_to_rate_processor.hpp"

#include <unordered_set>

#include "signal/aggregate.hpp"

namespace rankwire::delta_to_rate {
namespace {

struct DeltaToRateConfig {
  std::vector<std::string> metrics;

  void fields(config::Fields& f) { f.field("metrics", metrics, "Names of the delta sums to convert."); }
  void validate(config::Validator& v) const {
    if (metrics.empty()) v.error("metrics", "must name at least one metric");
  }
};

std::string_view per_second(std::string_view unit, Arena& arena) {
  if (unit.empty()) return unit;
  char* const text = arena.allocate_array<char>(unit.size() + 2);
  std::memcpy(text, unit.data(), unit.size());
  std::memcpy(text + unit.size(), "/s", 2);
  return {text, unit.size() + 2};
}

void make_rate(NumberPoint& point) {
  if (point.value.type == NumberType::none) return;
  const double value = real_of(point.value);
  const std::uint64_t start = point.start_time_unix_nanos, end = point.time_unix_nanos;
  point.value.type = NumberType::real;
  point.value.real = end > start ? value / (static_cast<double>(end - start) / 1e9) : 0;
}

class DeltaToRateProcessor final : public Processor {
 public:
  DeltaToRateProcessor(const DeltaToRateConfig& config, const ComponentContext& context)
      : names_(config.metrics),
        wanted_(names_.begin(), names_.end()),
        log_(context.environment.log),
        unsuitable_(context.environment.counters.counter("rankwire_delta_to_rate_unsuitable_metrics_total",
                                                         "Metrics that were named but are no delta sums.",
                                                         {{"processor", context.id.text()}})) {}

  Result<void> process(SignalBatch& batch) override {
    MetricBatch& metrics = batch.metrics();
    for (MetricResource& resource : metrics.resources)
      for (MetricScope& scope : resource.scopes)
        for (Metric& metric : scope.records)
          if (wanted_.contains(metric.name)) convert(metric, metrics.arena());
    return {};
  }

 private:
  void convert(Metric& metric, Arena& arena) {
    if (metric.type != MetricType::sum || metric.temporality != Temporality::delta) {
      unsuitable_.add();
      log_.info("delta_to_rate: a metric that is named is no delta sum and passes as it is", {{"metric", metric.name}});
      return;
    }
    for (NumberPoint& point : metric.numbers) make_rate(point);
    metric.type = MetricType::gauge;
    metric.temporality = Temporality::unspecified;
    metric.is_monotonic = false;
    metric.unit = per_second(metric.unit, arena);
  }

  const std::vector<std::string> names_;
  const std::unordered_set<std::string_view> wanted_;  // Views of names_.
  Logger& log_;
  Counter& unsuitable_;
};

Result<std::unique_ptr<Processor>> create(const DeltaToRateConfig& config, const ComponentContext& context) {
  return std::unique_ptr<Processor>(std::make_unique<DeltaToRateProcessor>(config, context));
}

}  // namespace

ProcessorFactory delta_to_rate_factory() {
  return make_factory<DeltaToRateConfig, Processor>(
      {.type = "delta_to_rate",
       .aliases = {"deltatorate"},
       .summary = "Turns delta sums into gauges of their rate per second.",
       .signals = {Signal::metrics},
       .stability = Stability::beta},
      create);
}

}  // namespace rankwire::delta_to_rate
