// Name and password of a request, as its Authorization header has them (RFC 7617).
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "config/types.hpp"

namespace rankwire::basic_auth {

struct Credentials {
  std::string user;
  config::Secret password;
};

// Errors say nothing of what was sent.
Result<Credentials> read_credentials(std::string_view authorization);

}  // namespace rankwire::basic_auth
