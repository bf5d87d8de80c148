#include "component/metric_switches.hpp"

#include <algorithm>

namespace rankwire {

std::size_t MetricSpec::attribute_count() const {
  return static_cast<std::size_t>(std::find(std::begin(attributes), std::end(attributes), std::string_view()) -
                                  std::begin(attributes));
}

void MetricSwitch::fields(config::Fields& f) {
  f.field("enabled", enabled, "Whether it is given.");
  if (spec->attribute_count() == 0) return;
  f.choice("aggregation_strategy", aggregation_strategy,
           {{"sum", static_cast<int>(Aggregation::sum)},
            {"avg", static_cast<int>(Aggregation::average)},
            {"min", static_cast<int>(Aggregation::min)},
            {"max", static_cast<int>(Aggregation::max)}},
           "How points are joined that differ in other attributes only.");
  f.field("attributes", attributes, "Attributes that are kept.");
}

void MetricSwitch::validate(config::Validator& v) const {
  std::string known;
  const auto* const end = spec->attributes + spec->attribute_count();
  for (const auto* at = spec->attributes; at != end; ++at) known += (known.empty() ? "" : ", ") + std::string(*at);
  for (const std::string& name : attributes)
    if (std::find(spec->attributes, end, name) == end)
      v.error("attributes", "\"" + name + "\" is no attribute of this metric", "allowed are " + known);
}

MetricSwitches::MetricSwitches(std::span<const MetricSpec> table) {
  switches_.reserve(table.size());
  for (const MetricSpec& spec : table) {
    MetricSwitch& one = switches_.emplace_back();
    one.spec = &spec;
    one.enabled = spec.is_enabled;
    one.aggregation_strategy = spec.shape == MetricShape::gauge ? Aggregation::average : Aggregation::sum;
    for (std::size_t i = 0; i < spec.attribute_count(); ++i) one.attributes.emplace_back(spec.attributes[i]);
  }
}

bool MetricSwitches::is_any_enabled() const {
  return std::any_of(switches_.begin(), switches_.end(), [](const MetricSwitch& one) { return one.enabled; });
}

void MetricSwitches::fields(config::Fields& f) {
  for (MetricSwitch& one : switches_) f.section(one.spec->name, one, one.spec->description);
}

}  // namespace rankwire
