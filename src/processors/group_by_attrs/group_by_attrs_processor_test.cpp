#include "processors/group_by_attrs/group_by_attrs_processor.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "testing/log_batches.hpp"
#include "testing/processor_test.hpp"

namespace rankwire::group_by_attrs {
namespace {

using testing::text_of;

// Builds batches line by line, and writes them the same way.
template <class Record>
struct Builder {
  RecordBatch<Record> batch;

  ResourceGroup<Record>& resource(std::initializer_list<KeyValue> attributes) {
    ResourceGroup<Record>& group = batch.resources.add(batch.arena());
    for (const KeyValue& entry : attributes) group.resource.attributes.push(batch.arena(), entry);
    return group;
  }
  ScopeGroup<Record>& scope(std::string_view name) {
    ScopeGroup<Record>& group = batch.resources.back().scopes.add(batch.arena());
    group.scope.name = name;
    return group;
  }
  Record& record(std::initializer_list<KeyValue> attributes) {
    Record& added = batch.resources.back().scopes.back().records.add(batch.arena());
    if constexpr (requires { added.attributes; })
      for (const KeyValue& entry : attributes) added.attributes.push(batch.arena(), entry);
    return added;
  }
};

std::string shown(const LogRecord& record) { return text_of(record.body) + text_of(record.attributes); }
std::string shown(const Span& span) { return std::string(span.name) + text_of(span.attributes); }
std::string shown(const Metric& metric) {
  std::string out = std::string(metric.name) + ":";
  for (const NumberPoint& point : metric.numbers)
    out += " " + std::to_string(point.value.integer) + text_of(point.attributes);
  for (const auto& point : metric.histograms) out += " h" + text_of(point.attributes);
  for (const auto& point : metric.exponential_histograms) out += " e" + text_of(point.attributes);
  for (const auto& point : metric.summaries) out += " s" + text_of(point.attributes);
  return out;
}

// "{host=a} lib: one{} two{}", a line for each scope.
template <class Record>
std::vector<std::string> shown(const RecordBatch<Record>& batch) {
  std::vector<std::string> lines;
  for (const auto& resource : batch.resources) {
    for (const auto& scope : resource.scopes) {
      std::string line = text_of(resource.resource.attributes) + " " + std::string(scope.scope.name) + ":";
      for (const Record& record : scope.records) line += " " + shown(record);
      lines.push_back(line);
    }
  }
  return lines;
}

struct Case {
  testing::ProcessorFixture fixture{group_by_attrs_factory()};

  template <class Record>
  std::vector<std::string> after(const std::string& yaml, RecordBatch<Record> batch) {
    auto processor = fixture.make(yaml);
    REQUIRE_MESSAGE(processor.has_value(), (processor ? "" : processor.error().message()));
    SignalBatch signal = std::move(batch);
    const std::uint64_t before = signal.record_count();
    REQUIRE((*processor)->process(signal));
    CHECK(signal.record_count() == before);
    if constexpr (std::is_same_v<Record, LogRecord>) return shown(signal.logs());
    if constexpr (std::is_same_v<Record, Span>) return shown(signal.traces());
    if constexpr (std::is_same_v<Record, Metric>) return shown(signal.metrics());
  }
  std::uint64_t total(const std::string& name) {
    return fixture.environment.counters.total("otelcol_processor_groupbyattrs_" + name);
  }
};

using Lines = std::vector<std::string>;

TEST_CASE("records move to resources with the values they had under the keys") {
  Builder<LogRecord> logs;
  logs.resource({{"host", Value::of("local")}, {"source", Value::of("prom")}});
  logs.scope("lib");
  logs.record({{"host", Value::of("a")}, {"id", Value::of("1")}}).body = Value::of("one");
  logs.record({{"id", Value::of("2")}}).body = Value::of("two");
  logs.record({{"host", Value::of("b")}}).body = Value::of("three");
  logs.record({{"id", Value::of("4")}, {"host", Value::of("a")}}).body = Value::of("four");
  Case test;
  CHECK(test.after("{keys: [host]}", std::move(logs.batch)) == Lines{"{host=a,source=prom} lib: one{id=1} four{id=4}",
                                                                     "{host=local,source=prom} lib: two{id=2}",
                                                                     "{host=b,source=prom} lib: three{}"});
  CHECK(test.total("num_grouped_logs") == 3);
  CHECK(test.total("num_non_grouped_logs") == 1);
}

TEST_CASE("without keys, equal resources and scopes are joined") {
  Builder<Span> spans;
  for (const char* host : {"local", "local", "other", "local"}) {
    spans.resource({{"host", Value::of(host)}});
    spans.scope("mine");
    spans.record({}).name = "m";
    spans.scope("theirs");
    spans.record({}).name = "t";
  }
  const Lines expected = {"{host=local} mine: m{} m{} m{}", "{host=local} theirs: t{} t{} t{}",
                          "{host=other} mine: m{}", "{host=other} theirs: t{}"};
  for (const char* yaml : {"{}", "{keys: []}"}) {
    CAPTURE(yaml);
    Case test;
    CHECK(test.after(yaml, spans.batch.clone()) == expected);
    CHECK(test.total("num_non_grouped_spans") == 8);
  }
}

TEST_CASE("resources are equal whatever the order of their attributes, and however the values came there") {
  Builder<LogRecord> logs;
  logs.resource({{"a", Value::of("1")}, {"b", Value::of("2")}});
  logs.scope("s");
  logs.record({}).body = Value::of("x");
  logs.resource({{"b", Value::of("2")}});
  logs.scope("s");
  logs.record({{"a", Value::of("1")}}).body = Value::of("y");
  Case test;
  CHECK(test.after("{keys: [a]}", std::move(logs.batch)) == Lines{"{a=1,b=2} s: x{} y{}"});
}

TEST_CASE("values of different types, and lists in another order, are different") {
  Builder<LogRecord> logs;
  Arena& arena = logs.batch.arena();
  const auto list = [&arena](const char* first, const char* second) {
    List<Value> items;
    items.push(arena, Value::of(first));
    items.push(arena, Value::of(second));
    return Value::of(items);
  };
  logs.resource({});
  logs.scope("s");
  for (const Value& value : {Value::of("1"), Value::of(std::int64_t{1}), Value::of(1.0), Value::of(true), Value(),
                             Value::of_bytes("1"), list("a", "b"), list("b", "a"), Value::of("1")})
    logs.record({{"k", value}});
  Case test;
  CHECK(test.after("{keys: [k]}", std::move(logs.batch)).size() == 8);
}

TEST_CASE("a value that is not a number is equal to itself") {
  Builder<LogRecord> logs;
  logs.resource({});
  logs.scope("s");
  for (int i = 0; i < 3; ++i) logs.record({{"k", Value::of(std::numeric_limits<double>::quiet_NaN())}});
  CHECK(Case().after("{keys: [k]}", std::move(logs.batch)).size() == 1);
}

TEST_CASE("several keys group together, and those that are absent keep what the resource says") {
  Builder<LogRecord> logs;
  logs.resource({{"pod", Value::of("p0")}});
  logs.scope("s");
  logs.record({{"ns", Value::of("n")}, {"pod", Value::of("p1")}}).body = Value::of("x");
  logs.record({{"ns", Value::of("n")}}).body = Value::of("y");
  logs.record({{"pod", Value::of("p1")}, {"ns", Value::of("n")}}).body = Value::of("z");
  CHECK(Case().after("{keys: [ns, pod]}", std::move(logs.batch)) ==
        Lines{"{pod=p1,ns=n} s: x{} z{}", "{pod=p0,ns=n} s: y{}"});
}

TEST_CASE("records that share one attribute list go the same way") {
  Builder<LogRecord> logs;
  logs.resource({});
  logs.scope("s");
  Attributes shared;
  set(shared, logs.batch.arena(), "pod", Value::of("p"));
  set(shared, logs.batch.arena(), "x", Value::of("y"));
  for (const char* body : {"1", "2", "3"}) {
    LogRecord& record = logs.record({});
    record.body = Value::of(body);
    record.attributes = Attributes::shared(shared.data(), shared.size());
  }
  Case test;
  CHECK(test.after("{keys: [pod]}", std::move(logs.batch)) == Lines{"{pod=p} s: 1{x=y} 2{x=y} 3{x=y}"});
  CHECK(test.total("num_grouped_logs") == 3);
}

TEST_CASE("data points move with their metric, and metrics that become equal are one") {
  Builder<Metric> metrics;
  Arena& arena = metrics.batch.arena();
  metrics.resource({{"source", Value::of("prom")}});
  metrics.scope("lib");
  const auto add = [&](const char* name, MetricType type, std::initializer_list<const char*> hosts) {
    Metric& metric = metrics.record({});
    metric.name = name;
    metric.type = type;
    std::int64_t number = 0;
    for (const char* host : hosts) {
      NumberPoint& point = metric.numbers.add(arena);
      point.value = {NumberType::integer, {++number}};
      if (*host != 0) set(point.attributes, arena, "host", Value::of(host));
      set(point.attributes, arena, "id", Value::of("eth0"));
    }
  };
  add("g", MetricType::gauge, {"A", "A", "B"});
  add("g", MetricType::gauge, {"A", "B"});
  add("mixed", MetricType::gauge, {"A"});
  add("mixed", MetricType::sum, {"A"});
  add("stays", MetricType::gauge, {""});
  Case test;
  CHECK(test.after("{keys: [host]}", std::move(metrics.batch)) ==
        Lines{"{source=prom,host=A} lib: g: 1{id=eth0} 2{id=eth0} 1{id=eth0} mixed: 1{id=eth0} mixed: 1{id=eth0}",
              "{source=prom,host=B} lib: g: 3{id=eth0} 2{id=eth0}", "{source=prom} lib: stays: 1{id=eth0}"});
  CHECK(test.total("num_grouped_metrics") == 7);
  CHECK(test.total("num_non_grouped_metrics") == 1);
}

TEST_CASE("points of every type move") {
  Builder<Metric> metrics;
  Arena& arena = metrics.batch.arena();
  metrics.resource({});
  metrics.scope("lib");
  const auto add = [&](auto list, MetricType type, const char* name) {
    Metric& metric = metrics.record({});
    metric.name = name;
    metric.type = type;
    set((metric.*list).add(arena).attributes, arena, "k", Value::of("v"));
  };
  add(&Metric::histograms, MetricType::histogram, "h");
  add(&Metric::exponential_histograms, MetricType::exponential_histogram, "e");
  add(&Metric::summaries, MetricType::summary, "s");
  CHECK(Case().after("{keys: [k]}", std::move(metrics.batch)) == Lines{"{k=v} lib: h: h{} e: e{} s: s{}"});
}

TEST_CASE("what differs in what matters stays apart") {
  Builder<Metric> metrics;
  Arena& arena = metrics.batch.arena();
  for (int i = 0; i < 6; ++i) {
    metrics.resource({}).schema_url = i == 1 ? "https://other" : "";
    ScopeGroup<Metric>& scope = metrics.scope("lib");
    if (i == 2) set(scope.scope.attributes, arena, "k", Value::of("v"));
    if (i == 3) scope.scope.version = "2";
    Metric& metric = metrics.record({});
    metric.name = "m";
    metric.type = MetricType::sum;
    metric.temporality = i == 4 ? Temporality::delta : Temporality::cumulative;
    metric.unit = i == 5 ? "s" : "";
    metric.numbers.add(arena);
  }
  CHECK(Case().after("{}", std::move(metrics.batch)) ==
        Lines{"{} lib: m: 0{} m: 0{} m: 0{}", "{} lib: m: 0{}", "{} lib: m: 0{}", "{} lib: m: 0{}"});
}

TEST_CASE("empty batches and groups without records become nothing") {
  Case test;
  CHECK(test.after("{keys: [a]}", LogBatch()).empty());
  Builder<LogRecord> logs;
  logs.resource({{"a", Value::of("b")}});
  logs.scope("s");
  logs.resource({});
  CHECK(test.after("{keys: [a]}", std::move(logs.batch)).empty());
}

TEST_CASE("many groups are found again") {
  Builder<LogRecord> logs;
  logs.resource({});
  logs.scope("s");
  for (int i = 0; i < 3000; ++i) logs.record({{"k", Value::of(std::int64_t{i % 1000})}});
  CHECK(Case().after("{keys: [k]}", std::move(logs.batch)).size() == 1000);
}

TEST_CASE("empty and repeated keys are passed over with a warning, wrong ones refused") {
  testing::ProcessorFixture fixture(group_by_attrs_factory());
  CHECK(fixture.refusal("{keys: [a, a, '']}").empty());
  CHECK(fixture.refusal("{keys: {a: b}}").find("keys") != std::string::npos);
}

}  // namespace
}  // namespace rankwire::group_by_attrs
