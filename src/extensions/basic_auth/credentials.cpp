#include "extensions/basic_auth/credentials.hpp"

#include "component/authentication.hpp"
#include "text/base64.hpp"

namespace rankwire::basic_auth {

Result<Credentials> read_credentials(std::string_view authorization) {
  constexpr std::string_view scheme = "Basic ";
  if (authorization.empty()) return Error(ErrorKind::invalid, "no basic auth provided");
  if (authorization.size() < scheme.size() || !is_same_header(authorization.substr(0, scheme.size()), scheme))
    return Error(ErrorKind::invalid, "the authorization is not of the scheme Basic");
  Arena arena;
  std::string_view bytes;
  const bool is_base64 = text::decode_base64(authorization.substr(scheme.size()), {}, arena, bytes);
  const std::size_t colon = is_base64 ? bytes.find(':') : std::string_view::npos;
  if (colon == std::string_view::npos) return Error(ErrorKind::invalid, "the authorization cannot be read");
  return Credentials{std::string(bytes.substr(0, colon)), config::Secret(std::string(bytes.substr(colon + 1)))};
}

}  // namespace rankwire::basic_auth
