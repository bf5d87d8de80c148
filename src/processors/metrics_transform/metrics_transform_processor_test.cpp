#include "processors/metrics_transform/metrics_transform_processor.hpp"

#include <doctest/doctest.h>

#include "testing/metric_batches.hpp"
#include "testing/processor_test.hpp"

namespace rankwire::metrics_transform {
namespace {

using testing::Lines;
using testing::MetricBatchBuilder;
using testing::point_lines;

struct Fixture {
  testing::ProcessorFixture fixture{metrics_transform_factory()};
  std::unique_ptr<Processor> processor;

  // One transform, without its outer braces.
  explicit Fixture(const std::string& transform) {
    auto made = fixture.make("{transforms: [{" + transform + "}]}");
    REQUIRE_MESSAGE(made.has_value(), (made ? "" : made.error().message()));
    processor = std::move(*made);
  }
  SignalBatch through(MetricBatchBuilder& builder) {
    SignalBatch batch = builder.take();
    REQUIRE(processor->process(batch));
    for (const MetricResource& resource : batch.metrics().resources)
      for (const MetricScope& scope : resource.scopes) CHECK(!scope.records.empty());
    return batch;
  }
};

Lines after(const std::string& transform, MetricBatchBuilder builder) {
  Fixture f(transform);
  return point_lines(f.through(builder));
}

// Two cores, two states.
MetricBatchBuilder cpu() {
  MetricBatchBuilder b;
  b.gauge("cpu").point(1, {{"core", "0"}, {"state", "idle"}}).point(2, {{"core", "0"}, {"state", "user"}});
  b.point(3, {{"core", "1"}, {"state", "idle"}}).point(4, {{"core", "1"}, {"state", "user"}});
  return b;
}

MetricBatchBuilder gauges(std::initializer_list<const char*> names) {
  MetricBatchBuilder b;
  for (const char* name : names) b.gauge(name).point(1);
  return b;
}

std::string operation(const std::string& op) { return "include: cpu, action: update, operations: [{" + op + "}]"; }

TEST_CASE("update renames, and a regular expression's groups can be used") {
  CHECK(after("include: a, action: update, new_name: b", gauges({"a", "ab"})) == Lines{"b{} 1 @0-0", "ab{} 1 @0-0"});
  CHECK(after("include: '^a_(?P<rest>.*)$', match_type: regexp, action: update, new_name: 'x.${rest}.$1.${1}'",
              gauges({"a_z", "b_a_z"})) == Lines{"x.z.z.z{} 1 @0-0", "b_a_z{} 1 @0-0"});
  CHECK(after("include: a, match_type: regexp, action: update, new_name: '$2'", gauges({"ba"})) ==
        Lines{"$2{} 1 @0-0"});
}

TEST_CASE("later transforms see what earlier ones left") {
  testing::ProcessorFixture fixture(metrics_transform_factory());
  auto processor = fixture.make(
      "{transforms: [{include: a, action: update, new_name: b}, {include: b, action: update, new_name: c}]}");
  REQUIRE(processor);
  SignalBatch batch = gauges({"a"}).take();
  REQUIRE((*processor)->process(batch));
  CHECK(point_lines(batch) == Lines{"c{} 1 @0-0"});
}

TEST_CASE("insert adds a changed copy and leaves the original alone") {
  CHECK(after("include: cpu, action: insert, new_name: states, operations: [{action: aggregate_labels, label_set: "
              "[state], aggregation_type: max}, {action: experimental_scale_value, experimental_scale: 10}]",
              cpu()) == Lines{"cpu{core=0,state=idle} 1 @0-0", "cpu{core=0,state=user} 2 @0-0",
                              "cpu{core=1,state=idle} 3 @0-0", "cpu{core=1,state=user} 4 @0-0",
                              "states{state=idle} 30 @0-0", "states{state=user} 40 @0-0"});
  CHECK(after("include: a, match_type: regexp, action: insert, new_name: aa", gauges({"a"})).size() == 2);
}

TEST_CASE("labels choose points: an absent label is empty") {
  const std::string insert = "include: cpu, action: insert, new_name: n, ";
  const auto inserted = [&](const std::string& match) {
    std::string values;
    for (const std::string& line : after(insert + match, cpu()))
      if (line.starts_with("n{")) values += line.substr(line.find("} ") + 2, 1);
    return values;
  };
  CHECK(inserted("experimental_match_labels: {state: idle}") == "13");
  CHECK(inserted("experimental_match_labels: {state: idle, core: '1'}") == "3");
  CHECK(inserted("experimental_match_labels: {state: idle, pod: ''}") == "13");
  CHECK(inserted("experimental_match_labels: {state: idle, pod: x}").empty());
  CHECK(inserted("match_type: regexp, experimental_match_labels: {state: '^.d'}") == "13");
  CHECK(inserted("match_type: regexp, experimental_match_labels: {pod: '.+'}").empty());
}

TEST_CASE("update of some points leaves name and number of points as they are") {
  CHECK(after("include: cpu, action: update, new_name: n, experimental_match_labels: {state: idle}, operations: ["
              "{action: toggle_scalar_data_type},"
              "{action: experimental_scale_value, experimental_scale: 2}, {action: add_label, new_label: x, new_value: "
              "y}, {action: delete_label_value, label: core, label_value: '1'}, {action: aggregate_labels, label_set: "
              "[], aggregation_type: sum}, {action: update_label, label: state, new_label: s}]",
              cpu()) == Lines{"cpu{core=0,s=idle} 2r @0-0", "cpu{core=0,state=user} 2 @0-0",
                              "cpu{core=1,s=idle} 6r @0-0", "cpu{core=1,state=user} 4 @0-0"});
}

TEST_CASE("add_label adds what is absent and knows the version") {
  const Lines lines =
      after(operation("action: add_label, new_label: by, new_value: 'v{{version}}, {{version}}'"), gauges({"cpu"}));
  CHECK(lines[0].starts_with("cpu{by=v0."));
  CHECK(lines[0].find("{{") == std::string::npos);
  CHECK(after(operation("action: add_label, new_label: core, new_value: x"), cpu())[0] ==
        "cpu{core=0,state=idle} 1 @0-0");
}

TEST_CASE("update_label renames labels and values") {
  const auto first = [](const std::string& op) { return after(operation("action: update_label, " + op), cpu())[0]; };
  CHECK(first("label: state, new_label: mode") == "cpu{core=0,mode=idle} 1 @0-0");
  CHECK(first("label: state, value_actions: [{value: idle, new_value: '-'}, {value: '-', new_value: x}]") ==
        "cpu{core=0,state=-} 1 @0-0");
  CHECK(first("label: state, new_label: core, value_actions: [{value: idle, new_value: rest}]") ==
        "cpu{core=rest} 1 @0-0");
  CHECK(first("label: none, new_label: some") == "cpu{core=0,state=idle} 1 @0-0");
}

TEST_CASE("delete_label_value deletes points, and a metric without points goes") {
  CHECK(after(operation("action: delete_label_value, label: state, label_value: idle"), cpu()) ==
        Lines{"cpu{core=0,state=user} 2 @0-0", "cpu{core=1,state=user} 4 @0-0"});
  MetricBatchBuilder b;
  b.gauge("cpu").point(1, {{"a", "b"}});
  CHECK(after(operation("action: delete_label_value, label: a, label_value: b"), std::move(b)).empty());
}

TEST_CASE("data types are toggled, and numbers that do not fit are the nearest that do") {
  MetricBatchBuilder b;
  b.gauge("cpu").point(5).point(2.75).point(1e300).point(-1e300);
  CHECK(after(operation("action: toggle_scalar_data_type"), std::move(b)) ==
        Lines{"cpu{} 5r @0-0", "cpu{} 2 @0-0", "cpu{} 9223372036854775807 @0-0", "cpu{} -9223372036854775808 @0-0"});
}

TEST_CASE("values, bounds and buckets are scaled") {
  const std::string scale = operation("action: experimental_scale_value, experimental_scale: 8");
  MetricBatchBuilder numbers, histogram, exponential;
  numbers.gauge("cpu").point(3).point(0.5);
  CHECK(after(scale, std::move(numbers)) == Lines{"cpu{} 24 @0-0", "cpu{} 4r @0-0"});
  histogram.metric("cpu", MetricType::histogram, Temporality::delta).histogram({1, 2, 3}, 5);
  Fixture f(scale);
  const SignalBatch scaled = f.through(histogram);
  CHECK(point_lines(scaled) == Lines{"cpu{} 6/40[1,2,3] @0-0"});
  const HistogramPoint& point = scaled.metrics().resources[0].scopes[0].records[0].histograms[0];
  CHECK(testing::list_text(point.explicit_bounds) == "[8,16]");
  exponential.metric("cpu", MetricType::exponential_histogram, Temporality::delta);
  exponential.exponential(0, 2, {1}, 5).exponential(1, -3, {1, 1}, 5).exponential(-20, 0, {1}, 1);
  exponential.exponential(20, INT32_MAX, {1}, 1);
  CHECK(after(scale, std::move(exponential)) == Lines{"cpu{} 1/40s0+5[1] @0-0", "cpu{} 2/40s1+3[1,1] @0-0",
                                                      "cpu{} 1/8s-20+1[1] @0-0", "cpu{} 1/8s20+2147483647[1] @0-0"});
}

TEST_CASE("labels and label values are aggregated away") {
  const auto of = [](const std::string& how) {
    return after(operation("action: aggregate_labels, label_set: [core], aggregation_type: " + how), cpu());
  };
  CHECK(of("sum") == Lines{"cpu{core=0} 3 @0-0", "cpu{core=1} 7 @0-0"});
  CHECK(of("mean") == Lines{"cpu{core=0} 1 @0-0", "cpu{core=1} 3 @0-0"});
  CHECK(of("count") == Lines{"cpu{core=0} 2 @0-0", "cpu{core=1} 2 @0-0"});
  CHECK(of("median") == Lines{"cpu{core=0} 1 @0-0", "cpu{core=1} 3 @0-0"});
  CHECK(after(operation("action: aggregate_labels"), cpu()) == Lines{"cpu{} 10 @0-0"});
  CHECK(after(operation("action: aggregate_label_values, label: state, aggregated_values: [idle, user], new_value: any,"
                        " aggregation_type: min"),
              cpu()) == Lines{"cpu{core=0,state=any} 1 @0-0", "cpu{core=1,state=any} 3 @0-0"});
}

TEST_CASE("combine joins metrics into one with the groups of the expression as labels") {
  MetricBatchBuilder b;
  b.counter("web/GET/a").point(1).counter("web/POST/a").point(2).counter("web/GET/b").point(3).gauge("other").point(9);
  const std::string combine =
      "include: '^web/(?P<method>.*)/(.)$', match_type: regexp, action: combine, new_name: web, submatch_case: lower";
  CHECK(after(combine, std::move(b)) == Lines{"other{} 9 @0-0", "web{method=get,$2=a} 1 @0-0",
                                              "web{method=post,$2=a} 2 @0-0", "web{method=get,$2=b} 3 @0-0"});
  MetricBatchBuilder alike;
  alike.gauge("a1").point(1).gauge("a2").point(5);
  CHECK(after("include: ^a, match_type: regexp, action: combine, new_name: all, aggregation_type: max",
              std::move(alike)) == Lines{"all{} 5 @0-0"});
  CHECK(after("include: x, action: combine, new_name: y", gauges({"a"})) == Lines{"a{} 1 @0-0"});
  CHECK(after("include: ^a, match_type: regexp, action: combine", gauges({"a1", "b", "a2"})) ==
        Lines{"b{} 1 @0-0", "a1{} 2 @0-0"});
}

TEST_CASE("what is too different to be combined stays and is counted") {
  Fixture f("include: ^a, match_type: regexp, action: combine, new_name: all");
  MetricBatchBuilder type, unit, labels, summary, temporality;
  type.gauge("a").point(1).counter("ab").point(1);
  unit.gauge("a").point(1).gauge("ab").unit("s").point(1);
  labels.gauge("a").point(1, {{"x", "1"}}).gauge("ab").point(1, {{"y", "1"}});
  summary.metric("a", MetricType::summary).summary(1, 1).metric("ab", MetricType::summary).summary(1, 1);
  temporality.counter("a").point(1).delta("ab").point(1);
  for (MetricBatchBuilder* builder : {&type, &unit, &labels, &summary, &temporality})
    CHECK(point_lines(f.through(*builder)).size() == 2);
  CHECK(f.fixture.environment.counters.total("rankwire_metrics_transform_not_combined_total") == 5);
}

TEST_CASE("combine takes the points that match and leaves the others") {
  CHECK(after("include: cpu, action: combine, new_name: idle, experimental_match_labels: {state: idle}", cpu()) ==
        Lines{"cpu{core=0,state=user} 2 @0-0", "cpu{core=1,state=user} 4 @0-0", "idle{core=0,state=idle} 1 @0-0",
              "idle{core=1,state=idle} 3 @0-0"});
}

TEST_CASE("group moves metrics to a resource of their own") {
  Fixture f("include: ^pod, match_type: regexp, action: group, group_resource_labels: {kind: pod, from: new}");
  MetricBatchBuilder b;
  b.resource({{"node", "n"}, {"from", "old"}}).gauge("pod.cpu").point(1).gauge("node.cpu").point(2);
  b.resource({{"node", "m"}}).gauge("pod.memory").point(3);
  const SignalBatch batch = f.through(b);
  CHECK(point_lines(batch) == Lines{"node.cpu{} 2 @0-0", "pod.cpu{} 1 @0-0", "pod.memory{} 3 @0-0"});
  const auto& resources = batch.metrics().resources;
  REQUIRE(resources.size() == 3);
  CHECK(testing::text_of(resources[0].resource.attributes) == "{node=n,from=old}");
  CHECK(testing::text_of(resources[1].resource.attributes) == "{node=n,from=new,kind=pod}");
  CHECK(testing::text_of(resources[2].resource.attributes) == "{node=m,kind=pod,from=new}");
}

TEST_CASE("wrong settings are refused with their place and a remedy") {
  testing::ProcessorFixture f(metrics_transform_factory());
  const auto refused = [&f](const std::string& transform, const char* part) {
    const std::string message = f.refusal("{transforms: [{" + transform + "}]}");
    CHECK_MESSAGE(message.find(part) != std::string::npos, message);
  };
  refused("action: update", "include");
  refused("include: a", "action");
  refused("include: a, action: rename", "combine");
  refused("include: a, action: insert", "new_name");
  refused("include: a, action: group", "group_resource_labels");
  refused("include: (, match_type: regexp, action: update", "include");
  refused("include: a, match_type: glob, action: update", "regexp");
  refused("include: a, action: update, aggregation_type: average", "median");
  refused("include: a, action: combine, new_name: b, submatch_case: title", "upper");
  const auto operation_refused = [&](const std::string& op, const char* part) {
    refused("include: a, action: update, operations: [{" + op + "}]", part);
  };
  operation_refused("label: x", "action");
  operation_refused("action: drop_label", "add_label");
  operation_refused("action: add_label, new_label: x", "new_value");
  operation_refused("action: add_label, new_value: x", "new_label");
  operation_refused("action: update_label", "label");
  operation_refused("action: delete_label_value", "label");
  operation_refused("action: experimental_scale_value", "experimental_scale");
}

TEST_CASE("an empty batch stays empty, and metrics without points or type do no harm") {
  Fixture f("include: ^a, match_type: regexp, action: combine, new_name: all");
  MetricBatchBuilder nothing, hollow;
  CHECK(point_lines(f.through(nothing)).empty());
  hollow.gauge("a").metric("ab", MetricType::gauge);
  CHECK(point_lines(f.through(hollow)).empty());
  MetricBatchBuilder untyped;
  untyped.metric("a", MetricType::empty);
  f.through(untyped);
}

}  // namespace
}  // namespace rankwire::metrics_transform
