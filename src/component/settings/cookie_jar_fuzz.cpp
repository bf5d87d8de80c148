// Set-Cookie headers come from whoever answers.
#include <cstddef>
#include <cstdint>
#include <string>

#include "component/settings/cookie_jar.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rankwire;
  const SystemClock clock;
  CookieJar jar(clock);
  const std::string text(reinterpret_cast<const char*>(data), size);
  jar.store("host", "/v1/logs", {{"set-cookie", text}, {"set-cookie", "a=b"}});
  const std::string header = jar.header_for("host", "/v1/logs?x", true);
  return header.size() > 2 * CookieJar::bytes_max ? 1 : 0;
}
