#include "exposition/text_parser.hpp"

#include <doctest/doctest.h>

#include "exposition/number.hpp"

namespace rankwire::exposition {
namespace {

std::string number_text(double value) {
  char buffer[32];
  return std::string(write_real(value, buffer));
}

std::string series_text(TextParser& parser, Arena& arena) {
  Labels labels;
  if (!parser.find_key() || !parser.read_labels(labels, arena) || !parser.read_sample())
    return "! " + parser.error().message();
  std::string out;
  for (const Label& label : labels)
    out.append(out.empty() ? "" : " ").append(label.name).append("=").append(label.value);
  out += " " + number_text(parser.value());
  if (parser.has_time()) out += " @" + std::to_string(parser.time_ms());
  if (const auto* exemplar = parser.exemplar()) {
    out += " #";
    parser.read_exemplar_labels(labels, arena);
    for (const Label& label : labels) out.append(" ").append(label.name).append("=").append(label.value);
    out += " " + number_text(exemplar->value);
    if (exemplar->has_time) out += " @" + std::to_string(exemplar->time_ms);
  }
  return out;
}

// Each entry as a text; an error begins with "! ".
std::vector<std::string> entries(std::string_view page, bool is_open_metrics = false, std::uint32_t line_max = 1000) {
  TextParser parser(page, is_open_metrics, line_max);
  Arena arena;
  std::vector<std::string> found;
  while (found.empty() || !found.back().starts_with("! ")) {
    const Entry entry = parser.next();
    const std::string family(parser.family());
    if (entry == Entry::end) break;
    if (entry == Entry::error) found.push_back("! " + parser.error().message());
    if (entry == Entry::type) found.push_back("type " + family + " " + std::string(to_string(parser.type())));
    if (entry == Entry::unit) found.push_back("unit " + family + " " + std::string(parser.text()));
    if (entry == Entry::help)
      found.push_back("help " + family + " " + std::string(unescaped(parser.text(), arena, !is_open_metrics)));
    if (entry == Entry::series) found.push_back(series_text(parser, arena));
  }
  return found;
}
std::vector<std::string> open_metrics(std::string_view lines) { return entries(std::string(lines) + "# EOF\n", true); }
using Lines = std::vector<std::string>;

TEST_CASE("a page of text gives its series and what is said of their families") {
  CHECK(
      entries("# HELP http_requests_total The \\\\ total.\\nOf all.\n# TYPE http_requests_total counter\n# comment\n\n"
              "http_requests_total{method=\"post\",code=\"200\"} 1027 1395066363000\n"
              "something_weird{problem=\"division by zero\"} +Inf -3982045\n") ==
      Lines{"help http_requests_total The \\ total.\nOf all.", "type http_requests_total counter",
            "__name__=http_requests_total code=200 method=post 1027.0 @1395066363000",
            "! line 6, column 50: expected a timestamp"});
  CHECK(
      entries(
          "# TYPE h histogram\nh_bucket{le=\"1\"} 3\nh_bucket{le=\"1e6\"} 4\nh_bucket{le=\"+Inf\"} 4\nh_sum 0.25\n") ==
      Lines{"type h histogram", "__name__=h_bucket le=1.0 3.0", "__name__=h_bucket le=1e+06 4.0",
            "__name__=h_bucket le=+Inf 4.0", "__name__=h_sum 0.25"});
}

TEST_CASE("lines of text that Prometheus takes") {
  const std::pair<const char*, const char*> lines[] = {
      {"a 1", "__name__=a 1.0"},
      {"a{} 1", "__name__=a 1.0"},
      {"  \ta\t{ b = \"c\" , } \t 1 \t 7 \t", "__name__=a b=c 1.0 @7"},
      {"a{b=\"c\"}1", "__name__=a b=c 1.0"},
      {"a-1", "__name__=a -1.0"},
      {"a{b=\"c\"d=\"e\"} 1", "__name__=a b=c d=e 1.0"},
      {"a{b=\"x\ny\"} 1", "__name__=a b=x\ny 1.0"},
      {"a{b=\"\\\"\\\\\\n\\x}\"} 1", "__name__=a b=\"\\\n\\x} 1.0"},
      {"a{b=\"{},=#\"} 1", "__name__=a b={},=# 1.0"},
      {"a{b=\"\"} 1", "__name__=a 1.0"},
      {"{\"a.b\"} 1", "__name__=a.b 1.0"},
      {"{\"a.b\",c=\"d\"} 1", "__name__=a.b c=d 1.0"},
      {"{c=\"d\",\"a b\"} 1", "__name__=a b c=d 1.0"},
      {"a{\"c.d\"=\"e\"} 1", "__name__=a c.d=e 1.0"},
      {"a:b_c9 .5", "__name__=a:b_c9 0.5"},
      {"a +1.5E+3", "__name__=a 1500.0"},
      {"a 1e-400", "__name__=a 0.0"},
      {"a nAn", "__name__=a NaN"},
      {"a -iNfinity", "__name__=a -Inf"},
      {"a +inf 0", "__name__=a +Inf @0"},
  };
  for (const auto& [line, expected] : lines) {
    CAPTURE(line);
    CHECK(entries(line) == Lines{expected});
    CHECK(entries(std::string(line) + "\nb 2\n") == Lines{expected, "__name__=b 2.0"});
  }
}

TEST_CASE("lines of text that Prometheus refuses, with the place of what is wrong") {
  const std::pair<const char*, const char*> lines[] = {
      {"a", "line 1, column 2: expected a number"},
      {"a ", "line 1, column 3: expected a number"},
      {"a b", "line 1, column 3: expected a number"},
      {"a 1 b", "line 1, column 5: expected a timestamp"},
      {"a 1 1.5", "line 1, column 6: expected the end of the line"},
      {"a 1 -1", "line 1, column 5: expected a timestamp"},
      {"a 1 2 3", "line 1, column 7: expected the end of the line"},
      {"a 1 99999999999999999999", "line 1, column 5: the timestamp is too large"},
      {"a 1\r", "line 1, column 3: expected a number"},
      {"a 0x10", "line 1, column 3: expected a number"},
      {"a 1_000", "line 1, column 3: expected a number"},
      {"a 1e400", "line 1, column 3: expected a number"},
      {"a -nan", "line 1, column 3: expected a number"},
      {"a +-1", "line 1, column 3: expected a number"},
      {"a 1{", "line 1, column 4: expected a timestamp"},
      {"9a 1", "line 1, column 1: expected a metric name, a comment or an empty line"},
      {"{} 1", "line 1, column 1: no metric name"},
      {"{b=\"c\"} 1", "line 1, column 1: no metric name"},
      {"{b} 1", "line 1, column 3: expected ="},
      {"a{\"b\"} 1", "line 1, column 3: a second metric name"},
      {"a{b=\"c\"", "line 1, column 2: a brace that nothing closes"},
      {"a{b=\"c} 1", "line 1, column 2: a brace that nothing closes"},
      {"a{b=c} 1", "line 1, column 5: expected a label value in quotes"},
      {"a{b=\"c\",,} 1", "line 1, column 9: expected a label name"},
      {"a{9=\"c\"} 1", "line 1, column 3: expected a label name"},
      {"a{b:c=\"d\"} 1", "line 1, column 4: expected ="},
      {"a{b=\"\xff\"} 1", "line 1, column 5: the label value is not valid UTF-8"},
      {"# TYPE a Counter", "line 1, column 10: not a metric type"},
      {"# TYPE a  counter", "line 1, column 10: not a metric type"},
      {"# TYPE a unknown", "line 1, column 10: not a metric type"},
      {"# HELP 9 x", "line 1, column 8: expected a metric name"},
      {"# HELP a \xff", "line 1, column 9: the help is not valid UTF-8"},
  };
  for (const auto& [line, expected] : lines) {
    CAPTURE(line);
    CHECK(entries(line) == Lines{std::string("! ") + expected});
    CHECK(entries("b 2\n" + std::string(line) + "\n").at(1).starts_with("! line 2"));
  }
}

TEST_CASE("OpenMetrics: exemplars, units, fractional seconds, and the end of the page") {
  CHECK(open_metrics(
            "# TYPE req_seconds counter\n# UNIT req_seconds seconds\n# HELP req_seconds Say \\\"hi\\\".\n"
            "req_seconds_total{a=\"b\"} 2 1520879607.789 # {trace_id=\"x\",b=\"y\\\"\"} 0.5 1.25\nreq 1 # {} 1\n") ==
        Lines{"type req_seconds counter", "unit req_seconds seconds", "help req_seconds Say \"hi\".",
              "__name__=req_seconds_total a=b 2.0 @1520879607789 # trace_id=x b=y\" 0.5 @1250",
              "__name__=req 1.0 # 1.0"});
  CHECK(open_metrics("# TYPE a info\n# TYPE b stateset\n# TYPE c gaugehistogram\n# TYPE d unknown\n") ==
        Lines{"type a info", "type b stateset", "type c gaugehistogram", "type d unknown"});
  CHECK(entries("a 1\n", true).back() == "! line 2, column 1: the page does not end with # EOF");
  CHECK(entries("a 1\n# EOF", true) == Lines{"__name__=a 1.0"});
  CHECK(entries("# EOF\n\n", true).back() == "! line 1, column 6: something follows # EOF");
}

TEST_CASE("lines that OpenMetrics refuses") {
  const std::pair<const char*, const char*> lines[] = {
      {"", "line 1, column 1: expected a metric name or # HELP, # TYPE, # UNIT or # EOF"},
      {"# x", "line 1, column 1: expected # HELP, # TYPE, # UNIT or # EOF"},
      {" a 1", "line 1, column 1: expected a metric name or # HELP, # TYPE, # UNIT or # EOF"},
      {"a  1", "line 1, column 2: expected a space and a number"},
      {"a 1 ", "line 1, column 4: expected a timestamp, an exemplar or the end of the line"},
      {"a{b=\"c\", d=\"e\"} 1", "line 1, column 9: expected a label name"},
      {"a{b=\"c\"d=\"e\"} 1", "line 1, column 8: expected a comma"},
      {"a{b=\"x\ny\"} 1", "line 1, column 5: a quote that nothing closes"},
      {"a 1 NaN", "line 1, column 5: the timestamp is not a number"},
      {"a 1 # {b=\"c\"}", "line 1, column 14: expected a space and the exemplar's value"},
      {"a 1 # {\"b\"} 1", "line 1, column 11: expected ="},
      {"a 1 # {b=\"c\"} 1 x", "line 1, column 17: the timestamp is not a number"},
      {"# HELP a", "line 1, column 9: expected a space and a text"},
      {"# UNIT a seconds", "line 1, column 10: the unit is not the end of the metric's name"},
      {"# TYPE a untyped", "line 1, column 10: not a metric type"},
  };
  for (const auto& [line, expected] : lines) {
    CAPTURE(line);
    CHECK(open_metrics(std::string(line) + "\n") == Lines{std::string("! ") + expected});
  }
}

TEST_CASE("a series that is skipped may have any labels, and line ends within quotes do not end it") {
  TextParser parser("skip{9=\"}\n} 1\",,} x\nkeep{a=\"1\"} 2\nskip{=} 1\n", false, 100);
  REQUIRE(parser.next() == Entry::series);
  CHECK(parser.name() == "skip");
  parser.skip();
  REQUIRE(parser.next() == Entry::series);
  CHECK(parser.name() == "keep");
  REQUIRE(parser.find_key());
  CHECK(parser.key() == "keep{a=\"1\"}");
  CHECK(parser.read_sample());
  CHECK(parser.value() == 2);
  CHECK(parser.next() == Entry::series);
  CHECK(parser.next() == Entry::end);
}

TEST_CASE("lines have a limit, whatever is in them") {
  const std::string value(200, 'x');
  for (const std::string& line :
       {"a{b=\"" + value + "\"} 1\n", "a 1" + std::string(200, ' ') + "\n", "# HELP a " + value}) {
    const std::string error = entries(line, false, 100).back();
    CHECK(error == "! line 1, column 1: the line is too long");
  }
}

TEST_CASE("numbers are written as OpenMetrics writes bounds") {
  CHECK(number_text(1) == "1.0");
  CHECK(number_text(100000) == "100000.0");
  CHECK(number_text(1e6) == "1e+06");
  CHECK(number_text(1234567) == "1.234567e+06");
  CHECK(number_text(0.0001) == "0.0001");
  CHECK(number_text(0.00001) == "1e-05");
  CHECK(number_text(-0.0) == "0.0");
}

}  // namespace
}  // namespace rankwire::exposition
