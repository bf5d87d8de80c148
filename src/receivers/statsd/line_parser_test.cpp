#include "receivers/statsd/line_parser.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace rankwire::statsd {
namespace {

MetricLine metric(std::string_view line) {
  MetricLine read;
  REQUIRE(read_metric(line, read) == LineProblem::none);
  return read;
}

LineProblem problem(std::string_view line) {
  MetricLine read;
  return read_metric(line, read);
}

std::vector<double> numbers(std::string_view values) {
  std::vector<double> all;
  for (PackedValue value; take_value(values, value);) {
    CHECK(value.is_valid);
    all.push_back(value.number);
  }
  return all;
}

TEST_CASE("a line has a name, values, a type, and what may follow in any order") {
  const MetricLine plain = metric("page.views:1|c");
  CHECK(plain.name == "page.views");
  CHECK(plain.values == "1");
  CHECK(plain.kind == MetricKind::counter);
  CHECK(plain.sample_rate == 1);
  CHECK(plain.tags.empty());

  const MetricLine full = metric("step.time:12.5:3|ms|#env:prod,gpu|@0.25|c:ci-83c0a99c|e:it-false,cn-x|card:low");
  CHECK(full.kind == MetricKind::timing);
  CHECK(numbers(full.values) == std::vector<double>{12.5, 3});
  CHECK(full.tags == "env:prod,gpu");
  CHECK(full.sample_rate == 0.25);
  CHECK(full.container == "ci-83c0a99c");
  CHECK(full.external_data == "it-false,cn-x");
  CHECK(full.cardinality == "low");
  CHECK(metric("a:1|g|T1656581400").unix_seconds == 1656581400);
  CHECK(metric("users:some one:else|s").values == "some one:else");
  CHECK(metric("a:1|h|#|").tags.empty());
}

TEST_CASE("sample rates that say nothing count as one") {
  CHECK(metric("a:1|c|@0").sample_rate == 1);
  CHECK(metric("a:1|c|@2").sample_rate == 1);
  CHECK(metric("a:1|c|@-1").sample_rate == 1);
  CHECK(metric("a:1|c|@1e-300").sample_rate == 1e-9);
}

TEST_CASE("what is not a metric is refused with its reason") {
  CHECK(problem("") == LineProblem::no_type);
  CHECK(problem("a:1") == LineProblem::no_type);
  CHECK(problem("a|c") == LineProblem::no_value);
  CHECK(problem("a:|c") == LineProblem::no_value);
  CHECK(problem(":1|c") == LineProblem::no_name);
  CHECK(problem("a:1|x") == LineProblem::unknown_type);
  CHECK(problem("a:1||#x:y") == LineProblem::unknown_type);
  CHECK(problem("a:1|c|@x") == LineProblem::bad_rate);
  CHECK(problem("a:1|c|x") == LineProblem::unknown_part);
  CHECK(problem("a:1|g|Tx") == LineProblem::bad_timestamp);
  CHECK(problem("a:1|h|T1656581400") == LineProblem::bad_timestamp);
}

TEST_CASE("values are finite numbers; a sign is told") {
  const auto one = [](std::string_view text) {
    PackedValue value;
    REQUIRE(take_value(text, value));
    return value;
  };
  CHECK(one("+3").number == 3);
  CHECK(one("+3").is_signed);
  CHECK(one("-3e2").number == -300);
  CHECK(one("-3").is_signed);
  CHECK(!one("3").is_signed);
  for (const char* text : {"x", "1x", "nan", "inf", "-inf", "1e999", "+", "++1", "+-1"})
    CHECK_MESSAGE(!one(text).is_valid, text);
}

TEST_CASE("events: lengths are bytes, and say where title and text end") {
  EventLine event;
  REQUIRE(read_event("_e{5,15}:a|b c|text|with\\nbars|t:error", event) == LineProblem::none);
  CHECK(event.title == "a|b c");
  CHECK(event.text == "text|with\\nbars");
  CHECK(event.alert_type == "error");
}

TEST_CASE("events: what may follow") {
  EventLine event;
  REQUIRE(read_event("_e{1,2}:t|ab|d:1656581400|h:node-1|k:key|p:low|s:src|t:error|#a:b|c:in-4", event) ==
          LineProblem::none);
  CHECK(event.unix_seconds == 1656581400);
  CHECK(event.hostname == "node-1");
  CHECK(event.aggregation_key == "key");
  CHECK(event.priority == "low");
  CHECK(event.source_type == "src");
  CHECK(event.alert_type == "error");
  CHECK(event.tags == "a:b");
  CHECK(event.container == "in-4");
  REQUIRE(read_event("_e{1,0}:t|", event) == LineProblem::none);
  CHECK(event.text.empty());
}

TEST_CASE("events whose lengths do not fit are refused") {
  EventLine event;
  for (const char* line : {"_e{", "_e{1", "_e{1,2", "_e{x,2}:t|ab", "_e{1,2}t|ab", "_e{1,3}:t|ab", "_e{2,1}:t|ab",
                           "_e{1,1}:t|ab", "_e{18446744073709551615,2}:t|ab", "_e{1,18446744073709551615}:t|ab"})
    CHECK_MESSAGE(read_event(line, event) == LineProblem::bad_length, line);
  CHECK(read_event("_e{0,1}:|a", event) == LineProblem::no_name);
  CHECK(read_event("_e{1,1}:t|a|d:x", event) == LineProblem::bad_timestamp);
  CHECK(read_event("_e{1,1}:t|a|zz", event) == LineProblem::unknown_part);
}

TEST_CASE("service checks") {
  ServiceCheckLine check;
  REQUIRE(read_service_check("_sc|redis.up|2|d:1656581400|h:node-1|#env:prod|m:refused", check) == LineProblem::none);
  CHECK(check.name == "redis.up");
  CHECK(check.status == 2);
  CHECK(check.message == "refused");
  CHECK(check.hostname == "node-1");
  CHECK(read_service_check("_sc||1", check) == LineProblem::no_name);
  CHECK(read_service_check("_sc|a|4", check) == LineProblem::bad_status);
  CHECK(read_service_check("_sc|a", check) == LineProblem::bad_status);
}

TEST_CASE("tags may have no value, and colons in it") {
  std::string_view tags = "a:b:c,plain,,d:";
  Tag tag;
  REQUIRE(take_tag(tags, tag));
  CHECK(tag.key == "a");
  CHECK(tag.value == "b:c");
  REQUIRE(take_tag(tags, tag));
  CHECK(tag.key == "plain");
  CHECK(!tag.has_value);
  REQUIRE(take_tag(tags, tag));
  CHECK(tag.key.empty());
  REQUIRE(take_tag(tags, tag));
  CHECK(tag.key == "d");
  CHECK(tag.has_value);
  CHECK(!take_tag(tags, tag));
}

}  // namespace
}  // namespace rankwire::statsd
