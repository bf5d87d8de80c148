// What each policy says about a trace, through the whole processor.
#include "processors/tail_sampling/rate_policies.hpp"
#include "processors/tail_sampling/tail_fixture.hpp"

namespace rankwire::tail_sampling {
namespace {

// Whether a trace of these spans comes through.
bool samples(const std::string& policy, SpanBatchBuilder& spans) {
  TailFixture f(with_policy(policy));
  const Names names = f.decided(spans.take());
  CHECK(f.ledger.held() == 0);
  CHECK(f.ledger.passed_on() + f.ledger.dropped("sampled_out") != 0);
  return !names.empty();
}
bool samples(const std::string& policy, SpanBatchBuilder&& spans) { return samples(policy, spans); }

SpanBatchBuilder span(SpanBatchBuilder::Labels labels = {}) {
  SpanBatchBuilder made;
  made.span("a", 100, labels);
  return made;
}

SpanBatchBuilder valued(std::string_view key, Value value) {
  SpanBatchBuilder made;
  Span& one = made.span("a").last();
  one.attributes.push(made.arena(), {made.arena().copy(key), value});
  return made;
}

SpanBatchBuilder lasting(std::initializer_list<std::uint64_t> milliseconds) {
  SpanBatchBuilder made;
  for (const std::uint64_t one : milliseconds) made.span("a", one);
  return made;
}

}  // namespace

TEST_CASE("always_sample samples") { CHECK(samples("type: always_sample", span())); }

TEST_CASE("latency goes from the first start to the last end") {
  const std::string open = "type: latency, latency: {threshold_ms: 100}";
  CHECK(samples(open, lasting({100})));
  CHECK(!samples(open, lasting({99})));
  CHECK(samples(open, lasting({50, 100})));
  SpanBatchBuilder apart = lasting({50, 50});
  apart.last().start_time_unix_nanos += 60'000'000;
  apart.last().end_time_unix_nanos += 60'000'000;
  CHECK(samples(open, apart));
  const std::string between = "type: latency, latency: {threshold_ms: 100, upper_threshold_ms: 200}";
  CHECK(!samples(between, lasting({100})));
  CHECK(samples(between, lasting({101})));
  CHECK(samples(between, lasting({200})));
  CHECK(!samples(between, lasting({201})));
  // As the original: asked after each span.
  CHECK(samples(between, lasting({150, 5000})));
  CHECK(samples("type: latency", lasting({0})));
}

TEST_CASE("numeric_attribute looks for whole numbers in spans and resources") {
  const std::string range = "type: numeric_attribute, numeric_attribute: {key: n, min_value: 400, max_value: 599}";
  CHECK(samples(range, valued("n", Value::of(std::int64_t{400}))));
  CHECK(samples(range, valued("n", Value::of(std::int64_t{599}))));
  CHECK(!samples(range, valued("n", Value::of(std::int64_t{600}))));
  CHECK(!samples(range, valued("n", Value::of(500.0))));
  CHECK(!samples(range, valued("m", Value::of(std::int64_t{500}))));
  SpanBatchBuilder of_resource = span();
  TraceBatch batch = of_resource.take();
  batch.resources[0].resource.attributes.push(batch.arena(), {"n", Value::of(std::int64_t{500})});
  TailFixture f(with_policy(range));
  CHECK(f.decided(std::move(batch)) == Names{"a"});
  // A value that is no number counts as 0, as in the original.
  CHECK(samples("type: numeric_attribute, numeric_attribute: {key: n, max_value: 5}", valued("n", Value::of("x"))));
  CHECK(samples("type: numeric_attribute, numeric_attribute: {key: n, min_value: 5}",
                valued("n", Value::of(std::int64_t{1} << 62))));
  const std::string inverted = "type: numeric_attribute, numeric_attribute: {key: n, min_value: 1, invert_match: true}";
  CHECK(!samples(inverted, valued("n", Value::of(std::int64_t{1}))));
  CHECK(samples(inverted, valued("n", Value::of(std::int64_t{-1}))));
  CHECK(samples(inverted, span()));
}

TEST_CASE("boolean_attribute looks for true or false") {
  const std::string yes = "type: boolean_attribute, boolean_attribute: {key: b, value: true}";
  CHECK(samples(yes, valued("b", Value::of(true))));
  CHECK(!samples(yes, valued("b", Value::of(false))));
  CHECK(!samples(yes, span()));
  CHECK(samples("type: boolean_attribute, boolean_attribute: {key: b}", valued("b", Value::of(false))));
  CHECK(!samples("type: boolean_attribute, boolean_attribute: {key: b, value: true, invert_match: true}",
                 valued("b", Value::of(true))));
}

TEST_CASE("string_attribute looks for texts, or for what regular expressions match") {
  const std::string plain = "type: string_attribute, string_attribute: {key: path, values: [/b, /a, '']}";
  CHECK(samples(plain, span({{"path", "/a"}})));
  CHECK(!samples(plain, span({{"path", "/a/b"}})));
  CHECK(!samples(plain, span({{"path", ""}})));
  CHECK(!samples(plain, span()));
  CHECK(samples("type: string_attribute, string_attribute: {key: service.name, values: [shop]}", span()));
  const std::string pattern =
      "type: string_attribute, string_attribute: {key: path, values: ['/s.', '^/x$'], enabled_regex_matching: true}";
  CHECK(samples(pattern, span({{"path", "/a/so"}})));
  CHECK(samples(pattern, span({{"path", "/x"}})));
  CHECK(!samples(pattern, span({{"path", "/xy"}})));
  const std::string inverted =
      "type: string_attribute, string_attribute: {key: path, values: [/a], invert_match: true}";
  CHECK(!samples(inverted, span({{"path", "/a"}})));
  CHECK(samples(inverted, span({{"path", "/b"}})));
  CHECK(samples("type: string_attribute", span()) == false);
}

TEST_CASE("what regular expressions said is remembered, and forgotten when that is too much") {
  TailFixture f(
      with_policy("type: string_attribute, string_attribute: {key: path, values: ['[02468]$'], "
                  "enabled_regex_matching: true, cache_max_size: 2}"));
  for (std::uint8_t i = 0; i < 20; ++i) {
    const std::string path = "/" + std::to_string(i % 10) + (i == 7 ? std::string(300, 'x') : "");
    REQUIRE(f.take(SpanBatchBuilder().span(std::to_string(i), 1, {{"path", path.c_str()}}).ids(i + 1, i + 1).take()));
  }
  f.stop(Deadline::never());
  CHECK(f.names() == Names{"0", "10", "12", "14", "16", "18", "2", "4", "6", "8"});
}

TEST_CASE("status_code, span_count, trace_flags and trace_state") {
  const std::string failed = "type: status_code, status_code: {status_codes: [ERROR]}";
  CHECK(samples(failed, span().status(SpanStatusCode::error)));
  CHECK(!samples(failed, span().status(SpanStatusCode::ok)));
  CHECK(samples("type: status_code, status_code: {status_codes: [OK, UNSET]}", span()));
  const std::string some = "type: span_count, span_count: {min_spans: 2, max_spans: 3}";
  CHECK(!samples(some, lasting({1})));
  CHECK(samples(some, lasting({1, 1})));
  CHECK(samples(some, lasting({1, 1, 1})));
  CHECK(!samples(some, lasting({1, 1, 1, 1})));
  CHECK(samples("type: span_count, span_count: {min_spans: 2}", lasting({1, 1, 1, 1})));
  SpanBatchBuilder flagged = span();
  CHECK(!samples("type: trace_flags", span()));
  flagged.last().flags = 0x301;
  CHECK(samples("type: trace_flags", flagged));
  const std::string vip = "type: trace_state, trace_state: {key: vip, values: ['1', '2']}";
  CHECK(samples(vip, span().trace_state("a=b, vip=2")));
  CHECK(!samples(vip, span().trace_state("vip=3")));
  CHECK(!samples(vip, span()));
}

TEST_CASE("a tracestate that is not valid has no members") {
  const std::vector<std::string> values = {"1"};
  const auto has = [&](std::string_view text) { return has_trace_state(text, "vip", values); };
  CHECK(has("vip=1"));
  CHECK(has(" vip=1 ,,a=2"));
  CHECK(has("0t@sys=x,vip=1"));
  CHECK(!has("vip=1,vip=1"));
  CHECK(!has("vip=1,Upper=2"));
  CHECK(!has("vip=1,a"));
  CHECK(!has("vip=1,a="));
  CHECK(!has("vip=1,a=b=c"));
  CHECK(!has("vip=1,a=\x7f"));
  CHECK(!has("vip=1,a@" + std::string(15, 's') + "=x"));
  CHECK(!has("vip=1," + std::string(257, 'a') + "=x"));
  CHECK(!has("vip=1,a=" + std::string(257, 'x')));
  std::string many = "vip=1";
  for (int i = 0; i < 31; ++i) many += ",k" + std::to_string(i) + "=v";
  CHECK(has(many));
  CHECK(!has(many + ",last=v"));
  CHECK(!has(""));
}

TEST_CASE("probabilistic keeps the share that the original keeps") {
  CHECK(Probability::threshold_of(0) == 0);
  CHECK(Probability::threshold_of(-1) == 0);
  CHECK(Probability::threshold_of(100) == UINT64_MAX);
  CHECK(Probability::threshold_of(250) == UINT64_MAX);
  // What the original computes.
  const std::pair<double, std::uint64_t> thresholds[] = {{0.1, 0x4189374bc6a7ef},
                                                         {1, 0x28f5c28f5c28f5f},
                                                         {5, 0xcccccccccccccff},
                                                         {10, 0x19999999999999ff},
                                                         {33.3, 0x553f7ced91686fff},
                                                         {50, 0x7fffffffffffffff},
                                                         {66.6, 0xaa7ef9db22d0dfff},
                                                         {99.999, 0xffff583a53b8dfff},
                                                         {1e-9, 0xafebff0},
                                                         {73.123456789, 0xbb32304acad05fff},
                                                         {1e-17, 1},
                                                         {1e-20, 0}};
  for (const auto& [percent, threshold] : thresholds) {
    CAPTURE(percent);
    CHECK(Probability::threshold_of(percent) == threshold);
  }
  CHECK(Probability::threshold_of(1e-30) == 0);
  const auto kept = [](double percent, const char* salt) {
    const Probability probability({salt, percent});
    int count = 0;
    Candidate trace{};
    for (int i = 0; i < 10'000; ++i) {
      trace.id.bytes[3] = static_cast<std::uint8_t>(i);
      trace.id.bytes[9] = static_cast<std::uint8_t>(i >> 8);
      count += probability(trace) ? 1 : 0;
    }
    return count;
  };
  CHECK(kept(100, "") == 10'000);
  CHECK(kept(0, "") == 0);
  CHECK(std::abs(kept(10, "") - 1000) < 200);
  CHECK(std::abs(kept(10, "other") - 1000) < 200);
  CHECK(kept(10, "") == kept(10, "default-hash-seed"));
}

TEST_CASE("ottl_condition asks spans and span events, and counts failures") {
  const std::string spans =
      "type: ottl_condition, ottl_condition: {span: ['attributes[\"a\"] == \"1\"', 'name == \"b\"']}";
  CHECK(samples(spans, span({{"a", "1"}})));
  CHECK(!samples(spans, span({{"a", "2"}})));
  const std::string events = "type: ottl_condition, ottl_condition: {spanevent: ['name == \"exception\"']}";
  CHECK(samples(events, span().event("start").event("exception")));
  CHECK(!samples(events, span().event("start")));
  CHECK(!samples(events, span()));
  for (const char* mode : {"ignore", "silent", "propagate"}) {
    CAPTURE(mode);
    TailFixture f(with_policy("type: ottl_condition, ottl_condition: {error_mode: " + std::string(mode) +
                              ", span: ['ParseJSON(attributes[\"j\"])[\"x\"] == 1', 'name == \"b\"']}"));
    // What fails is not true; in mode propagate the policy fails.
    CHECK(f.decided(SpanBatchBuilder().span("a", 1, {{"j", "{"}}).span("b").take()).size() ==
          (std::string(mode) == "propagate" ? 0 : 2));
    CHECK(f.total("otelcol_processor_tail_sampling_sampling_policy_evaluation_error") ==
          (std::string(mode) == "propagate" ? 1 : 0));
  }
}

TEST_CASE("and, not and drop") {
  const std::string both =
      "type: and, and: {and_sub_policy: [{name: a, type: status_code, status_code: {status_codes: [ERROR]}}, "
      "{name: b, type: not, not: {not_sub_policy: {name: c, type: span_count, span_count: {min_spans: 2}}}}]}";
  CHECK(samples(both, span().status(SpanStatusCode::error)));
  CHECK(!samples(both, span()));
  CHECK(!samples(both, lasting({1, 1}).status(SpanStatusCode::error)));
  const std::string negated = "type: not, not: {not_sub_policy: {name: c, type: always_sample}}";
  CHECK(!samples(negated, span()));
  const std::string all_but =
      "{policies: [{name: all, type: always_sample}, {name: d, type: drop, drop: {drop_sub_policy: [{name: h, type: "
      "string_attribute, string_attribute: {key: path, values: [/health]}}, {name: n, type: span_count, span_count: "
      "{max_spans: 1}}]}}]}";
  const auto kept = [&](SpanBatchBuilder&& spans) { return !TailFixture(all_but).decided(spans.take()).empty(); };
  CHECK(!kept(span({{"path", "/health"}})));
  CHECK(kept(span({{"path", "/other"}})));
  CHECK(kept(std::move(span({{"path", "/health"}}).span("b"))));
}

TEST_CASE("what drops comes first, and is counted as its policy's") {
  TailFixture f(
      "{policies: [{name: all, type: always_sample}, {name: d, type: drop, drop: {drop_sub_policy: [{name: x, type: "
      "always_sample}]}}]}");
  CHECK(f.decided(span().take()).empty());
  const std::string counts = "otelcol_processor_tail_sampling_count_traces_sampled";
  CHECK(f.total(counts, {{"policy", "d"}, {"sampled", "false"}, {"decision", "dropped"}}) == 1);
  CHECK(f.total(counts, {{"policy", "all"}}) == 0);
  CHECK(f.total("otelcol_processor_tail_sampling_global_count_traces_sampled", {{"decision", "dropped"}}) == 1);
}

TEST_CASE("the first that samples ends the evaluation if asked to") {
  for (const bool is_first : {false, true}) {
    TailFixture f(std::string("{sample_on_first_match: ") + (is_first ? "true" : "false") +
                  ", policies: [{name: a, type: always_sample}, {name: b, type: always_sample}]}");
    CHECK(f.decided(span().take()) == Names{"a"});
    CHECK(f.total("otelcol_processor_tail_sampling_sampling_policy_execution_count", {{"policy", "b"}}) ==
          (is_first ? 0 : 1));
  }
}

namespace {

// Traces of so many spans, one after the other: which were sampled.
struct Rated : TailFixture {
  explicit Rated(const std::string& policy)
      : TailFixture("{decision_wait: 0s, policies: [{name: p, " + policy + "}]}") {}
  bool sampled(int spans) {
    SpanBatchBuilder made;
    for (int i = 0; i < spans; ++i) made.span("x").ids(++trace, static_cast<std::uint8_t>(i + 1)), --trace;
    ++trace;
    const std::uint64_t before = ledger.passed_on(), dropped = ledger.dropped("sampled_out");
    REQUIRE(take(made.take()));
    wait(milliseconds(100));
    while (ledger.passed_on() == before && ledger.dropped("sampled_out") == dropped) std::this_thread::yield();
    return ledger.passed_on() != before;
  }
  std::uint8_t trace = 0;
};

}  // namespace

TEST_CASE("rate_limiting samples fewer than its spans in each second of the calendar") {
  Rated f("type: rate_limiting, rate_limiting: {spans_per_second: 4}");
  CHECK(!f.sampled(4));
  CHECK(f.sampled(2));
  CHECK(!f.sampled(2));
  CHECK(f.sampled(1));
  CHECK(!f.sampled(1));
  f.wait(seconds(1));
  CHECK(f.sampled(3));
}

TEST_CASE("rate_limiting with a burst is a bucket") {
  Rated f("type: rate_limiting, rate_limiting: {spans_per_second: 10, burst_capacity: 5}");
  CHECK(!f.sampled(6));
  CHECK(f.sampled(5));
  CHECK(f.sampled(1));  // A tenth of a second later.
  CHECK(!f.sampled(4));
  f.wait(seconds(1));
  CHECK(f.sampled(5));
}

TEST_CASE("bytes_limiting is a bucket of bytes, at first full") {
  Rated f("type: bytes_limiting, bytes_limiting: {bytes_per_second: 100, burst_capacity: 200}");
  CHECK(!f.sampled(10));
  CHECK(f.sampled(2));
  CHECK(!f.sampled(2));
  f.wait(seconds(2));
  CHECK(f.sampled(2));
}

TEST_CASE("composite gives each policy its share, in the order of the policies") {
  Rated f(
      "type: composite, composite: {max_total_spans_per_second: 10, policy_order: [b, a], composite_sub_policy: ["
      "{name: a, type: span_count, span_count: {min_spans: 2}}, {name: b, type: always_sample}, "
      "{name: c, type: always_sample}], rate_allocation: [{policy: a, percent: 50}, {policy: b, percent: 20}]}");
  CHECK(f.sampled(3));
  CHECK(!f.sampled(3));  // The share of a is used up, and b is not asked.
  CHECK(f.sampled(2));   // A smaller one fits.
  CHECK(f.sampled(1));
  CHECK(f.sampled(1));
  CHECK(!f.sampled(1));
  f.wait(seconds(1));
  CHECK(f.sampled(3));
}

TEST_CASE("a share of no percent is an equal one, and none is nothing") {
  Rated f(
      "type: composite, composite: {max_total_spans_per_second: 4, composite_sub_policy: ["
      "{name: a, type: and, and: {and_sub_policy: [{name: x, type: span_count, span_count: {min_spans: 2}}]}}, "
      "{name: b, type: always_sample}], rate_allocation: [{policy: a, percent: 0}]}");
  CHECK(f.sampled(2));
  CHECK(!f.sampled(1));
}

}  // namespace rankwire::tail_sampling
