// What every exporter that speaks HTTP or gRPC can be told about its destination (otelcol's
// confighttp and configgrpc clients), and the way from there to net's options.
#pragma once

#include <memory>
#include <string>

#include "base/log.hpp"
#include "component/settings/auth_settings.hpp"
#include "component/settings/tls_settings.hpp"
#include "config/fields.hpp"
#include "net/compression.hpp"
#include "net/grpc_client.hpp"
#include "net/http_client.hpp"

namespace rankwire {

struct CompressionParams {
  std::int64_t level = 0;  // 0: the encoding's default.
  void fields(config::Fields& f);
};

struct CookiesConfig {
  bool enabled = false;
  void fields(config::Fields& f);
};

struct HttpClientConfig {
  std::string endpoint;
  config::Secret proxy_url;  // May carry a password.
  TlsClientConfig tls;
  Duration timeout{0};  // Per attempt; 0: none.
  config::SecretMap headers;
  net::Encoding compression = net::Encoding::identity;
  CompressionParams compression_params;
  std::uint64_t max_idle_conns = 100;
  std::uint64_t max_idle_conns_per_host = 0;  // 0: max_idle_conns.
  Duration idle_conn_timeout = std::chrono::seconds(90);
  bool disable_keep_alives = false;
  CookiesConfig cookies;
  std::optional<AuthConfig> auth;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct KeepaliveClientConfig {
  Duration time = std::chrono::seconds(10);
  Duration timeout = std::chrono::seconds(10);
  bool permit_without_stream = false;

  void fields(config::Fields& f);
};

struct GrpcClientConfig {
  std::string endpoint;
  net::Encoding compression = net::Encoding::identity;
  TlsClientConfig tls;
  std::optional<KeepaliveClientConfig> keepalive;
  config::SecretMap headers;
  std::string user_agent;
  std::string authority;
  std::optional<AuthConfig> auth;
  bool needs_endpoint = true;  // Not a setting: false where the component knows the endpoints otherwise.

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

// Where a gRPC endpoint leads: "host:port", "http://host:port", "https://host:port", "dns:///host:port".
struct GrpcTarget {
  net::Endpoint endpoint;
  bool is_tls = true;
};
Result<GrpcTarget> parse_grpc_endpoint(std::string_view text, bool is_insecure);

// zlib's scale of -2 to 9 (gzip, zlib, deflate) or zstd's of 0 to 22, as net::compress takes it.
int compression_level(const HttpClientConfig& config);

// Without `tls`, which is made when first needed.
net::HttpClientOptions http_client_options(const HttpClientConfig& config, net::Url base);
net::GrpcClientOptions grpc_client_options(const GrpcClientConfig& config, const GrpcTarget& target);
net::Headers plain_headers(const config::SecretMap& headers);

}  // namespace rankwire
