// The configuration of metrics_transform, as users write it. `label` is the original's word for attribute.
#pragma once

#include "config/fields.hpp"
#include "signal/aggregate.hpp"

namespace rankwire::metrics_transform {

enum class MatchType : std::uint8_t { strict, regexp };
enum class TransformAction : std::uint8_t { none, update, insert, combine, group };
enum class SubmatchCase : std::uint8_t { as_is, lower, upper };
enum class OperationAction : std::uint8_t {
  none,
  add_label,
  update_label,
  delete_label_value,
  toggle_scalar_data_type,
  scale_value,
  aggregate_labels,
  aggregate_label_values,
};

struct ValueActionConfig {
  std::string value, new_value;

  void fields(config::Fields& f);
};

struct OperationConfig {
  OperationAction action = OperationAction::none;
  std::string label, new_label, label_value, new_value;
  std::vector<std::string> label_set, aggregated_values;
  Aggregation aggregation_type = Aggregation::sum;
  std::vector<ValueActionConfig> value_actions;
  double experimental_scale = 0;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct TransformConfig {
  std::string include;
  MatchType match_type = MatchType::strict;
  config::StringMap experimental_match_labels;
  TransformAction action = TransformAction::none;
  std::string new_name;
  config::StringMap group_resource_labels;
  Aggregation aggregation_type = Aggregation::sum;
  SubmatchCase submatch_case = SubmatchCase::as_is;
  std::vector<OperationConfig> operations;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct MetricsTransformConfig {
  std::vector<TransformConfig> transforms;

  void fields(config::Fields& f) { f.list("transforms", transforms, "Applied in order to every metric."); }
};

}  // namespace rankwire::metrics_transform
