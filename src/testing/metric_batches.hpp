// Small metric batches for tests, and their points as lines of text.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "signal/retain.hpp"
#include "testing/log_batches.hpp"

namespace rankwire::testing {

// Builds one batch; `resource()` and `metric()` open what the next points go into. Times are nanoseconds.
class MetricBatchBuilder {
 public:
  using Labels = std::initializer_list<std::pair<const char*, const char*>>;

  MetricBatchBuilder& resource(Labels labels = {}) {
    MetricResource& group = batch_.resources.push(batch_.arena(), {});
    group.resource.attributes = attributes(labels);
    group.scopes.push(batch_.arena(), {});
    return *this;
  }
  MetricBatchBuilder& metric(std::string_view name, MetricType type, Temporality temporality = Temporality::unspecified,
                             bool is_monotonic = true) {
    if (batch_.resources.empty()) resource();
    Metric& added = batch_.resources.back().scopes.back().records.push(batch_.arena(), {});
    added.name = batch_.arena().copy(name);
    added.type = type;
    added.temporality = temporality;
    added.is_monotonic = is_monotonic && type == MetricType::sum;
    return *this;
  }
  MetricBatchBuilder& unit(const char* unit) {
    current().unit = unit;
    return *this;
  }
  MetricBatchBuilder& counter(std::string_view name) { return metric(name, MetricType::sum, Temporality::cumulative); }
  MetricBatchBuilder& delta(std::string_view name) { return metric(name, MetricType::sum, Temporality::delta); }
  MetricBatchBuilder& gauge(std::string_view name) { return metric(name, MetricType::gauge); }

  template <class N>
  MetricBatchBuilder& point(N value, Labels labels = {}, std::uint64_t start = 0, std::uint64_t time = 0) {
    NumberPoint& added = current().numbers.push(batch_.arena(), {});
    if constexpr (std::is_floating_point_v<N>) {
      added.value.type = NumberType::real;
      added.value.real = value;
    } else {
      added.value.type = NumberType::integer;
      added.value.integer = value;
    }
    place(added, labels, start, time);
    return *this;
  }
  // The count is that of the buckets; bounds are 1, 2, 3, …
  MetricBatchBuilder& histogram(std::initializer_list<std::uint64_t> buckets, double sum, Labels labels = {},
                                std::uint64_t start = 0, std::uint64_t time = 0) {
    HistogramPoint& added = current().histograms.push(batch_.arena(), {});
    for (const std::uint64_t count : buckets) {
      if (!added.bucket_counts.empty())
        added.explicit_bounds.push(batch_.arena(), static_cast<double>(added.bucket_counts.size()));
      added.bucket_counts.push(batch_.arena(), count);
      added.count += count;
    }
    added.sum = {true, sum};
    place(added, labels, start, time);
    return *this;
  }
  MetricBatchBuilder& exponential(std::int32_t scale, std::int32_t offset, std::initializer_list<std::uint64_t> buckets,
                                  double sum, Labels labels = {}, std::uint64_t start = 0, std::uint64_t time = 0) {
    ExponentialHistogramPoint& added = current().exponential_histograms.push(batch_.arena(), {});
    added.scale = scale;
    added.positive.offset = offset;
    for (const std::uint64_t count : buckets) {
      added.positive.bucket_counts.push(batch_.arena(), count);
      added.count += count;
    }
    added.sum = {true, sum};
    place(added, labels, start, time);
    return *this;
  }
  MetricBatchBuilder& summary(std::uint64_t count, double sum, Labels labels = {}, std::uint64_t start = 0,
                              std::uint64_t time = 0) {
    SummaryPoint& added = current().summaries.push(batch_.arena(), {});
    added.count = count;
    added.sum = sum;
    place(added, labels, start, time);
    return *this;
  }

  Metric& current() { return batch_.resources.back().scopes.back().records.back(); }
  Arena& arena() { return batch_.arena(); }
  SignalBatch take() { return std::move(batch_); }

 private:
  Attributes attributes(Labels labels) {
    Attributes list;
    for (const auto& [key, value] : labels)
      list.push(batch_.arena(), {batch_.arena().copy(key), Value::of(batch_.arena().copy(value))});
    return list;
  }
  template <class Point>
  void place(Point& point, Labels labels, std::uint64_t start, std::uint64_t time) {
    point.attributes = attributes(labels);
    point.start_time_unix_nanos = start;
    point.time_unix_nanos = time;
  }

  MetricBatch batch_;
};

inline std::string short_text(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", number);
  return text;
}

template <class N>
std::string list_text(const List<N>& list) {
  std::string out;
  for (const N& element : list) {
    if (!out.empty()) out += ',';
    if constexpr (std::is_floating_point_v<N>)
      out += short_text(element);
    else
      out += std::to_string(element);
  }
  return '[' + out + ']';
}

inline std::string value_text(const NumberPoint& point) {
  if (point.value.type == NumberType::none) return "none";
  return point.value.type == NumberType::integer ? std::to_string(point.value.integer)
                                                 : short_text(point.value.real) + "r";
}
inline std::string value_text(const HistogramPoint& point) {
  return std::to_string(point.count) + (point.sum.is_set ? "/" + short_text(point.sum.value) : "") +
         list_text(point.bucket_counts);
}
inline std::string value_text(const ExponentialHistogramPoint& point) {
  std::string out = std::to_string(point.count) + (point.sum.is_set ? "/" + short_text(point.sum.value) : "") + "s" +
                    std::to_string(point.scale);
  if (point.zero_count != 0) out += "z" + std::to_string(point.zero_count);
  if (!point.positive.bucket_counts.empty())
    out += "+" + std::to_string(point.positive.offset) + list_text(point.positive.bucket_counts);
  if (!point.negative.bucket_counts.empty())
    out += "-" + std::to_string(point.negative.offset) + list_text(point.negative.bucket_counts);
  return out;
}
inline std::string value_text(const SummaryPoint& point) {
  return std::to_string(point.count) + "/" + short_text(point.sum);
}

// "requests{code=200} 5 @10-20": name, attributes, value, start and end; a real ends in r.
inline std::vector<std::string> point_lines(const SignalBatch& batch) {
  std::vector<std::string> lines;
  for (const MetricResource& resource : batch.metrics().resources)
    for (const MetricScope& scope : resource.scopes)
      for (const Metric& metric : scope.records)
        visit_points(metric, [&](const auto& points) {
          for (const auto& point : points)
            lines.push_back(std::string(metric.name) + text_of(point.attributes) + " " + value_text(point) + " @" +
                            std::to_string(point.start_time_unix_nanos) + "-" + std::to_string(point.time_unix_nanos));
        });
  return lines;
}

// The same without times.
inline std::vector<std::string> value_lines(const SignalBatch& batch) {
  std::vector<std::string> lines = point_lines(batch);
  for (std::string& line : lines) line.resize(line.find(" @"));
  return lines;
}

using Lines = std::vector<std::string>;

}  // namespace rankwire::testing
