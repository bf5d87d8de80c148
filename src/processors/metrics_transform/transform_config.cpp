#include "processors/metrics_transform/transform_config.hpp"

#include "processors/metrics_transform/metric_filter.hpp"

namespace rankwire::metrics_transform {
namespace {

template <class Enum>
config::Choice choice(std::string_view name, Enum value) {
  return {name, static_cast<int>(value)};
}

void aggregation_field(config::Fields& f, Aggregation& value) {
  f.choice(
      "aggregation_type", value,
      {choice("sum", Aggregation::sum), choice("mean", Aggregation::mean), choice("min", Aggregation::min),
       choice("max", Aggregation::max), choice("count", Aggregation::count), choice("median", Aggregation::median)},
      "How points that become alike are joined.");
}

}  // namespace

void ValueActionConfig::fields(config::Fields& f) {
  f.field("value", value, "Value to replace.");
  f.field("new_value", new_value, "What replaces it; {{version}} is the agent's.");
}

void OperationConfig::fields(config::Fields& f) {
  using A = OperationAction;
  f.choice("action", action,
           {choice("add_label", A::add_label), choice("update_label", A::update_label),
            choice("delete_label_value", A::delete_label_value),
            choice("toggle_scalar_data_type", A::toggle_scalar_data_type),
            choice("experimental_scale_value", A::scale_value), choice("aggregate_labels", A::aggregate_labels),
            choice("aggregate_label_values", A::aggregate_label_values)},
           "What to do.");
  f.field("label", label, "Label to look at.");
  f.field("new_label", new_label, "Name of the label to add, or the new name of `label`.");
  f.field("label_value", label_value, "Points with this value of `label` are deleted.");
  f.field("new_value", new_value, "Value to add, or of the aggregated points; {{version}} is the agent's.");
  f.field("label_set", label_set, "Labels that stay when the others are aggregated away.");
  f.field("aggregated_values", aggregated_values, "Values of `label` that become `new_value`.");
  aggregation_field(f, aggregation_type);
  f.list("value_actions", value_actions, "Values of `label` to replace.");
  f.field("experimental_scale", experimental_scale, "What values are multiplied with.");
}

void OperationConfig::validate(config::Validator& v) const {
  using A = OperationAction;
  const auto need = [&v](bool is_there, const char* key) {
    if (!is_there) v.error(key, "must be set for this action");
  };
  const bool uses_label =
      action == A::update_label || action == A::delete_label_value || action == A::aggregate_label_values;
  if (action == A::none) v.error("action", "must be set");
  if (uses_label) need(!label.empty(), "label");
  if (action == A::add_label) need(!new_label.empty(), "new_label");
  if (action == A::add_label) need(!new_value.empty(), "new_value");
  if (action == A::scale_value) need(experimental_scale != 0, "experimental_scale");
}

void TransformConfig::fields(config::Fields& f) {
  using A = TransformAction;
  f.field("include", include, "Name of the metrics to transform, or a regular expression found in it.");
  f.choice("match_type", match_type, {choice("strict", MatchType::strict), choice("regexp", MatchType::regexp)},
           "How `include` and the values of `experimental_match_labels` are compared.");
  f.field("experimental_match_labels", experimental_match_labels,
          "Only points with these labels; an absent label has the value \"\".");
  f.choice("action", action,
           {choice("update", A::update), choice("insert", A::insert), choice("combine", A::combine),
            choice("group", A::group)},
           "In place, on a copy, joined into one metric, or moved to a resource of their own.");
  f.field("new_name", new_name, "Name of what comes out; $1 and ${name} are groups of `include`.");
  f.field("group_resource_labels", group_resource_labels, "Attributes of the resource that `group` makes.");
  aggregation_field(f, aggregation_type);
  f.choice(
      "submatch_case", submatch_case,
      {choice("lower", SubmatchCase::lower), choice("upper", SubmatchCase::upper), choice("", SubmatchCase::as_is)},
      "Case of label values that `combine` takes from names.");
  f.list("operations", operations, "Applied in order to what comes out.");
}

void TransformConfig::validate(config::Validator& v) const {
  using A = TransformAction;
  if (include.empty()) v.error("include", "must be set");
  if (action == A::none) v.error("action", "must be set", "update, insert, combine or group");
  if (new_name.empty() && action == A::insert) v.error("new_name", "must be set for insert");
  if (new_name.empty() && action == A::combine)
    v.warning("new_name", "is not set: the combined metric keeps the name of the first");
  if (group_resource_labels.empty() && action == A::group) v.error("group_resource_labels", "must be set for group");
  if (const auto filter = MetricFilter::compile(*this); !filter) v.error("include", filter.error().message());
}

}  // namespace rankwire::metrics_transform
