// The scanner must find exactly what RE2 finds.
#include "text/pattern.hpp"

#include <doctest/doctest.h>
#include <re2/re2.h>

#include <random>

namespace rankwire::text {

namespace {

std::string by_re2(const std::string& pattern, const std::string& text) {
  const RE2 regex(pattern);
  re2::StringPiece groups[8];
  const int count = regex.NumberOfCapturingGroups() + 1;
  if (!regex.Match(text, 0, text.size(), RE2::UNANCHORED, groups, count)) return "(none)";
  std::string found;
  for (int i = 1; i < count; ++i) found += groups[i].as_string() + "|";
  return found;
}

std::string by_pattern(const Pattern& pattern, const std::string& text) {
  std::string_view groups[8];
  if (!pattern.capture(text, {groups, pattern.group_count()})) return "(none)";
  std::string found;
  for (std::size_t i = 0; i < pattern.group_count(); ++i) found += std::string(groups[i]) + "|";
  return found;
}

}  // namespace

TEST_CASE("simple anchored patterns are scanned, others are left to RE2") {
  for (const char* pattern : {"^\\d{4}-\\d{2}", "^(?P<a>\\S+) - (?P<b>[^ ]+) \\[(?P<c>[^\\]]*)\\] \"(.*)$",
                              "^[a-z]+\\d?$", "^x*y{2,3}z", "^a+?b"})
    CHECK(Pattern::compile(pattern)->is_scanned());
  for (const char* pattern : {"\\d+", "^a|b", "^(a|b)", "^.*x", "^\\w+\\d", "^(ab)+", "^\\bx", "^.{3}", "^\\S+\\."})
    CHECK_FALSE(Pattern::compile(pattern)->is_scanned());
  CHECK_FALSE(Pattern::compile("(").has_value());
}

TEST_CASE("the scanner agrees with RE2 on random texts") {
  // The second says whether it never has to go back.
  const std::pair<const char*, bool> patterns[] = {{"^(\\d+) (\\S*)$", true},
                                                   {"^([^,]*),([^,]+),(.*)$", true},
                                                   {"^(a*)b?(c{2})(.+)", true},
                                                   {"^\\[([^\\]]+)\\] (\\w+): (.*)", true},
                                                   {"^(?P<x>[a-c]+)-(\\d{1,3})\\.", true},
                                                   {"^([ab]{2,3})c", true},
                                                   {"^\\D*(\\d*)$", true},
                                                   {"^(.*)$", true},
                                                   {"^(\\s*)x", true},
                                                   {"(a|ab)(c|bcd)?(.*)", false},
                                                   {"^(.*) (.*)$", false},
                                                   {"(\\w+?)(\\d+)", false},
                                                   {"(.*?),(.*?)-(\\w*)", false},
                                                   {"^(?:(\\d+)-)?(\\w+)", false},
                                                   {"(\\S+) (\\S+?)(?: (.+))?$", false},
                                                   {"([a-c]+)([b-c]{1,2})?c", false},
                                                   {"^(a|b|c1)*x", false},
                                                   {"\\[(.*)\\](.*?)x", false},
                                                   {"(a+?)(b?)c", false},
                                                   {"^(.+?)(,|-)(1?)", false},
                                                   {"(a|(b)|c(1|2))+?-", false},
                                                   {"(?:a|b)?(c|)1", false},
                                                   {"([^,]+):(.*?)$", false},
                                                   {"(\\d{1,2}?)(\\d*)\\.", false},
                                                   {"^((a)|(b))?((1)|(2))?x?$", false},
                                                   {"(\\s|a)(.*)x", false},
                                                   {"(ä|a)(.*?)b", false},
                                                   {"^[abc]*(c)", false},
                                                   {"^(\\w*)\\d$", false},
                                                   {".+c\\[*?x", false},
                                                   {"^[abc]*?(1*)[12]", false},
                                                   {"(\\s*)( )", false},
                                                   {"^(?:a-)?a", false},
                                                   {"(?:ab|1)c", false},
                                                   {"^(?:ab)c", true},
                                                   {"^[ab]{2}?(c)", true},
                                                   {".+[ab]{2}?(c)", false}};
  constexpr std::string_view alphabet = "abc123 ,-.[]:x\n";
  std::minstd_rand random(7);
  for (const auto& [source, is_straight] : patterns) {
    const auto pattern = Pattern::compile(source);
    REQUIRE(pattern.has_value());
    CHECK_MESSAGE(pattern->is_scanned() == is_straight, std::string(source));
    for (int round = 0; round < 2000; ++round) {
      std::string text;
      for (std::size_t size = random() % 12; size > 0; --size)
        text += random() % 16 == 0 ? std::string("\xC3\xA4") : std::string(1, alphabet[random() % alphabet.size()]);
      CAPTURE(source);
      CAPTURE(text);
      REQUIRE(by_pattern(*pattern, text) == by_re2(source, text));
      REQUIRE(pattern->matches(text) == (by_re2(source, text) != "(none)"));
    }
  }
}

TEST_CASE("a repetition is of a whole character, not of its last byte") {
  for (const char* source : {"(\xC3\xA4*)a", "(\xC3\xA4+)", "^(\xC3\xA4+?)a", "^(x\xC3\xA4*)"}) {
    const auto pattern = *Pattern::compile(source);
    for (const char* text : {"\xC3\xA4\xC3\xA4"
                             "aa",
                             "11aa", "x\xC3\xA4\xC3\xA4", "x\xC3"}) {
      CAPTURE(source);
      CAPTURE(text);
      CHECK(by_pattern(pattern, text) == by_re2(source, text));
    }
  }
}

TEST_CASE("a replacement takes every match that Go takes, and never parts a character") {
  const auto replaced = [](const char* pattern, std::string_view text) {
    return Pattern::compile(pattern)->replace_all(text, "<$0>");
  };
  CHECK(replaced("a*", "baac") == "<>b<aa>c<>");
  CHECK(replaced("x*", "\xC3\xA4y") == "<>\xC3\xA4<>y<>");
  CHECK(replaced("", "") == "<>");
  CHECK(replaced("a", "banana") == "b<a>n<a>n<a>");
  CHECK(replaced("^a", "aa") == "<a>a");
}

TEST_CASE("a template is filled from the leftmost match alone") {
  const Pattern pattern = *Pattern::compile("(?P<first>[a-z]+)_(x)?");
  CHECK(pattern.expanded("1 ab_ cd_", "<${first}|$2|$$|$0>") == "<ab||$|ab_>");
  CHECK(!pattern.expanded("nothing", "$0"));
}

TEST_CASE("both ways to name a group are known, and brackets elsewhere name none") {
  CHECK(Pattern::compile("(?<a>x)(?P<b>y)")->group_names() == std::vector<std::string>{"a", "b"});
  CHECK_FALSE(Pattern::compile("^[(?<]$")->matches("P"));
  CHECK(Pattern::compile("^[](?<]+$")->matches("](?<"));
  CHECK(Pattern::compile("\\Q(?<\\E")->matches("(?<"));
  CHECK(Pattern::compile("[[:alpha:](?<]{5}(?<n>.)")->matches("a(?<bP"));
}

TEST_CASE("where going back would take too long, the answer is still that of RE2") {
  const std::string commas(3000, ',');
  for (const char* source : {"^(.*),(.*),(.*),(.*),x$", "(.*?),(.*?),(.*?)y", "(,|,,)?(.*),(.*)z?$"}) {
    const auto pattern = Pattern::compile(source);
    for (const std::string& text : {commas, commas + "x", "x" + commas + "y"}) {
      CAPTURE(source);
      REQUIRE(by_pattern(*pattern, text) == by_re2(source, text));
    }
  }
}

}  // namespace rankwire::text
