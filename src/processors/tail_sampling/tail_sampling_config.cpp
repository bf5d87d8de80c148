#include "processors/tail_sampling/tail_sampling_config.hpp"

#include <algorithm>

#include "ottl/settings/group_settings.hpp"
#include "processors/tail_sampling/ottl_policy.hpp"
#include "text/pattern.hpp"

namespace rankwire::tail_sampling {
namespace {

using config::Choice;
using config::Fields;
using config::Validator;

std::vector<Choice> leaf_types() {
  const auto as = [](std::string_view name, PolicyType type) { return Choice{name, static_cast<int>(type)}; };
  return {as("always_sample", PolicyType::always_sample),
          as("latency", PolicyType::latency),
          as("numeric_attribute", PolicyType::numeric_attribute),
          as("probabilistic", PolicyType::probabilistic),
          as("status_code", PolicyType::status_code),
          as("string_attribute", PolicyType::string_attribute),
          as("rate_limiting", PolicyType::rate_limiting),
          as("bytes_limiting", PolicyType::bytes_limiting),
          as("span_count", PolicyType::span_count),
          as("trace_state", PolicyType::trace_state),
          as("trace_flags", PolicyType::trace_flags),
          as("boolean_attribute", PolicyType::boolean_attribute),
          as("ottl_condition", PolicyType::ottl_condition)};
}

std::string item(std::string_view list, std::size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

// Of a section that belongs to one type: wrong where it is missing, useless where the type is another.
void check_section(Validator& v, std::string_view key, bool is_type, bool is_there, bool is_needed) {
  if (is_type && !is_there && is_needed)
    v.error(key, "must be set for a policy of this type");
  else if (is_type && !is_there)
    v.warning(key, "is not set: its defaults apply");
  else if (!is_type && is_there)
    v.warning(key, "is not used: the policy has another type");
}

bool can_depend_on_others(PolicyType type) {
  return type == PolicyType::rate_limiting || type == PolicyType::bytes_limiting;
}
bool can_depend_on_others(const InnerPolicy& policy) {
  if (policy.type == PolicyType::not_policy && policy.negated && policy.negated->sub_policy)
    return can_depend_on_others(policy.negated->sub_policy->type);
  return can_depend_on_others(policy.type);
}
bool can_depend_on_others(const std::vector<InnerPolicy>& policies) {
  return std::any_of(policies.begin(), policies.end(),
                     [](const InnerPolicy& policy) { return can_depend_on_others(policy); });
}
bool can_depend_on_others(const CompositePolicy& policy) {
  if (policy.type == PolicyType::and_policy && policy.all_of) return can_depend_on_others(policy.all_of->sub_policies);
  return can_depend_on_others(static_cast<const InnerPolicy&>(policy));
}
// The shares of a composite do so too, which the original allows.
bool can_depend_on_others(const PolicySettings& policy) {
  if (policy.type == PolicyType::drop && policy.drop) return can_depend_on_others(policy.drop->sub_policies);
  if (policy.type != PolicyType::composite || !policy.composite)
    return can_depend_on_others(static_cast<const CompositePolicy&>(policy));
  const auto& inside = policy.composite->sub_policies;
  return std::any_of(inside.begin(), inside.end(),
                     [](const CompositePolicy& one) { return can_depend_on_others(one); });
}

}  // namespace

void LatencySettings::fields(Fields& f) {
  f.field("threshold_ms", threshold_ms, "From here on a trace is sampled; with an upper bound, above.");
  f.field("upper_threshold_ms", upper_threshold_ms, "Up to here; 0: no bound.");
}

void NumericAttributeSettings::fields(Fields& f) {
  f.field("key", key, "Of a resource or span.");
  f.field("min_value", min_value, "Least that matches; 0: no bound.");
  f.field("max_value", max_value, "Most that matches; 0: no bound.");
  f.field("invert_match", invert_match, "Samples traces in which nothing matches.");
}

void ProbabilisticSettings::fields(Fields& f) {
  f.field("hash_salt", hash_salt, "Of the hash of the trace id; the same in every agent of one tier.");
  f.field("sampling_percentage", sampling_percentage, "Share of traces that is sampled.");
}

void StatusCodeSettings::fields(Fields& f) {
  f.field("status_codes", status_codes, "OK, ERROR, UNSET: one span with one of them is enough.");
}

void StatusCodeSettings::validate(Validator& v) const {
  if (status_codes.empty()) v.error("status_codes", "needs at least one", "OK, ERROR or UNSET");
  for (std::size_t i = 0; i < status_codes.size(); ++i)
    if (status_codes[i] != "OK" && status_codes[i] != "ERROR" && status_codes[i] != "UNSET")
      v.error(item("status_codes", i), "\"" + status_codes[i] + "\" is no status", "OK, ERROR or UNSET");
}

void StringAttributeSettings::fields(Fields& f) {
  f.field("key", key, "Of a resource or span.");
  f.field("values", values, "One of these matches.");
  f.field("enabled_regex_matching", enabled_regex_matching, "The values are regular expressions, not anchored.");
  f.field("cache_max_size", cache_max_size, "How many answers of regular expressions are remembered; 0: 128.",
          {.max = 1e6});
  f.field("invert_match", invert_match, "Samples traces in which nothing matches.");
}

void StringAttributeSettings::validate(Validator& v) const {
  for (std::size_t i = 0; enabled_regex_matching && i < values.size(); ++i)
    if (auto pattern = text::Pattern::compile(values[i]); !pattern)
      v.error(item("values", i), pattern.error().message());
}

void RateLimitingSettings::fields(Fields& f) {
  f.field("spans_per_second", spans_per_second, "Fewer than this many spans are sampled in a second.");
  f.field("burst_capacity", burst_capacity, "Spans that may be saved up: a bucket instead of seconds.", {.min = 1});
}

void BytesLimitingSettings::fields(Fields& f) {
  f.field("bytes_per_second", bytes_per_second, "As OTLP.");
  f.field("burst_capacity", burst_capacity, "Bytes that may be saved up; 0: twice bytes_per_second.");
}

void SpanCountSettings::fields(Fields& f) {
  f.field("min_spans", min_spans, "Least number of spans.");
  f.field("max_spans", max_spans, "Greatest number of spans; 0: no bound.");
}

void TraceStateSettings::fields(Fields& f) {
  f.field("key", key, "Of a member of the tracestate.");
  f.field("values", values, "One of these matches.");
}

void BooleanAttributeSettings::fields(Fields& f) {
  f.field("key", key, "Of a resource or span.");
  f.field("value", value, "What matches.");
  f.field("invert_match", invert_match, "Samples traces in which nothing matches.");
}

void OttlConditionSettings::fields(Fields& f) {
  ottl::error_mode_field(f, error_mode);
  f.field("span", span, "Conditions on spans; one that holds for one span is enough.");
  f.field("spanevent", spanevent, "Conditions on span events; likewise.");
}

void OttlConditionSettings::validate(Validator& v) const {
  if (span.empty() && spanevent.empty()) v.error("", "needs at least one condition", "set span or spanevent");
  ottl::SettingsProblems problems;
  (void)compile_conditions(*this, nullptr, problems);
  ottl::report(problems, v);
}

void LeafPolicy::describe(Fields& f, const std::vector<Choice>& more) {
  std::vector<Choice> types = leaf_types();
  types.insert(types.end(), more.begin(), more.end());
  f.field("name", name, "Who it is in telemetry.");
  f.choice("type", type, types, "What it decides by; its settings stand in the section of this name.");
  f.optional_section("latency", latency, "By the time from the first start to the last end.");
  f.optional_section("numeric_attribute", numeric_attribute, "By whole numbers in attributes.");
  f.optional_section("probabilistic", probabilistic, "By chance, alike in every agent.");
  f.optional_section("status_code", status_code, "By the status of spans.");
  f.optional_section("string_attribute", string_attribute, "By texts in attributes.");
  f.optional_section("rate_limiting", rate_limiting, "As long as there are not too many spans.");
  f.optional_section("bytes_limiting", bytes_limiting, "As long as there are not too many bytes.");
  f.optional_section("span_count", span_count, "By the number of spans.");
  f.optional_section("trace_state", trace_state, "By a member of the tracestate.");
  f.optional_section("boolean_attribute", boolean_attribute, "By true or false in attributes.");
  f.optional_section("ottl_condition", ottl_condition, "By conditions in OTTL.");
}

void LeafPolicy::validate(Validator& v) const {
  if (type == PolicyType::unset) v.error("type", "must be set", "for example always_sample");
  const auto check = [&](std::string_view key, PolicyType of, bool is_there, bool is_needed = false) {
    check_section(v, key, type == of, is_there, is_needed);
  };
  check("latency", PolicyType::latency, latency.has_value());
  check("numeric_attribute", PolicyType::numeric_attribute, numeric_attribute.has_value(), true);
  check("probabilistic", PolicyType::probabilistic, probabilistic.has_value());
  check("status_code", PolicyType::status_code, status_code.has_value(), true);
  check("string_attribute", PolicyType::string_attribute, string_attribute.has_value());
  check("rate_limiting", PolicyType::rate_limiting, rate_limiting.has_value());
  check("bytes_limiting", PolicyType::bytes_limiting, bytes_limiting.has_value());
  check("span_count", PolicyType::span_count, span_count.has_value());
  check("trace_state", PolicyType::trace_state, trace_state.has_value());
  check("boolean_attribute", PolicyType::boolean_attribute, boolean_attribute.has_value());
  check("ottl_condition", PolicyType::ottl_condition, ottl_condition.has_value(), true);
  if (type == PolicyType::numeric_attribute && numeric_attribute && numeric_attribute->min_value == 0 &&
      numeric_attribute->max_value == 0)
    v.error("numeric_attribute", "has no bound", "set min_value or max_value to something other than 0");
}

void NotSettings::fields(Fields& f) { f.optional_section("not_sub_policy", sub_policy, "What is turned round."); }

void NotSettings::validate(Validator& v) const {
  if (!sub_policy) v.error("not_sub_policy", "must be set");
}

void InnerPolicy::describe(Fields& f, std::vector<Choice> more) {
  more.push_back({"not", static_cast<int>(PolicyType::not_policy)});
  LeafPolicy::describe(f, more);
  f.optional_section("not", negated, "Samples what another policy does not.");
}

void InnerPolicy::validate(Validator& v) const {
  LeafPolicy::validate(v);
  check_section(v, "not", type == PolicyType::not_policy, negated.has_value(), true);
}

void AndSettings::fields(Fields& f) { f.list("and_sub_policy", sub_policies, "All of them must sample."); }

void DropSettings::fields(Fields& f) { f.list("drop_sub_policy", sub_policies, "If all of them sample, it drops."); }

void CompositePolicy::describe(Fields& f, std::vector<Choice> more) {
  more.push_back({"and", static_cast<int>(PolicyType::and_policy)});
  InnerPolicy::describe(f, std::move(more));
  f.optional_section("and", all_of, "Samples what several policies sample.");
}

void RateAllocation::fields(Fields& f) {
  f.field("policy", policy, "Its name.");
  f.field("percent", percent, "Of all spans a second; 0: an equal share.");
}

void CompositeSettings::fields(Fields& f) {
  f.field("max_total_spans_per_second", max_total_spans_per_second, "What the shares are of.");
  f.field("policy_order", policy_order, "Without effect, as in the original: the policies' own order counts.");
  f.list("composite_sub_policy", sub_policies, "The first that samples decides, if its share is not used up.");
  f.list("rate_allocation", rate_allocation, "The share of each policy.");
}

void CompositeSettings::validate(Validator& v) const {
  std::vector<std::string> order;
  for (std::size_t i = 0; i < sub_policies.size(); ++i) {
    const std::string& name = sub_policies[i].name;
    order.push_back(name);
    const bool has_share = std::any_of(rate_allocation.begin(), rate_allocation.end(),
                                       [&](const RateAllocation& share) { return share.policy == name; });
    if (!has_share)
      v.warning(item("composite_sub_policy", i), "has no share in rate_allocation, so it never samples",
                "add {policy: " + name + ", percent: 25}, for example");
  }
  if (!policy_order.empty() && policy_order != order)
    v.warning("policy_order", "is without effect: the order of composite_sub_policy counts, as in the original",
              "write composite_sub_policy in this order");
  for (std::size_t i = 0; i < rate_allocation.size(); ++i)
    if (std::find(order.begin(), order.end(), rate_allocation[i].policy) == order.end())
      v.warning(item("rate_allocation", i) + "::policy", "names no policy of composite_sub_policy");
}

void PolicySettings::fields(Fields& f) {
  describe(f, {{"drop", static_cast<int>(PolicyType::drop)}, {"composite", static_cast<int>(PolicyType::composite)}});
  f.optional_section("drop", drop, "Drops what several policies sample, whatever others say.");
  f.optional_section("composite", composite, "Shares of a rate for several policies.");
}

void PolicySettings::validate(Validator& v) const {
  InnerPolicy::validate(v);
  check_section(v, "and", type == PolicyType::and_policy, all_of.has_value(), true);
  check_section(v, "drop", type == PolicyType::drop, drop.has_value(), true);
  check_section(v, "composite", type == PolicyType::composite, composite.has_value(), true);
  if (type == PolicyType::and_policy && all_of && all_of->sub_policies.empty())
    v.error("and::and_sub_policy", "needs at least one policy", "without any it would sample every trace");
  if (type == PolicyType::drop && drop && drop->sub_policies.empty())
    v.error("drop::drop_sub_policy", "needs at least one policy", "without any it would drop every trace");
}

void DecisionCacheSettings::fields(Fields& f) {
  f.field("sampled_cache_size", sampled_cache_size, "Sampled traces that are remembered; 0: num_traces.", {.max = 1e8});
  f.field("non_sampled_cache_size", non_sampled_cache_size, "Others that are remembered; 0: num_traces.", {.max = 1e8});
}

void TailSamplingConfig::fields(Fields& f) {
  f.field("decision_wait", decision_wait, "From the first span of a trace to the decision.", {.min = 0});
  f.field("decision_wait_after_root_received", decision_wait_after_root_received,
          "From the root span, if that is earlier; 0: the root changes nothing.", {.min = 0});
  f.field("num_traces", num_traces, "Traces that wait at once; of more, the oldest is decided early.",
          {.min = 1, .max = 1e9});
  f.field("block_on_overflow", block_on_overflow, "With num_traces waiting, senders are refused instead.");
  f.field("expected_new_traces_per_sec", expected_new_traces_per_sec, "Makes tables of the right size at start.");
  f.section("decision_cache", decision_cache, "Decisions that spans which come late follow.");
  f.field("sample_on_first_match", sample_on_first_match, "The first policy that samples ends the evaluation.");
  f.choice("sampling_strategy", sampling_strategy,
           {{"trace-complete", static_cast<int>(Strategy::trace_complete)},
            {"span-ingest", static_cast<int>(Strategy::span_ingest)}},
           "Whether policies see a whole trace after decision_wait, or each part of it when it comes.");
  f.field("drop_pending_traces_on_shutdown", drop_pending_traces_on_shutdown,
          "Traces that still wait when the agent stops are dropped, not decided.");
  f.field("maximum_trace_size_bytes", maximum_trace_size_bytes, "A trace that grows larger is dropped; 0: never.");
  f.list("policies", policies, "What decides. One that samples is enough, unless one drops.");
  f.field("max_state_size", max_state_size, "Memory for traces that wait; full, the oldest are decided early.",
          {.min = 64 * 1024});
  f.field("storage", storage, "A storage extension in whose files spans wait, so that a crash loses none.");
  f.field("max_storage_size", max_storage_size, "Bytes of spans in storage; full, senders are refused.",
          {.min = 64 * 1024});
  f.unsupported("tail_storage", "what waits is kept in files with `storage`");
}

void TailSamplingConfig::validate(Validator& v) const {
  for (std::size_t i = 0; i < policies.size(); ++i) {
    const PolicySettings& policy = policies[i];
    if (policy.name.empty()) v.error(item("policies", i) + "::name", "must be set");
    for (std::size_t j = 0; j < i; ++j)
      if (policies[j].name == policy.name && !policy.name.empty())
        v.error(item("policies", i) + "::name", "\"" + policy.name + "\" is the name of another policy",
                "give each policy a name of its own");
    if (sampling_strategy == Strategy::span_ingest && can_depend_on_others(policy))
      v.error(item("policies", i), "depends on other traces, which span-ingest does not allow",
              "use sampling_strategy: trace-complete, or policies without rates");
  }
  if (policies.empty()) v.warning("policies", "there are none, so that no trace is sampled");
  if (storage && drop_pending_traces_on_shutdown)
    v.warning("drop_pending_traces_on_shutdown",
              "is without effect with storage: what waits is decided after the start");
}

}  // namespace rankwire::tail_sampling
