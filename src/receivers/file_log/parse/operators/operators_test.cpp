// Each operator, from YAML to records.
#include <doctest/doctest.h>

#include "receivers/file_log/parse/parse_fixture.hpp"

namespace rankwire::file_log {

using testing::ParseFixture;
using Texts = std::vector<std::string>;

namespace {

struct Case {
  const char* operators;
  const char* line;
  const char* shown;  // Body, then attributes.
};

std::string run(const char* operators, const std::string& line) {
  ParseFixture lines;
  lines.use_operators(operators);
  if (!lines.is_valid()) return "(invalid)";
  lines.parse(line + "\n");
  std::string shown;
  for (std::size_t i = 0; i < lines.records().size(); ++i) shown += (i == 0 ? "" : " | ") + lines.show(i);
  return shown;
}

void check(std::initializer_list<Case> cases) {
  for (const Case& one : cases) {
    CAPTURE(one.operators);
    CAPTURE(one.line);
    CHECK(run(one.operators, one.line) == one.shown);
  }
}

}  // namespace

TEST_CASE("regex_parser makes attributes of named groups") {
  check({
      {"[{type: regex_parser, regex: '^(?P<a>\\d+) (?P<b>.*)$'}]", "12 rest of it", "12 rest of it a=12 b=rest of it"},
      {"[{type: regex_parser, regex: '(?P<a>\\d+)', parse_to: body}]", "x12y", "{\"a\":\"12\"}"},
      {"[{type: regex_parser, regex: '^(?P<a>\\d+)$'}]", "none", "none"},
      {"[{type: regex_parser, regex: '^(?P<a>\\d+)$', on_error: drop}]", "none", ""},
      {"[{type: regex_parser, regex: '(?P<a>x)?y', cache: {size: 10}}]", "y", "y a="},
      {"[{type: regex_parser, regex: '(?<n>b)'}, {type: regex_parser, id: two, regex: '(?P<m>.)', parse_from: "
       "attributes.n, parse_to: 'attributes[\"x.y\"]'}]",
       "abc", "abc n=b x.y={\"m\":\"b\"}"},
      {"[{type: regex_parser, regex: '(\\d+)'}]", "1", "(invalid)"},
      {"[{type: regex_parser, regex: '(?P<a>'}]", "1", "(invalid)"},
  });
}

TEST_CASE("json_parser makes all numbers floating point unless told otherwise") {
  check({
      {"[{type: json_parser}]", R"({"a":"x","n":1,"m":{"k":[true,null]}})",
       R"({"a":"x","n":1,"m":{"k":[true,null]}} a=x n=1 m={"k":[true,null]})"},
      {"[{type: json_parser, parse_to: body}]", R"({"a":1})", R"({"a":1})"},
      {"[{type: json_parser}]", "not json", "not json"},
      {"[{type: json_parser, body: attributes.msg}]", R"({"msg":"hello"})", "hello msg=hello"},
      {"[{type: json_array_parser, header: 'a,b', parse_to: body}]", R"([1,"x"])", R"({"a":1,"b":"x"})"},
  });
  ParseFixture lines;
  lines.use_operators("[{type: json_parser}]");
  lines.parse("{\"n\":1}\n");
  CHECK(find(lines.record(0).attributes, "n")->type() == ValueType::real);
  ParseFixture integers;
  integers.use_operators("[{type: json_parser, parse_ints: true}]");
  integers.parse("{\"n\":1,\"r\":1.5}\n");
  CHECK(find(integers.record(0).attributes, "n")->type() == ValueType::integer);
  CHECK(find(integers.record(0).attributes, "r")->type() == ValueType::real);
}

TEST_CASE("key_value_parser and csv_parser respect quotes") {
  check({
      {"[{type: key_value_parser}]", "a=1 b=\"two words\" c='x=y'",
       "a=1 b=\"two words\" c='x=y' a=1 b=two words c=x=y"},
      {"[{type: key_value_parser, delimiter: ':', pair_delimiter: ','}]", "a:1, b : 2", "a:1, b : 2 a=1 b=2"},
      {"[{type: key_value_parser}]", "no pairs", "no pairs"},
      {"[{type: csv_parser, header: 'a,b,c'}]", "1,\"x,\"\"y\"\"\",", "1,\"x,\"\"y\"\"\", a=1 b=x,\"y\" c="},
      {"[{type: csv_parser, header: 'a|b', delimiter: '|'}]", "1|2", "1|2 a=1 b=2"},
      {"[{type: csv_parser, header: 'a,b'}]", "1,2,3", "1,2,3"},
      {"[{type: csv_parser, header: 'a,b', ignore_quotes: true}]", "\"1,2", "\"1,2 a=\"1 b=2"},
      {"[{type: uri_parser, parse_to: body}]", "https://me:pw@h.example:8443/p/q?a=1&a=2%20b#f",
       R"({"scheme":"https","user":"me","host":"h.example","port":"8443","path":"/p/q",)"
       R"("query":{"a":["1","2 b"]},"fragment":"f"})"},
  });
}

TEST_CASE("values are added, copied, moved, removed, retained and flattened") {
  check({
      {"[{type: add, field: attributes.a, value: 5}, {type: add, id: b, field: 'attributes.m.k', value: [x, 1.5]}]",
       "l", "l a=5 m={\"k\":[\"x\",1.5]}"},
      {"[{type: add, field: attributes.a, value: 'EXPR(body + \"!\")'}]", "l", "l a=l!"},
      {"[{type: add, field: attributes.a, value: 'x-EXPR(len(body))-y'}]", "abc", "abc a=x-3-y"},
      {"[{type: json_parser, parse_to: body}, {type: copy, from: body.a, to: attributes.b}]", R"({"a":"x"})",
       R"({"a":"x"} b=x)"},
      {"[{type: json_parser}, {type: move, from: attributes.msg, to: body}]", R"({"msg":"x","n":2})", "x n=2"},
      {"[{type: move, from: body, to: body.message}]", "x", R"({"message":"x"})"},
      {"[{type: json_parser}, {type: remove, field: attributes.a}]", R"({"a":1,"b":2})", R"({"a":1,"b":2} b=2)"},
      {"[{type: json_parser}, {type: remove, field: attributes}]", R"({"a":1})", R"({"a":1})"},
      {"[{type: json_parser, parse_to: body}, {type: retain, fields: [body.b, body.c.d]}]",
       R"({"a":1,"b":2,"c":{"d":3,"e":4}})", R"({"b":2,"c":{"d":3}})"},
      {"[{type: json_parser, parse_to: body}, {type: flatten, field: body.c}]", R"({"a":1,"c":{"d":3}})",
       R"({"a":1,"d":3})"},
      {"[{type: json_array_parser, parse_to: body}, {type: assign_keys, field: body, keys: [a, b]}]", R"(["x",2])",
       R"({"a":"x","b":2})"},
      {"[{type: unquote, field: body}]", R"("a\tb")", "a\tb"},
      {"[{type: unquote}]", "x", "(invalid)"},
      {"[{type: regex_replace, field: body, regex: '(\\d+)-(\\d+)', replace_with: '$2-${1}'}]", "1-2 3-4", "2-1 4-3"},
      {"[{type: regex_replace, field: body, regex_name: ansi_control_sequences, replace_with: ''}]",
       "\x1b[31mred\x1b[0m", "red"},
      {"[{type: noop}]", "x", "x"},
  });
}

TEST_CASE("filter drops what matches and counts it") {
  ParseFixture lines;
  lines.use_operators("[{type: filter, expr: 'body contains \"debug\"'}]");
  lines.parse("debug 1\ninfo 2\n");
  CHECK(lines.bodies() == Texts{"info 2"});
  CHECK(lines.parser().take_drops().filtered == 1);
  CHECK(lines.parser().take_drops().filtered == 0);
}

TEST_CASE("router sends entries along the first route that matches, and drops the others") {
  ParseFixture lines;
  lines.use_operators(R"(
- type: router
  routes:
    - {expr: 'body startsWith "a"', output: first, attributes: {route: 'is EXPR(body)'}}
    - {expr: 'body startsWith "b"', output: [second]}
- {type: add, id: first, field: attributes.seen, value: one, output: last}
- {type: add, id: second, field: attributes.seen, value: two}
- {type: noop, id: last}
)");
  lines.parse("a1\nb1\nc1\n");
  CHECK(lines.show(0) == "a1 route=is a1 seen=one");
  CHECK(lines.show(1) == "b1 seen=two");
  CHECK(lines.records().size() == 2);
  CHECK(lines.parser().take_drops().filtered == 1);
}

TEST_CASE("an entry sent to two outputs becomes two records that do not influence each other") {
  check({{R"([{type: noop, output: [a, b]}, {type: add, id: a, field: attributes.x, value: 1, output: c},
              {type: add, id: b, field: attributes.y, value: 2}, {type: noop, id: c}])",
          "l", "l x=1 | l y=2"}});
}

TEST_CASE("a condition that is false passes the entry on, one that fails follows on_error") {
  check({
      {"[{type: add, if: 'body == \"x\"', field: attributes.a, value: 1}]", "y", "y"},
      {"[{type: add, if: 'body == \"x\"', field: attributes.a, value: 1}]", "x", "x a=1"},
      {"[{type: add, if: 'body.k == 1', field: attributes.a, value: 1}]", "x", "x"},
      {"[{type: add, if: 'body.k == 1', field: attributes.a, value: 1, on_error: drop_quiet}]", "x", ""},
  });
}

TEST_CASE("severity comes from presets, values, classes and ranges") {
  ParseFixture lines;
  lines.use_operators(R"(
- {type: json_parser}
- type: severity_parser
  parse_from: attributes.level
  mapping: {error: [oops, 5xx], warn: {min: 400, max: 499}, fatal2: bad, 10: ten}
)");
  lines.parse(
      "{\"level\":\"WARN\"}\n{\"level\":\"Oops\"}\n{\"level\":503}\n{\"level\":404}\n{\"level\":\"bad\"}\n"
      "{\"level\":\"ten\"}\n{\"level\":\"unheard\"}\n");
  const std::uint32_t expected[] = {13, 17, 17, 13, 22, 10, 0};
  for (std::size_t i = 0; i < 7; ++i) CHECK(lines.record(i).severity_number == expected[i]);
  CHECK(lines.record(1).severity_text == "Oops");
}

TEST_CASE("parsers take time, severity, trace and scope from what they parsed") {
  ParseFixture lines;
  lines.use_operators(R"(
- type: json_parser
  timestamp: {parse_from: attributes.t, layout: '%Y-%m-%d %H:%M:%S.%L', location: UTC}
  severity: {parse_from: attributes.l, overwrite_text: true}
  trace: {trace_id: {parse_from: attributes.tid}, span_id: {parse_from: attributes.sid}}
  scope_name: {parse_from: attributes.logger}
)");
  lines.parse(R"({"t":"2024-01-02 03:04:05.250","l":"error","tid":"0102030405060708090a0b0c0d0e0f10","sid":)"
              R"("0102030405060708","logger":"main"})"
              "\n");
  CHECK(lines.record(0).time_unix_nanos == 1704164645250000000u);
  CHECK(lines.record(0).severity_number == 17);
  CHECK(lines.record(0).severity_text == "ERROR");
  CHECK(lines.record(0).trace_id.bytes[15] == 0x10);
  CHECK(lines.record(0).span_id.bytes[0] == 1);
  CHECK(lines.batch.resources[0].scopes[0].scope.name == "main");
}

TEST_CASE("operators follow the container parser") {
  ParseFixture lines;
  lines.facts.path = "/var/log/pods/ml_job_1a/worker/0.log";
  lines.use_operators(R"(
- {type: container}
- {type: json_parser, if: 'body startsWith "{"'}
- {type: add, field: 'resource["pod.copy"]', value: 'EXPR(resource["k8s.pod.name"])'}
)");
  lines.parse("2024-01-02T03:04:05Z stdout F {\"a\":\"x\"}\n2024-01-02T03:04:05Z stderr F plain\n");
  CHECK(lines.show(0) == "{\"a\":\"x\"} log.iostream=stdout logtag=F a=x");
  CHECK(lines.resource("pod.copy") == "job");
  CHECK(lines.batch.resources.size() == 1);
  ParseFixture late;
  late.facts.path = lines.facts.path;
  late.use_operators("[{type: noop}, {type: container}]");
  late.parse("2024-01-02T03:04:05Z stdout P a \n2024-01-02T03:04:06Z stdout F b\n");
  CHECK(late.show(0) == "a b log.iostream=stdout logtag=F");
  CHECK(late.resource("k8s.pod.uid") == "1a");
}

TEST_CASE("attributes and resource of the receiver may be expressions") {
  ParseFixture lines;
  lines.config.attributes = {{"fixed", "x"}, {"two", "EXPR(1 + 1)"}, {"size", "EXPR(len(body)) bytes"}};
  lines.config.resource = {{"first", "EXPR(body[0:1])"}};
  CHECK_FALSE(lines.is_valid());
  lines.config.resource = {{"kind", "EXPR(body contains \"b\" ? \"b\" : \"other\")"}};
  lines.parse("abc\nxy\n");
  CHECK(lines.show(0) == "abc fixed=x two=2 size=3 bytes");
  CHECK(lines.batch.resources.size() == 2);
  CHECK(lines.resource("kind") == "b");
}

TEST_CASE("wrong operators are refused, each with its place and a suggestion") {
  const char* wrong[] = {
      "[{type: regex_parsr, regex: '(?P<a>x)'}]",
      "[{type: json_parser, parse_too: body}]",
      "[{type: json_parser, parse_from: bdy}]",
      "[{type: noop, id: a}, {type: noop, id: a}]",
      "[{type: noop, output: nowhere}]",
      "[{type: noop, id: a, output: b}, {type: noop, id: b, output: a}]",
      "[{type: filter, expr: 'body ='}]",
      "[{type: filter, expr: 'foo == 1'}]",
      "[{type: time_parser, parse_from: body, layout: '%Q'}]",
      "[{type: time_parser, parse_from: body, layout: '%Y', location: Nowhere/Town}]",
      "[{type: recombine, combine_field: body}]",
      "[{type: syslog_parser}]",
      "[{}]",
      "nothing",
  };
  for (const char* operators : wrong) {
    CAPTURE(operators);
    ParseFixture lines;
    lines.use_operators(operators);
    CHECK_FALSE(lines.is_valid());
  }
}

TEST_CASE("operators of the same type without an id are told apart by a number") {
  ParseFixture lines;
  lines.use_operators(
      "[{type: noop, output: add1}, {type: add, field: attributes.x, value: 1}, {type: add, field: attributes.y, "
      "value: 2}]");
  CHECK(lines.is_valid());
}

}  // namespace rankwire::file_log
