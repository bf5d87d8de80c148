// Upstream's defaults of servers, and what becomes of them.
#include "component/settings/server_settings.hpp"

#include <doctest/doctest.h>

#include "config/load.hpp"

namespace rankwire {
namespace {

using namespace std::chrono_literals;

template <class Config>
Config read(const std::string& yaml, std::string* errors = nullptr) {
  config::Diagnostics diagnostics;
  const config::Node node = config::parse_yaml(yaml, "test.yaml", diagnostics);
  Config value = config::read<Config>(node, "", diagnostics);
  if (errors) *errors = diagnostics.has_errors() ? diagnostics.text() : "";
  return value;
}

TEST_CASE("an HTTP server has upstream's defaults, and bounds of our own where upstream has none") {
  const auto config = read<HttpServerConfig>("endpoint: 'localhost:4318'");
  CHECK(config.max_request_body_size == 20 << 20);
  CHECK(config.compression_algorithms ==
        std::vector<std::string>{"", "gzip", "zstd", "zlib", "snappy", "deflate", "lz4"});
  CHECK(config.keep_alives_enabled);
  CHECK_FALSE(config.tls);
  CHECK_FALSE(config.cors);
  const net::ServerOptions options = http_server_options(config);
  CHECK(options.listen.host == "localhost");
  CHECK(options.listen.port == 4318);
  CHECK(options.read_timeout == 1min);
  CHECK(options.idle_timeout == 2min);
}

TEST_CASE("a gRPC server takes 4 MiB messages and keeps connections for ever unless told otherwise") {
  const net::ServerOptions options = grpc_server_options(read<GrpcServerConfig>("endpoint: ':4317'"));
  CHECK(options.protocol == net::Protocol::grpc);
  CHECK(options.listen.host.empty());
  CHECK(options.body_bytes_max == Bytes{4u << 20});
  CHECK(options.idle_timeout == 0s);
  CHECK(options.keepalive_max_connection_age == 0s);
  CHECK(options.keepalive_time == 2h);
  CHECK(options.keepalive_timeout == 20s);
  CHECK(options.keepalive_min_time == 0s);
}

TEST_CASE("gRPC keepalive settings reach the server") {
  const net::ServerOptions options = grpc_server_options(read<GrpcServerConfig>(
      "{endpoint: ':4317', max_recv_msg_size_mib: 16, max_concurrent_streams: 7, keepalive: {server_parameters:"
      " {max_connection_idle: 11s, max_connection_age: 12s, max_connection_age_grace: 13s, time: 30s, timeout: 5s},"
      " enforcement_policy: {min_time: 10s}}}"));
  CHECK(options.body_bytes_max == Bytes{16u << 20});
  CHECK(options.concurrent_streams_max == 7);
  CHECK(options.idle_timeout == 11s);
  CHECK(options.keepalive_max_connection_age == 12s);
  CHECK(options.keepalive_max_connection_age_grace == 13s);
  CHECK(options.keepalive_time == 30s);
  CHECK(options.keepalive_timeout == 5s);
  CHECK(options.keepalive_min_time == 10s);
}

TEST_CASE("a server with TLS needs a certificate, and a Unix socket needs no port") {
  std::string errors;
  read<HttpServerConfig>("{endpoint: 'a:1', tls: {client_ca_file: /ca.pem}}", &errors);
  CHECK(errors.find("cert_file") != std::string::npos);
  const auto config = read<HttpServerConfig>("{endpoint: /run/otlp.sock, transport: unix}", &errors);
  CHECK(errors.empty());
  CHECK(http_server_options(config).unix_path == "/run/otlp.sock");
  read<HttpServerConfig>("{endpoint: ''}", &errors);
  CHECK(errors.find("endpoint") != std::string::npos);
}

}  // namespace
}  // namespace rankwire
