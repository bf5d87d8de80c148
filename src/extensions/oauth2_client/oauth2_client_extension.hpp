// Credentials from an authorization server (OAuth 2.0, client credentials: RFC 6749, 4.4).
#pragma once

#include "component/factory.hpp"

namespace rankwire::oauth2_client {

ExtensionFactory oauth2_client_factory();

}  // namespace rankwire::oauth2_client
