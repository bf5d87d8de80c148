#include "processors/probabilistic_sampler/probabilistic_sampler_processor.hpp"

#include <doctest/doctest.h>

#include "testing/log_batches.hpp"
#include "testing/processor_test.hpp"

namespace rankwire::probabilistic_sampler {
namespace {

using testing::text_of;

// 00 01 02 … 0f, but for its last byte and the first of the seven that are randomness.
TraceId trace_id(std::uint8_t first, std::uint8_t last = 0x0f) {
  TraceId id;
  for (std::uint8_t i = 0; i < 16; ++i) id.bytes[i] = i;
  id.bytes[9] = first;
  id.bytes[15] = last;
  return id;
}

struct Case {
  testing::ProcessorFixture fixture{probabilistic_sampler_factory()};
  std::unique_ptr<Processor> processor;

  explicit Case(const std::string& yaml) {
    auto made = fixture.make(yaml);
    REQUIRE_MESSAGE(made.has_value(), (made ? "" : made.error().message()));
    processor = std::move(*made);
  }
  // The tracestate of what is kept; nothing if it is not.
  std::optional<std::string> span(const TraceId& id, const char* trace_state = "", Value priority = {}) {
    TraceBatch traces;
    Arena& arena = traces.arena();
    Span& span = traces.resources.add(arena).scopes.add(arena).records.add(arena);
    span.trace_id = id;
    span.trace_state = trace_state;
    if (priority.type() != ValueType::empty) set(span.attributes, arena, "sampling.priority", priority);
    SignalBatch batch = std::move(traces);
    REQUIRE(processor->process(batch));
    if (batch.record_count() == 0) return {};
    return std::string(batch.traces().resources[0].scopes[0].records[0].trace_state);
  }
  // The attributes of what is kept.
  std::optional<std::string> log(const TraceId& id, std::initializer_list<KeyValue> attributes) {
    LogBatch logs = testing::log_batch({"x"});
    LogRecord& record = testing::record_at(logs, 0);
    record.trace_id = id;
    for (const KeyValue& entry : attributes) set(record.attributes, logs.arena(), entry.key, entry.value);
    SignalBatch batch = std::move(logs);
    REQUIRE(processor->process(batch));
    if (batch.record_count() == 0) return {};
    return text_of(testing::record_at(batch.logs(), 0).attributes);
  }
  std::uint64_t decided(const char* item, const char* policy, const char* sampled) {
    return fixture.environment.counters.total(
        std::string("otelcol_processor_probabilistic_sampler_count_") + item + "_sampled",
        {{"policy", policy}, {"sampled", sampled}});
  }
  std::uint64_t problems(const char* problem) {
    return fixture.environment.counters.total("rankwire_probabilistic_sampler_problems_total", {{"problem", problem}});
  }
};

using Kept = std::optional<std::string>;
const Kept dropped;

TEST_CASE("proportional and equalizing decide by the last seven bytes of the trace id") {
  for (const char* mode : {"proportional", "equalizing"}) {
    CAPTURE(mode);
    Case half(std::string("{sampling_percentage: 50, mode: ") + mode + "}");
    CHECK(half.span(trace_id(0x80)) == Kept("ot=th:8"));
    CHECK(half.span(trace_id(0x7f)) == dropped);
    CHECK(half.decided("traces", "trace_id_w3c", "true") == 1);
    CHECK(half.decided("traces", "trace_id_w3c", "false") == 1);
  }
}

TEST_CASE("randomness and threshold of the tracestate go before the trace id") {
  Case half("{sampling_percentage: 50, mode: proportional}");
  CHECK(half.span(trace_id(0), "a=b,ot=th:0;rv:9b8233f7e3a151") == Kept("ot=rv:9b8233f7e3a151;th:8,a=b"));
  CHECK(half.span(trace_id(0xff), "ot=rv:7b8233f7e3a151") == dropped);
  CHECK(half.span(trace_id(0xff), "ot=th:8") == Kept("ot=th:c"));
  CHECK(half.decided("traces", "sampling_randomness", "true") == 1);
  Case tenth("{sampling_percentage: 10, mode: equalizing}");
  CHECK(tenth.span(trace_id(0xff), "ot=th:8") == Kept("ot=th:e666"));
  CHECK(tenth.span(trace_id(0xff), "ot=th:f8") == Kept("ot=th:f8"));
}

TEST_CASE("hash_seed is the mode unless another is set, and records its randomness") {
  for (const char* yaml : {"{sampling_percentage: 50}", "{sampling_percentage: 50, mode: hash_seed}"}) {
    Case half(yaml);
    CHECK(half.span(trace_id(9)) == dropped);
    Case seeded(std::string(yaml).insert(1, "hash_seed: 22, "));
    CHECK(seeded.span(trace_id(9)) == dropped);
    Case most("{sampling_percentage: 99}");
    CHECK(most.span(trace_id(9), "a=b") == Kept("ot=rv:0a680664997d65;th:029,a=b"));
    CHECK(most.decided("traces", "trace_id_hash", "true") == 1);
  }
}

TEST_CASE("hash_seed does not touch what other samplers decided by") {
  Case closed("{sampling_percentage: 100}");
  CHECK(closed.span(trace_id(9), "ot=rv:9b8233f7e3a151") == dropped);
  CHECK(closed.span(trace_id(9), "ot=th:8") == dropped);
  CHECK(closed.problems("randomness_in_use") == 1);
  CHECK(closed.problems("threshold_in_use") == 1);
  Case open("{sampling_percentage: 1, fail_closed: false}");
  CHECK(open.span(trace_id(9), "ot=th:80") == Kept("ot=th:80"));
}

TEST_CASE("what has no or wrong sampling information is dropped, or kept as it is") {
  for (const char* mode : {"hash_seed", "proportional", "equalizing"}) {
    CAPTURE(mode);
    Case closed(std::string("{sampling_percentage: 100, mode: ") + mode + "}");
    CHECK(closed.span(TraceId()) == dropped);
    CHECK(closed.span(trace_id(0xff), "ot=th:zz") == dropped);
    CHECK(closed.problems("missing_randomness") == 1);
    CHECK(closed.problems("unparsable") == 1);
    Case open(std::string("{sampling_percentage: 0.1, fail_closed: false, mode: ") + mode + "}");
    CHECK(open.span(trace_id(0), "ot=th:zz") == Kept("ot=th:zz"));
    CHECK(open.span(TraceId()).has_value());
  }
}

TEST_CASE("sampling.priority of a span keeps it always or never") {
  Case none("{sampling_percentage: 0, mode: proportional}"), all("{sampling_percentage: 100, mode: proportional}");
  for (const Value& value : {Value::of(std::int64_t{1}), Value::of(0.5), Value::of("2"), Value::of("+1e0")}) {
    CHECK(none.span(trace_id(0), "", value) == Kept("ot=th:0"));
    CHECK(all.span(trace_id(0), "", value) == Kept("ot=th:0"));
  }
  for (const Value& value : {Value::of(std::int64_t{0}), Value::of(0.0), Value::of("0.0")})
    CHECK(all.span(trace_id(0), "", value) == dropped);
  for (const Value& value : {Value::of(std::int64_t{-1}), Value::of("high"), Value::of("1x"), Value::of(true)}) {
    CHECK(all.span(trace_id(0), "", value) == Kept("ot=th:0"));
    CHECK(none.span(trace_id(0), "", value) == dropped);
  }
  CHECK(all.decided("traces", "sampling_priority", "false") == 3);
}

TEST_CASE("a priority does not raise a probability that has fallen") {
  Case none("{sampling_percentage: 0}");
  CHECK(none.span(trace_id(0), "ot=th:8", Value::of(std::int64_t{1})) == Kept("ot=th:8"));
}

TEST_CASE("percentages from 100 on keep everything, 0 nothing") {
  CHECK(Case("{sampling_percentage: 250, mode: equalizing}").span(trace_id(0)) == Kept("ot=th:0"));
  CHECK(Case("{sampling_percentage: 250}").span(trace_id(0)).has_value());
  CHECK(Case("{}").span(trace_id(0xff)) == dropped);
  CHECK(Case("{sampling_percentage: 0.001}").span(trace_id(0xff)) == dropped);
}

TEST_CASE("precision decides how many digits a threshold has") {
  Case third("{sampling_percentage: 33.333333, mode: equalizing, sampling_precision: 2}");
  CHECK(third.span(trace_id(0xff)) == Kept("ot=th:ab"));
}

TEST_CASE("log records carry threshold and randomness as attributes") {
  Case half("{sampling_percentage: 50, mode: proportional}");
  CHECK(half.log(trace_id(0x80), {}) == Kept("{sampling.threshold=8}"));
  CHECK(half.log(trace_id(0x7f), {}) == dropped);
  CHECK(half.log(TraceId(), {}) == dropped);
  CHECK(half.log(TraceId(), {{"sampling.randomness", Value::of("9b8233f7e3a151")},
                             {"sampling.threshold", Value::of("8")}}) == dropped);
  CHECK(half.log(TraceId(),
                 {{"sampling.randomness", Value::of("fb8233f7e3a151")}, {"sampling.threshold", Value::of("8")}}) ==
        Kept("{sampling.randomness=fb8233f7e3a151,sampling.threshold=c}"));
  CHECK(half.log(trace_id(0xff), {{"sampling.threshold", Value::of("x")}}) == dropped);
  CHECK(half.problems("unparsable") == 1);
  CHECK(half.decided("logs", "missing_randomness", "false") == 2);
}

TEST_CASE("log records are hashed by trace id, then by the attribute; or only by the attribute") {
  Case both("{sampling_percentage: 99, from_attribute: id, hash_seed: 22}");
  CHECK(both.log(TraceId(), {{"id", Value::of("id-7")}}) ==
        Kept("{id=id-7,sampling.randomness=175414f43c7a2a,sampling.threshold=029}"));
  CHECK(both.log(trace_id(9), {{"id", Value::of("id-7")}}) ==
        Kept("{id=id-7,sampling.randomness=70f015595723c3,sampling.threshold=029}"));
  CHECK(both.log(TraceId(), {{"id", Value::of("")}}) == dropped);
  CHECK(both.log(TraceId(), {}) == dropped);
  Case record("{sampling_percentage: 99, attribute_source: record, from_attribute: id, hash_seed: 22}");
  CHECK(record.log(trace_id(9), {{"id", Value::of("id-7")}}) ==
        Kept("{id=id-7,sampling.randomness=175414f43c7a2a,sampling.threshold=029}"));
  CHECK(record.log(trace_id(9), {}) == dropped);
  CHECK(record.decided("logs", "id", "true") == 1);
}

TEST_CASE("a log record's own percentage goes before the configured one") {
  Case none("{sampling_percentage: 0.01, mode: proportional, sampling_priority: p}");
  CHECK(none.log(trace_id(0x80), {{"p", Value::of(std::int64_t{50})}}) == Kept("{p=50,sampling.threshold=8}"));
  CHECK(none.log(trace_id(0x7f), {{"p", Value::of(50.0)}}) == dropped);
  CHECK(none.log(trace_id(0), {{"p", Value::of(std::int64_t{100})}}) == Kept("{p=100,sampling.threshold=0}"));
  for (const Value& value : {Value::of(std::int64_t{101}), Value::of(std::int64_t{0}), Value::of("100")})
    CHECK(none.log(trace_id(0x80), {{"p", value}}) == dropped);
  CHECK(none.decided("logs", "sampling_priority", "true") == 2);
}

TEST_CASE("empty batches stay empty and metrics pass") {
  Case half("{sampling_percentage: 0}");
  SignalBatch logs = LogBatch(), metrics = MetricBatch();
  CHECK(half.processor->process(logs));
  CHECK(half.processor->process(metrics));
  CHECK(half.processor->drop_reason() == "sampled_out");
}

TEST_CASE("configurations that cannot work are refused with the key that is wrong") {
  testing::ProcessorFixture fixture(probabilistic_sampler_factory());
  const auto refused = [&fixture](const std::string& yaml, const char* word) {
    const std::string message = fixture.refusal(yaml);
    CHECK_MESSAGE(message.find(word) != std::string::npos, yaml, " -> ", message);
  };
  refused("{sampling_percentage: -1}", "sampling_percentage");
  refused("{sampling_percentage: .inf}", "sampling_percentage");
  refused("{sampling_percentage: .nan}", "sampling_percentage");
  refused("{sampling_percentage: 1e-20}", "too small");
  refused("{sampling_percentage: 1, sampling_precision: 0}", "sampling_precision");
  refused("{sampling_percentage: 1, sampling_precision: 15}", "sampling_precision");
  refused("{sampling_percentage: 1, hash_seed: 4294967296}", "hash_seed");
  refused("{sampling_percentage: 1, mode: fair}", "equalizing");
  refused("{sampling_percentage: 1, attribute_source: resource}", "traceID");
}

}  // namespace
}  // namespace rankwire::probabilistic_sampler
