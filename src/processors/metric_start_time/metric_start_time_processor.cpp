#include "processors/metric_start_time/metric_start_time_processor.hpp"

#include <cmath>
#include <mutex>

#include "processors/metric_start_time/start_state.hpp"
#include "signal/aggregate.hpp"
#include "signal/expiring_map.hpp"
#include "signal/retain.hpp"
#include "text/pattern.hpp"

namespace rankwire::metric_start_time {
namespace {

enum class Strategy : std::uint8_t { true_reset_point, subtract_initial_point, start_time_metric };

struct MetricStartTimeConfig {
  Strategy strategy = Strategy::true_reset_point;
  Duration gc_interval = std::chrono::minutes(10);
  std::string start_time_metric_regex;
  Bytes max_state_size = 64_MiB;

  void fields(config::Fields& f) {
    f.choice("strategy", strategy,
             {{"true_reset_point", static_cast<int>(Strategy::true_reset_point)},
              {"subtract_initial_point", static_cast<int>(Strategy::subtract_initial_point)},
              {"start_time_metric", static_cast<int>(Strategy::start_time_metric)}},
             "Where the start time comes from.");
    f.field("gc_interval", gc_interval, "A series not seen for so long is forgotten.", {.min = 1});
    f.field("start_time_metric_regex", start_time_metric_regex,
            "Which metric holds the start time, in seconds since 1970; process_start_time_seconds if absent.");
    f.field("max_state_size", max_state_size, "Memory for the points of all series.", {.min = 64 << 10});
  }
  void validate(config::Validator& v) const {
    if (start_time_metric_regex.empty()) return;
    if (const auto pattern = text::Pattern::compile(start_time_metric_regex); !pattern)
      v.error("start_time_metric_regex", pattern.error().message());
    if (strategy != Strategy::start_time_metric)
      v.error("start_time_metric_regex", "is only used with the strategy start_time_metric");
  }
};

// Nanoseconds of a time in seconds; 0 for what is none.
std::uint64_t nanos_of(const Number& seconds) {
  const double value = real_of(seconds);
  if (!(value > 0) || value > 1e10) return 0;
  const double whole = std::floor(value);
  return static_cast<std::uint64_t>(whole) * 1'000'000'000 + static_cast<std::uint64_t>((value - whole) * 1e9);
}

bool has_value(const NumberPoint& point) { return (point.flags & 1) == 0 && point.value.type != NumberType::none; }
template <class Point>
bool has_value(const Point& point) {
  return (point.flags & 1) == 0;
}

// Points whose start time is unset, or says nothing because it is the end time.
template <class Point>
bool lacks_start(const Point& point) {
  return point.start_time_unix_nanos == 0 || point.start_time_unix_nanos == point.time_unix_nanos;
}

class MetricStartTimeProcessor final : public Processor {
 public:
  MetricStartTimeProcessor(const MetricStartTimeConfig& config, std::optional<text::Pattern> start_metric,
                           const ComponentContext& context)
      : strategy_(config.strategy),
        start_metric_(std::move(start_metric)),
        environment_(context.environment),
        created_unix_nanos_(context.environment.clock.unix_nanos() / 1'000'000'000 * 1'000'000'000),
        restarts_(context.environment.counters.counter("rankwire_metric_start_time_restarts_total",
                                                       "Points at which a series had begun again.",
                                                       {{"processor", context.id.text()}})),
        series_({.bytes_max = config.max_state_size, .idle_max = config.gc_interval, .gives_way = WhenFull::new_entry},
                {context.environment.counters, {{"processor", context.id.text()}}}) {}

  Result<void> process(SignalBatch& batch) override {
    MetricBatch& metrics = batch.metrics();
    const std::lock_guard lock(mutex_);
    now_ = environment_.clock.now();
    series_.expire(now_);
    const bool is_from_metric = strategy_ == Strategy::start_time_metric;
    const std::uint64_t of_batch = is_from_metric ? start_of(metrics.resources.span()) : 0;
    retain(metrics.resources, [&](MetricResource& resource) {
      const std::uint64_t own = is_from_metric ? start_of({&resource, 1}) : 0;
      start_ = own != 0 ? own : (of_batch != 0 ? of_batch : created_unix_nanos_);
      const Identity resource_id = identity_of(resource.resource);
      retain(resource.scopes, [&](MetricScope& scope) {
        const Identity scope_id = identity_of(scope.scope);
        retain(scope.records, [&](Metric& metric) {
          return adjust(metric, stream_identity(resource_id, scope_id, metric), metrics.arena());
        });
        return !scope.records.empty();
      });
      return !resource.scopes.empty();
    });
    return {};
  }
  std::string_view drop_reason() const override { return "initial_point"; }

 private:
  using Series = ExpiringMap<StartState>;

  // The value of the first start time metric; 0 if there is none.
  std::uint64_t start_of(std::span<const MetricResource> resources) const {
    for (const MetricResource& resource : resources)
      for (const MetricScope& scope : resource.scopes)
        for (const Metric& metric : scope.records)
          if (is_start_metric(metric) && !metric.numbers.empty()) return nanos_of(metric.numbers[0].value);
    return 0;
  }
  bool is_start_metric(const Metric& metric) const {
    if (metric.type != MetricType::gauge && metric.type != MetricType::sum) return false;
    return start_metric_ ? start_metric_->matches(metric.name) : metric.name == "process_start_time_seconds";
  }

  // False: no point is left.
  bool adjust(Metric& metric, const Identity& stream, Arena& arena) {
    const bool is_meant = metric.type == MetricType::summary ||
                          (metric.type != MetricType::gauge && metric.temporality == Temporality::cumulative);
    if (!is_meant) return true;
    const bool was_empty = metric.point_count() == 0;
    // A sum that goes up and down has a value of its own: nothing is taken from it.
    const bool falls = metric.type == MetricType::sum && !metric.is_monotonic;
    const bool is_subtracted = strategy_ == Strategy::subtract_initial_point && !falls;
    visit_points(metric, [&](auto& points) {
      retain(points, [&](auto& point) {
        return !lacks_start(point) || adjust_point(point, stream, falls, is_subtracted, arena);
      });
    });
    return was_empty || metric.point_count() != 0;
  }

  template <class Point>
  bool adjust_point(Point& point, const Identity& stream, bool falls, bool is_subtracted, Arena& arena) {
    const Identity identity = series_identity(stream, point.attributes);
    if (!has_value(point)) {
      if (Series::Entry* const known = series_.find(identity, now_)) known->state.stamp(point);
      return true;
    }
    const Series::Found found = series_.find_or_add(identity, now_);
    if (found.entry == nullptr) return passes_unknown();
    StartState& state = found.entry->state;
    const std::uint64_t before = state.extra_bytes().count;
    if (found.is_new) {
      const bool is_from_metric = strategy_ == Strategy::start_time_metric;
      state.begin(point, is_from_metric ? start_ : point.time_unix_nanos, is_subtracted);
      if (is_from_metric || !is_subtracted) state.stamp(point);
    } else if (state.advance(point, falls, arena)) {
      restarts_.add();
    }
    const Bytes after = state.extra_bytes();
    if (after.count != before && !series_.resize(*found.entry, after) && found.is_new) return passes_unknown();
    return !(found.is_new && is_subtracted);
  }

  // A series that could not be remembered: a start time made up anew at each point would look like restarts.
  bool passes_unknown() {
    environment_.log.warn("metric_start_time: the state is full; points of new series keep no start time",
                          {{"series", series_.size()}, {"remedy", "raise max_state_size or lower gc_interval"}});
    return true;
  }

  const Strategy strategy_;
  const std::optional<text::Pattern> start_metric_;
  Environment& environment_;
  const std::uint64_t created_unix_nanos_;
  Counter& restarts_;
  std::mutex mutex_;  // Guards what follows; held for a batch.
  Series series_;
  Instant now_{};
  std::uint64_t start_ = 0;  // By the start time metric, of the resource that is being adjusted.
};

Result<std::unique_ptr<Processor>> create(const MetricStartTimeConfig& config, const ComponentContext& context) {
  std::optional<text::Pattern> start_metric;
  if (!config.start_time_metric_regex.empty()) {
    auto pattern = text::Pattern::compile(config.start_time_metric_regex);
    if (!pattern) return std::move(pattern).error();
    start_metric.emplace(std::move(*pattern));
  }
  return std::unique_ptr<Processor>(
      std::make_unique<MetricStartTimeProcessor>(config, std::move(start_metric), context));
}

}  // namespace

ProcessorFactory metric_start_time_factory() {
  return make_factory<MetricStartTimeConfig, Processor>({.type = "metric_start_time",
                                                         .aliases = {"metricstarttime"},
                                                         .summary = "Gives cumulative points without a start time one.",
                                                         .signals = {Signal::metrics},
                                                         .stability = Stability::beta},
                                                        create);
}

}  // namespace rankwire::metric_start_time
