// Response bytes in pieces decided by the input: the first byte says how long the pieces are.
#include "net/http_response_parser.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace rankwire::net;
  if (size < 2) return 0;
  const std::size_t step = 1 + data[0] % 64;
  const auto request = static_cast<ResponseTo>(data[1] % 3);
  std::string_view rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  HttpResponseParser parser(request, 256);
  while (!rest.empty()) {
    if (!parser.feed(rest.substr(0, step))) return 0;
    if (parser.response().body.size() > 256) __builtin_trap();
    rest.remove_prefix(std::min(step, rest.size()));
  }
  if (parser.end() && !parser.is_complete()) __builtin_trap();
  return 0;
}
