#include "text/pattern_error.hpp"

#include <doctest/doctest.h>

#include "text/mask_pattern.hpp"
#include "text/pattern.hpp"

namespace rankwire::text {
namespace {

bool says(const std::string& expression, const std::string& part) {
  const auto pattern = Pattern::compile(expression);
  const auto mask = MaskPattern::compile(expression);
  REQUIRE_FALSE(pattern);
  REQUIRE_FALSE(mask);
  return pattern.error().message().find(part) != std::string::npos &&
         mask.error().message().find(part) != std::string::npos;
}

TEST_CASE("what other engines have is refused in words that say what to write instead") {
  for (const char* expression : {"a(?=b)", "a(?!b)", "(?<=a)b", "(?<!a)b", "[(?=](?=b)"}) {
    CAPTURE(expression);
    CHECK(says(expression, "look-ahead and look-behind are not supported"));
  }
  CHECK(says(R"((a)\1)", "write out what is repeated"));
  CHECK(says("(?>a)", "atomic groups"));
  CHECK(says("a++", "atomic groups"));
}

TEST_CASE("all other mistakes are told as they are found") {
  CHECK(says("(", "missing )"));
  CHECK(says("[(?=", "missing ]"));
  CHECK(says(R"(\\1\()"
             "(",
             "missing )"));
  CHECK(says("[]++](", "missing )"));
}

}  // namespace
}  // namespace rankwire::text
