#include "processors/span/span_config.hpp"

#include <re2/re2.h>

namespace rankwire::span {

void ToAttributesConfig::fields(config::Fields& f) {
  f.field("rules", rules, "Regular expressions on the name, in order; named groups become attributes.");
  f.field("break_after_match", break_after_match, "Whether the first rule that matches is the last.");
  f.field("keep_original_name", keep_original_name, "Whether the name stays as it is.");
}

void ToAttributesConfig::validate(config::Validator& v) const {
  for (const std::string& rule : rules) {
    const RE2 expression(rule, RE2::Quiet);
    if (!expression.ok())
      v.error("rules", "not a regular expression: \"" + rule + "\": " + expression.error());
    else if (static_cast<std::size_t>(expression.NumberOfCapturingGroups()) != expression.NamedCapturingGroups().size())
      v.warning("rules", "a group without a name makes no attribute: \"" + rule + "\"", "(?P<name>…), or (?:…)");
  }
}

void NameConfig::fields(config::Fields& f) {
  f.field("from_attributes", from_attributes, "The values of these attributes, joined, are the new name.");
  f.field("separator", separator, "Stands between the values.");
  f.optional_section("to_attributes", to_attributes, "Parts of the name that become attributes.");
}

void StatusConfig::fields(config::Fields& f) {
  f.choice("code", code,
           {{"Unset", static_cast<int>(StatusCode::unset)},
            {"Ok", static_cast<int>(StatusCode::ok)},
            {"Error", static_cast<int>(StatusCode::error)}},
           "The new status.");
  f.field("description", description, "What went wrong; only with Error.");
}

void StatusConfig::validate(config::Validator& v) const {
  if (code == StatusCode::none) v.error("code", "must be set", "Ok, Error or Unset");
  if (!description.empty() && code != StatusCode::error) v.error("description", "goes with code: Error only");
}

void SpanConfig::fields(config::Fields& f) {
  f.optional_section("include", include, "Only spans that match are changed.");
  f.optional_section("exclude", exclude, "Spans that match are left alone.");
  f.section("name", name, "Names from attributes, and attributes from names.");
  f.optional_section("status", status, "The status to set.");
}

void SpanConfig::validate(config::Validator& v) const {
  if (name.from_attributes.empty() && (!name.to_attributes || name.to_attributes->rules.empty()) && !status)
    v.error("", "has nothing to do", "set name::from_attributes, name::to_attributes::rules or status");
  for (const auto& [key, match] : {std::pair("include", &include), {"exclude", &exclude}}) {
    if (!*match) continue;
    const MatchConfig& of = **match;
    if (!of.log_bodies.empty() || !of.log_severity_texts.empty() || of.log_severity_number || !of.metric_names.empty())
      v.error(key, "conditions of log records and metrics do not apply to spans",
              "services, span_names, span_kinds, attributes, resources or libraries");
  }
}

}  // namespace rankwire::span
