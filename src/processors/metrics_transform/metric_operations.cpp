#include "processors/metrics_transform/metric_operations.hpp"

#include <algorithm>
#include <cmath>

#include "signal/retain.hpp"

namespace rankwire::metrics_transform {
namespace {

std::string with_version(std::string text) {
  constexpr std::string_view mark = "{{version}}";
  for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos;
       at += std::string_view(RANKWIRE_VERSION).size())
    text.replace(at, mark.size(), RANKWIRE_VERSION);
  return text;
}

// The original compares what is not a text as if it were "".
std::string_view text_or_nothing(const Value& value) { return value.is_text() ? value.text() : std::string_view(); }

bool contains(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

std::int64_t whole(double number) {
  if (std::isnan(number)) return 0;
  if (number >= 0x1p63) return INT64_MAX;
  return number < -0x1p63 ? INT64_MIN : static_cast<std::int64_t>(number);
}

template <class Visit>
void for_each_point(Metric& metric, Visit visit) {
  visit_points(metric, [&visit](auto& points) {
    for (auto& point : points) visit(point);
  });
}

void add_label(Metric& metric, const OperationConfig& op, Arena& arena) {
  for_each_point(metric, [&](auto& point) {
    if (find(point.attributes, op.new_label) == nullptr)
      set(point.attributes, arena, op.new_label, Value::of(std::string_view(op.new_value)));
  });
}

void update_label(Metric& metric, const OperationConfig& op, const MetricFilter& filter, Arena& arena) {
  for_each_point(metric, [&](auto& point) {
    if (!filter.has_labels(point.attributes)) return;
    const Value* const found = find(point.attributes, op.label);
    if (found == nullptr) return;
    Value value = *found;
    for (const ValueActionConfig& action : op.value_actions) {
      if (text_or_nothing(value) != action.value) continue;
      value = Value::of(std::string_view(action.new_value));
      break;
    }
    const bool is_renamed = !op.new_label.empty() && op.new_label != op.label;
    if (is_renamed) remove(point.attributes, arena, op.label);
    set(point.attributes, arena, is_renamed ? op.new_label : op.label, value);
  });
}

void delete_label_value(Metric& metric, const OperationConfig& op) {
  visit_points(metric, [&op](auto& points) {
    retain(points, [&op](const auto& point) {
      const Value* const value = find(point.attributes, op.label);
      return value == nullptr || text_or_nothing(*value) != op.label_value;
    });
  });
}

void aggregate_labels(Metric& metric, const OperationConfig& op, Arena& arena) {
  for_each_point(metric, [&](auto& point) {
    Attributes kept;
    for (const KeyValue& entry : point.attributes)
      if (contains(op.label_set, entry.key)) kept.push(arena, entry);
    point.attributes = kept;
  });
  aggregate_points(metric, op.aggregation_type, arena);
}

void aggregate_label_values(Metric& metric, const OperationConfig& op, Arena& arena) {
  for_each_point(metric, [&](auto& point) {
    const Value* const value = find(point.attributes, op.label);
    if (value != nullptr && contains(op.aggregated_values, text_or_nothing(*value)))
      set(point.attributes, arena, op.label, Value::of(std::string_view(op.new_value)));
  });
  aggregate_points(metric, op.aggregation_type, arena);
}

void toggle(Number& number) {
  if (number.type == NumberType::integer) {
    const auto value = static_cast<double>(number.integer);
    number.type = NumberType::real;
    number.real = value;
  } else if (number.type == NumberType::real) {
    const std::int64_t value = whole(number.real);
    number.type = NumberType::integer;
    number.integer = value;
  }
}

void toggle_data_type(Metric& metric, const MetricFilter& filter) {
  if (metric.type != MetricType::gauge && metric.type != MetricType::sum) return;
  for (NumberPoint& point : metric.numbers)
    if (filter.has_labels(point.attributes)) toggle(point.value);
}

void scale_number(Number& number, double by) {
  if (number.type == NumberType::integer)
    number.integer = whole(static_cast<double>(number.integer) * by);
  else if (number.type == NumberType::real)
    number.real *= by;
}

// The bucket that the middle of bucket `offset` falls into once it is multiplied. In logarithms: the powers themselves
// are soon too large for a double.
std::int32_t scaled_offset(std::int32_t offset, std::int32_t scale, double by) {
  const double width = std::ldexp(1, -std::clamp(scale, -1000, 1000));
  const double middle = width > 1000 ? width - 1 : std::log2((1 + std::exp2(width)) / 2);
  const double at = static_cast<double>(offset) + (middle + std::log2(by)) / width;
  return static_cast<std::int32_t>(std::clamp(std::ceil(at) - 1, -0x1p31, 0x1p31 - 1));
}

template <class Point>
void scale_distribution(Point& point, double by, Arena& arena) {
  for (OptionalReal* part : {&point.sum, &point.min, &point.max}) part->value *= by;
  point.exemplars.own(arena);
  for (Exemplar& exemplar : point.exemplars) scale_number(exemplar.value, by);
}

void scale_point(NumberPoint& point, double by, Arena&) { scale_number(point.value, by); }
void scale_point(SummaryPoint&, double, Arena&) {}
void scale_point(HistogramPoint& point, double by, Arena& arena) {
  scale_distribution(point, by, arena);
  point.explicit_bounds.own(arena);
  for (double& bound : point.explicit_bounds) bound *= by;
}
void scale_point(ExponentialHistogramPoint& point, double by, Arena& arena) {
  scale_distribution(point, by, arena);
  point.zero_threshold *= by;
  for (ExponentialBuckets* buckets : {&point.positive, &point.negative})
    if (!buckets->bucket_counts.empty()) buckets->offset = scaled_offset(buckets->offset, point.scale, by);
}

void scale_value(Metric& metric, double by, const MetricFilter& filter, Arena& arena) {
  const bool is_number = metric.type == MetricType::gauge || metric.type == MetricType::sum;
  if (by < 0 && !is_number) return;  // Buckets cannot be turned round.
  for_each_point(metric, [&](auto& point) {
    if (filter.has_labels(point.attributes)) scale_point(point, by, arena);
  });
}

}  // namespace

MetricOperations::MetricOperations(std::vector<OperationConfig> operations) : operations_(std::move(operations)) {
  for (OperationConfig& op : operations_) {
    op.new_value = with_version(std::move(op.new_value));
    for (ValueActionConfig& action : op.value_actions) action.new_value = with_version(std::move(action.new_value));
  }
}

void MetricOperations::apply(Metric& metric, const MetricFilter& filter, bool is_whole, Arena& arena) const {
  using A = OperationAction;
  for (const OperationConfig& op : operations_) {
    const bool is_for_points =
        op.action == A::update_label || op.action == A::toggle_scalar_data_type || op.action == A::scale_value;
    if (!is_whole && !is_for_points) continue;
    switch (op.action) {
      case A::none: break;
      case A::add_label: add_label(metric, op, arena); break;
      case A::update_label: update_label(metric, op, filter, arena); break;
      case A::delete_label_value: delete_label_value(metric, op); break;
      case A::toggle_scalar_data_type: toggle_data_type(metric, filter); break;
      case A::scale_value: scale_value(metric, op.experimental_scale, filter, arena); break;
      case A::aggregate_labels: aggregate_labels(metric, op, arena); break;
      case A::aggregate_label_values: aggregate_label_values(metric, op, arena); break;
    }
  }
}

}  // namespace rankwire::metrics_transform
