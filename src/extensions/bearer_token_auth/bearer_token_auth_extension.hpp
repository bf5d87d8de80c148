// Tokens (RFC 6750, or any header): of requests that come in, and for requests that go out.
#pragma once

#include "component/factory.hpp"

namespace rankwire::bearer_token_auth {

ExtensionFactory bearer_token_auth_factory();

}  // namespace rankwire::bearer_token_auth
