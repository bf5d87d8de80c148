// Answers of an authorization server: the status in the first byte, the body behind it. What becomes a token can be
// sent in a header.
#include "base/require.hpp"
#include "extensions/oauth2_client/token_request.hpp"

using namespace rankwire;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  net::HttpResponse response;
  response.status = bytes[0] < 128 ? 200 : 400;
  response.body.assign(reinterpret_cast<const char*>(bytes + 1), size - 1);
  const auto token = oauth2_client::read_token(response);
  if (!token) {
    require(token.error().message().find('\n') == std::string::npos, "errors are one line");
    return 0;
  }
  require(token->value.reveal().find_first_of("\r\n") == std::string::npos, "a token is one line");
  require(token->lifetime >= Duration{0}, "it lives forward");
  return 0;
}
