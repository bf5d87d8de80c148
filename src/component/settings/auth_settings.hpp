// The `auth` section (otelcol's configauth) of clients and of servers, and the way from there to the extension that it
// names.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "component/authentication.hpp"
#include "component/component.hpp"
#include "config/fields.hpp"

namespace rankwire {

struct AuthConfig {
  std::optional<config::ComponentId> authenticator;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

// Of servers that speak HTTP.
struct HttpServerAuthConfig {
  AuthConfig auth;
  std::vector<std::string> request_params;

  void fields(config::Fields& f);
};

// Null where nothing is configured. The extension outlives whoever names it in its configuration.
Result<ClientAuthenticator*> client_authenticator(Host& host, const std::optional<AuthConfig>& config);
Result<ServerAuthenticator*> server_authenticator(Host& host, const AuthConfig& config);

// Lets in who the authenticator lets in; everybody else hears 401, or UNAUTHENTICATED.
void require_authentication(net::ServerOptions& options, ServerAuthenticator& authenticator,
                            std::vector<std::string> request_params = {});

// Of a request to which the destination answered 401, or UNAUTHENTICATED: sent again if other credentials may come.
Error after_denial(ClientAuthenticator* authenticator, Error error);

}  // namespace rankwire
