// The prefilter must change how fast a match is found, never which one.
#include "text/mask_pattern.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/random.hpp"

namespace rankwire::text {
namespace {

TEST_CASE("the literal prefix is what every match must start with") {
  CHECK(literal_prefix("customer_id=\\d+").text == "customer_id=");
  CHECK(literal_prefix("a\\.b*c").text == "a.");
  CHECK(literal_prefix("ab?c").text == "a");
  CHECK(literal_prefix("ab{0,2}").text == "a");
  CHECK(literal_prefix("abc+").text == "abc");
  CHECK(literal_prefix("(ab)c").text == "");
  CHECK(literal_prefix("a|b").text == "");
  CHECK(literal_prefix("(?i)ab").text == "");
  CHECK(literal_prefix("\\d+").text == "");
  CHECK(literal_prefix("^ab").text == "");
}

TEST_CASE("matching by prefix and without it agree on random texts") {
  const auto random = make_random(7);
  for (const std::string expression :
       {"ab=[0-9]+b?", "ab=\\d+", "b=\\w+", "ab=[01a-b]+", "a0=", "ab=\\d", "ab=\\d+b"}) {
    CAPTURE(expression);
    const auto with_prefix = MaskPattern::compile(expression);
    const auto without = MaskPattern::compile("(" + expression + ")");
    REQUIRE(with_prefix);
    REQUIRE(without);
    for (int round = 0; round < 20'000; ++round) {
      std::string text;
      // Short texts, and long ones with few places that look like the start.
      const bool is_long = round % 2 == 1;
      for (std::uint64_t i = random->below(is_long ? 150 : 24); i > 0; --i)
        text += is_long && random->below(8) != 0 ? "xyab"[random->below(4)] : "ab=10"[random->below(5)];
      Match one, two;
      std::size_t from = 0;
      for (;;) {
        const bool found_one = with_prefix->find(text, from, one);
        REQUIRE(found_one == without->find(text, from, two));
        if (!found_one) break;
        REQUIRE(one.begin == two.begin);
        REQUIRE(one.end == two.end);
        from = one.end;
      }
      REQUIRE(with_prefix->matches(text) == without->matches(text));
    }
  }
}

TEST_CASE("a literal is found wherever it stands, and never by reading past the text") {
  const LiteralSearch search("customer_id=");
  for (std::size_t size = 0; size < 150; ++size) {
    // A block of the heap of its own, so that the sanitizer sees what is read behind it.
    std::vector<char> text(size, '_');
    const std::string_view view(text.data(), size);
    REQUIRE(search.find(view, 0) == LiteralSearch::npos);
    for (std::size_t at = 0; at + search.literal().size() <= size; ++at) {
      std::fill(text.begin(), text.end(), '_');
      std::copy(search.literal().begin(), search.literal().end(), text.begin() + static_cast<std::ptrdiff_t>(at));
      REQUIRE(search.find(view, 0) == at);
      REQUIRE(search.find(view, at) == at);
      REQUIRE(search.find(view, at + 1) == LiteralSearch::npos);
    }
  }
}

}  // namespace
}  // namespace rankwire::text
