#include "extensions/oauth2_client/oauth2_client_config.hpp"

#include "net/http_client.hpp"

namespace rankwire::oauth2_client {

void OAuth2ClientConfig::fields(config::Fields& f) {
  f.field("client_id", client_id, "Our name at the authorization server.");
  f.field("client_id_file", client_id_file, "A file with it instead; read for each token.");
  f.field("client_secret", client_secret, "Our secret there.");
  f.field("client_secret_file", client_secret_file, "A file with it instead; read for each token.");
  f.field("token_url", token_url, "Where tokens are asked for.");
  f.field("endpoint_params", endpoint_params, "More to send with the request for a token: texts, or lists of texts.");
  f.field("scopes", scopes, "What the token shall be good for.");
  f.section("tls", tls, "TLS of the connection to the authorization server.");
  f.field("timeout", timeout, "Longest time for one request for a token; 0: 30 seconds.", {.min = 0});
  f.field("expiry_buffer", expiry_buffer, "How long before its end a token is replaced.", {.min = 0});
  constexpr std::string_view only_secrets = "the grant is client_credentials, with an id and a secret";
  for (const char* key :
       {"grant_type", "client_certificate_key", "client_certificate_key_file", "client_certificate_key_id",
        "signature_algorithm", "iss", "audience", "claims", "authmode", "subject_token", "subject_token_file",
        "subject_token_type", "disable_grpc_transport_security"})
    f.unsupported(key, only_secrets);
}

void OAuth2ClientConfig::validate(config::Validator& v) const {
  if (client_id.empty() && client_id_file.empty()) v.error("client_id", "must be set, or client_id_file");
  if (client_secret.empty() && client_secret_file.empty())
    v.error("client_secret", "must be set, or client_secret_file");
  if (token_url.empty())
    v.error("token_url", "must be set", "for example \"https://login.example/oauth2/token\"");
  else if (!net::Url::parse(token_url))
    v.error("token_url", "must be a URL of http or https", "for example \"https://login.example/oauth2/token\"");
  if (endpoint_params.is_null()) return;
  if (!endpoint_params.is_map()) return v.error("endpoint_params", "must be a map of texts, or of lists of texts");
  for (const auto& [name, value] : endpoint_params.entries()) {
    const auto& items = value.items();
    const bool is_list = value.is_sequence() && std::all_of(items.begin(), items.end(),
                                                            [](const config::Node& item) { return item.is_scalar(); });
    if (!value.is_scalar() && !is_list) v.error("endpoint_params::" + name, "must be a text or a list of texts");
  }
}

std::vector<std::pair<std::string, std::string>> parameters(const config::Node& endpoint_params) {
  std::vector<std::pair<std::string, std::string>> all;
  for (const auto& [name, value] : endpoint_params.entries()) {
    if (value.is_scalar()) all.emplace_back(name, value.text());
    for (const config::Node& item : value.items()) all.emplace_back(name, item.text());
  }
  return all;
}

}  // namespace rankwire::oauth2_client
