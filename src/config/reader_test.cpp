// Reading structs from trees: types, bounds, unknown keys, sections, lists, secrets.
#include <doctest/doctest.h>

#include "config/fields.hpp"
#include "config/load.hpp"

namespace rankwire::config {
namespace {

enum class Mode : std::uint8_t { fast, safe };

struct Inner {
  std::uint64_t size = 7;
  Duration wait = std::chrono::seconds(2);
  void fields(Fields& f) {
    f.field("size", size, "Size.", {.min = 1, .max = 100});
    f.field("wait", wait, "Wait.", {.min = 0});
  }
  void validate(Validator& v) const {
    if (size == 13 || size == 26) v.error("size", "13 brings bad luck", "take 14");
    if (size == 26) v.error("size", "twice is worse");
  }
};

struct Step {
  std::string action;
  std::vector<Step> nested;
  void fields(Fields& f) {
    f.field("action", action, "What to do.");
    f.list("nested", nested, "Steps inside.");
  }
};

struct Example {
  bool is_on = false;
  std::int64_t count = -1;
  double ratio = 0.5;
  std::string endpoint = "localhost:1";
  Secret token;
  Duration timeout = std::chrono::seconds(30);
  Bytes limit = 1_MiB;
  ComponentId storage_id;
  std::vector<std::string> include = {"a"};
  StringMap labels;
  SecretMap headers;
  Node any;
  std::optional<bool> maybe;
  std::optional<ComponentId> storage;
  Mode mode = Mode::fast;
  Inner inner;
  std::optional<Inner> queue = Inner{};
  std::optional<Inner> grpc;
  std::vector<Step> steps;

  void fields(Fields& f) {
    f.field("is_on", is_on, "On.");
    f.field("count", count, "Count.");
    f.field("ratio", ratio, "Ratio.", {.min = 0, .max = 1});
    f.field("endpoint", endpoint, "Where.");
    f.field("token", token, "Key.");
    f.field("timeout", timeout, "Time.", {.min = 0});
    f.field("limit", limit, "Limit.", {.max = 1e9});
    f.field("storage_id", storage_id, "Id.");
    f.field("include", include, "Globs.");
    f.field("labels", labels, "Labels.");
    f.field("headers", headers, "Headers.");
    f.field("any", any, "Anything.");
    f.field("maybe", maybe, "Maybe.");
    f.field("storage", storage, "Storage.");
    f.choice("mode", mode, {{"fast", 0}, {"FAST", 0}, {"safe", 1}}, "Mode.");
    f.section("inner", inner, "Inner.");
    f.optional_section("queue", queue, "Queue.");
    f.optional_section("grpc", grpc, "gRPC.");
    f.list("steps", steps, "Steps.");
    f.ignored("gc_percent", "there is no garbage collector.");
    f.unsupported("tpm", "keys in a TPM.");
    f.renamed("time_out", "timeout");
  }
  void validate(Validator& v) const {
    if (endpoint.empty()) v.error("endpoint", "must be set");
  }
};

struct Outcome {
  Example value;
  Diagnostics diagnostics;
  std::string text() const { return diagnostics.text(); }
  bool says(const std::string& part) const { return text().find(part) != std::string::npos; }
};

Outcome parse(const std::string& yaml) {
  Outcome outcome;
  const Node node = parse_yaml(yaml, "a.yaml", outcome.diagnostics);
  outcome.value = read<Example>(node, "exporters::x", outcome.diagnostics);
  return outcome;
}

TEST_CASE("every kind of field is read from YAML") {
  const Outcome found = parse(R"(
is_on: true
count: 0123
ratio: 1
endpoint: 4317
token: s3cret
timeout: 1h30m
limit: 16KiB
storage_id: file_storage/a
include: [x, "y"]
labels: {a: b, c: 1}
headers: {Authorization: Bearer x}
any: [1, {b: c}]
maybe: false
storage: file_storage
mode: SAFE
inner: {size: 9}
queue: {wait: 200ms}
grpc:
steps: [{action: one, nested: [{action: two}]}, {}]
)");
  CHECK_EQ(found.text(), "");
  const Example& v = found.value;
  CHECK(v.is_on);
  CHECK_EQ(v.count, 83);
  CHECK_EQ(v.ratio, 1.0);
  CHECK_EQ(v.endpoint, "4317");
  CHECK_EQ(v.token.reveal(), "s3cret");
  CHECK(v.timeout == std::chrono::minutes(90));
  CHECK(v.limit == 16_KiB);
  CHECK_EQ(v.storage_id.text(), "file_storage/a");
  CHECK_EQ(v.include, std::vector<std::string>{"x", "y"});
  REQUIRE_EQ(v.labels.size(), 2);
  CHECK_EQ(v.labels[1].second, "1");
  REQUIRE_EQ(v.headers.size(), 1);
  CHECK_EQ(v.headers[0].second.reveal(), "Bearer x");
  CHECK(v.any.is_sequence());
  CHECK_EQ(v.maybe, std::optional<bool>(false));
  REQUIRE(v.storage);
  CHECK(v.mode == Mode::safe);
  CHECK_EQ(v.inner.size, 9);
  REQUIRE(v.queue);
  CHECK(v.queue->wait == std::chrono::milliseconds(200));
  CHECK_EQ(v.queue->size, 7);
  CHECK(v.grpc.has_value());
  REQUIRE_EQ(v.steps.size(), 2);
  REQUIRE_EQ(v.steps[0].nested.size(), 1);
  CHECK_EQ(v.steps[0].nested[0].action, "two");
}

TEST_CASE("an empty or null configuration gives the defaults") {
  for (const char* yaml : {"", "{}", "timeout:\ninclude:\nsteps:\nendpoint: ~\n"}) {
    const Outcome found = parse(yaml);
    CHECK_EQ(found.text(), "");
    CHECK(found.value.timeout == std::chrono::seconds(30));
    CHECK_EQ(found.value.endpoint, "localhost:1");
    CHECK_EQ(found.value.include.size(), 1);
    CHECK(found.value.queue.has_value());
    CHECK_FALSE(found.value.grpc.has_value());
  }
}

TEST_CASE("an unknown key is an error at its place with the closest key") {
  const Outcome found = parse("is_on: true\nendpont: x\n");
  CHECK_EQ(found.text(), "a.yaml:2:1: error: exporters::x::endpont: unknown key; did you mean \"endpoint\"?\n");
}

TEST_CASE("all errors come in one run, in order of place") {
  const Outcome found =
      parse("is_on: 1\ninner:\n  sise: 1\n  size: 0\nsteps:\n  - acton: x\n  - y\nmode: slow\nlimit: 2GB\n");
  CHECK_EQ(found.text(),
           "a.yaml:1:8: error: exporters::x::is_on: must be true or false, not \"1\"\n"
           "a.yaml:3:3: error: exporters::x::inner::sise: unknown key; did you mean \"size\"?\n"
           "a.yaml:4:9: error: exporters::x::inner::size: must be at least 1, not \"0\"\n"
           "a.yaml:6:5: error: exporters::x::steps[0]::acton: unknown key; did you mean \"action\"?\n"
           "a.yaml:7:5: error: exporters::x::steps[1]: must be a map, not a text\n"
           "a.yaml:8:7: error: exporters::x::mode: \"slow\" is not one of the values allowed; allowed are fast, safe\n"
           "a.yaml:9:8: error: exporters::x::limit: must be at most 1000000000, not \"2GB\"\n");
}

TEST_CASE("everything that a section finds wrong with one key is told, unless the value could not be read") {
  CHECK_EQ(parse("inner: {size: 26}\n").text(),
           "a.yaml:1:9: error: exporters::x::inner::size: 13 brings bad luck; take 14\n"
           "a.yaml:1:9: error: exporters::x::inner::size: twice is worse\n");
  CHECK_EQ(parse("endpoint: [x]\n").text(), "a.yaml:1:11: error: exporters::x::endpoint: must be a text, not a list\n");
}

TEST_CASE("numbers in quotes are texts") {
  const Outcome found = parse("count: \"23\"\nis_on: 'true'\nratio: '0.5'\n");
  CHECK(found.says("count: must be an integer, not \"23\"; remove the quotes"));
  CHECK(found.says("is_on: must be true or false, not \"true\"; remove the quotes"));
  CHECK(found.says("ratio: must be a number, not \"0.5\"; remove the quotes"));
  CHECK(parse("endpoint: \"23\"").text().empty());
}

TEST_CASE("numbers out of range are refused, not wrapped") {
  CHECK(parse("count: 9223372036854775808").says("too large"));
  CHECK(parse("count: -9223372036854775808").text().empty());
  CHECK(parse("inner: {size: -1}").says("at least 1"));
  CHECK(parse("count: 10.5").says("must be an integer"));
  CHECK(parse("count: 1e3").value.count == 1000);
  CHECK(parse("ratio: .inf").says("at most 1"));
  CHECK(parse("ratio: .nan").says("ratio"));
}

TEST_CASE("a duration without a unit counts nanoseconds and warns") {
  const Outcome found = parse("timeout: 5");
  CHECK(found.value.timeout == Duration(5));
  CHECK_FALSE(found.diagnostics.has_errors());
  CHECK(found.says("nanoseconds"));
  CHECK(parse("timeout: 0").text().empty());
  CHECK(parse("timeout: \"5\"").says("without a unit"));
  CHECK(parse("timeout: -5s").says("at least 0s"));
  CHECK(parse("timeout: 5 s").diagnostics.has_errors());
}

TEST_CASE("a secret never appears in a message") {
  for (const char* yaml : {"token: {hunter2: hunter2x}", "token: [hunter2]", "headers: hunter2", "headers: [hunter2]",
                           "headers: {a: {b: hunter2}}", "headers: [{name: a, value: [hunter2]}]"}) {
    const Outcome found = parse(yaml);
    CHECK(found.diagnostics.has_errors());
    CHECK_FALSE(found.says("hunter2"));
  }
}

TEST_CASE("headers are a map or a list of name and value") {
  const Outcome found = parse("headers:\n  - name: A\n    value: 1\n  - name: B\n    valeu: x\n");
  REQUIRE_EQ(found.value.headers.size(), 2);
  CHECK_EQ(found.value.headers[0].second.reveal(), "1");
  CHECK(found.says("a.yaml:5:5: error: exporters::x::headers[1]::valeu: unknown key; did you mean \"value\"?"));
}

TEST_CASE("a text is split at commas where a list is expected") {
  CHECK_EQ(parse("include: a,b").value.include, std::vector<std::string>{"a", "b"});
  CHECK(parse("include: \"\"").value.include.empty());
  CHECK(parse("include: {a: b}").says("must be a list of texts, not a map"));
}

TEST_CASE("an old spelling works with a warning, wherever it is declared") {
  const Outcome found = parse("time_out: 3s");
  CHECK(found.value.timeout == std::chrono::seconds(3));
  CHECK_EQ(found.text(), "a.yaml:1:1: warning: exporters::x::time_out: is an old spelling; write timeout\n");
  CHECK(parse("time_out: 3s\ntimeout: 4s").diagnostics.has_errors());
}

TEST_CASE("ignored keys warn and unsupported ones say that upstream knows them") {
  const Outcome found = parse("gc_percent: 3\ntpm: {enabled: true}\n");
  CHECK(found.says("a.yaml:1:1: warning: exporters::x::gc_percent: has no effect here"));
  CHECK(found.says("a.yaml:2:1: error: exporters::x::tpm: known in the OpenTelemetry Collector but not supported"));
  CHECK(parse("tpm: false").text().empty());
}

TEST_CASE("validation reports at the key, and not where a value could not be read") {
  CHECK(parse("\nqueue:\n  size: 13\n")
            .says("a.yaml:3:3: error: exporters::x::queue::size: 13 brings bad luck; take 14"));
  CHECK(parse("endpoint: \"\"").says("endpoint: must be set"));
  const Outcome wrong = parse("endpoint: []");
  CHECK_FALSE(wrong.says("must be set"));
}

TEST_CASE("a wrong kind is reported once and leaves the default") {
  CHECK_EQ(parse("inner: 3").text(), "a.yaml:1:8: error: exporters::x::inner: must be a map, not an integer\n");
  CHECK(parse("steps: {a: b}").says("must be a list, not a map"));
  CHECK(parse("storage: a b").says("letters, digits"));
  CHECK(parse("[1]").says("exporters::x: must be a map, not a list"));
  CHECK(parse("maybe: 3").says("maybe: must be true or false"));
}

TEST_CASE("printing gives every value and hides secrets") {
  Outcome found = parse("token: hunter2\nheaders: {a: hunter2}\nendpoint: \"017\"\nsteps: [{action: x}]\n");
  const std::string hidden = to_yaml(Printer(false).print(found.value));
  CHECK_EQ(hidden.find("hunter2"), std::string::npos);
  CHECK(hidden.find("token: \"[REDACTED]\"") != std::string::npos);
  CHECK(hidden.find("timeout: 30s") != std::string::npos);
  CHECK(hidden.find("limit: 1MiB") != std::string::npos);
  CHECK(hidden.find("grpc") == std::string::npos);

  const std::string shown = to_yaml(Printer(true).print(found.value));
  const Outcome again = parse(shown);
  CHECK_EQ(again.text(), "");
  CHECK_EQ(to_yaml(Printer(true).print(again.value)), shown);
  CHECK_EQ(again.value.token.reveal(), "hunter2");
  CHECK_EQ(again.value.endpoint, "017");
}

TEST_CASE("the description lists every field with its default, also inside lists and absent sections") {
  const std::vector<FieldInfo> all = Describer().describe<Example>();
  const auto find = [&](const std::string& path) -> FieldInfo {
    for (const FieldInfo& info : all) {
      if (info.path == path) return info;
    }
    return {};
  };
  CHECK_EQ(find("timeout").default_text, "30s");
  CHECK_EQ(find("mode").choices.size(), 3);
  CHECK_EQ(find("mode").default_text, "fast");
  CHECK_EQ(find("grpc").default_text, "absent");
  CHECK_EQ(find("grpc.size").default_text, "7");
  CHECK_EQ(find("queue").default_text, "present");
  CHECK_EQ(find("steps[].nested[].action").type, "text");
  CHECK(find("tpm").support == FieldInfo::Support::unsupported);
  CHECK(find("time_out").support == FieldInfo::Support::renamed);
}

}  // namespace
}  // namespace rankwire::config
