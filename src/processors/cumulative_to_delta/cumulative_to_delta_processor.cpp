#include "processors/cumulative_to_delta/cumulative_to_delta_processor.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>

#include "component/settings/record_match.hpp"
#include "processors/cumulative_to_delta/delta_state.hpp"
#include "signal/expiring_map.hpp"
#include "signal/retain.hpp"

namespace rankwire::cumulative_to_delta {
namespace {

// The type that a name in `metric_types` stands for, whatever its case; empty for none.
MetricType type_named(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  if (name == "sum") return MetricType::sum;
  if (name == "histogram") return MetricType::histogram;
  return name == "exponentialhistogram" ? MetricType::exponential_histogram : MetricType::empty;
}

struct MetricMatchConfig {
  MatchType match_type = MatchType::none;
  std::optional<RegexpCacheConfig> regexp;
  std::vector<std::string> metrics, metric_types;

  void fields(config::Fields& f) {
    f.choice("match_type", match_type,
             {{"strict", static_cast<int>(MatchType::strict)}, {"regexp", static_cast<int>(MatchType::regexp)}},
             "How names are compared: strict or regexp. Needed with `metrics`.");
    f.optional_section("regexp", regexp, "Cache settings of the original.");
    f.field("metrics", metrics, "Names of metrics; one must match.");
    f.field("metric_types", metric_types, "sum, histogram, exponentialhistogram; one must match.");
  }
  void validate(config::Validator& v) const {
    if (!metrics.empty() && match_type == MatchType::none) v.error("match_type", "must be set", "strict or regexp");
    if (metrics.empty() && match_type != MatchType::none) v.error("metrics", "must name at least one metric");
    for (const std::string& type : metric_types)
      if (type_named(type) == MetricType::empty)
        v.error("metric_types", "\"" + type + "\" is not a type that can be converted",
                "sum, histogram or exponentialhistogram");
    if (const auto names = compiled(); !names) v.error("metrics", names.error().message());
  }
  Result<std::optional<RecordMatch>> compiled() const {
    if (metrics.empty()) return std::optional<RecordMatch>();
    MatchConfig match;
    match.match_type = match_type;
    match.metric_names = metrics;
    auto names = RecordMatch::compile(match);
    if (!names) return std::move(names).error();
    return std::optional<RecordMatch>(std::move(*names));
  }
};

enum class InitialValue : std::uint8_t { automatic, keep, drop };

struct CumulativeToDeltaConfig {
  Duration max_staleness = std::chrono::hours(1);
  InitialValue initial_value = InitialValue::automatic;
  Bytes max_state_size = 64_MiB;
  MetricMatchConfig include, exclude;

  void fields(config::Fields& f) {
    f.field("max_staleness", max_staleness, "A series not seen for so long is forgotten; 0: never.", {.min = 0});
    f.choice("initial_value", initial_value,
             {{"auto", static_cast<int>(InitialValue::automatic)},
              {"keep", static_cast<int>(InitialValue::keep)},
              {"drop", static_cast<int>(InitialValue::drop)}},
             "What becomes of the first point of a series.");
    f.field("max_state_size", max_state_size, "Memory for the last points of all series.", {.min = 64 << 10});
    f.section("include", include, "Which metrics to convert; all if absent.");
    f.section("exclude", exclude, "Which metrics to leave alone, also if included.");
  }
};

struct MetricMatch {
  std::optional<RecordMatch> names;
  std::vector<MetricType> types;

  static Result<MetricMatch> compile(const MetricMatchConfig& config) {
    MetricMatch match;
    auto names = config.compiled();
    if (!names) return std::move(names).error();
    match.names = std::move(*names);
    for (const std::string& type : config.metric_types) match.types.push_back(type_named(type));
    return match;
  }
  // `otherwise`: the answer for what is not configured.
  bool has_name(const Resource& resource, const Scope& scope, const Metric& metric, bool otherwise) const {
    return names ? names->matches(resource, scope, metric, nullptr) : otherwise;
  }
  bool has_type(const Metric& metric, bool otherwise) const {
    return types.empty() ? otherwise : std::find(types.begin(), types.end(), metric.type) != types.end();
  }
};

// Why points do not pass, as the telemetry calls it.
struct DropCounters {
  DropCounters(Counters& counters, const std::string& id)
      : first(named(counters, id, "first")),
        no_value(named(counters, id, "no_value")),
        out_of_order(named(counters, id, "out_of_order")),
        changed_buckets(named(counters, id, "changed_buckets")),
        state_full(named(counters, id, "state_full")),
        restarts(counters.counter("rankwire_cumulative_to_delta_restarts_total",
                                  "Points at which a counter had begun again.", {{"processor", id}})) {}

  Counter& first;
  Counter& no_value;
  Counter& out_of_order;
  Counter& changed_buckets;
  Counter& state_full;
  Counter& restarts;

 private:
  static Counter& named(Counters& counters, const std::string& id, const char* reason) {
    return counters.counter("rankwire_cumulative_to_delta_dropped_points_total",
                            "Cumulative points that gave no delta, by reason.",
                            {{"processor", id}, {"reason", reason}});
  }
};

bool is_not_a_number(const NumberPoint& point) {
  return point.value.type == NumberType::real && std::isnan(point.value.real);
}
bool has_value(const NumberPoint& point) { return point.value.type != NumberType::none; }
template <class Point>
bool is_not_a_number(const Point&) {
  return false;
}
template <class Point>
bool has_value(const Point&) {
  return true;
}

class CumulativeToDeltaProcessor final : public Processor {
 public:
  CumulativeToDeltaProcessor(const CumulativeToDeltaConfig& config, MetricMatch include, MetricMatch exclude,
                             const ComponentContext& context)
      : include_(std::move(include)),
        exclude_(std::move(exclude)),
        initial_value_(config.initial_value),
        environment_(context.environment),
        created_unix_nanos_(context.environment.clock.unix_nanos()),
        dropped_(context.environment.counters, context.id.text()),
        series_(
            {.bytes_max = config.max_state_size, .idle_max = config.max_staleness, .gives_way = WhenFull::new_entry},
            {context.environment.counters, {{"processor", context.id.text()}}}) {}

  Result<void> process(SignalBatch& batch) override {
    MetricBatch& metrics = batch.metrics();
    const std::lock_guard lock(mutex_);
    now_ = environment_.clock.now();
    series_.expire(now_);
    const Resource* resource_seen = nullptr;
    const Scope* scope_seen = nullptr;
    Identity resource_id, scope_id;
    retain_records(metrics, [&](const Resource& resource, const Scope& scope, Metric& metric) {
      if (!is_meant(resource, scope, metric)) return true;
      if (std::exchange(resource_seen, &resource) != &resource) resource_id = identity_of(resource);
      if (std::exchange(scope_seen, &scope) != &scope) scope_id = identity_of(scope);
      return convert(metric, stream_identity(resource_id, scope_id, metric), metrics.arena());
    });
    return {};
  }
  std::string_view drop_reason() const override { return "no_delta"; }

 private:
  using Series = ExpiringMap<DeltaState>;

  bool is_meant(const Resource& resource, const Scope& scope, const Metric& metric) const {
    const bool is_convertible = metric.type == MetricType::sum ? metric.is_monotonic
                                                               : metric.type == MetricType::histogram ||
                                                                     metric.type == MetricType::exponential_histogram;
    return is_convertible && metric.temporality == Temporality::cumulative && include_.has_type(metric, true) &&
           !exclude_.has_type(metric, false) && include_.has_name(resource, scope, metric, true) &&
           !exclude_.has_name(resource, scope, metric, false);
  }

  // False: no point is left.
  bool convert(Metric& metric, const Identity& stream, Arena& arena) {
    bool is_left = false;
    visit_points(metric, [&](auto& points) {
      using Points = std::remove_reference_t<decltype(points)>;
      if constexpr (!std::is_same_v<Points, List<SummaryPoint>>) {
        retain(points, [&](auto& point) { return convert_point(point, stream, arena); });
        is_left = !points.empty();
      }
    });
    metric.temporality = Temporality::delta;
    return is_left;
  }

  template <class Point>
  bool convert_point(Point& point, const Identity& stream, Arena& arena) {
    if ((point.flags & 1) != 0 || !has_value(point)) return drop(dropped_.no_value);
    if (is_not_a_number(point)) return true;
    const Identity series = joined(series_identity(stream, point.attributes), {point.start_time_unix_nanos, 0});
    const Series::Found found = series_.find_or_add(series, now_);
    if (found.entry == nullptr) return drop_for_space();
    DeltaState& state = found.entry->state;
    const std::uint64_t before = state.extra_bytes().count;
    Outcome outcome;
    if constexpr (std::is_same_v<Point, NumberPoint>)
      outcome = state.advance(point);
    else
      outcome = state.advance(point, arena);
    const Bytes after = state.extra_bytes();
    if (after.count != before && !series_.resize(*found.entry, after)) {
      if (found.is_new) return drop_for_space();
    }
    return passes(outcome, point);
  }

  template <class Point>
  bool passes(Outcome outcome, const Point& point) {
    switch (outcome) {
      case Outcome::converted: return true;
      case Outcome::restarted: dropped_.restarts.add(); return true;
      case Outcome::first: return first_passes(point) || drop(dropped_.first);
      case Outcome::out_of_order: return drop(dropped_.out_of_order);
      case Outcome::changed_buckets: return drop(dropped_.changed_buckets);
    }
    return true;
  }

  template <class Point>
  bool first_passes(const Point& point) const {
    if (initial_value_ != InitialValue::automatic) return initial_value_ == InitialValue::keep;
    // What began while we were there has not been counted before.
    return point.start_time_unix_nanos >= created_unix_nanos_ && point.start_time_unix_nanos != point.time_unix_nanos;
  }

  static bool drop(Counter& reason) {
    reason.add();
    return false;
  }
  bool drop_for_space() {
    environment_.log.warn("cumulative_to_delta: the state is full; points of new series are dropped",
                          {{"series", series_.size()}, {"remedy", "raise max_state_size or lower max_staleness"}});
    return drop(dropped_.state_full);
  }

  const MetricMatch include_, exclude_;
  const InitialValue initial_value_;
  Environment& environment_;
  const std::uint64_t created_unix_nanos_;
  const DropCounters dropped_;
  std::mutex mutex_;  // Guards what follows; held for a batch, so that the points of a batch stay together.
  Series series_;
  Instant now_;
};

Result<std::unique_ptr<Processor>> create(const CumulativeToDeltaConfig& config, const ComponentContext& context) {
  auto include = MetricMatch::compile(config.include);
  if (!include) return std::move(include).error();
  auto exclude = MetricMatch::compile(config.exclude);
  if (!exclude) return std::move(exclude).error();
  return std::unique_ptr<Processor>(
      std::make_unique<CumulativeToDeltaProcessor>(config, std::move(*include), std::move(*exclude), context));
}

}  // namespace

ProcessorFactory cumulative_to_delta_factory() {
  return make_factory<CumulativeToDeltaConfig, Processor>(
      {.type = "cumulative_to_delta",
       .aliases = {"cumulativetodelta"},
       .summary = "Turns cumulative monotonic sums and histograms into deltas.",
       .signals = {Signal::metrics},
       .stability = Stability::beta},
      create);
}

}  // namespace rankwire::cumulative_to_delta
