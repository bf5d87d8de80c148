#include "exporters/prometheus_remote_write/translate.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <unordered_map>

#include "series/exemplar.hpp"
#include "series/native_histogram.hpp"
#include "signal/aggregate.hpp"

namespace rankwire::prometheus_remote_write {
namespace {

using series::exemplars_max;
using series::family_type;
using series::LabelMaker;
using series::native_histogram;
using series::text_of;
using series::unit_name;

constexpr std::uint64_t nanos_per_milli = 1'000'000;
constexpr std::uint32_t no_recorded_value = 1;
// What senders may make of us: labels of a point, and memory for the series of a batch.
constexpr std::size_t labels_max = 1024;
constexpr Bytes memory_max = 256_MiB;
const double stale = std::bit_cast<double>(stale_bits);

std::int64_t millis(std::uint64_t nanos) { return static_cast<std::int64_t>(nanos / nanos_per_milli); }

class Translator {
 public:
  Translator(const TranslationRules& rules, CumulativeState& deltas, Instant now, SeriesSet& to)
      : rules_(rules), deltas_(deltas), now_(now), to_(to), labels_(rules.labels, to.arena) {}

  void resource(const MetricResource& group) {
    labels_.begin_resource(group.resource);
    latest_ = 0;
    for (const MetricScope& scope : group.scopes) {
      labels_.begin_scope(scope.scope, scope.schema_url);
      for (const Metric& one : scope.records) metric(one);
    }
    if (rules_.has_target_info && latest_ != 0) target_info();
  }

 private:
  void metric(const Metric& metric) {
    name_ = to_.arena.copy(metric_name(metric, rules_.labels.names));
    const bool has_temporality = metric.type != MetricType::gauge && metric.type != MetricType::summary;
    is_delta_ = has_temporality && metric.temporality == Temporality::delta;
    const bool is_unusable = has_temporality && metric.temporality == Temporality::unspecified;
    if (name_.empty() || is_unusable) {
      const char* why = name_.empty() ? "a metric without a name" : "a metric without a temporality";
      for (std::uint32_t i = 0; i < metric.point_count(); ++i) to_.lose(point_++, why);
      return;
    }
    family_ = family(metric);
    for (const NumberPoint& point : metric.numbers) begin(point) ? number(point, metric) : void();
    for (const HistogramPoint& point : metric.histograms) begin(point) ? histogram(point) : void();
    for (const ExponentialHistogramPoint& point : metric.exponential_histograms)
      begin(point) ? exponential(point) : void();
    for (const SummaryPoint& point : metric.summaries) begin(point) ? summary(point) : void();
  }

  std::uint32_t family(const Metric& metric) {
    const auto [at, is_new] = families_.try_emplace(name_, static_cast<std::uint32_t>(to_.families.size()));
    if (is_new)
      to_.families.push_back({.name = name_,
                              .help = metric.description,
                              .unit = to_.arena.copy(unit_name(metric.unit)),
                              .type = family_type(metric)});
    return at->second;
  }

  // False: the point says nothing.
  template <class Point>
  bool begin(const Point& point) {
    sample_ = {.time_millis = millis(point.time_unix_nanos),
               .start_millis = millis(point.start_time_unix_nanos),
               .value = 0,
               .histogram = nullptr,
               .exemplars = {},
               .point = point_++};
    is_stale_ = (point.flags & no_recorded_value) != 0;
    if (point.time_unix_nanos == 0) {
      to_.lose(sample_.point, "a data point without a time");
      return false;
    }
    if (point.attributes.size() + labels_.further_max() > labels_max) {
      to_.lose(sample_.point, "a data point with more than 1024 labels");
      return false;
    }
    latest_ = std::max(latest_, point.time_unix_nanos);
    base_ = &labels_.of_point(point.attributes);
    return true;
  }

  // What the state has made of a delta; false: nothing is to be sent.
  template <class Point, class... More>
  bool add_up(Point& point, More&... more) {
    if (!is_delta_ || is_stale_) return true;
    const List<Label> labels = labels_.with(*base_, name_, {});
    switch (deltas_.add(identity_of_labels(labels), point, now_, more...)) {
      case CumulativeState::Outcome::added: break;
      case CumulativeState::Outcome::late: return false;
      case CumulativeState::Outcome::full:
        to_.lose(sample_.point, "more series of deltas than there is room to add up");
        return false;
    }
    sample_.start_millis = millis(point.start_time_unix_nanos);
    return true;
  }

  void number(NumberPoint point, const Metric& metric) {
    if (metric.type == MetricType::gauge) sample_.start_millis = 0;
    if (!is_stale_ && point.value.type == NumberType::none)
      return to_.lose(sample_.point, "a data point without a value");
    if (!add_up(point)) return;
    if (metric.is_monotonic) add_exemplars(point.exemplars);
    add(name_, {}, real_of(point.value));
  }

  void histogram(HistogramPoint point) {
    if (!point.bucket_counts.empty() && point.bucket_counts.size() != point.explicit_bounds.size() + 1)
      return to_.lose(sample_.point, "a histogram whose buckets and bounds do not fit together");
    if (!add_up(point, to_.arena)) return;
    if (point.sum.is_set || is_stale_) add(suffixed("_sum"), {}, point.sum.value);
    add(suffixed("_count"), {}, static_cast<double>(point.count));
    const std::string_view bucket = suffixed("_bucket");
    std::uint64_t below = 0;
    double lower = -std::numeric_limits<double>::infinity();
    const std::uint32_t bounds = std::min(point.explicit_bounds.size(), point.bucket_counts.size());
    for (std::uint32_t i = 0; i < bounds; ++i) {
      const double bound = point.explicit_bounds[i];
      below += point.bucket_counts[i];
      exemplars_between(point.exemplars, lower, bound);
      add(bucket, {"le", text_of(bound, to_.arena)}, static_cast<double>(below));
      lower = bound;
    }
    exemplars_between(point.exemplars, lower, std::numeric_limits<double>::infinity());
    add(bucket, {"le", "+Inf"}, static_cast<double>(point.count));
  }

  void exponential(ExponentialHistogramPoint point) {
    if (!add_up(point, to_.arena)) return;
    sample_.histogram = native_histogram(point, to_.arena);
    if (sample_.histogram == nullptr)
      return to_.lose(sample_.point, "an exponential histogram of a scale below -4, which Prometheus does not have");
    add_exemplars(point.exemplars);
    if (is_stale_) {
      auto* none = new (to_.arena.allocate(sizeof(NativeHistogram), alignof(NativeHistogram))) NativeHistogram;
      none->sum = stale;
      sample_.histogram = none;
    }
    add(name_, {}, 0);
  }

  void summary(const SummaryPoint& point) {
    add(suffixed("_sum"), {}, point.sum);
    add(suffixed("_count"), {}, static_cast<double>(point.count));
    for (const Quantile& each : point.quantiles)
      add(name_, {"quantile", text_of(each.quantile, to_.arena)}, each.value);
  }

  // In milliseconds no two of a series are the same: then the last counts.
  void target_info() {
    const std::vector<Label> labels = labels_.of_target();
    if (labels.empty()) return;
    Metric info;
    info.name = "target_info";
    info.description = "Target metadata";
    info.type = MetricType::gauge;
    name_ = to_.arena.copy(metric_name(info, rules_.labels.names));
    family_ = family(info);
    to_.families[family_].type = FamilyType::info;
    sample_ = {.time_millis = millis(latest_),
               .start_millis = 0,
               .value = 0,
               .histogram = nullptr,
               .exemplars = {},
               .point = SeriesSet::no_point};
    is_stale_ = false;
    base_ = &labels;
    add(name_, {}, 1);
  }

  std::string_view suffixed(std::string_view suffix) {
    return to_.arena.copy(std::string(name_) + std::string(suffix));
  }

  Identity identity_of_labels(const List<Label>& labels) {
    text_.clear();
    for (const Label& label : labels)  // No UTF-8 has these bytes.
      text_.append(label.name).append(1, '\xff').append(label.value).append(1, '\xfe');
    return identity_of(text_);
  }

  void add(std::string_view name, Label further, double value) {
    if (to_.arena.reserved_bytes() > memory_max.count)
      return to_.lose(sample_.point, "a batch that becomes more than 256 MiB of series");
    const List<Label> labels = labels_.with(*base_, name, further);
    const Identity identity = identity_of_labels(labels);
    const auto [at, is_new] = series_.try_emplace(identity, static_cast<std::uint32_t>(to_.series.size()));
    if (is_new) to_.series.push_back({.identity = identity, .labels = labels, .samples = {}, .family = family_});
    sample_.value = is_stale_ ? stale : value;
    to_.series[at->second].samples.push_back(sample_);
  }

  void add_exemplars(const List<Exemplar>& all) {
    for (const Exemplar& one : all.span().first(std::min(all.size(), exemplars_max)))
      sample_.exemplars.push(to_.arena, series::exemplar(one, rules_.labels.names, to_.arena));
  }

  void exemplars_between(const List<Exemplar>& all, double above, double upto) {
    sample_.exemplars = {};
    for (const Exemplar& one : all.span().first(std::min(all.size(), exemplars_max)))
      if (const double value = real_of(one.value); value > above && value <= upto)
        sample_.exemplars.push(to_.arena, series::exemplar(one, rules_.labels.names, to_.arena));
  }

  const TranslationRules& rules_;
  CumulativeState& deltas_;
  const Instant now_;
  SeriesSet& to_;
  LabelMaker labels_;
  std::unordered_map<Identity, std::uint32_t> series_;
  std::unordered_map<std::string_view, std::uint32_t> families_;
  std::string text_;

  std::uint32_t point_ = 0;   // The next one's number.
  std::uint64_t latest_ = 0;  // Of the resource.
  std::string_view name_;     // Of the metric, as all below.
  std::uint32_t family_ = 0;
  bool is_delta_ = false;
  bool is_stale_ = false;  // Of the point, as all below.
  const std::vector<Label>* base_ = nullptr;
  Sample sample_;
};

}  // namespace

void translate(const MetricBatch& batch, const TranslationRules& rules, CumulativeState& deltas, Instant now,
               SeriesSet& to) {
  to.lost.assign(batch.record_count(), false);
  Translator translator(rules, deltas, now, to);
  for (const MetricResource& group : batch.resources) translator.resource(group);
}

}  // namespace rankwire::prometheus_remote_write
