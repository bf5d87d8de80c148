#include "receivers/file_log/glob.hpp"

#include <doctest/doctest.h>

using namespace rankwire::file_log;

namespace {

bool matches(std::string_view pattern, std::string_view path) {
  const auto globs = Glob::parse(pattern);
  REQUIRE(globs.has_value());
  return std::any_of(globs->begin(), globs->end(), [&](const Glob& glob) { return glob.matches(path); });
}

}  // namespace

TEST_CASE("patterns match as doublestar's do") {
  CHECK(matches("/var/log/*.log", "/var/log/a.log"));
  CHECK_FALSE(matches("/var/log/*.log", "/var/log/d/a.log"));
  CHECK_FALSE(matches("/var/log/*.log", "var/log/a.log"));
  CHECK(matches("/var/log/**/*.log", "/var/log/a.log"));
  CHECK(matches("/var/log/**/*.log", "/var/log/d/e/a.log"));
  CHECK(matches("/var/log/**", "/var/log/d/e/a.log"));
  CHECK_FALSE(matches("/var/log/a**b/x", "/var/log/a/b/x"));
  CHECK(matches("/var/log/a**b/x", "/var/log/a-b/x"));
  CHECK(matches("/l/{a,b{1,2}}.log", "/l/b2.log"));
  CHECK_FALSE(matches("/l/{a,b{1,2}}.log", "/l/b.log"));
  CHECK(matches("/l/[a-c]?.log", "/l/b7.log"));
  CHECK_FALSE(matches("/l/[!a-c]?.log", "/l/b7.log"));
  CHECK(matches("/l/[]x].log", "/l/].log"));
  CHECK(matches("/l/\\*.log", "/l/*.log"));
  CHECK_FALSE(matches("/l/\\*.log", "/l/a.log"));
  CHECK(matches("/l/*a*b*c", "/l/xxaxxbxbxc"));
  CHECK(matches("/var/log/pods/*/*/*.log", "/var/log/pods/ns_pod_uid/c/0.log"));
  CHECK(matches("logs/*.log", "./logs/a.log"));
}

TEST_CASE("broken patterns are refused") {
  CHECK_FALSE(Glob::parse("/l/{a,b").has_value());
  CHECK_FALSE(Glob::parse("/l/[a").has_value());
  CHECK_FALSE(Glob::parse("").has_value());
}

TEST_CASE("a pattern that explodes is refused") {
  std::string pattern = "/l/";
  for (int i = 0; i < 20; ++i) pattern += "{a,b}";
  CHECK_FALSE(Glob::parse(pattern).has_value());
}
