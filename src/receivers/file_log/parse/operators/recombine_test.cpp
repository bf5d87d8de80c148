// Records joined from several lines, over calls, files and time.
#include <doctest/doctest.h>

#include "receivers/file_log/parse/parse_fixture.hpp"

namespace rankwire::file_log {

using testing::ParseFixture;
using Texts = std::vector<std::string>;

namespace {
constexpr const char* by_first = "[{type: recombine, combine_field: body, is_first_entry: 'body matches \"^\\\\d\"'}]";
}

TEST_CASE("a trace is joined to the line it belongs to, also over calls") {
  ParseFixture lines;
  lines.config.preserve_leading_whitespaces = true;
  lines.use_operators(by_first);
  lines.parse("1 a\n  at x\n  at y\n2 b\n");
  CHECK(lines.bodies() == Texts{"1 a\n  at x\n  at y"});
  CHECK(lines.parser().held_from() == 18);
  lines.parse("  at z\n3 c\n");
  CHECK(lines.bodies() == Texts{"1 a\n  at x\n  at y", "2 b\n  at z"});
  CHECK(lines.attribute(1, "log.file.name") == "train.log");
  CHECK(lines.batch.resources.size() == 1);
}

TEST_CASE("what is held does not depend on the batch it came with") {
  ParseFixture lines;
  lines.config.include_file_record_offset = true;
  lines.config.resource = {{"kind", "EXPR(body)"}};
  lines.use_operators(by_first);
  lines.parse("1 held\n");
  lines.batch = LogBatch();
  lines.parse("2\n");
  CHECK(lines.bodies() == Texts{"1 held"});
  CHECK(lines.attribute(0, "log.file.record_offset") == "0");
  CHECK(lines.resource("kind") == "1 held");
}

TEST_CASE("a held record is flushed after its period and no longer holds the position") {
  ParseFixture lines;
  lines.use_operators(by_first);
  lines.parse("1 a\n");
  REQUIRE(lines.parser().flush_due().has_value());
  CHECK(*lines.parser().flush_due() == lines.clock.now() + std::chrono::seconds(5));
  lines.clock.advance(std::chrono::milliseconds(4999));
  lines.flush("");
  CHECK(lines.bodies().empty());
  lines.clock.advance(std::chrono::milliseconds(1));
  lines.flush("");
  CHECK(lines.bodies() == Texts{"1 a"});
  CHECK_FALSE(lines.parser().held_from().has_value());
  CHECK_FALSE(lines.parser().flush_due().has_value());
}

TEST_CASE("streams of one container are joined separately") {
  ParseFixture lines;
  lines.use_operators(std::string("[{type: container}, ") + (by_first + 1));
  lines.parse(
      "2024-01-02T03:04:05Z stdout F 1 a\n2024-01-02T03:04:05Z stderr F 2 b\n2024-01-02T03:04:05Z stdout F  x\n"
      "2024-01-02T03:04:06Z stderr F  y\n2024-01-02T03:04:05Z stdout F 3\n2024-01-02T03:04:06Z stderr F 4\n");
  CHECK(lines.bodies() == Texts{"1 a\n x", "2 b\n y"});
  CHECK(lines.attribute(1, "log.iostream") == "stderr");
}

TEST_CASE("the last entry ends a record, and limits end it early") {
  ParseFixture last;
  last.use_operators(
      "[{type: recombine, combine_field: body, combine_with: '', is_last_entry: 'body endsWith \";\"'}]");
  last.parse("a\nb;\nc;\n");
  CHECK(last.bodies() == Texts{"ab;", "c;"});
  ParseFixture few;
  few.use_operators(
      "[{type: recombine, combine_field: body, is_first_entry: 'body == \"x\"', max_batch_size: 2, "
      "max_unmatched_batch_size: 3}]");
  few.parse("1\n2\n3\n4\nx\ny\nz\n");
  CHECK(few.bodies() == Texts{"1\n2\n3", "4", "x\ny"});
}

TEST_CASE("other fields come from the newest entry, or from the oldest when so configured") {
  for (const bool is_oldest : {false, true}) {
    ParseFixture lines;
    lines.use_operators(std::string("[{type: json_parser, parse_to: body}, {type: recombine, combine_field: body.m, "
                                    "is_last_entry: 'body.last == true', overwrite_with: ") +
                        (is_oldest ? "oldest}]" : "newest}]"));
    lines.parse("{\"m\":\"a\",\"n\":1}\n{\"m\":\"b\",\"n\":2,\"last\":true}\n");
    CHECK(lines.show(0) == (is_oldest ? R"({"m":"a\u000ab","n":1})" : R"({"m":"a\u000ab","n":2,"last":true})"));
  }
}

TEST_CASE("a trace split by rotation is joined in the successor") {
  ParseFixture lines;
  lines.use_operators(by_first);
  lines.parse("1 a\n b\n", true);
  CHECK(lines.bodies().empty());
  lines.rotate();
  CHECK(lines.parser().held_from() == 0);
  lines.parse(" c\n2\n");
  CHECK(lines.bodies() == Texts{"1 a\nb\nc"});
}

}  // namespace rankwire::file_log
