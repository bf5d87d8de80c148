// What a user writes about tail sampling. A policy has the section of its type; which types may stand where is the
// original's, and `not` may also stand inside of and, drop and composite.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/fields.hpp"
#include "ottl/program.hpp"

namespace rankwire::tail_sampling {

enum class PolicyType : std::uint8_t {
  unset,
  always_sample,
  latency,
  numeric_attribute,
  probabilistic,
  status_code,
  string_attribute,
  rate_limiting,
  bytes_limiting,
  span_count,
  trace_state,
  trace_flags,
  boolean_attribute,
  ottl_condition,
  not_policy,
  and_policy,
  drop,
  composite
};

struct LatencySettings {
  std::int64_t threshold_ms = 0, upper_threshold_ms = 0;
  void fields(config::Fields& f);
};

struct NumericAttributeSettings {
  std::string key;
  std::int64_t min_value = 0, max_value = 0;
  bool invert_match = false;
  void fields(config::Fields& f);
};

struct ProbabilisticSettings {
  std::string hash_salt;
  double sampling_percentage = 0;
  void fields(config::Fields& f);
};

struct StatusCodeSettings {
  std::vector<std::string> status_codes;
  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct StringAttributeSettings {
  std::string key;
  std::vector<std::string> values;
  bool enabled_regex_matching = false;
  std::int64_t cache_max_size = 0;
  bool invert_match = false;
  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct RateLimitingSettings {
  std::int64_t spans_per_second = 0;
  std::optional<std::uint64_t> burst_capacity;
  void fields(config::Fields& f);
};

struct BytesLimitingSettings {
  std::int64_t bytes_per_second = 0, burst_capacity = 0;
  void fields(config::Fields& f);
};

struct SpanCountSettings {
  std::int64_t min_spans = 0, max_spans = 0;
  void fields(config::Fields& f);
};

struct TraceStateSettings {
  std::string key;
  std::vector<std::string> values;
  void fields(config::Fields& f);
};

struct BooleanAttributeSettings {
  std::string key;
  bool value = false, invert_match = false;
  void fields(config::Fields& f);
};

struct OttlConditionSettings {
  ottl::ErrorMode error_mode = ottl::ErrorMode::ignore;
  std::vector<std::string> span, spanevent;
  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

// What every policy may be.
struct LeafPolicy {
  std::string name;
  PolicyType type = PolicyType::unset;
  std::optional<LatencySettings> latency;
  std::optional<NumericAttributeSettings> numeric_attribute;
  std::optional<ProbabilisticSettings> probabilistic;
  std::optional<StatusCodeSettings> status_code;
  std::optional<StringAttributeSettings> string_attribute;
  std::optional<RateLimitingSettings> rate_limiting;
  std::optional<BytesLimitingSettings> bytes_limiting;
  std::optional<SpanCountSettings> span_count;
  std::optional<TraceStateSettings> trace_state;
  std::optional<BooleanAttributeSettings> boolean_attribute;
  std::optional<OttlConditionSettings> ottl_condition;

  void fields(config::Fields& f) { describe(f, {}); }
  void validate(config::Validator& v) const;

 protected:
  // `more`: types beyond these.
  void describe(config::Fields& f, const std::vector<config::Choice>& more);
};

struct NotSettings {
  std::optional<LeafPolicy> sub_policy;
  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

// Inside of and, drop.
struct InnerPolicy : LeafPolicy {
  std::optional<NotSettings> negated;
  void fields(config::Fields& f) { describe(f, {}); }
  void validate(config::Validator& v) const;

 protected:
  void describe(config::Fields& f, std::vector<config::Choice> more);
};

struct AndSettings {
  std::vector<InnerPolicy> sub_policies;
  void fields(config::Fields& f);
};

struct DropSettings {
  std::vector<InnerPolicy> sub_policies;
  void fields(config::Fields& f);
};

struct CompositePolicy : InnerPolicy {
  std::optional<AndSettings> all_of;
  void fields(config::Fields& f) { describe(f, {}); }

 protected:
  void describe(config::Fields& f, std::vector<config::Choice> more);
};

struct RateAllocation {
  std::string policy;
  std::int64_t percent = 0;
  void fields(config::Fields& f);
};

struct CompositeSettings {
  std::int64_t max_total_spans_per_second = 0;
  std::vector<std::string> policy_order;
  std::vector<CompositePolicy> sub_policies;
  std::vector<RateAllocation> rate_allocation;
  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct PolicySettings : CompositePolicy {
  std::optional<DropSettings> drop;
  std::optional<CompositeSettings> composite;
  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct DecisionCacheSettings {
  std::uint64_t sampled_cache_size = 0, non_sampled_cache_size = 0;
  void fields(config::Fields& f);
};

enum class Strategy : std::uint8_t { trace_complete, span_ingest };

struct TailSamplingConfig {
  Duration decision_wait = std::chrono::seconds(30);
  Duration decision_wait_after_root_received{0};
  std::uint64_t num_traces = 50'000;
  bool block_on_overflow = false;
  std::uint64_t expected_new_traces_per_sec = 0;
  DecisionCacheSettings decision_cache;
  bool sample_on_first_match = false;
  Strategy sampling_strategy = Strategy::trace_complete;
  bool drop_pending_traces_on_shutdown = false;
  std::uint64_t maximum_trace_size_bytes = 0;
  std::vector<PolicySettings> policies;
  Bytes max_state_size = 256_MiB;
  std::optional<config::ComponentId> storage;
  Bytes max_storage_size{1u << 30};

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

}  // namespace rankwire::tail_sampling
