// Any bytes as what a daemon answers over a Unix socket.
#include "base/require.hpp"
#include "processors/resource_detection/unix_http.hpp"

using namespace rankwire;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto answer = resource_detection::parse_unix_answer(text);
  if (!answer) return 0;
  require(answer->status >= 0 && answer->status <= 999, "a status has three digits");
  require(text.ends_with("\r\n\r\n" + answer->body), "the body is what stands behind the head");
  return 0;
}
