#include "ottl/tally_config.hpp"

#include "ottl/program.hpp"
#include "ottl/settings/group_settings.hpp"
#include "ottl/tally.hpp"

namespace rankwire::ottl {

void TallyAttribute::fields(config::Fields& f) {
  f.field("key", key, "Of an attribute of the record.");
  f.field("default_value", default_value, "For records without it; without a default they do not count.");
}

void TallyAttribute::validate(config::Validator& v) const {
  if (key.empty()) v.error("key", "must be set");
  if (!default_value.is_null() && !default_value.is_scalar())
    v.error("default_value", "must be a text, a number or a boolean");
}

void TallyMetric::add_fields(config::Fields& f, bool is_sum) {
  f.field("description", description, "Of the metric.");
  f.field("conditions", conditions, "Records for which one of these holds count; none: all.");
  f.list("attributes", attributes, "The metric has a point for every value of these.");
  if (is_sum) f.field("source_attribute", source_attribute, "The attribute whose values are added up.");
}

void TallyMetric::check(config::Validator& v, Context context, bool is_sum) const {
  if (is_sum && source_attribute.empty()) v.error("source_attribute", "must be set", "name the attribute to add up");
  if (context == Context::metric && !attributes.empty())
    v.error("attributes", "is not for metrics, which have none", "count `datapoints`");
  std::vector<TextProblem> problems;
  ConditionGroup::compile(conditions, tally_dialect(context), context, problems);
  for (const TextProblem& found : problems) report("conditions[" + std::to_string(found.index) + "]", found.problem, v);
}

}  // namespace rankwire::ottl
