#include "processors/delta_to_rate/delta_to_rate_processor.hpp"

#include <doctest/doctest.h>

#include "testing/metric_batches.hpp"
#include "testing/processor_test.hpp"

namespace rankwire::delta_to_rate {
namespace {

using testing::Lines;
using testing::MetricBatchBuilder;
using testing::point_lines;

constexpr std::uint64_t second = 1'000'000'000;

struct Fixture {
  testing::ProcessorFixture fixture{delta_to_rate_factory()};
  std::unique_ptr<Processor> processor = std::move(*fixture.make("{metrics: [d]}"));

  SignalBatch through(MetricBatchBuilder& builder) {
    SignalBatch batch = builder.take();
    REQUIRE(processor->process(batch));
    return batch;
  }
};

TEST_CASE("a delta becomes a gauge of its increase per second") {
  Fixture f;
  MetricBatchBuilder b;
  b.delta("d").unit("By").point(30, {{"a", "x"}}, second, 11 * second).point(1.0, {}, second, second + second / 2);
  const SignalBatch batch = f.through(b);
  CHECK(point_lines(batch) == Lines{"d{a=x} 3r @1000000000-11000000000", "d{} 2r @1000000000-1500000000"});
  const Metric& metric = batch.metrics().resources[0].scopes[0].records[0];
  CHECK(metric.type == MetricType::gauge);
  CHECK(metric.temporality == Temporality::unspecified);
  CHECK(!metric.is_monotonic);
  CHECK(metric.unit == "By/s");
}

TEST_CASE("without an interval the rate is zero, without a value there is none, without a unit none is made up") {
  Fixture f;
  MetricBatchBuilder b;
  b.delta("d").point(30, {}, 5, 5).point(30, {}, 9, 5).point(0, {}, 0, 5);
  b.current().numbers.back().value.type = NumberType::none;
  const SignalBatch batch = f.through(b);
  CHECK(point_lines(batch) == Lines{"d{} 0r @5-5", "d{} 0r @9-5", "d{} none @0-5"});
  CHECK(batch.metrics().resources[0].scopes[0].records[0].unit.empty());
}

TEST_CASE("what is not named or no delta sum passes as it is and is counted") {
  Fixture f;
  MetricBatchBuilder b;
  b.delta("other").point(1, {}, 0, second).counter("d").point(1, {}, 0, second).gauge("d").point(2, {}, 0, second);
  CHECK(point_lines(f.through(b)) == Lines{"other{} 1 @0-1000000000", "d{} 1 @0-1000000000", "d{} 2 @0-1000000000"});
  CHECK(f.fixture.environment.counters.total("rankwire_delta_to_rate_unsuitable_metrics_total") == 2);
}

TEST_CASE("an empty list of metrics is refused") {
  testing::ProcessorFixture f(delta_to_rate_factory());
  CHECK(f.refusal("{}").find("metrics") != std::string::npos);
  CHECK(f.refusal("{metrics: []}").find("at least one") != std::string::npos);
}

TEST_CASE("an empty batch stays empty") {
  Fixture f;
  MetricBatchBuilder b;
  CHECK(point_lines(f.through(b)).empty());
}

}  // namespace
}  // namespace rankwire::delta_to_rate
