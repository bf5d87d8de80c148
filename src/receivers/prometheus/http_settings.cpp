#include "receivers/prometheus/http_settings.hpp"

#include <algorithm>
#include <array>

#include "config/load.hpp"
#include "text/base64.hpp"

namespace rankwire::prometheus {
namespace {

constexpr std::size_t secret_bytes_max = 64 << 10;

Result<std::string> read_secret(FileSystem& files, const std::string& path) {
  auto text = read_file(files, path, secret_bytes_max);
  if (!text) return text;
  while (!text->empty() && std::string_view(" \r\n").find(text->back()) != std::string_view::npos) text->pop_back();
  return text;
}

Result<std::string> value_or_file(FileSystem& files, std::string_view value, const std::string& path) {
  return path.empty() ? Result<std::string>(std::string(value)) : read_secret(files, path);
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 5> tls_versions = {
    {{"", ""}, {"TLS10", "1.0"}, {"TLS11", "1.1"}, {"TLS12", "1.2"}, {"TLS13", "1.3"}}};

std::string version_of(std::string_view name) {
  const auto* const found =
      std::find_if(tls_versions.begin(), tls_versions.end(), [&](const auto& one) { return one.first == name; });
  return found != tls_versions.end() ? std::string(found->second) : std::string();
}

bool is_version(std::string_view name) { return name.empty() || !version_of(name).empty(); }

}  // namespace

void BasicAuthConfig::fields(config::Fields& f) {
  f.field("username", username, "Name.");
  f.field("username_file", username_file, "File that holds the name, read for each request.");
  f.field("password", password, "Password.");
  f.field("password_file", password_file, "File that holds the password, read for each request.");
  f.unsupported("username_ref", "secret providers are not supported; use username_file");
  f.unsupported("password_ref", "secret providers are not supported; use password_file");
}

void BasicAuthConfig::validate(config::Validator& v) const {
  if (!username.empty() && !username_file.empty()) v.error("username_file", "excludes username");
  if (!password.reveal().empty() && !password_file.empty()) v.error("password_file", "excludes password");
}

void AuthorizationConfig::fields(config::Fields& f) {
  f.field("type", type, "Scheme of the header Authorization.");
  f.field("credentials", credentials, "What follows the scheme.");
  f.field("credentials_file", credentials_file, "File that holds it, read for each request.");
  f.unsupported("credentials_ref", "secret providers are not supported; use credentials_file");
}

void AuthorizationConfig::validate(config::Validator& v) const {
  if (!credentials.reveal().empty() && !credentials_file.empty()) v.error("credentials_file", "excludes credentials");
  if (type == "basic" || type == "Basic") v.error("type", "must not be basic", "use basic_auth");
}

void ScrapeTlsConfig::fields(config::Fields& f) {
  f.field("ca", ca, "Certificates of authorities, as PEM.");
  f.field("cert", cert, "Our certificate, as PEM.");
  f.field("key", key, "Its private key, as PEM.");
  f.field("ca_file", ca_file, "File with certificates of authorities; empty: the system's.");
  f.field("cert_file", cert_file, "File with our certificate.");
  f.field("key_file", key_file, "File with its private key.");
  f.field("server_name", server_name, "Name that the target's certificate must carry; empty: the host.");
  f.field("insecure_skip_verify", insecure_skip_verify, "Take any certificate.");
  f.field("min_version", min_version, "TLS10 to TLS13; empty: TLS12.");
  f.field("max_version", max_version, "TLS10 to TLS13; empty: the newest.");
  for (const char* const key_ref : {"ca_ref", "cert_ref", "key_ref"})
    f.unsupported(key_ref, "secret providers are not supported; use a file");
}

void ScrapeTlsConfig::validate(config::Validator& v) const {
  if (!ca.reveal().empty() && !ca_file.empty()) v.error("ca_file", "excludes ca");
  const bool has_cert = !cert.reveal().empty() || !cert_file.empty();
  const bool has_key = !key.reveal().empty() || !key_file.empty();
  if (has_cert != has_key) v.error(has_cert ? "cert_file" : "key_file", "a certificate and its key belong together");
  if (!is_version(min_version)) v.error("min_version", "must be TLS10, TLS11, TLS12 or TLS13");
  if (!is_version(max_version)) v.error("max_version", "must be TLS10, TLS11, TLS12 or TLS13");
}

net::TlsClientOptions ScrapeTlsConfig::options() const {
  net::TlsClientOptions options;
  options.ca_file = ca_file;
  options.ca_pem = ca.reveal();
  options.cert_file = cert_file;
  options.cert_pem = cert.reveal();
  options.key_file = key_file;
  options.key_pem = key.reveal();
  if (!min_version.empty()) options.min_version = version_of(min_version);
  options.max_version = version_of(max_version);
  options.insecure_skip_verify = insecure_skip_verify;
  options.server_name_override = server_name;
  // Service account tokens and node certificates are replaced while we run.
  options.reload_interval = std::chrono::minutes(1);
  return options;
}

void HttpSettings::fields(config::Fields& f) {
  f.optional_section("basic_auth", basic_auth, "Name and password of each request.");
  f.optional_section("authorization", authorization, "The header Authorization of each request.");
  f.field("bearer_token", bearer_token, "As authorization::credentials.");
  f.field("bearer_token_file", bearer_token_file, "As authorization::credentials_file.");
  f.section("tls_config", tls_config, "TLS of the connection.");
  f.field("follow_redirects", follow_redirects, "Go where an answer sends us.");
  f.ignored("enable_http2", "requests are sent by HTTP/1.1");
  f.field("proxy_url", proxy_url, "Proxy to go through; empty: the environment decides.");
  f.ignored("proxy_from_environment", "HTTP_PROXY, HTTPS_PROXY and NO_PROXY are used where proxy_url is not set");
  f.unsupported("no_proxy", "set the variable NO_PROXY");
  f.unsupported("proxy_connect_header", "headers for the proxy itself are not supported");
  f.unsupported("oauth2", "tokens by OAuth 2 are not supported for scrapes");
  f.field("http_headers", http_headers, "Further headers: name: {values: […]}, {secrets: […]} or {files: […]}.");
}

void HttpSettings::validate(config::Validator& v) const {
  const bool has_bearer = !bearer_token.reveal().empty() || !bearer_token_file.empty();
  if (int{basic_auth.has_value()} + int{authorization.has_value()} + int{has_bearer} > 1)
    v.error("", "at most one of basic_auth, authorization and bearer_token can be set");
  if (!bearer_token.reveal().empty() && !bearer_token_file.empty())
    v.error("bearer_token_file", "excludes bearer_token");
  if (http_headers.is_null()) return;
  if (!http_headers.is_map()) return v.error("http_headers", "must be a map of header names");
  for (const auto& [name, value] : http_headers.entries())
    for (const auto& [kind, list] : value.entries())
      if ((kind != "values" && kind != "secrets" && kind != "files") || !list.is_sequence())
        v.error("http_headers", "\"" + name + "\" must have values, secrets or files, each a list");
}

bool HttpSettings::is_set() const { return text() != HttpSettings().text(); }

std::string HttpSettings::text() const {
  std::string all;
  const auto add = [&](std::string_view part) { all.append(part).push_back('\n'); };
  if (basic_auth)
    for (const std::string* const part : {&basic_auth->username, &basic_auth->username_file,
                                          &basic_auth->password.reveal(), &basic_auth->password_file})
      add(*part);
  add(authorization ? "authorization" : "");
  if (authorization)
    for (const std::string* const part :
         {&authorization->type, &authorization->credentials.reveal(), &authorization->credentials_file})
      add(*part);
  const ScrapeTlsConfig& tls = tls_config;
  for (const std::string* const part :
       {&bearer_token.reveal(), &bearer_token_file, &proxy_url.reveal(), &tls.ca.reveal(), &tls.cert.reveal(),
        &tls.key.reveal(), &tls.ca_file, &tls.cert_file, &tls.key_file, &tls.server_name, &tls.min_version,
        &tls.max_version})
    add(*part);
  add(tls.insecure_skip_verify ? "any certificate" : "");
  add(http_headers.is_null() ? "" : config::to_yaml(http_headers));
  return all;
}

Result<net::Headers> HttpSettings::headers(FileSystem& files) const {
  net::Headers headers = fixed_headers;
  const auto authorize = [&](std::string value) { headers.emplace_back("Authorization", std::move(value)); };
  if (basic_auth) {
    auto name = value_or_file(files, basic_auth->username, basic_auth->username_file);
    if (!name) return std::move(name).error();
    auto password = value_or_file(files, basic_auth->password.reveal(), basic_auth->password_file);
    if (!password) return std::move(password).error();
    Arena arena;
    authorize("Basic " + std::string(text::encode_base64(*name + ":" + *password, {}, arena)));
  }
  const bool has_bearer = !bearer_token.reveal().empty() || !bearer_token_file.empty();
  if (authorization || has_bearer) {
    auto credentials = authorization
                           ? value_or_file(files, authorization->credentials.reveal(), authorization->credentials_file)
                           : value_or_file(files, bearer_token.reveal(), bearer_token_file);
    if (!credentials) return std::move(credentials).error();
    authorize((authorization ? authorization->type : "Bearer") + " " + *credentials);
  }
  for (const auto& [name, value] : http_headers.entries())
    for (const auto& [kind, list] : value.entries())
      for (const config::Node& item : list.items()) {
        auto text = value_or_file(files, item.original_text(), kind == "files" ? item.original_text() : "");
        if (!text) return std::move(text).error();
        headers.emplace_back(name, std::move(*text));
      }
  return headers;
}

}  // namespace rankwire::prometheus
