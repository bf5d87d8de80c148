#include "component/settings/cookie_jar.hpp"

#include <doctest/doctest.h>

#include "testing/fake_clock.hpp"

namespace rankwire {
namespace {

TEST_CASE("a cookie goes back to the host and below the path that set it") {
  const testing::FakeClock clock;
  CookieJar jar(clock);
  jar.store("a:80", "/v1/logs", {{"set-cookie", "id=1"}, {"set-cookie", "all=2; Path=/; HttpOnly"}, {"other", "x=y"}});
  CHECK(jar.header_for("a:80", "/v1/logs", false) == "id=1; all=2");
  CHECK(jar.header_for("a:80", "/v1", false) == "id=1; all=2");
  CHECK(jar.header_for("a:80", "/v11?q", false) == "all=2");
  CHECK(jar.header_for("b:80", "/v1/logs", false) == "");
}

TEST_CASE("a cookie is replaced, ends with its time, and a secure one needs TLS") {
  testing::FakeClock clock;
  CookieJar jar(clock);
  jar.store("a", "/", {{"set-cookie", "id=1; Max-Age=60"}, {"set-cookie", "s=1; Secure"}});
  jar.store("a", "/", {{"set-cookie", "id=2; max-age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}});
  CHECK(jar.header_for("a", "/", false) == "id=2");
  CHECK(jar.header_for("a", "/", true) == "s=1; id=2");
  clock.advance(std::chrono::seconds(11));
  CHECK(jar.header_for("a", "/", false) == "");
  jar.store("a", "/", {{"set-cookie", "s=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}, {"set-cookie", "=x"}});
  CHECK(jar.header_for("a", "/", true) == "");
}

TEST_CASE("only so many cookies are kept, and none that is too large") {
  const testing::FakeClock clock;
  CookieJar jar(clock);
  for (std::size_t i = 0; i < 2 * CookieJar::count_max; ++i)
    jar.store("a", "/", {{"set-cookie", "c" + std::to_string(i) + "=1"}});
  jar.store("a", "/", {{"set-cookie", "big=" + std::string(CookieJar::bytes_max, 'x')}});
  const std::string header = jar.header_for("a", "/", false);
  CHECK(std::count(header.begin(), header.end(), '=') == CookieJar::count_max);
  CHECK(header.find("big") == std::string::npos);
}

}  // namespace
}  // namespace rankwire
