// Metrics to series, as lines of text.
#include "exporters/prometheus_remote_write/translate.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>

#include "testing/metric_batches.hpp"
#include "testing/test_environment.hpp"

namespace rankwire::prometheus_remote_write {
namespace {

using testing::MetricBatchBuilder;

constexpr std::uint64_t second = 1'000'000'000;

struct TranslationFixture {
  testing::TestEnvironment test;
  TranslationRules rules;
  CumulativeState deltas{test.counters, "prometheus_remote_write"};
  Instant now{};
  SeriesSet set;

  // name{label="value"} value @milliseconds
  std::vector<std::string> lines(MetricBatchBuilder& builder) {
    set = SeriesSet();
    const SignalBatch batch = builder.take();
    translate(batch.metrics(), rules, deltas, now, set);
    std::vector<std::string> all;
    for (const Series& series : set.series)
      for (const Sample& sample : series.samples) {
        std::string name, labels;
        for (const Label& label : series.labels) {
          if (label.name == "__name__")
            name = label.value;
          else
            labels += (labels.empty() ? "" : ",") + std::string(label.name) + "=" + std::string(label.value);
        }
        const bool is_stale = std::bit_cast<std::uint64_t>(sample.value) == stale_bits;
        const std::string value = sample.histogram != nullptr ? text_of(*sample.histogram)
                                  : is_stale                  ? "stale"
                                                              : testing::short_text(sample.value);
        all.push_back(name + "{" + labels + "} " + value + " @" + std::to_string(sample.time_millis));
      }
    return all;
  }

  static std::string text_of(const NativeHistogram& histogram) {
    std::string text = std::to_string(histogram.count) + "/" + testing::short_text(histogram.sum) + " schema " +
                       std::to_string(histogram.schema);
    for (const NativeBuckets* buckets : {&histogram.negative, &histogram.positive}) {
      for (const BucketSpan& span : buckets->spans)
        text += " " + std::to_string(span.offset) + "+" + std::to_string(span.length);
      if (!buckets->spans.empty()) text += testing::list_text(buckets->deltas);
    }
    return text;
  }

  std::size_t lost() const { return static_cast<std::size_t>(std::count(set.lost.begin(), set.lost.end(), true)); }
};

using Lines = std::vector<std::string>;

TEST_CASE_FIXTURE(TranslationFixture, "labels come from the point, the target and the user, in this order") {
  rules.labels.external_labels = {{"cluster", "east"}, {"rank", "outer"}, {"job", "outer"}};
  MetricBatchBuilder batch;
  batch.resource({{"service.name", "a"}, {"service.namespace", "n"}, {"service.instance.id", "i"}, {"region", "eu"}})
      .gauge("g")
      .point(1, {{"rank", "3"}, {"x.y", "2"}, {"x/y", "1"}, {"none", ""}, {"job", "mine"}}, 0, second);
  CHECK(lines(batch) == Lines{"g{cluster=east,instance=i,job=n/a,rank=3,x_y=2;1} 1 @1000",
                              "target_info{cluster=east,instance=i,job=n/a,rank=outer,region=eu} 1 @1000"});
}

TEST_CASE_FIXTURE(TranslationFixture, "a resource's attributes become labels if wanted") {
  rules.labels.has_resource_labels = true;
  rules.has_target_info = false;
  MetricBatchBuilder batch;
  batch.resource({{"service.name", "a"}, {"region", "eu"}}).gauge("g").point(1, {{"region", "us"}}, 0, second);
  CHECK(lines(batch) == Lines{"g{job=a,region=eu,service_name=a} 1 @1000"});
  rules.labels.are_service_attributes_kept = false;
  MetricBatchBuilder again;
  again.resource({{"service.name", "a"}, {"region", "eu"}}).gauge("g").point(1, {}, 0, second);
  CHECK(lines(again) == Lines{"g{job=a,region=eu} 1 @1000"});
}

TEST_CASE_FIXTURE(TranslationFixture, "histograms and summaries are several series") {
  MetricBatchBuilder batch;
  batch.metric("h", MetricType::histogram, Temporality::cumulative).histogram({1, 2, 3}, 9.5, {}, 0, second);
  batch.metric("s", MetricType::summary).summary(4, 8, {}, 0, second);
  batch.current().summaries[0].quantiles.push(batch.arena(), {0.99, 7});
  CHECK(lines(batch) == Lines{"h_sum{} 9.5 @1000", "h_count{} 6 @1000", "h_bucket{le=1} 1 @1000",
                              "h_bucket{le=2} 3 @1000", "h_bucket{le=+Inf} 6 @1000", "s_sum{} 8 @1000",
                              "s_count{} 4 @1000", "s{quantile=0.99} 7 @1000"});
}

TEST_CASE_FIXTURE(TranslationFixture, "an exponential histogram is a native one") {
  MetricBatchBuilder batch;
  batch.metric("e", MetricType::exponential_histogram, Temporality::cumulative)
      .exponential(3, -2, {5, 0, 0, 4, 0, 0, 0, 7}, 12, {}, 0, second)
      .exponential(9, 0, {1, 1, 1}, 3, {{"fine", "y"}}, 0, second)
      .exponential(-5, 0, {1}, 3, {{"coarse", "y"}}, 0, second);
  CHECK(lines(batch) ==
        Lines{"e{} 16/12 schema 3 -1+4 3+1[5,-5,0,4,3] @1000", "e{fine=y} 3/3 schema 8 1+2[2,-1] @1000"});
  CHECK(lost() == 1);
  CHECK(set.why_lost.find("scale below -4") != std::string::npos);
}

TEST_CASE_FIXTURE(TranslationFixture, "deltas are added up over batches") {
  Lines all;
  for (int i = 1; i <= 3; ++i) {
    MetricBatchBuilder batch;
    const std::uint64_t time = static_cast<std::uint64_t>(i) * second;
    batch.delta("c").point(i, {}, time - second, time);
    batch.metric("h", MetricType::histogram, Temporality::delta).histogram({1, 2}, 2.5, {}, time - second, time);
    batch.metric("e", MetricType::exponential_histogram, Temporality::delta)
        .exponential(0, i, {2}, 1, {}, time - second, time);
    all = lines(batch);
  }
  CHECK(all == Lines{"c_total{} 6 @3000", "h_sum{} 7.5 @3000", "h_count{} 9 @3000", "h_bucket{le=1} 3 @3000",
                     "h_bucket{le=+Inf} 9 @3000", "e{} 6/3 schema 0 2+3[2,0,0] @3000"});
  MetricBatchBuilder late;
  late.delta("c").point(10, {}, 0, 2 * second);
  CHECK(lines(late).empty());
  CHECK(lost() == 0);
  MetricBatchBuilder next;
  next.delta("c").point(1, {}, 0, 4 * second);
  CHECK(lines(next) == Lines{"c_total{} 17 @4000"});
}

TEST_CASE_FIXTURE(TranslationFixture, "a histogram with other bounds begins again") {
  for (const double sum : {1.0, 2.0}) {
    MetricBatchBuilder batch;
    batch.metric("h", MetricType::histogram, Temporality::delta);
    if (sum == 1)
      batch.histogram({1, 2}, sum, {}, 0, second);
    else
      batch.histogram({1, 2, 3}, sum, {}, second, 2 * second);
    CHECK(lines(batch)[0] == "h_sum{} " + std::string(sum == 1 ? "1 @1000" : "2 @2000"));
  }
}

TEST_CASE_FIXTURE(TranslationFixture, "a point without a recorded value ends its series") {
  MetricBatchBuilder batch;
  batch.counter("c").point(5, {}, 0, second).current().numbers[0].flags = 1;
  batch.metric("h", MetricType::histogram, Temporality::cumulative).histogram({1}, 0, {}, 0, second);
  batch.current().histograms[0].flags = 1;
  CHECK(lines(batch) == Lines{"c_total{} stale @1000", "h_sum{} stale @1000", "h_count{} stale @1000",
                              "h_bucket{le=+Inf} stale @1000"});
}

TEST_CASE_FIXTURE(TranslationFixture, "what Prometheus has no form for is counted with a reason") {
  MetricBatchBuilder batch;
  batch.gauge("g").point(1, {}, 0, 0);
  CHECK(lines(batch).empty());
  CHECK(set.why_lost == "a data point without a time");
  MetricBatchBuilder unspecified;
  unspecified.metric("s", MetricType::sum).point(1, {}, 0, second).point(2, {{"a", "b"}}, 0, second);
  CHECK(lines(unspecified).empty());
  CHECK(lost() == 2);
  MetricBatchBuilder nothing;
  nothing.gauge("g").point(1, {}, 0, second).current().numbers[0].value = {};
  CHECK(lines(nothing).empty());
  CHECK(set.why_lost == "a data point without a value");
  MetricBatchBuilder torn;
  torn.metric("h", MetricType::histogram, Temporality::cumulative).histogram({1, 2}, 1, {}, 0, second);
  torn.current().histograms[0].explicit_bounds.clear();
  CHECK(lines(torn).empty());
  CHECK(lost() == 1);
}

TEST_CASE_FIXTURE(TranslationFixture, "scopes are labels unless they are not wanted") {
  for (const bool is_wanted : {true, false}) {
    rules.labels.has_scope_labels = is_wanted;
    SeriesSet made;
    SignalBatch batch = MetricBatchBuilder().gauge("g").point(1, {}, 0, second).take();
    Scope& scope = batch.metrics().resources[0].scopes[0].scope;
    scope.name = "lib";
    scope.version = "2";
    translate(batch.metrics(), rules, deltas, now, made);
    CHECK(made.series[0].labels.size() == (is_wanted ? 3 : 1));
  }
}

}  // namespace
}  // namespace rankwire::prometheus_remote_write
