// What is replaced, and with what, must be what Go replaces.
#include "text/replacer.hpp"

#include <doctest/doctest.h>

#include "base/random.hpp"
#include "text/glob.hpp"

namespace rankwire::text {

namespace {

std::string replaced(const std::string& expression, std::string_view text, std::string_view with) {
  const auto replacer = Replacer::compile(expression);
  if (!replacer) return "(invalid)";
  std::string out;
  const Replacement replacement(with, replacer->group_names());
  return replacer->replace(text, replacement, out) ? out : "(no match)";
}

bool matches_glob(std::string_view glob, std::string_view text) {
  const auto expression = expression_of_glob(glob);
  REQUIRE(expression.has_value());
  return Pattern::compile(*expression)->matches(text);
}

}  // namespace

TEST_CASE("a replacement refers to groups as in Go") {
  struct Case {
    const char *expression, *text, *with, *expected;
  };
  const Case cases[] = {
      {"customer_id=\\d+", "a customer_id=1 b customer_id=23", "customer_id=X", "a customer_id=X b customer_id=X"},
      {"customer_id=(\\d)\\d*", "a customer_id=12 b", "id=$1.", "a id=1. b"},
      {"k=(?P<v>\\w+)", "k=a k=b", "${v}!$0", "a!k=a b!k=b"},
      {"k=(?<v>\\w+)", "k=a", "$v", "a"},
      {"(a)(b)?", "a", "[$1|$2]", "[a|]"},
      {"(a)", "a", "$1x", ""},
      {"(a)", "a", "${1}x", "ax"},
      {"(a)", "a", "$$1", "$1"},
      {"(a)", "a", "$9$none${none}$01", ""},
      {"(a)", "a", "$ ${ ${} $-$", "$ ${ ${} $-$"},
      {"nothing", "a", "b", "(no match)"},
      {"x*", "\xC3\xA4y", "-", "-\xC3\xA4-y-"},
      {"", "", "-", "-"},
      {"^a", "aa", "b", "ba"},
      {"ab+|b", "abb b", "x", "x x"},
      {"(", "a", "b", "(invalid)"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.expression);
    CAPTURE(one.with);
    CHECK(replaced(one.expression, one.text, one.with) == one.expected);
  }
}

TEST_CASE("replacing by prefix and without it agree on random texts") {
  const auto random = make_random(11);
  for (const std::string expression : {"ab=([0-9]+)b?", "ab=(\\d)?", "ab(=)?", "ab=\\d+", "ab(a)*"}) {
    for (int round = 0; round < 5'000; ++round) {
      std::string text;
      for (std::uint64_t i = random->below(80); i > 0; --i) text += "ab=10"[random->below(5)];
      CAPTURE(expression);
      CAPTURE(text);
      const std::string plain = Pattern::compile("(?:" + expression + ")")->replace_all(text, "<$0,$1>");
      const std::string fast = replaced(expression, text, "<$0,$1>");
      REQUIRE((fast == "(no match)" ? text : fast) == plain);
    }
  }
}

TEST_CASE("globs match whole values") {
  CHECK(matches_glob("/user/*/list/*", "/user/17/list/x/y"));
  CHECK_FALSE(matches_glob("/user/*/list/*", "a/user/17/list/x"));
  CHECK(matches_glob("*", "several\nlines"));
  CHECK(matches_glob("a?c",
                     "a\xC3\xA4"
                     "c"));
  CHECK_FALSE(matches_glob("a?c", "ac"));
  CHECK(matches_glob("[a-c][!0-9].{txt,log}", "bx.log"));
  CHECK_FALSE(matches_glob("[a-c][!0-9].{txt,log}", "b1.log"));
  CHECK(matches_glob("\\*a.b(c)|$", "*a.b(c)|$"));
  CHECK_FALSE(matches_glob("\\*a", "xa"));
  for (const char* bad : {"[a", "{a", "a}", "a\\", "[!]"}) CHECK_FALSE(expression_of_glob(bad).has_value());
}

}  // namespace rankwire::text
