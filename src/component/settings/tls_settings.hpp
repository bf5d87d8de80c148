// The `tls` section (otelcol's configtls), as clients and servers share it, and as clients extend it.
#pragma once

#include <string>
#include <vector>

#include "config/fields.hpp"
#include "net/tls.hpp"

namespace rankwire {

struct TlsConfig {
  std::string ca_file;
  config::Secret ca_pem;
  std::string cert_file;
  config::Secret cert_pem;
  std::string key_file;
  config::Secret key_pem;
  std::string min_version;  // Empty: 1.2.
  std::string max_version;  // Empty: the newest.
  std::vector<std::string> cipher_suites;
  Duration reload_interval{0};
  bool include_system_ca_certs_pool = false;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
  // Whether anything is read from files or given inline.
  bool has_material() const;
};

struct TlsClientConfig {
  TlsConfig common;
  bool insecure = false;
  bool insecure_skip_verify = false;
  std::string server_name_override;

  void fields(config::Fields& f);
};

// Fills the part of `to` that clients and servers share.
void apply(const TlsConfig& config, net::TlsOptions& to);
net::TlsClientOptions tls_client_options(const TlsClientConfig& config, std::vector<std::string> alpn_protocols);

}  // namespace rankwire
