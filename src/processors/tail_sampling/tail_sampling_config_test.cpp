// What is refused, with its place and a remedy.
#include "processors/tail_sampling/tail_fixture.hpp"

namespace rankwire::tail_sampling {
namespace {

std::string refusal(const std::string& yaml) {
  testing::ConnectorFixture f(tail_sampling_factory());
  return f.refusal(yaml);
}
bool says(const std::string& yaml, const std::string& text) {
  const std::string found = refusal(yaml);
  INFO(found);
  CHECK(found.find(text) != std::string::npos);
  return found.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("every key of the original is taken") {
  CHECK(refusal("{decision_wait: 10s, decision_wait_after_root_received: 2s, num_traces: 100, block_on_overflow: true, "
                "expected_new_traces_per_sec: 10, decision_cache: {sampled_cache_size: 500, non_sampled_cache_size: "
                "500}, sample_on_first_match: true, sampling_strategy: trace-complete, "
                "drop_pending_traces_on_shutdown: true, maximum_trace_size_bytes: 100000, policies: ["
                "{name: 1, type: always_sample}, "
                "{name: 2, type: latency, latency: {threshold_ms: 5000, upper_threshold_ms: 10000}}, "
                "{name: 3, type: numeric_attribute, numeric_attribute: {key: k, min_value: 50, max_value: 100, "
                "invert_match: true}}, "
                "{name: 4, type: probabilistic, probabilistic: {sampling_percentage: 10, hash_salt: s}}, "
                "{name: 5, type: status_code, status_code: {status_codes: [ERROR, UNSET]}}, "
                "{name: 6, type: string_attribute, string_attribute: {key: k, values: [v, 'val*'], "
                "enabled_regex_matching: true, cache_max_size: 10, invert_match: true}}, "
                "{name: 7, type: rate_limiting, rate_limiting: {spans_per_second: 35}}, "
                "{name: 8, type: bytes_limiting, bytes_limiting: {bytes_per_second: 1024, burst_capacity: 2048}}, "
                "{name: 9, type: span_count, span_count: {min_spans: 2, max_spans: 20}}, "
                "{name: 10, type: trace_state, trace_state: {key: k, values: [v]}}, "
                "{name: 11, type: boolean_attribute, boolean_attribute: {key: k, value: true, invert_match: true}}, "
                "{name: 12, type: ottl_condition, ottl_condition: {error_mode: ignore, span: ['name == \"x\"'], "
                "spanevent: ['name != \"y\"']}}, {name: 13, type: trace_flags}]}")
            .empty());
  CHECK(refusal("{}").empty());
}

TEST_CASE("policies need a name of their own and a type that exists") {
  says("{policies: [{type: always_sample}]}", "policies[0]::name: must be set");
  says("{policies: [{name: p, type: always_sample}, {name: p, type: always_sample}]}",
       "policies[1]::name: \"p\" is the name of another policy");
  says("{policies: [{name: p}]}", "policies[0]::type: must be set");
  says("{policies: [{name: p, type: latencies}]}", "policies[0]::type");
  says("{policies: [{name: p, type: latencies}]}", "latency");
  says("{policies: [{name: p, type: and, and: {and_sub_policy: [{name: x, type: composite}]}}]}",
       "and_sub_policy[0]::type");
  says("{policies: [{name: p, type: always_sample, lattency: {}}]}", "unknown key");
}

TEST_CASE("what a policy needs must be there, and must make sense") {
  says("{policies: [{name: p, type: status_code}]}", "policies[0]::status_code: must be set");
  says(with_policy("type: status_code, status_code: {status_codes: []}"), "needs at least one");
  says(with_policy("type: status_code, status_code: {status_codes: [FAILED]}"), "\"FAILED\" is no status");
  says(with_policy("type: numeric_attribute, numeric_attribute: {key: k}"), "has no bound");
  says(with_policy("type: string_attribute, string_attribute: {key: k, values: ['('], enabled_regex_matching: true}"),
       "string_attribute::values[0]");
  says(with_policy("type: ottl_condition, ottl_condition: {}"), "needs at least one condition");
  says(with_policy("type: ottl_condition, ottl_condition: {span: ['nme == 1']}"), "ottl_condition::span[0]");
  says(with_policy("type: ottl_condition, ottl_condition: {error_mode: loud, span: ['name == \"x\"']}"), "error_mode");
  says(with_policy("type: not"), "policies[0]::not: must be set");
  says(with_policy("type: not, not: {}"), "not_sub_policy: must be set");
  says(with_policy("type: and, and: {}"), "and_sub_policy: needs at least one policy");
  says(with_policy("type: drop, drop: {drop_sub_policy: []}"), "drop_sub_policy: needs at least one policy");
  says(with_policy("type: composite"), "policies[0]::composite: must be set");
}

TEST_CASE("numbers out of bounds, and what is not supported") {
  says("{decision_wait: -1s}", "decision_wait");
  says("{num_traces: 0}", "num_traces");
  says("{max_state_size: 1KiB}", "max_state_size");
  says("{sampling_strategy: sometimes}", "sampling_strategy");
  says("{tail_storage: x}", "tail_storage");
}

TEST_CASE("deciding while spans come allows no policy that depends on other traces") {
  const std::string ingest = "sampling_strategy: span-ingest, policies: [{name: p, ";
  says("{" + ingest + "type: rate_limiting, rate_limiting: {spans_per_second: 1}}]}", "depends on other traces");
  says("{" + ingest +
           "type: not, not: {not_sub_policy: {name: x, type: bytes_limiting, bytes_limiting: "
           "{bytes_per_second: 1}}}}]}",
       "depends on other traces");
  CHECK(refusal("{" + ingest + "type: always_sample}]}").empty());
}

TEST_CASE("storage must name a storage extension") {
  testing::ConnectorFixture f(tail_sampling_factory());
  auto made = f.make("{storage: file_storage, policies: [{name: p, type: always_sample}]}");
  REQUIRE(made);
  const Result<void> started = (*made)->start(f.host);
  REQUIRE(!started);
  CHECK(started.error().message() ==
        "storage names \"file_storage\", which is not a storage extension listed in service::extensions");
}

}  // namespace rankwire::tail_sampling
