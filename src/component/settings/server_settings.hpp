// What every component that listens for HTTP or gRPC can be told (otelcol's confighttp and
// configgrpc servers), and the way from there to net's options.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "component/settings/auth_settings.hpp"
#include "component/settings/tls_settings.hpp"
#include "config/fields.hpp"
#include "net/server.hpp"

namespace rankwire {

struct TlsServerConfig {
  TlsConfig common;
  std::string client_ca_file;
  bool client_ca_file_reload = false;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct CorsConfig {
  std::vector<std::string> allowed_origins;
  std::vector<std::string> allowed_headers;
  std::vector<std::string> exposed_headers;
  std::int64_t max_age = 0;

  void fields(config::Fields& f);
};

struct ListenConfig {
  enum class Transport : std::uint8_t { tcp, unix_socket };

  std::string endpoint;
  Transport transport = Transport::tcp;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct HttpServerConfig {
  ListenConfig listen;
  std::optional<TlsServerConfig> tls;
  std::optional<CorsConfig> cors;
  std::int64_t max_request_body_size = 20 << 20;
  config::SecretMap response_headers;
  std::vector<std::string> compression_algorithms = {"", "gzip", "zstd", "zlib", "snappy", "deflate", "lz4"};
  Duration read_timeout{0};  // 0: our own bound of a minute.
  Duration idle_timeout{0};  // 0: our own bound of two minutes.
  bool keep_alives_enabled = true;
  bool include_metadata = false;
  std::optional<HttpServerAuthConfig> auth;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct KeepaliveServerParametersConfig {
  Duration max_connection_idle{0};
  Duration max_connection_age{0};
  Duration max_connection_age_grace{0};
  Duration time{0};
  Duration timeout{0};

  void fields(config::Fields& f);
};

struct KeepaliveEnforcementPolicyConfig {
  Duration min_time{0};
  bool permit_without_stream = false;

  void fields(config::Fields& f);
};

struct KeepaliveServerConfig {
  std::optional<KeepaliveServerParametersConfig> server_parameters;
  std::optional<KeepaliveEnforcementPolicyConfig> enforcement_policy;

  void fields(config::Fields& f);
};

struct GrpcServerConfig {
  ListenConfig listen;
  std::optional<TlsServerConfig> tls;
  std::uint64_t max_recv_msg_size_mib = 0;   // 0: gRPC's own limit, 4 MiB.
  std::uint64_t max_concurrent_streams = 0;  // 0: 100.
  std::optional<KeepaliveServerConfig> keepalive;
  bool include_metadata = false;
  std::optional<AuthConfig> auth;

  void fields(config::Fields& f);
};

// "localhost:4317", ":4317", "[::1]:4317".
Result<net::Endpoint> parse_listen_endpoint(std::string_view text);

net::TlsServerOptions tls_server_options(const TlsServerConfig& config);
// Without `tls`, which reads files and is made when the component starts. The configuration passed
// validation.
net::ServerOptions http_server_options(const HttpServerConfig& config);
net::ServerOptions grpc_server_options(const GrpcServerConfig& config);

}  // namespace rankwire
