// Plain and container lines through the whole parser, as the tailer drives it.
#include <doctest/doctest.h>

#include "receivers/file_log/parse/parse_fixture.hpp"

namespace rankwire::file_log {

using testing::ParseFixture;
using Texts = std::vector<std::string>;

TEST_CASE("lines become bodies without their line ends and white space around them") {
  ParseFixture lines;
  CHECK(lines.parse("first\r\n  second \t\n\nthird\npart") == 25);
  CHECK(lines.bodies() == Texts{"first", "second", "third"});
  CHECK(lines.attribute(0, "log.file.name") == "train.log");
  CHECK(lines.record(0).time_unix_nanos == 0);
  CHECK(lines.record(0).observed_time_unix_nanos == lines.clock.unix_nanos());
  CHECK(lines.batch.resources.size() == 1);
}

TEST_CASE("white space is kept where the configuration says so") {
  ParseFixture lines;
  lines.config.preserve_leading_whitespaces = true;
  lines.config.preserve_trailing_whitespaces = true;
  lines.parse("  a \r\n");
  CHECK(lines.bodies() == Texts{"  a "});
}

TEST_CASE("an unterminated line waits for its end, and no longer than the flush period") {
  ParseFixture lines;
  CHECK(lines.parse("unfinished") == 0);
  REQUIRE(lines.parser().flush_due().has_value());
  CHECK(*lines.parser().flush_due() == lines.clock.now() + std::chrono::milliseconds(500));
  CHECK(lines.flush("unfinished") == 0);
  lines.clock.advance(std::chrono::milliseconds(500));
  CHECK(lines.flush("unfinished") == 10);
  CHECK(lines.bodies() == Texts{"unfinished"});
  CHECK_FALSE(lines.parser().flush_due().has_value());
}

TEST_CASE("of an unterminated line that is gone from its file nothing is due") {
  ParseFixture lines;
  CHECK(lines.parse("unfinished") == 0);
  lines.clock.advance(std::chrono::milliseconds(500));
  CHECK(lines.flush("") == 0);
  CHECK_FALSE(lines.parser().flush_due().has_value());
  CHECK(lines.parse("anew") == 0);
  CHECK(*lines.parser().flush_due() == lines.clock.now() + std::chrono::milliseconds(500));
}

TEST_CASE("the end of a file ends its last line") {
  ParseFixture lines;
  CHECK(lines.parse("a\nb", true) == 3);
  CHECK(lines.bodies() == Texts{"a", "b"});
}

TEST_CASE("a line longer than the maximum is split at characters, also before its end is known") {
  ParseFixture lines;
  lines.config.max_log_size = {4};
  CHECK(lines.parse("abcdef\xC3\xA4gh") == 8);
  CHECK(lines.parse("gh\nxy\n") == 6);
  CHECK(lines.bodies() == Texts{"abcd", "ef\xC3\xA4", "gh", "xy"});
}

TEST_CASE("a line longer than the maximum is truncated when configured, up to its end in a later read") {
  ParseFixture lines;
  lines.config.max_log_size = {4};
  lines.config.max_log_size_behavior = LongLine::truncate;
  CHECK(lines.parse("abcdefgh") == 8);
  CHECK(lines.parse("ijk\nnext\n0123456\n") == 17);
  CHECK(lines.bodies() == Texts{"abcd", "next", "0123"});
}

TEST_CASE("invalid UTF-8 is repaired, unless the encoding is raw") {
  ParseFixture lines;
  lines.parse("good\nbad\xFFline\xE2\x82\n");
  CHECK(lines.bodies() == Texts{"good", "bad\xEF\xBF\xBDline\xEF\xBF\xBD"});
  ParseFixture raw;
  raw.config.encoding = "utf-8-raw";
  raw.parse("bad\xFFline\n");
  CHECK(raw.bodies() == Texts{"bad\xFFline"});
}

TEST_CASE("encodings are decoded line by line") {
  ParseFixture little;
  little.config.encoding = "utf-16le";
  CHECK(little.parse(std::string_view("a\0\n\0\x0A\x01\n\0b\0", 10)) == 8);
  CHECK(little.bodies() == Texts{"a", "\xC4\x8A"});
  ParseFixture big;
  big.config.encoding = "utf-16be";
  CHECK(big.parse(std::string_view("\0a\0\n\xD8\x3D\xDE\x00\0\n", 10)) == 10);
  CHECK(big.bodies() == Texts{"a", "\xF0\x9F\x98\x80"});
  ParseFixture western;
  western.config.encoding = "windows-1252";
  western.parse("\x80 \xE4\n");
  CHECK(western.bodies() == Texts{"\xE2\x82\xAC \xC3\xA4"});
}

TEST_CASE("entries begin at the line start pattern and the last one waits") {
  ParseFixture lines;
  lines.config.multiline = MultilineConfig{"^\\d{4}-", "", false};
  const std::string_view text = "2024-01 a\n  at x\n  at y\n2024-02 b\n";
  CHECK(lines.parse(text) == 24);
  CHECK(lines.bodies() == Texts{"2024-01 a\n  at x\n  at y"});
  lines.clock.advance(std::chrono::seconds(1));
  CHECK(lines.flush(text.substr(24)) == 10);
  CHECK(lines.bodies() == Texts{"2024-01 a\n  at x\n  at y", "2024-02 b"});
}

TEST_CASE("entries end at the line end pattern, which can be omitted") {
  ParseFixture lines;
  lines.config.multiline = MultilineConfig{"", ";;", true};
  CHECK(lines.parse("one\ntwo;;three;;fo") == 16);
  CHECK(lines.bodies() == Texts{"one\ntwo", "three"});
}

TEST_CASE("containerd and CRI-O lines give time, stream, tag and message") {
  ParseFixture lines;
  lines.use_container();
  lines.parse(
      "2024-01-02T03:04:05.123456789Z stdout F step 1 \n"
      "2024-01-02T04:04:05.5+01:00 stderr F   boom\n"
      "2024-01-02T03:04:06Z stdout F\n");
  CHECK(lines.bodies() == Texts{"step 1", "  boom", ""});
  CHECK(lines.record(0).time_unix_nanos == 1704164645123456789u);
  CHECK(lines.record(1).time_unix_nanos == 1704164645500000000u);
  CHECK(lines.attribute(0, "log.iostream") == "stdout");
  CHECK(lines.attribute(1, "log.iostream") == "stderr");
  CHECK(lines.attribute(0, "logtag") == "F");
}

TEST_CASE("partial lines are joined for each stream and keep the space where they were cut") {
  ParseFixture lines;
  lines.use_container();
  lines.parse(
      "2024-01-02T03:04:05Z stdout P part one \n"
      "2024-01-02T03:04:05Z stderr F error\n"
      "2024-01-02T03:04:06Z stdout F part two\n");
  CHECK(lines.bodies() == Texts{"error", "part one part two"});
  CHECK_FALSE(lines.parser().held_from().has_value());
}

TEST_CASE("a held partial line says from where a restart must read, and is flushed after a while") {
  ParseFixture lines;
  lines.use_container();
  lines.parse("2024-01-02T03:04:05Z stdout F x\n2024-01-02T03:04:05Z stdout P part \n");
  CHECK(lines.parser().held_from() == 32);
  CHECK(lines.parser().flush_due() == lines.clock.now() + std::chrono::seconds(5));
  lines.clock.advance(std::chrono::seconds(5));
  lines.flush("");
  CHECK(lines.bodies() == Texts{"x", "part"});
  CHECK(lines.attribute(1, "logtag") == "P");
  CHECK_FALSE(lines.parser().held_from().has_value());
}

TEST_CASE("a record split over a rotated file and its successor is joined") {
  ParseFixture lines;
  lines.use_container();
  lines.parse("2024-01-02T03:04:05Z stdout P half \n", true);
  CHECK(lines.bodies().empty());
  lines.rotate();
  CHECK(lines.parser().held_from() == 0);
  lines.parse("2024-01-02T03:04:06Z stdout F and half\n");
  CHECK(lines.bodies() == Texts{"half and half"});
}

TEST_CASE("Docker lines are unescaped, joined and may carry further keys") {
  ParseFixture lines;
  lines.use_container();
  lines.parse(
      "{\"log\":\"a \\\"q\\\" \\u00e4\\ud83d\\ude00\\n\",\"stream\":\"stderr\",\"time\":\"2024-01-02T03:04:05Z\"}\n"
      "{\"log\":\"left \",\"stream\":\"stdout\",\"time\":\"2024-01-02T03:04:05Z\"}\n"
      "{\"log\":\"right\\n\",\"stream\":\"stdout\",\"attrs\":{\"job\":\"7\"},\"time\":\"2024-01-02T03:04:05Z\"}\n");
  CHECK(lines.bodies() == Texts{"a \"q\" \xC3\xA4\xF0\x9F\x98\x80\n", "left right\n"});
  CHECK(lines.attribute(0, "log.iostream") == "stderr");
  CHECK(find(lines.record(0).attributes, "logtag") == nullptr);
  REQUIRE(find(lines.record(1).attributes, "attrs") != nullptr);
  CHECK(find(lines.record(1).attributes, "attrs")->type() == ValueType::map);
}

TEST_CASE("a line that no runtime wrote is passed on whole") {
  ParseFixture lines;
  lines.use_container();
  lines.parse("not a container line\n2024-01-02T03:04:05Z stdin F x\n{\"log\":1}\n");
  CHECK(lines.bodies() == Texts{"not a container line", "2024-01-02T03:04:05Z stdin F x", "{\"log\":1}"});
}

TEST_CASE("pod and container come from the path, whichever form it has") {
  ParseFixture lines;
  lines.facts.path = "/var/log/pods/ml_trainer-0_0aa1-22/py.torch/3.log";
  lines.use_container();
  lines.parse("2024-01-02T03:04:05Z stdout F x\n");
  CHECK(lines.resource("k8s.namespace.name") == "ml");
  CHECK(lines.resource("k8s.pod.name") == "trainer-0");
  CHECK(lines.resource("k8s.pod.uid") == "0aa1-22");
  CHECK(lines.resource("k8s.container.name") == "py.torch");
  CHECK(lines.resource("k8s.container.restart_count") == "3");
}

TEST_CASE("records of one file share one resource however often it is parsed into a batch") {
  ParseFixture lines;
  lines.parse("a\n");
  lines.parse("b\n");
  CHECK(lines.batch.resources.size() == 1);
  CHECK(lines.parse("") == 0);
  lines.batch.reset();
  lines.parse("no end");
  CHECK(lines.batch.resources.empty());
}

TEST_CASE("number and offset of a record are attributes when asked for") {
  ParseFixture lines;
  lines.config.include_file_record_number = true;
  lines.config.include_file_record_offset = true;
  lines.parse("ab\ncd\n");
  CHECK(find(lines.record(1).attributes, "log.file.record_number")->integer() == 2);
  CHECK(find(lines.record(1).attributes, "log.file.record_offset")->integer() == 3);
}

}  // namespace rankwire::file_log
