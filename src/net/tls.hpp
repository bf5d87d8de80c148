// TLS settings and contexts (OpenSSL behind them). Nothing of OpenSSL is touched before first use.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/log.hpp"

namespace rankwire::net {

struct TlsOptions {
  std::string ca_file, ca_pem;
  std::string cert_file, cert_pem;
  std::string key_file, key_pem;
  std::string min_version = "1.2";  // "1.0" … "1.3"
  std::string max_version;          // Empty: the newest.
  std::vector<std::string> cipher_suites;
  Duration reload_interval{0};  // 0: certificates are read once.
  bool include_system_ca_certs_pool = false;
};

struct TlsClientOptions : TlsOptions {
  bool insecure_skip_verify = false;
  std::string server_name_override;
  std::vector<std::string> alpn_protocols;  // Offered in this order; {"h2"} for gRPC.
};

struct TlsServerOptions : TlsOptions {
  std::string client_ca_file;          // Set: clients must present a certificate it signed.
  bool client_ca_file_reload = false;  // Re-read as soon as the file changed.
};

// Thread-safe. Re-reads its files after reload_interval, when a connection is made; a failed re-read
// keeps the old ones and is logged. Clock and log outlive the context. Defined in tls_context.hpp.
class TlsClientContext;
class TlsServerContext;
Result<std::shared_ptr<TlsClientContext>> make_tls_client(TlsClientOptions options, Clock& clock,
                                                          Logger* log = nullptr);
Result<std::shared_ptr<TlsServerContext>> make_tls_server(TlsServerOptions options, Clock& clock,
                                                          Logger* log = nullptr);

}  // namespace rankwire::net
