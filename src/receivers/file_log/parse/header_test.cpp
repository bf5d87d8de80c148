#include <doctest/doctest.h>

#include "receivers/file_log/parse/parse_fixture.hpp"

using namespace rankwire;
using namespace rankwire::file_log;

namespace {

struct HeaderFixture : file_log::testing::ParseFixture {
  HeaderFixture() {
    config::Diagnostics diagnostics;
    const std::string yaml = R"([{type: regex_parser, regex: '^# (?P<key>\w+): (?P<value>.*)$'}])";
    config.header = HeaderConfig{"^#", config::parse_yaml(yaml, "test.yaml", diagnostics)};
  }
};

}  // namespace

TEST_CASE("lines of the header become attributes of every record and are no records") {
  HeaderFixture t;
  CHECK(t.parse("# job: llm\n# job: llm-70b\none\n# not a header any more\n") == 54);
  CHECK(t.bodies() == std::vector<std::string>{"one", "# not a header any more"});
  CHECK(t.attribute(0, "key") == "job");
  CHECK(t.attribute(1, "value") == "llm-70b");
  CHECK(t.attribute(0, "log.file.name") == "train.log");
  CHECK(t.resource("key") == "(absent)");
}

TEST_CASE("a header that arrives in pieces is put together") {
  HeaderFixture t;
  CHECK(t.parse("# jo") == 0);
  CHECK(t.parse("# job: llm\n# r") == 11);
  CHECK(t.parse("# rank: 7\n") == 10);
  CHECK(t.parse("li") == 0);
  CHECK(t.parse("line\n") == 5);
  CHECK(t.bodies() == std::vector<std::string>{"line"});
  CHECK(t.attribute(0, "value") == "7");
}

TEST_CASE("a file that is only a header, or has none, yields what it has") {
  HeaderFixture only;
  CHECK(only.parse("# job: llm", true) == 10);
  CHECK(only.records().empty());
  HeaderFixture none;
  CHECK(none.parse("one\n", true) == 4);
  CHECK(none.bodies() == std::vector<std::string>{"one"});
  CHECK(none.attribute(0, "key") == "(absent)");
}

TEST_CASE("a reader that goes on in the middle of a file knows its header") {
  HeaderFixture t;
  t.facts.start = "# job: llm\none\ntwo\n";
  t.start_at(15);
  CHECK(t.parse("two\n") == 4);
  CHECK(t.attribute(0, "value") == "llm");
}

TEST_CASE("headers keep types and take the place of attributes of the same name") {
  file_log::testing::ParseFixture t;
  config::Diagnostics diagnostics;
  const std::string yaml = "[{type: json_parser, parse_ints: true}]";
  t.config.header = HeaderConfig{"^\\{", config::parse_yaml(yaml, "test.yaml", diagnostics)};
  t.config.attributes = {{"job", "none"}};
  t.parse("{\"job\": \"llm\", \"ranks\": 512, \"tags\": {\"a\": [1]}}\nline\n");
  REQUIRE(t.records().size() == 1);
  CHECK(t.attribute(0, "job") == "llm");
  CHECK(find(t.record(0).attributes, "ranks")->type() == ValueType::integer);
  CHECK(t.attribute(0, "tags") == "{\"a\":[1]}");
}
