// Data points into what is shown. Of a series the newest point counts; deltas are added up.
#include <bit>
#include <limits>

#include "exporters/prometheus/series_store.hpp"
#include "series/exemplar.hpp"
#include "series/native_histogram.hpp"
#include "signal/aggregate.hpp"
#include "signal/retain.hpp"

namespace rankwire::prometheus_page {
namespace {

constexpr std::uint32_t no_recorded_value = 1;
// What senders may make of us: labels of a point, and memory for the labels of a batch.
constexpr std::size_t labels_max = 1024;
constexpr Bytes memory_max = 256_MiB;

template <class Labels>
std::string packed(const Labels& labels) {
  std::string text;
  std::size_t size = 0;
  for (const series::Label& label : labels) size += label.name.size() + label.value.size() + 2;
  text.reserve(size);
  for (const series::Label& label : labels)
    text.append(label.name).append(1, after_name).append(label.value).append(1, after_value);
  return text;
}

ShownBuckets shown(const series::NativeBuckets& from) {
  return {{from.spans.begin(), from.spans.end()}, {from.deltas.begin(), from.deltas.end()}};
}

}  // namespace

class Taker {
 public:
  Taker(SeriesStore& store, Instant now) : store_(store), now_(now), labels_(store.options_.labels, arena_) {}

  void resource(const MetricResource& group) {
    labels_.begin_resource(group.resource);
    latest_ = 0;
    for (const MetricScope& scope : group.scopes) {
      labels_.begin_scope(scope.scope, scope.schema_url);
      for (const Metric& one : scope.records) metric(one);
    }
    if (latest_ != 0) target_info();
  }

  Receipt receipt;

 private:
  void reject(std::string_view why) {
    ++receipt.rejected;
    if (receipt.reason.empty()) receipt.reason = why;
  }

  void metric(const Metric& metric) {
    name_ = series::metric_name(metric, labels_.rules().names);
    const bool has_temporality = metric.type != MetricType::gauge && metric.type != MetricType::summary;
    is_delta_ = has_temporality && metric.temporality == Temporality::delta;
    const bool is_unusable = has_temporality && metric.temporality == Temporality::unspecified;
    if (name_.empty() || is_unusable) {
      for (std::uint32_t i = 0; i < metric.point_count(); ++i)
        reject(name_.empty() ? "a metric without a name" : "a metric without a temporality");
      return;
    }
    const auto family = store_.claims_.family(name_, metric, series::family_type(metric));
    if (family == nullptr) {
      const std::string why = "the metric \"" + name_ +
                              "\" has another type than before, or a name of another one's series: name it differently";
      for (std::uint32_t i = 0; i < metric.point_count(); ++i) reject(why);
      return;
    }
    visit_points(metric, [&](const auto& points) {
      for (const auto& point : points) each(point, metric, family);
    });
  }

  template <class Point>
  void each(Point point, const Metric& metric, const std::shared_ptr<ShownFamily>& family) {
    if (point.time_unix_nanos == 0) return reject("a data point without a time");
    if (arena_.reserved_bytes() > memory_max.count) return reject("a batch that becomes more than 256 MiB of series");
    if (point.attributes.size() + labels_.further_max() > labels_max)
      return reject("a data point with more than 1024 labels");
    latest_ = std::max(latest_, point.time_unix_nanos);
    std::string labels = packed(labels_.of_point(point.attributes));
    const Identity key = joined(identity_of(name_), identity_of(labels));
    if ((point.flags & no_recorded_value) != 0) return forget(key);
    const std::string_view wrong = what_is_wrong(point);
    if (!wrong.empty()) return reject(wrong);
    if (!add_up(key, point)) return reject("more series of deltas than there is room to add up");
    ShownSeries made;
    made.time_nanos = point.time_unix_nanos;
    made.start_nanos = metric.type == MetricType::gauge ? 0 : point.start_time_unix_nanos;
    if (!fill(made, point, metric))
      return reject("an exponential histogram of a scale below -4, which Prometheus does not have");
    made.labels = std::move(labels);
    if (!put(key, std::move(made), family)) reject("more series than fit max_state_size");
  }

  void forget(const Identity& key) {
    if (auto* entry = store_.map_.find(key, now_)) store_.map_.erase(*entry);
  }

  // False: there is no room.
  bool put(const Identity& key, ShownSeries made, const std::shared_ptr<ShownFamily>& family) {
    const auto [entry, is_new] = store_.map_.find_or_add(key, now_);
    if (entry == nullptr) return false;
    if (!is_new && made.time_nanos < entry->state.time_nanos) {
      // What came late is in a total of deltas; of everything else the newest counts.
      if (!is_delta_) return true;
      made.time_nanos = entry->state.time_nanos;
    }
    const bool is_first = family.use_count() <= (is_new ? 1 : 2);  // The caller's is one.
    entry->state = std::move(made);
    const Bytes of_family{is_first ? sizeof *family + 4 * family->name.size() + family->help.size() : 0};
    const Bytes held{entry->state.held_memory().count + of_family.count};
    entry->state.family = family;
    return store_.map_.resize(*entry, held);
  }

  static std::string_view what_is_wrong(const NumberPoint& point) {
    return point.value.type == NumberType::none ? "a data point without a value" : "";
  }
  static std::string_view what_is_wrong(const HistogramPoint& point) {
    if (point.bucket_counts.empty() || point.bucket_counts.size() == point.explicit_bounds.size() + 1) return {};
    return "a histogram whose buckets and bounds do not fit together";
  }
  template <class Point>
  static std::string_view what_is_wrong(const Point&) {
    return {};
  }

  bool add_up(const Identity&, SummaryPoint&) { return true; }
  bool add_up(const Identity& key, NumberPoint& point) {
    return !is_delta_ || store_.deltas_.add(key, point, now_) != series::CumulativeState::Outcome::full;
  }
  template <class Point>
  bool add_up(const Identity& key, Point& point) {
    return !is_delta_ || store_.deltas_.add(key, point, now_, arena_) != series::CumulativeState::Outcome::full;
  }

  bool fill(ShownSeries& to, const NumberPoint& point, const Metric& metric) {
    to.value = real_of(point.value);
    if (metric.is_monotonic && !point.exemplars.empty()) add_newest(to, point.exemplars);
    return true;
  }

  bool fill(ShownSeries& to, const HistogramPoint& point, const Metric&) {
    to.distribution = std::make_unique<ShownDistribution>();
    ShownDistribution& shown = *to.distribution;
    shown.count = point.count;
    shown.sum = point.sum;
    const std::uint32_t bounds = std::min(point.explicit_bounds.size(), point.bucket_counts.size());
    std::uint64_t below = 0;
    double lower = -std::numeric_limits<double>::infinity();
    for (std::uint32_t i = 0; i <= bounds; ++i) {
      const double bound = i < bounds ? point.explicit_bounds[i] : std::numeric_limits<double>::infinity();
      if (i < bounds) {
        shown.bounds.push_back(bound);
        shown.counts.push_back(below += point.bucket_counts[i]);
      }
      add_newest(to, point.exemplars, lower, bound);
      lower = bound;
    }
    return true;
  }

  bool fill(ShownSeries& to, const ExponentialHistogramPoint& point, const Metric&) {
    const series::NativeHistogram* native = series::native_histogram(point, arena_);
    if (native == nullptr) return false;
    to.distribution = std::make_unique<ShownDistribution>();
    to.distribution->count = point.count;
    to.distribution->sum = point.sum;
    to.distribution->native = std::make_unique<ShownNative>(ShownNative{
        native->schema, native->zero_threshold, native->zero_count, shown(native->negative), shown(native->positive)});
    return true;
  }

  bool fill(ShownSeries& to, const SummaryPoint& point, const Metric&) {
    to.distribution = std::make_unique<ShownDistribution>();
    to.distribution->count = point.count;
    to.distribution->sum = {true, point.sum};
    for (const Quantile& each : point.quantiles) {
      to.distribution->bounds.push_back(each.quantile);
      to.distribution->values.push_back(each.value);
    }
    return true;
  }

  // One for each sample is all that a page may have.
  void add_newest(ShownSeries& to, const List<Exemplar>& all, double above = -std::numeric_limits<double>::infinity(),
                  double upto = std::numeric_limits<double>::infinity()) {
    const Exemplar* newest = nullptr;
    for (const Exemplar& one : all.span().first(std::min(all.size(), series::exemplars_max)))
      if (const double value = real_of(one.value); value > above && value <= upto)
        if (newest == nullptr || one.time_unix_nanos >= newest->time_unix_nanos) newest = &one;
    if (newest == nullptr) return;
    const series::SampleExemplar made = series::exemplar(*newest, labels_.rules().names, arena_);
    to.exemplars.push_back({packed(made.labels), made.value, made.time_millis});
  }

  // One for each job and instance: with two, no query could join them.
  void target_info() {
    const std::vector<series::Label> labels = labels_.of_target();
    if (labels.empty()) return;
    Metric info;
    info.description = "Target metadata";
    info.name = "target_info";
    info.type = MetricType::gauge;
    name_ = series::metric_name(info, labels_.rules().names);
    const auto family = store_.claims_.family(name_, info, series::FamilyType::info);
    if (family == nullptr) return;  // Somebody's own metric has the name.
    std::string who;
    for (const series::Label& label : labels)
      if (label.name == "job" || label.name == "instance") who.append(label.name).append(label.value).append(1, '\n');
    ShownSeries made;
    made.value = 1;
    made.time_nanos = latest_;
    made.labels = packed(labels);
    is_delta_ = false;
    static_cast<void>(put(joined(identity_of(name_), identity_of(who)), std::move(made), family));  // No point's.
  }

  SeriesStore& store_;
  const Instant now_;
  Arena arena_;
  series::LabelMaker labels_;
  std::uint64_t latest_ = 0;  // Of the resource.
  std::string name_;          // Of the metric, as all below.
  bool is_delta_ = false;
};

Receipt SeriesStore::take(const MetricBatch& batch, Instant now) {
  Taker taker(*this, now);
  for (const MetricResource& group : batch.resources) taker.resource(group);
  return std::move(taker.receipt);
}

}  // namespace rankwire::prometheus_page
