// Accepted texts beside their canonical print. Where the second is empty, the text is canonical itself.
#include "ottl/syntax/print.hpp"

#include <doctest/doctest.h>

#include <span>

#include "ottl/syntax/parser.hpp"

namespace rankwire::ottl {
namespace {

struct Accepted {
  std::string_view text;
  std::string_view canonical = {};
};

// Editors, converters and arguments in every form.
constexpr Accepted statements[] = {
    {R"(set(attributes["a"], 1))"},
    {R"(set (attributes [ "a" ] , 1))", R"(set(attributes["a"], 1))"},
    {"\n  set(\n\tattributes[\"a\"],\r\n 1)\f", R"(set(attributes["a"], 1))"},
    {R"(append(attributes["tags"], "prod"))"},
    {R"(append(log.attributes["tags"], values = ["a", "b"]))", R"(append(log.attributes["tags"], values=["a", "b"]))"},
    {R"(delete_index(attributes["things"], 0, 2))"},
    {R"(delete_key(resource.attributes, "telemetry.sdk.name"))"},
    {R"(delete_matching_keys(attributes, "(?i).*password.*"))"},
    {R"(keep_matching_keys(resource.attributes, "^k8s\\."))"},
    {R"(keep_keys(span.attributes, ["http.method", "http.route"]))"},
    {R"(keep_keys(span.attributes, ["http.method" "http.route"]))",
     R"(keep_keys(span.attributes, ["http.method", "http.route"]))"},
    {R"(flatten(body, "prefix", depth=2, resolveConflicts=true))"},
    {R"(limit(attributes, 100, []))"},
    {R"(merge_maps(attributes, ParseJSON(body), "upsert") where IsMatch(body, "^\\{"))"},
    {R"(replace_match(attributes["http.target"], "/user/*/list/*", "/user/{userId}/list/{listId}"))"},
    {R"(replace_all_matches(attributes, "/user/*", "/user/{id}", SHA256, "hash=%s"))"},
    {R"(replace_pattern(body, "customer_id=\\d+", "customer_id=REDACTED"))"},
    {R"(replace_pattern(body, "(\\w+)@", "$1", ToUpperCase))"},
    {R"(replace_pattern(body, "x", "$${name}", function=SHA256, replacementFormat="[%s]"))"},
    {R"(replace_all_patterns(attributes, "value", "a", "b", function = ToLowerCase))",
     R"(replace_all_patterns(attributes, "value", "a", "b", function=ToLowerCase))"},
    {R"(stringify_all(attributes))"},
    {R"(truncate_all(attributes, 4096, utf8_safe=false))"},
    {R"(set(severity_number, SEVERITY_NUMBER_INFO) where severity_text == "info")"},
    {R"(set(span.status.code, STATUS_CODE_ERROR) where span.attributes["http.status_code"] >= 500)"},
    {R"(set(metric.name, Concat([resource.attributes["service.name"], metric.name], ".")))"},
    {R"(set(attributes["x"], attributes[attributes["k"]]))"},
    {R"(set(attributes["x"], Split(body, ",")[1]))"},
    {R"(set(attributes["x"], ParseJSON(body)["a"][0]["b"]))"},
    {R"_(set(cache["parsed"], ExtractPatterns(body, "^(?P<level>\\w+)")))_"},
    {R"(set(body["list"][0]["x"], nil))"},
    {R"(set(attributes["d"], span.end_time_unix_nano - span.start_time_unix_nano))"},
    {R"(set(attributes["f"], Time("2024-01-01", "%Y-%m-%d") + Duration("1h")))"},
    {R"(set(time, Now()))"},
    {R"(set(attributes["m"], {"a": 1, "b": {"c": [true, false, nil]}, "d": 0x0aff}))"},
    {R"(set(attributes["m"], {"a" : 1 "b": 2, }))", R"(set(attributes["m"], {"a": 1, "b": 2}))"},
    {R"(set(attributes["h"], Murmur3Hash128(Base64Decode(body))))"},
    {R"(set(attributes["g"], ExtractGrokPatterns(body, "%{IP:ip}", true, ["X=%{Y}"])))"},
    {R"(set(attributes["s"], Substring(body, 0, Len(body) - 1)))"},
    {R"(set(attributes["t"], ParseKeyValue(body, delimiter="=", pair_delimiter=";")))"},
    {R"(set(attributes["u"], URL(attributes["http.url"])["url.domain"]))"},
    {R"(set(value=1, target=attributes["x"]))"},
    {R"(set(target = attributes["x"], value = - 1))", R"(set(target=attributes["x"], value=-1))"},
    {R"(convert_sum_to_gauge() where metric.name == "system.processes.count")"},
    {R"(extract_count_metric(true))"},
    {R"(convert_exponential_histogram_to_histogram("midpoint", [1.0, 10.0, 100.0]))"},
    {R"(scale_metric(10.0, "kWh") where name == "watts")"},
    {R"(aggregate_on_attributes("sum", ["a", "b"]) where name == "x")"},
    {R"(route())"},
    {R"(route() where resource.attributes["X-Tenant"] == "acme")"},
    {R"(drop() where IsRootSpan() and not HasAttrKeyOnDatapoint("x"))"},
    {R"(keepKeys(a))"},
    {R"(set(a, b) where where == 1)"},
    {R"(set(resource.attributes["k8s.pod.name"], "pod") where (resource.attributes["k8s.pod.name"] == nil))",
     R"(set(resource.attributes["k8s.pod.name"], "pod") where resource.attributes["k8s.pod.name"] == nil)"},
};

constexpr Accepted conditions[] = {
    {"true"},
    {"not false"},
    {"(((true)))", "true"},
    {R"(IsMatch(name, "http_.*"))"},
    {R"((IsMatch(name, "http_.*")))", R"(IsMatch(name, "http_.*"))"},
    {R"(IsMap(body) and body["level"] != nil)"},
    {R"(not name == "foo")"},
    {R"(not (IsMatch(name, "http_.*") and kind > 0))"},
    {"not (not true)"},
    {"not (a == 1)", "not a == 1"},
    {"not (not a == 1)"},
    {"a == 1"},
    {"a != 1"},
    {"a < 1"},
    {"a <= 1"},
    {"a > 1"},
    {"a >= 1"},
    {"1 == a"},
    {"nil == a"},
    {"true == true"},
    {R"("a" == "b")"},
    {"0x01ff == trace_id.string"},
    {"[1, 2] == a"},
    {R"({} != {"a": 1})"},
    {"a == -1"},
    {"a == STATUS_CODE_OK"},
    {"severity_number >= SEVERITY_NUMBER_WARN and severity_number<SEVERITY_NUMBER_FATAL",
     "severity_number >= SEVERITY_NUMBER_WARN and severity_number < SEVERITY_NUMBER_FATAL"},
    {"a == 1 or b == 2 and c == 3"},
    {"a == 1 or (b == 2 and c == 3)", "a == 1 or b == 2 and c == 3"},
    {"(a == 1 or b == 2) and c == 3"},
    {"a == 1 and (b == 2 or c == 3)"},
    {"(a == 1 and b == 2) and c == 3"},
    {"a == 1 or (b == 2 or c == 3)"},
    {"a == 1 and b == 2 and c == 3"},
    {"not a == 1 and not b == 2"},
    {"not (a == 1 or b == 2)"},
    {"((a + 1) * 2 > 3)", "(a + 1) * 2 > 3"},
    {"((a)) == 1", "a == 1"},
    {"(a + b) == c", "a + b == c"},
    {"(Len(body)) > 3", "Len(body) > 3"},
    {"(Len(body) + 1) > 3 and true", "Len(body) + 1 > 3 and true"},
    {"Len(body) + 1 > 3"},
    {"-(a) < (b)", "-a < b"},
    {"1 == 1and not_x == 2 or or_ == 3", "1 == 1 and not_x == 2 or or_ == 3"},
    {R"(attributes["and"] == "or" or true)"},
    {R"(Split(x, ",")[0] == "a")"},
    {"IsString(body)\nor\nIsInt(body)", "IsString(body) or IsInt(body)"},
    {R"(HasAttrOnDatapoint("key", "value"))"},
    {R"(metric.type == METRIC_DATA_TYPE_SUM and metric.is_monotonic == true)"},
    {R"(IsInCIDR(attributes["ip"], ["10.0.0.0/8"]) or false)"},
};

constexpr Accepted values[] = {
    {"nil"},
    {"true"},
    {"0"},
    {"00", "0"},
    {"010", "8"},
    {"-1"},
    {"- 1", "-1"},
    {"+1"},
    {"1.", "1.0"},
    {".5", "0.5"},
    {"-.5", "-0.5"},
    {"1.50", "1.5"},
    {"1.0e6", "1.0e+06"},
    {"1.0e+300", "1.0e+300"},
    {"1.5E-7", "1.5e-07"},
    {"100000000000000000000000.0", "1.0e+23"},
    {"0x0AfF", "0x0aff"},
    {R"("a string")"},
    {R"("")"},
    {R"("a\tb\nc\rd")"},
    {R"("\\d+ \"x\" 'y'")"},
    {R"("\a\x41\101\u00e4\U0001F600")", "\"\\x07AA\xC3\xA4\xF0\x9F\x98\x80\""},
    {R"("\xe4")", "\"\xC3\xA4\""},
    {R"("\x00\x7f\177")", R"("\x00\x7f\x7f")"},
    {"\"a\nb\"", R"("a\nb")"},
    {"\"\xC3\xA9\xE2\x82\xAC\""},
    {"FLAG_NONE"},
    {"[]"},
    {"[1]"},
    {"[1 2]", "[1, 2]"},
    {"[1, 2 3]", "[1, 2, 3]"},
    {"[, 1]", "[1]"},
    {"[1 -2]", "[1 - 2]"},
    {R"(["1", "2", "3"])"},
    {R"(["a", attributes["key"], Concat(["a", "b"], "-")])"},
    {"[[1], [[]], {}]"},
    {"{}"},
    {R"({"foo": "bar"})"},
    {R"({"foo": {"a": attributes["key"]}})"},
    {R"({"a": 1, "a": 2})"},
    {"body"},
    {"log.body.string"},
    {"log . body", "log.body"},
    {"body[-1]"},
    {"a[1 + 2]"},
    {R"(a["x"][0].b["y"].c)"},
    {R"(attributes[Concat(["a", "b"], "")])"},
    {R"(datapoint.cache["slice"][1])"},
    {R"(span.trace_state["k"])"},
    {"scope.attributes[resource.attributes[\"k\"]][\"z\"]"},
    {"otelcol.client.metadata[\"x\"]"},
    {"Int(\"1\")"},
    {"UUID()"},
    {"F(G(H()))[0][I()[\"x\"]]"},
    {"1 + 1"},
    {"1+2*3", "1 + 2 * 3"},
    {"(1+2)*3", "(1 + 2) * 3"},
    {"1-(2-3)", "1 - (2 - 3)"},
    {"(1-2)-3", "1 - 2 - 3"},
    {"1/(2*3)", "1 / (2 * 3)"},
    {"1/2*3", "1 / 2 * 3"},
    {"1*(2/3)", "1 * (2 / 3)"},
    {"1 - -1"},
    {"1--1", "1 - -1"},
    {"-(-1)"},
    {"+(-a)"},
    {"-(1 + 2)"},
    {"-a * b"},
    {"-(a * b)"},
    {"((((1))))", "1"},
    {"Sum([1, 2, 3, 4]) + (10 / 1) - 1", "Sum([1, 2, 3, 4]) + 10 / 1 - 1"},
    {"end_time_unix_nano - start_time_unix_nano"},
    {"(Now() - time) / 2"},
};

template <class Parse>
void check_table(std::span<const Accepted> table, Parse parse) {
  for (const Accepted& row : table) {
    CAPTURE(row.text);
    const auto tree = parse(row.text, nullptr);
    REQUIRE_MESSAGE(tree.has_value(), tree.error().message());
    const std::string printed = print(*tree);
    CHECK_EQ(printed, row.canonical.empty() ? row.text : row.canonical);
    const auto again = parse(printed, nullptr);
    REQUIRE_MESSAGE(again.has_value(), again.error().message());
    CHECK(same(*tree, *again));
    CHECK_EQ(print(*again), printed);
  }
}

TEST_CASE("statements are accepted, and their print says the same in canonical form") {
  check_table(statements, parse_statement);
}

TEST_CASE("conditions are accepted, and their print says the same in canonical form") {
  check_table(conditions, parse_condition);
}

TEST_CASE("values are accepted, and their print says the same in canonical form") { check_table(values, parse_value); }

TEST_CASE("trees that say different things are not the same") {
  for (const auto& [a, b] : {std::pair{"1", "2"},
                             {"1", "1.0"},
                             {"\"a\"", "a"},
                             {"a.b", "a"},
                             {"a[0]", "a[1]"},
                             {"-1", "+1"},
                             {"1 + 2", "1 - 2"},
                             {"[1]", "[1, 1]"},
                             {"F(x=1)", "F(1)"},
                             {"F()", "G()"},
                             {"F()[0]", "F()"},
                             {"{\"a\": 1}", "{\"b\": 1}"},
                             {"0x00", "0x01"},
                             {"X", "Y"},
                             {"1 - 2 - 3", "1 - (2 - 3)"}}) {
    CHECK_FALSE(same(*parse_value(a), *parse_value(b)));
    CHECK(same(*parse_value(a), *parse_value(a)));
  }
  CHECK_FALSE(same(*parse_condition("a == 1"), *parse_condition("a != 1")));
  CHECK_FALSE(same(*parse_condition("a == 1 and true"), *parse_condition("a == 1 or true")));
  CHECK_FALSE(same(*parse_statement("set(a, 1)"), *parse_statement("set(a, 1) where true")));
}

}  // namespace
}  // namespace rankwire::ottl
