// What a user writes under `oauth2_client`, with upstream's defaults.
#pragma once

#include "component/settings/tls_settings.hpp"

namespace rankwire::oauth2_client {

struct OAuth2ClientConfig {
  std::string client_id, client_id_file;
  config::Secret client_secret;
  std::string client_secret_file;
  std::string token_url;
  config::Node endpoint_params;  // Texts, or lists of them, by name.
  std::vector<std::string> scopes;
  TlsClientConfig tls;
  Duration timeout{0};  // 0: our own bound.
  Duration expiry_buffer = std::chrono::minutes(5);

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

// "name=value" of `endpoint_params`, in the order written.
std::vector<std::pair<std::string, std::string>> parameters(const config::Node& endpoint_params);

}  // namespace rankwire::oauth2_client
