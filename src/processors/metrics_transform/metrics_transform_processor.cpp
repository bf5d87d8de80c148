#include "processors/metrics_transform/metrics_transform_processor.hpp"

#include <algorithm>

#include "processors/metrics_transform/metric_operations.hpp"
#include "signal/retain.hpp"

namespace rankwire::metrics_transform {
namespace {

struct Transform {
  TransformConfig config;
  MetricFilter filter;
  MetricOperations operations;
};

void set_case(std::string& text, SubmatchCase wanted) {
  if (wanted == SubmatchCase::as_is) return;
  for (char& c : text) {
    if (wanted == SubmatchCase::lower && c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    if (wanted == SubmatchCase::upper && c >= 'a' && c <= 'z') c = static_cast<char>(c - ('a' - 'A'));
  }
}

// The keys of the attributes of all points, each once, sorted.
std::vector<std::string_view> label_keys(const Metric& metric) {
  std::vector<std::string_view> keys;
  visit_points(metric, [&keys](const auto& points) {
    for (const auto& point : points)
      for (const KeyValue& entry : point.attributes) keys.push_back(entry.key);
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  });
  return keys;
}

// Why two metrics cannot become one; null if they can.
const char* difference(const Metric& a, const Metric& b) {
  if (a.type == MetricType::summary || b.type == MetricType::summary) return "summaries cannot be joined";
  if (a.type != b.type) return "their types differ";
  if (a.unit != b.unit) return "their units differ";
  if (a.temporality != b.temporality) return "their temporalities differ";
  if (a.is_monotonic != b.is_monotonic) return "only one is monotonic";
  return label_keys(a) != label_keys(b) ? "their labels differ" : nullptr;
}

// Moves the points that the filter is about into a metric of their own; the others stay.
Metric take_matching(Metric& metric, const MetricFilter& filter, Arena& arena) {
  Metric taken = metric;
  visit_points(taken, [&](auto& list) { list = {}; });
  const auto split = [&](auto& points, auto& into) {
    retain(points, [&](const auto& point) {
      if (!filter.has_labels(point.attributes)) return true;
      into.push(arena, point);
      return false;
    });
  };
  split(metric.numbers, taken.numbers);
  split(metric.histograms, taken.histograms);
  split(metric.exponential_histograms, taken.exponential_histograms);
  split(metric.summaries, taken.summaries);
  return taken;
}

void append(Metric& into, const Metric& from, Arena& arena) {
  for (const NumberPoint& point : from.numbers) into.numbers.push(arena, point);
  for (const HistogramPoint& point : from.histograms) into.histograms.push(arena, point);
  for (const auto& point : from.exponential_histograms) into.exponential_histograms.push(arena, point);
  for (const SummaryPoint& point : from.summaries) into.summaries.push(arena, point);
}

class MetricsTransformProcessor final : public Processor {
 public:
  MetricsTransformProcessor(std::vector<Transform> transforms, const ComponentContext& context)
      : transforms_(std::move(transforms)),
        log_(context.environment.log),
        not_combined_(context.environment.counters.counter("rankwire_metrics_transform_not_combined_total",
                                                           "Times that metrics were too different to be combined.",
                                                           {{"processor", context.id.text()}})) {}

  Result<void> process(SignalBatch& batch) override {
    MetricBatch& metrics = batch.metrics();
    Arena& arena = metrics.arena();
    List<MetricResource> grouped;
    retain(metrics.resources, [&](MetricResource& resource) {
      retain(resource.scopes, [&](MetricScope& scope) {
        for (const Transform& transform : transforms_) {
          switch (transform.config.action) {
            case TransformAction::none: break;
            case TransformAction::update: update(transform, scope.records, arena); break;
            case TransformAction::insert: insert(transform, scope.records, arena); break;
            case TransformAction::combine: combine(transform, scope.records, arena); break;
            case TransformAction::group: group(transform, resource, scope, grouped, arena); break;
          }
        }
        return !scope.records.empty();
      });
      return !resource.scopes.empty();
    });
    for (const MetricResource& resource : grouped) metrics.resources.push(arena, resource);
    return {};
  }

 private:
  // False: the metric lost all its points and should go.
  static bool change(const Transform& transform, Metric& metric, Arena& arena) {
    const bool was_empty = metric.point_count() == 0;
    const bool is_whole = transform.config.action != TransformAction::update || transform.filter.matches_all(metric);
    const std::string& new_name = transform.config.new_name;
    if (!new_name.empty() && is_whole) {
      const auto expanded = transform.filter.expanded(metric.name, new_name);
      metric.name = expanded ? arena.copy(*expanded) : std::string_view(new_name);
    }
    transform.operations.apply(metric, transform.filter, is_whole, arena);
    return was_empty || metric.point_count() != 0;
  }

  static void update(const Transform& transform, List<Metric>& records, Arena& arena) {
    retain(records,
           [&](Metric& metric) { return !transform.filter.matches_any(metric) || change(transform, metric, arena); });
  }

  static void insert(const Transform& transform, List<Metric>& records, Arena& arena) {
    const std::uint32_t count = records.size();  // What is inserted is not looked at again.
    for (std::uint32_t i = 0; i < count; ++i) {
      if (!transform.filter.matches_any(records[i])) continue;
      Metric copy = clone(records[i], arena);
      if (transform.filter.is_about_labels() && copy.point_count() != 0)
        copy = take_matching(copy, transform.filter, arena);
      if (change(transform, copy, arena)) records.push(arena, copy);
    }
  }

  // The points that the filter is about leave their metrics, which go if none are left.
  static void extract(const Transform& transform, List<Metric>& records, List<Metric>& into, Arena& arena) {
    retain(records, [&](Metric& metric) {
      if (!transform.filter.matches_any(metric)) return true;
      into.push(arena, take_matching(metric, transform.filter, arena));
      return metric.point_count() != 0;
    });
  }

  void combine(const Transform& transform, List<Metric>& records, Arena& arena) const {
    const Metric* first = nullptr;
    for (const Metric& metric : std::as_const(records)) {
      if (!transform.filter.matches_any(metric)) continue;
      const char* const why = first != nullptr ? difference(*first, metric) : nullptr;
      if (first == nullptr) first = &metric;
      if (why == nullptr) continue;
      not_combined_.add();
      log_.warn("metrics_transform: metrics cannot be combined and stay as they are",
                {{"one", first->name}, {"other", metric.name}, {"reason", why}});
      return;
    }
    if (first == nullptr) return;
    List<Metric> parts;
    extract(transform, records, parts, arena);
    Metric combined = parts[0];
    if (!transform.config.new_name.empty()) combined.name = transform.config.new_name;
    visit_points(combined, [](auto& points) { points = {}; });
    for (Metric& part : parts) {
      add_captures(transform, part, arena);
      append(combined, part, arena);
    }
    aggregate_points(combined, transform.config.aggregation_type, arena);
    if (change(transform, combined, arena)) records.push(arena, combined);
  }

  static void add_captures(const Transform& transform, Metric& metric, Arena& arena) {
    std::vector<std::pair<std::string, std::string_view>> captures;
    transform.filter.captures(metric.name, captures);
    for (const auto& [key, captured] : captures) {
      std::string text(captured);
      set_case(text, transform.config.submatch_case);
      const std::string_view name = arena.copy(key);
      const Value value = Value::of(arena.copy(text));
      visit_points(metric, [&](auto& points) {
        for (auto& point : points) set(point.attributes, arena, name, value);
      });
    }
  }

  static void group(const Transform& transform, const MetricResource& resource, MetricScope& scope,
                    List<MetricResource>& grouped, Arena& arena) {
    List<Metric> taken;
    extract(transform, scope.records, taken, arena);
    if (taken.empty()) return;
    MetricResource made = resource;
    made.scopes = {};
    Attributes attributes;
    for (const KeyValue& entry : std::as_const(resource.resource.attributes)) attributes.push(arena, entry);
    for (const auto& [key, value] : transform.config.group_resource_labels)
      set(attributes, arena, key, Value::of(std::string_view(value)));
    made.resource.attributes = attributes;
    MetricScope& into = made.scopes.push(arena, scope);
    into.records = taken;
    grouped.push(arena, made);
  }

  const std::vector<Transform> transforms_;
  Logger& log_;
  Counter& not_combined_;
};

Result<std::unique_ptr<Processor>> create(const MetricsTransformConfig& config, const ComponentContext& context) {
  std::vector<Transform> transforms;
  for (const TransformConfig& transform : config.transforms) {
    auto filter = MetricFilter::compile(transform);
    if (!filter) return std::move(filter).error();
    transforms.push_back({transform, std::move(*filter), MetricOperations(transform.operations)});
  }
  return std::unique_ptr<Processor>(std::make_unique<MetricsTransformProcessor>(std::move(transforms), context));
}

}  // namespace

ProcessorFactory metrics_transform_factory() {
  return make_factory<MetricsTransformConfig, Processor>(
      {.type = "metrics_transform",
       .aliases = {"metricstransform"},
       .summary = "Renames, copies, combines and regroups metrics, and changes their labels and values.",
       .signals = {Signal::metrics},
       .stability = Stability::beta},
      create);
}

}  // namespace rankwire::metrics_transform
