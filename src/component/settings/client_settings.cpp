// Fields, rules and conversions of HTTP and gRPC clients.
#include "component/settings/client_settings.hpp"

#include <strings.h>

#include <algorithm>
#include <charconv>

namespace rankwire {

namespace {

constexpr std::string_view go_buffers = "buffers here size themselves";
constexpr std::string_view http1_only = "requests are sent by HTTP/1.1";

// The first name of each encoding is the one that is printed.
const std::vector<config::Choice>& encodings() {
  using net::Encoding;
  static const std::vector<config::Choice> choices = {
      {"none", static_cast<int>(Encoding::identity)}, {"", static_cast<int>(Encoding::identity)},
      {"gzip", static_cast<int>(Encoding::gzip)},     {"zstd", static_cast<int>(Encoding::zstd)},
      {"snappy", static_cast<int>(Encoding::snappy)}, {"x-snappy-framed", static_cast<int>(Encoding::snappy_framed)},
      {"zlib", static_cast<int>(Encoding::zlib)},     {"deflate", static_cast<int>(Encoding::deflate)},
      {"lz4", static_cast<int>(Encoding::lz4)},
  };
  return choices;
}

const std::vector<config::Choice>& grpc_encodings() {
  using net::Encoding;
  static const std::vector<config::Choice> choices = {
      {"none", static_cast<int>(Encoding::identity)}, {"", static_cast<int>(Encoding::identity)},
      {"gzip", static_cast<int>(Encoding::gzip)},     {"zstd", static_cast<int>(Encoding::zstd)},
      {"snappy", static_cast<int>(Encoding::snappy)},
  };
  return choices;
}

bool is_zlib_family(net::Encoding encoding) {
  return encoding == net::Encoding::gzip || encoding == net::Encoding::zlib || encoding == net::Encoding::deflate;
}

void check_header_names(const config::SecretMap& headers, config::Validator& v) {
  for (const auto& [name, value] : headers) {
    const bool is_token = !name.empty() && std::all_of(name.begin(), name.end(),
                                                       [](unsigned char c) { return c > ' ' && c < 0x7f && c != ':'; });
    if (!is_token) v.error("headers", "\"" + name + "\" is not a header name");
    if (value.reveal().find_first_of("\r\n") != std::string::npos)
      v.error("headers", "the value of \"" + name + "\" contains a line break");
  }
}

}  // namespace

void CompressionParams::fields(config::Fields& f) {
  f.field("level", level, "How hard to compress; 0: the encoding's default.");
}

void CookiesConfig::fields(config::Fields& f) {
  f.field("enabled", enabled, "Keep the cookies of answers and send them back to the host that set them.");
}

void HttpClientConfig::fields(config::Fields& f) {
  f.field("endpoint", endpoint, "Base URL of the destination.");
  f.field("proxy_url", proxy_url, "Proxy to go through; empty: HTTP_PROXY, HTTPS_PROXY and NO_PROXY decide.");
  f.section("tls", tls, "TLS of the connection.");
  f.field("timeout", timeout, "Longest time for one attempt; 0: no limit.", {.min = 0});
  f.field("headers", headers, "Headers added to each request.");
  f.choice("compression", compression, encodings(), "Content encoding of request bodies.");
  f.section("compression_params", compression_params, "Settings of the content encoding.");
  f.field("max_idle_conns", max_idle_conns, "Connections kept open while unused.", {.min = 0, .max = 1e6});
  f.field("max_idle_conns_per_host", max_idle_conns_per_host, "The same per destination; 0: max_idle_conns.",
          {.min = 0, .max = 1e6});
  f.field("idle_conn_timeout", idle_conn_timeout, "Unused connections are closed after this; 0: never.", {.min = 0});
  f.field("disable_keep_alives", disable_keep_alives, "Open a connection for each request.");
  f.ignored("max_conns_per_host", "sending_queue.num_consumers already bounds the connections");
  f.ignored("read_buffer_size", go_buffers);
  f.ignored("write_buffer_size", go_buffers);
  f.ignored("http2_read_idle_timeout", http1_only);
  f.ignored("http2_ping_timeout", http1_only);
  f.ignored("force_attempt_http2", http1_only);
  f.optional_section("auth", auth, "Credentials from an extension.");
  f.section("cookies", cookies, "Cookies of the destination, which load balancers use.");
  f.unsupported("middlewares", "there are no client middlewares");
}

void HttpClientConfig::validate(config::Validator& v) const {
  check_header_names(headers, v);
  const std::int64_t level = compression_params.level;
  const bool is_allowed = is_zlib_family(compression)          ? level >= -2 && level <= 9
                          : compression == net::Encoding::zstd ? level >= 0 && level <= 22
                                                               : level == 0;
  if (!is_allowed)
    v.error("compression_params::level", "is not a level of this encoding",
            "-2 to 9 for gzip, zlib and deflate; 0 to 22 for zstd; the others have none");
}

void KeepaliveClientConfig::fields(config::Fields& f) {
  f.field("time", time, "Silence during a call after which the connection is probed.", {.min = 0});
  f.field("timeout", timeout, "How long the probe may go unanswered.", {.min = 0});
  f.field("permit_without_stream", permit_without_stream,
          "Without effect: connections between calls are checked when they are used again.");
}

void GrpcClientConfig::fields(config::Fields& f) {
  f.field("endpoint", endpoint, "host:port of the destination; https:// forces TLS, http:// forces none.");
  f.choice("compression", compression, grpc_encodings(), "Encoding of messages.");
  f.section("tls", tls, "TLS of the connection.");
  f.optional_section("keepalive", keepalive, "Probing of connections.");
  f.field("headers", headers, "Metadata added to each call.");
  f.field("user_agent", user_agent, "Empty: rankwire.");
  f.field("authority", authority, "Value of :authority; empty: the endpoint.");
  f.ignored("read_buffer_size", go_buffers);
  f.ignored("write_buffer_size", go_buffers);
  f.ignored("wait_for_ready", "a call that finds no connection fails and is retried");
  f.ignored("balancer_name", "calls go to the first address that answers");
  f.optional_section("auth", auth, "Credentials from an extension.");
  f.unsupported("middlewares", "there are no client middlewares");
}

void GrpcClientConfig::validate(config::Validator& v) const {
  check_header_names(headers, v);
  for (const auto& [name, value] : headers)
    if (name.starts_with(':')) v.error("headers", "\"" + name + "\" is reserved by HTTP/2");
  if (!needs_endpoint) return;
  if (endpoint.empty()) return v.error("endpoint", "must be set", "for example \"collector:4317\"");
  if (auto target = parse_grpc_endpoint(endpoint, tls.insecure); !target)
    v.error("endpoint", target.error().message(), "for example \"collector:4317\"");
}

Result<GrpcTarget> parse_grpc_endpoint(std::string_view text, bool is_insecure) {
  GrpcTarget target;
  target.is_tls = !is_insecure;
  const auto take = [&](std::string_view prefix) {
    if (text.size() < prefix.size() || ::strncasecmp(text.data(), prefix.data(), prefix.size()) != 0) return false;
    text.remove_prefix(prefix.size());
    return true;
  };
  if (take("unix:")) return Error(ErrorKind::invalid, "Unix sockets are not supported here");
  if (take("https://")) {
    target.is_tls = true;
  } else if (take("http://")) {
    target.is_tls = false;
  } else if (!take("dns:///") && !take("dns:") && !take("passthrough:///")) {
    if (text.find("://") != std::string_view::npos)
      return Error(ErrorKind::invalid, "the scheme must be http, https or dns");
  }
  while (text.ends_with('/')) text.remove_suffix(1);
  const auto colon = text.rfind(':');
  const bool is_bracketed = text.starts_with('[');
  const bool has_port = is_bracketed ? text.find("]:") != std::string_view::npos
                                     : colon != std::string_view::npos && text.find(':') == colon;
  if (!has_port) return Error(ErrorKind::invalid, "must end in :port");
  auto url = net::Url::parse("http://" + std::string(text));
  if (!url || url->target != "/") return Error(ErrorKind::invalid, "must be host:port");
  target.endpoint = std::move(url->endpoint);
  return target;
}

int compression_level(const HttpClientConfig& config) {
  const auto level = static_cast<int>(config.compression_params.level);
  if (!is_zlib_family(config.compression)) return level;
  if (level == -1) return 6;  // zlib's own default.
  return level == -2 ? 1 : level;
}

net::Headers plain_headers(const config::SecretMap& headers) {
  net::Headers plain;
  for (const auto& [name, value] : headers) plain.emplace_back(name, value.reveal());
  return plain;
}

net::HttpClientOptions http_client_options(const HttpClientConfig& config, net::Url base) {
  net::HttpClientOptions options;
  options.base = std::move(base);
  options.proxy_url = config.proxy_url.reveal();
  options.idle_connections_max = config.max_idle_conns;
  if (config.max_idle_conns_per_host != 0)
    options.idle_connections_max = std::min(options.idle_connections_max, config.max_idle_conns_per_host);
  if (config.disable_keep_alives) options.idle_connections_max = 0;
  options.idle_timeout = config.idle_conn_timeout == Duration{0} ? std::chrono::hours(24) : config.idle_conn_timeout;
  return options;
}

net::GrpcClientOptions grpc_client_options(const GrpcClientConfig& config, const GrpcTarget& target) {
  net::GrpcClientOptions options;
  options.endpoint = target.endpoint;
  options.authority = config.authority;
  if (!config.user_agent.empty()) options.user_agent = config.user_agent;
  options.metadata = plain_headers(config.headers);
  for (auto& [name, value] : options.metadata)
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  if (config.keepalive) {
    options.keepalive_time = config.keepalive->time;
    options.keepalive_timeout = config.keepalive->timeout;
  }
  return options;
}

}  // namespace rankwire
