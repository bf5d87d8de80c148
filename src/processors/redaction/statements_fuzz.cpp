// Statements and URLs come from applications: whatever they are, hiding terminates, stays in bounds,
// and leaves no digit of a number behind.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/require.hpp"
#include "processors/redaction/db_statements.hpp"
#include "processors/redaction/url_sanitizer.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rankwire;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string out;
  redaction::hide_sql(text, size % 2 == 0, out);
  redaction::hide_redis(text, out);
  redaction::hide_memcached(text, out);
  if (redaction::hide_json(text, out)) {
    std::string again;
    require(!redaction::hide_json(out, again), "hiding twice changes nothing more");
  }
  if (redaction::sanitize_url(text, out)) require(out.find('?') == std::string::npos, "no query stays");
  return 0;
}
