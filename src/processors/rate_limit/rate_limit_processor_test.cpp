#include "processors/rate_limit/rate_limit_processor.hpp"

#include <doctest/doctest.h>

#include "signal/retain.hpp"
#include "testing/log_batches.hpp"
#include "testing/processor_test.hpp"

namespace rankwire::rate_limit {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// So many records, each with this body, of a pod in the namespace "ns".
SignalBatch of_pod(const std::string& pod, int records, const std::string& body = "0123456789") {
  LogBatch logs = testing::log_batch(std::vector<std::string>(static_cast<std::size_t>(records), body));
  Attributes& attributes = logs.resources[0].resource.attributes;
  set(attributes, logs.arena(), "k8s.namespace.name", Value::of("ns"));
  set(attributes, logs.arena(), "k8s.pod.name", Value::of(logs.arena().copy(pod)));
  return logs;
}

struct Case {
  testing::ProcessorFixture fixture{rate_limit_factory()};
  std::unique_ptr<Processor> processor;

  explicit Case(const std::string& yaml) {
    auto made = fixture.make(yaml);
    REQUIRE_MESSAGE(made.has_value(), (made ? "" : made.error().message()));
    processor = std::move(*made);
  }
  void pass(Duration time) { fixture.environment.clock.advance(time); }
  // How many records are left of so many.
  std::uint64_t kept(SignalBatch batch) {
    REQUIRE(processor->process(batch));
    return batch.record_count();
  }
  // The error; nothing if the batch was taken, whole.
  std::optional<Error> refusal(SignalBatch batch) {
    const std::uint64_t before = batch.record_count();
    const auto result = processor->process(batch);
    CHECK(batch.record_count() == before);
    if (result) return {};
    return result.error();
  }
  std::uint64_t excess(const Labels& labels = {}) {
    return fixture.environment.counters.total("rankwire_rate_limit_excess_records_total", labels);
  }
  bool exposes(const std::string& text) {
    return fixture.environment.counters.prometheus_text().find(text) != std::string::npos;
  }
};

TEST_CASE("drop: what a pod has beyond its rate and burst goes, and other pods are not concerned") {
  Case test("{records_per_second: 10, burst: 2s, excess: drop}");
  CHECK(test.kept(of_pod("noisy", 100)) == 20);
  CHECK(test.kept(of_pod("quiet", 5)) == 5);
  CHECK(test.kept(of_pod("noisy", 100)) == 0);
  test.pass(seconds(1));
  CHECK(test.kept(of_pod("noisy", 100)) == 10);
  test.pass(seconds(100));
  CHECK(test.kept(of_pod("noisy", 100)) == 20);
  CHECK(test.processor->drop_reason() == "rate_limited");
  CHECK(test.excess({{"excess", "drop"}}) == 350);
  CHECK(test.exposes("rankwire_rate_limit_key_excess_records_total{key=\"ns/noisy\",processor=\"rate_limit\"} 350"));
  CHECK_FALSE(test.exposes("quiet"));
}

TEST_CASE("sample: of what is beyond the limit, one in so many stays") {
  Case test("{records_per_second: 10, burst: 1s, excess: sample, keep_one_in: 5}");
  CHECK(test.kept(of_pod("p", 110)) == 10 + 20);
  CHECK(test.excess() == 80);
  CHECK(test.kept(of_pod("p", 4)) == 0);
  CHECK(test.kept(of_pod("p", 1)) == 1);
}

TEST_CASE("hold_back: a batch is taken whole or left with its sender, who is told when to come again") {
  Case test("{records_per_second: 10, burst: 1s}");
  CHECK_FALSE(test.refusal(of_pod("p", 25)));
  const auto refused = test.refusal(of_pod("p", 5));
  REQUIRE(refused);
  CHECK(refused->kind() == ErrorKind::refused);
  CHECK(refused->is_retryable());
  CHECK(refused->message().find("ns/p") != std::string::npos);
  // 25 of 10 are taken: the debt of 15 takes a second and a half.
  CHECK(refused->retry_after() == milliseconds(1500));
  CHECK_FALSE(test.refusal(of_pod("other", 5)));
  test.pass(milliseconds(1400));
  CHECK(test.refusal(of_pod("p", 5)));
  test.pass(milliseconds(101));
  CHECK_FALSE(test.refusal(of_pod("p", 5)));
  CHECK(test.excess({{"excess", "hold_back"}}) == 10);
}

TEST_CASE("hold_back: a batch that is refused for one pod costs the others in it nothing") {
  Case test("{records_per_second: 10, burst: 1s}");
  CHECK_FALSE(test.refusal(of_pod("noisy", 20)));
  for (int i = 0; i < 5; ++i) {
    LogBatch both = std::move(of_pod("quiet", 10).logs());
    LogResource& second = both.resources.add(both.arena());
    set(second.resource.attributes, both.arena(), "k8s.namespace.name", Value::of("ns"));
    set(second.resource.attributes, both.arena(), "k8s.pod.name", Value::of("noisy"));
    second.scopes.add(both.arena()).records.add(both.arena()).body = Value::of("x");
    CHECK(test.refusal(std::move(both)));
  }
  CHECK_FALSE(test.refusal(of_pod("quiet", 10)));
}

TEST_CASE("however large a batch is, it gets through, and the rate holds in the long run") {
  Case test("{records_per_second: 100, burst: 1s}");
  std::uint64_t taken = 0;
  for (int i = 0; i < 1000; ++i) {
    if (!test.refusal(of_pod("p", 170))) taken += 170;
    test.pass(milliseconds(100));
  }
  CHECK(taken >= 9'900);
  CHECK(taken <= 10'400);
}

TEST_CASE("the delay is neither nothing nor endless") {
  Case test("{records_per_second: 1, burst: 1s}");
  CHECK_FALSE(test.refusal(of_pod("p", 1000)));
  CHECK(test.refusal(of_pod("p", 1))->retry_after() == seconds(30));
  Case exact("{records_per_second: 10, burst: 1s}");
  CHECK_FALSE(exact.refusal(of_pod("p", 10)));
  CHECK(exact.refusal(of_pod("p", 1))->retry_after() == milliseconds(10));
}

TEST_CASE("bytes are those of bodies, texts and attributes; both limits hold together") {
  Case bytes("{bytes_per_second: 100, burst: 1s, excess: drop}");
  CHECK(bytes.kept(of_pod("p", 100, "0123456789")) == 10);
  Case both("{bytes_per_second: 1000000, records_per_second: 5, burst: 1s, excess: drop}");
  CHECK(both.kept(of_pod("p", 100)) == 5);
  Case unit("{bytes_per_second: 1KiB, burst: 1s, excess: drop}");
  CHECK(unit.kept(of_pod("p", 100, std::string(512, 'x'))) == 2);
}

TEST_CASE("keys are pods, namespaces, attributes of resource and record, or everything together") {
  const auto kept = [](const std::string& keys) {
    Case test("{records_per_second: 1, burst: 1s, excess: drop, keys: " + keys + "}");
    std::string out;
    for (const auto& [pod, tenant] : {std::pair("a", "x"), {"b", "x"}, {"b", "y"}, {"a", "x"}}) {
      SignalBatch batch = of_pod(pod, 1);
      LogBatch& logs = batch.logs();
      set(testing::record_at(logs, 0).attributes, logs.arena(), "tenant", Value::of(tenant));
      set(logs.resources[0].resource.attributes, logs.arena(), "host", Value::of(std::int64_t{7}));
      out += test.kept(std::move(batch)) == 1 ? '1' : '0';
    }
    return out;
  };
  CHECK(kept("[pod]") == "1100");
  CHECK(kept("[namespace]") == "1000");
  CHECK(kept("[]") == "1000");
  CHECK(kept("[record.tenant]") == "1010");
  CHECK(kept("[pod, record.tenant]") == "1110");
  CHECK(kept("[resource.host]") == "1000");
  CHECK(kept("[resource.absent, record.absent]") == "1000");
}

TEST_CASE("keys beyond the most that are told apart share one limit, and unused ones are forgotten") {
  Case test("{records_per_second: 1, burst: 1s, excess: drop, keys_max: 2, expire_after: 60s}");
  for (const char* pod : {"a", "b"}) CHECK(test.kept(of_pod(pod, 2)) == 1);
  CHECK(test.kept(of_pod("c", 2)) == 1);
  CHECK(test.kept(of_pod("d", 2)) == 0);
  CHECK(test.exposes("key=\"others\""));
  CHECK(test.fixture.environment.counters.total("rankwire_state_refused_total") > 0);
  test.pass(seconds(61));
  CHECK(test.kept(of_pod("d", 2)) == 1);
  CHECK(test.kept(of_pod("e", 2)) == 1);
  CHECK_FALSE(test.exposes("key=\"ns/a\""));
  CHECK(test.exposes("key=\"ns/d\""));
}

TEST_CASE("no more than a hundred keys are shown by name; all of them count") {
  Case test("{records_per_second: 1, burst: 1s, excess: drop}");
  for (int i = 0; i < 150; ++i) CHECK(test.kept(of_pod("p" + std::to_string(i), 3)) == 1);
  CHECK(test.excess() == 300);
  CHECK(test.exposes("key=\"ns/p99\""));
  CHECK_FALSE(test.exposes("key=\"ns/p100\""));
}

TEST_CASE("spans and data points have limits too") {
  Case spans("{records_per_second: 2, burst: 1s, excess: drop, keys: [record.route]}");
  TraceBatch traces;
  SpanScope& scope = traces.resources.add(traces.arena()).scopes.add(traces.arena());
  for (int i = 0; i < 6; ++i) {
    Span& span = scope.records.add(traces.arena());
    set(span.attributes, traces.arena(), "route", Value::of(i % 2 == 0 ? "even" : "odd"));
  }
  CHECK(spans.kept(std::move(traces)) == 4);
  Case points("{records_per_second: 2, burst: 1s, excess: drop}");
  MetricBatch metrics;
  MetricScope& group = metrics.resources.add(metrics.arena()).scopes.add(metrics.arena());
  for (int i = 0; i < 4; ++i) {
    Metric& metric = group.records.add(metrics.arena());
    metric.type = MetricType::gauge;
    for (int point = 0; point < 3; ++point) metric.numbers.add(metrics.arena());
  }
  CHECK(points.kept(std::move(metrics)) == 3);
}

// One metric of each type, each with a point of "even" and one of "odd".
MetricBatch metric_of_each_type() {
  MetricBatch batch;
  Arena& arena = batch.arena();
  MetricScope& group = batch.resources.add(arena).scopes.add(arena);
  for (const MetricType type : {MetricType::gauge, MetricType::sum, MetricType::histogram,
                                MetricType::exponential_histogram, MetricType::summary}) {
    Metric& metric = group.records.add(arena);
    metric.type = type;
    visit_points(metric, [&arena](auto& points) {
      for (const char* route : {"even", "odd"}) set(points.add(arena).attributes, arena, "route", Value::of(route));
    });
  }
  return batch;
}

TEST_CASE("data points have limits by their own attributes, and a metric without any that are left goes") {
  Case test("{records_per_second: 2, burst: 1s, excess: drop, keys: [record.route]}");
  SignalBatch batch = metric_of_each_type();
  REQUIRE(test.processor->process(batch));
  CHECK(batch.record_count() == 4);
  CHECK(batch.metrics().resources[0].scopes[0].records.size() == 2);
  CHECK(test.excess() == 6);
  CHECK(test.exposes("key=\"even\",processor=\"rate_limit\"} 3"));
  Case bytes("{bytes_per_second: 1, burst: 36s, excess: drop, keys: [record.route]}");
  // A number, "route" and "even" are 17 bytes: two leave two bytes, and so a third is taken.
  CHECK(bytes.kept(metric_of_each_type()) == 6);
}

TEST_CASE("hold_back: a batch waits for the key of one of its points") {
  Case test("{records_per_second: 2, burst: 1s, keys: [record.route]}");
  CHECK_FALSE(test.refusal(metric_of_each_type()));
  const auto refused = test.refusal(metric_of_each_type());
  REQUIRE(refused);
  CHECK(refused->message().find("even") != std::string::npos);
  CHECK(refused->retry_after() == milliseconds(1500));
}

TEST_CASE("an empty batch is taken") {
  Case test("{records_per_second: 1}");
  CHECK_FALSE(test.refusal(LogBatch()));
}

TEST_CASE("configurations that cannot work are refused with the key that is wrong") {
  testing::ProcessorFixture fixture(rate_limit_factory());
  const auto refused = [&fixture](const std::string& yaml, const char* word) {
    const std::string message = fixture.refusal(yaml);
    CHECK_MESSAGE(message.find(word) != std::string::npos, yaml, " -> ", message);
  };
  refused("{}", "records_per_second");
  refused("{records_per_second: -1}", "records_per_second");
  refused("{records_per_second: 1, keys: [container]}", "resource.<attribute>");
  refused("{records_per_second: 1, keys: ['record.']}", "record.<attribute>");
  refused("{records_per_second: 1, excess: block}", "hold_back");
  refused("{records_per_second: 1, keep_one_in: 1}", "keep_one_in");
  refused("{records_per_second: 1, burst: 0s}", "burst");
  refused("{records_per_second: 1, keys_max: 0}", "keys_max");
  refused("{records_per_second: 1, expire_after: 1ms}", "expire_after");
}

}  // namespace
}  // namespace rankwire::rate_limit
