// How Prometheus' configuration describes an HTTP client: of scrapes, of http_sd_configs, of a target allocator's.
#pragma once

#include <optional>
#include <string>

#include "base/file_system.hpp"
#include "config/fields.hpp"
#include "net/http_client.hpp"

namespace rankwire::prometheus {

struct BasicAuthConfig {
  std::string username, username_file;
  config::Secret password;
  std::string password_file;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct AuthorizationConfig {
  std::string type = "Bearer";
  config::Secret credentials;
  std::string credentials_file;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct ScrapeTlsConfig {
  config::Secret ca, cert, key;
  std::string ca_file, cert_file, key_file;
  std::string server_name;
  bool insecure_skip_verify = false;
  std::string min_version, max_version;  // "TLS12"

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
  net::TlsClientOptions options() const;
};

struct HttpSettings {
  std::optional<BasicAuthConfig> basic_auth;
  std::optional<AuthorizationConfig> authorization;
  config::Secret bearer_token;
  std::string bearer_token_file;
  ScrapeTlsConfig tls_config;
  bool follow_redirects = true;
  config::Secret proxy_url;
  config::Node http_headers;
  // Not of this section: what another kind of client was told.
  net::Headers fixed_headers;
  std::optional<net::TlsClientOptions> other_tls;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;

  // Whether anything of it was written that another kind of client would not heed.
  bool is_set() const;
  // All of it, secrets too: to tell whether two are the same.
  std::string text() const;
  net::TlsClientOptions tls_options() const { return other_tls ? *other_tls : tls_config.options(); }
  // Headers of each request, with what stands in files now.
  Result<net::Headers> headers(FileSystem& files) const;
};

}  // namespace rankwire::prometheus
