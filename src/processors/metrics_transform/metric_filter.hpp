// Which metrics and which of their points a transform is about.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "processors/metrics_transform/transform_config.hpp"
#include "signal/metrics.hpp"
#include "text/pattern.hpp"

namespace rankwire::metrics_transform {

class MetricFilter {
 public:
  static Result<MetricFilter> compile(const TransformConfig& config);

  bool has_name(std::string_view name) const;
  bool has_labels(const Attributes& attributes) const;
  bool is_about_labels() const { return !labels_.empty(); }
  // By name, and at least one point by labels; also a metric without points.
  bool matches_any(const Metric& metric) const;
  bool matches_all(const Metric& metric) const;
  // `with` after its $1 and ${name} were replaced; nothing if the name does not match or that leaves nothing.
  std::optional<std::string> expanded(std::string_view name, const std::string& with) const;
  // The groups that took part in the match of `name` and are not empty: their names, or "$1", and their texts.
  void captures(std::string_view name, std::vector<std::pair<std::string, std::string_view>>& into) const;

 private:
  struct TextMatcher {
    std::string text;
    std::optional<text::Pattern> pattern;  // Instead of `text`.

    bool matches(std::string_view value) const { return pattern ? pattern->matches(value) : value == text; }
  };
  static Result<TextMatcher> matcher(const std::string& text, MatchType type);

  TextMatcher name_;
  std::vector<std::pair<std::string, TextMatcher>> labels_;
};

}  // namespace rankwire::metrics_transform
