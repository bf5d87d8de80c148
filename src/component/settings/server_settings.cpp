// Fields, rules and conversions of HTTP and gRPC servers.
#include "component/settings/server_settings.hpp"

#include <charconv>

#include "component/settings/client_settings.hpp"
#include "net/compression.hpp"

namespace rankwire {

namespace {

constexpr Bytes http_body_default{20u << 20};
constexpr Bytes grpc_message_default{4u << 20};
constexpr std::uint32_t grpc_streams_default = 100;

constexpr std::string_view go_buffers = "buffers here size themselves";
constexpr std::string_view metadata_doc = "Keep the request's headers with its records, for from_context.";

void listen_on(const ListenConfig& config, net::ServerOptions& options) {
  if (config.transport == ListenConfig::Transport::unix_socket) {
    options.unix_path = config.endpoint;
  } else if (Result<net::Endpoint> endpoint = parse_listen_endpoint(config.endpoint)) {
    options.listen = std::move(*endpoint);
  }
}

}  // namespace

void TlsServerConfig::fields(config::Fields& f) {
  f.squash(common);
  f.field("client_ca_file", client_ca_file, "Clients must present a certificate of these authorities (mTLS).");
  f.field("client_ca_file_reload", client_ca_file_reload, "Read client_ca_file again when it changes.");
}

void TlsServerConfig::validate(config::Validator& v) const {
  if (common.cert_file.empty() && common.cert_pem.empty())
    v.error("cert_file", "a TLS server needs a certificate", "set cert_file and key_file");
}

void CorsConfig::fields(config::Fields& f) {
  f.field("allowed_origins", allowed_origins, "Origins whose pages may call; each may contain one *.");
  f.field("allowed_headers", allowed_headers, "Request headers they may set besides the simple ones.");
  f.field("exposed_headers", exposed_headers, "Response headers they may read.");
  f.field("max_age", max_age, "Seconds a browser may remember the answer; 0: its own default.", {.min = 0, .max = 1e9});
}

void ListenConfig::fields(config::Fields& f) {
  f.field("endpoint", endpoint, "Address to listen on, host:port; without host: every address.");
  f.choice("transport", transport,
           {{"tcp", static_cast<int>(Transport::tcp)},
            {"tcp4", static_cast<int>(Transport::tcp)},
            {"tcp6", static_cast<int>(Transport::tcp)},
            {"unix", static_cast<int>(Transport::unix_socket)}},
           "tcp, or unix with a path as the endpoint.");
  f.ignored("dialer", "a server does not dial");
}

void ListenConfig::validate(config::Validator& v) const {
  if (endpoint.empty()) return v.error("endpoint", "must be set", "for example \"localhost:4318\"");
  if (transport == Transport::unix_socket) return;
  if (auto parsed = parse_listen_endpoint(endpoint); !parsed)
    v.error("endpoint", parsed.error().message(), "for example \"localhost:4318\" or \"0.0.0.0:4318\"");
}

void HttpServerConfig::fields(config::Fields& f) {
  f.squash(listen);
  f.optional_section("tls", tls, "Serve HTTPS.");
  f.optional_section("cors", cors, "Let pages of other origins call from browsers.");
  f.field("max_request_body_size", max_request_body_size,
          "Largest body in bytes, compressed and decompressed; 0: 20 MiB.");
  f.field("response_headers", response_headers, "Headers added to each answer.");
  f.field("compression_algorithms", compression_algorithms, "Content encodings to accept; empty: all of them.");
  f.field("read_timeout", read_timeout, "Longest time for a request to arrive; 0: one minute.", {.min = 0});
  f.field("idle_timeout", idle_timeout, "Unused connections are closed after this; 0: two minutes.", {.min = 0});
  f.field("keep_alives_enabled", keep_alives_enabled, "Keep connections open for further requests.");
  f.ignored("read_header_timeout", "read_timeout covers the header too");
  f.ignored("write_timeout", "a client that does not read its answer is bounded by read_timeout");
  f.field("include_metadata", include_metadata, metadata_doc);
  f.optional_section("auth", auth, "Let in only those whom an extension lets in.");
  f.unsupported("middlewares", "there are no server middlewares");
}

void HttpServerConfig::validate(config::Validator& v) const {
  for (const std::string& name : compression_algorithms)
    if (!net::encoding_named(name)) v.error("compression_algorithms", "\"" + name + "\" is not a content encoding");
}

void KeepaliveServerParametersConfig::fields(config::Fields& f) {
  f.field("max_connection_idle", max_connection_idle, "A connection without calls is ended after this; 0: never.",
          {.min = 0});
  f.field("max_connection_age", max_connection_age, "A connection is ended after this; 0: never.", {.min = 0});
  f.field("max_connection_age_grace", max_connection_age_grace, "Time for its last calls to finish; 0: any.",
          {.min = 0});
  f.field("time", time, "Silence after which a client is probed; 0: two hours.", {.min = 0});
  f.field("timeout", timeout, "How long the probe may go unanswered; 0: 20 seconds.", {.min = 0});
}

void KeepaliveEnforcementPolicyConfig::fields(config::Fields& f) {
  f.field("min_time", min_time, "Clients that probe more often are sent away; 0: not enforced.", {.min = 0});
  f.field("permit_without_stream", permit_without_stream,
          "Without effect: min_time alone decides, also for connections without calls.");
}

void KeepaliveServerConfig::fields(config::Fields& f) {
  f.optional_section("server_parameters", server_parameters, "Age and probing of connections.");
  f.optional_section("enforcement_policy", enforcement_policy, "What clients' probes may be like.");
}

void GrpcServerConfig::fields(config::Fields& f) {
  f.squash(listen);
  f.optional_section("tls", tls, "Serve TLS.");
  f.field("max_recv_msg_size_mib", max_recv_msg_size_mib,
          "Largest message in MiB, compressed and decompressed; 0: 4 MiB.", {.max = 1024});
  f.field("max_concurrent_streams", max_concurrent_streams, "Calls at once on one connection; 0: 100.", {.max = 1e6});
  f.optional_section("keepalive", keepalive, "Age and probing of connections.");
  f.ignored("read_buffer_size", go_buffers);
  f.ignored("write_buffer_size", go_buffers);
  f.field("include_metadata", include_metadata, metadata_doc);
  f.optional_section("auth", auth, "Let in only those whom an extension lets in.");
  f.unsupported("middlewares", "there are no server middlewares");
}

Result<net::Endpoint> parse_listen_endpoint(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return Error(ErrorKind::invalid, "must be host:port");
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find_first_of(":/") != std::string_view::npos) {
    return Error(ErrorKind::invalid, "must be host:port, with an IPv6 address in brackets");
  }
  net::Endpoint endpoint{.host = std::string(host), .port = 0};
  const auto [end, problem] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  if (problem != std::errc() || end != port.data() + port.size()) {
    return Error(ErrorKind::invalid, "must end in a port from 0 to 65535");
  }
  return endpoint;
}

net::TlsServerOptions tls_server_options(const TlsServerConfig& config) {
  net::TlsServerOptions options;
  apply(config.common, options);
  options.client_ca_file = config.client_ca_file;
  options.client_ca_file_reload = config.client_ca_file_reload;
  return options;
}

net::ServerOptions http_server_options(const HttpServerConfig& config) {
  net::ServerOptions options;
  options.protocol = net::Protocol::http;
  listen_on(config.listen, options);
  const auto limit = static_cast<std::uint64_t>(std::max<std::int64_t>(config.max_request_body_size, 0));
  options.body_bytes_max = limit == 0 ? http_body_default : Bytes{limit};
  if (config.read_timeout > Duration::zero()) options.read_timeout = config.read_timeout;
  if (config.idle_timeout > Duration::zero()) options.idle_timeout = config.idle_timeout;
  options.is_keep_alive = config.keep_alives_enabled;
  options.response_headers = plain_headers(config.response_headers);
  if (config.cors && !config.cors->allowed_origins.empty()) {
    options.cors = net::CorsOptions{.allowed_origins = config.cors->allowed_origins,
                                    .allowed_headers = config.cors->allowed_headers,
                                    .exposed_headers = config.cors->exposed_headers,
                                    .max_age_seconds = static_cast<int>(config.cors->max_age)};
  }
  return options;
}

net::ServerOptions grpc_server_options(const GrpcServerConfig& config) {
  net::ServerOptions options;
  options.protocol = net::Protocol::grpc;
  listen_on(config.listen, options);
  options.body_bytes_max =
      config.max_recv_msg_size_mib == 0 ? grpc_message_default : Bytes{config.max_recv_msg_size_mib << 20};
  options.concurrent_streams_max = config.max_concurrent_streams == 0
                                       ? grpc_streams_default
                                       : static_cast<std::uint32_t>(config.max_concurrent_streams);
  options.idle_timeout = Duration::zero();  // Probes find connections that are dead.
  if (!config.keepalive) return options;
  if (const auto& parameters = config.keepalive->server_parameters) {
    options.idle_timeout = parameters->max_connection_idle;
    options.keepalive_max_connection_age = parameters->max_connection_age;
    options.keepalive_max_connection_age_grace = parameters->max_connection_age_grace;
    if (parameters->time > Duration::zero()) options.keepalive_time = parameters->time;
    if (parameters->timeout > Duration::zero()) options.keepalive_timeout = parameters->timeout;
  }
  if (const auto& policy = config.keepalive->enforcement_policy) options.keepalive_min_time = policy->min_time;
  return options;
}

}  // namespace rankwire
