#include "processors/metrics_transform/metric_filter.hpp"

#include "signal/retain.hpp"

namespace rankwire::metrics_transform {

Result<MetricFilter::TextMatcher> MetricFilter::matcher(const std::string& text, MatchType type) {
  TextMatcher matcher{text, {}};
  if (type == MatchType::strict) return matcher;
  auto pattern = text::Pattern::compile(text);
  if (!pattern) return std::move(pattern).error();
  matcher.pattern.emplace(std::move(*pattern));
  return matcher;
}

Result<MetricFilter> MetricFilter::compile(const TransformConfig& config) {
  MetricFilter filter;
  auto name = matcher(config.include, config.match_type);
  if (!name) return std::move(name).error();
  filter.name_ = std::move(*name);
  for (const auto& [key, value] : config.experimental_match_labels) {
    auto label = matcher(value, config.match_type);
    if (!label) return std::move(label).error();
    filter.labels_.emplace_back(key, std::move(*label));
  }
  return filter;
}

bool MetricFilter::has_name(std::string_view name) const { return name_.matches(name); }

bool MetricFilter::has_labels(const Attributes& attributes) const {
  for (const auto& [key, matcher] : labels_) {
    const Value* const value = find(attributes, key);
    if (!matcher.matches(value != nullptr && value->is_text() ? value->text() : std::string_view())) return false;
  }
  return true;
}

bool MetricFilter::matches_any(const Metric& metric) const {
  if (!has_name(metric.name)) return false;
  bool is_any = metric.point_count() == 0 || labels_.empty();
  visit_points(metric, [&](const auto& points) {
    for (const auto& point : points) is_any = is_any || has_labels(point.attributes);
  });
  return is_any;
}

bool MetricFilter::matches_all(const Metric& metric) const {
  bool are_all = true;
  visit_points(metric, [&](const auto& points) {
    for (const auto& point : points) are_all = are_all && has_labels(point.attributes);
  });
  return are_all;
}

std::optional<std::string> MetricFilter::expanded(std::string_view name, const std::string& with) const {
  if (!name_.pattern) return {};
  auto result = name_.pattern->expanded(name, with);
  return result && !result->empty() ? std::move(result) : std::nullopt;
}

void MetricFilter::captures(std::string_view name, std::vector<std::pair<std::string, std::string_view>>& into) const {
  into.clear();
  if (!name_.pattern || name_.pattern->group_count() == 0) return;
  std::vector<std::string_view> groups(name_.pattern->group_count());
  if (!name_.pattern->capture(name, groups)) return;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (groups[i].empty()) continue;
    const std::string& key = name_.pattern->group_names()[i];
    into.emplace_back(key.empty() ? "$" + std::to_string(i + 1) : key, groups[i]);
  }
}

}  // namespace rankwire::metrics_transform
