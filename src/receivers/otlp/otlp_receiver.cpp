// The receiver itself: configuration, and one server for each protocol.
#include "receivers/otlp/otlp_receiver.hpp"

#include "net/network.hpp"
#include "net/tls.hpp"
#include "receivers/otlp/otlp_handler.hpp"

namespace rankwire::otlp_receiver {

namespace {

HandlerOptions grpc_handler_options(const OtlpConfig& config) {
  HandlerOptions options{
      .transport = "grpc",
      .includes_metadata = config.protocols.grpc && config.protocols.grpc->include_metadata,
      .paths = {"/opentelemetry.proto.collector.logs.v1.LogsService/Export",
                "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
                "/opentelemetry.proto.collector.trace.v1.TraceService/Export"},
      .decompressed_max = {},
      .encodings = {},
  };
  if (config.protocols.grpc) options.decompressed_max = grpc_server_options(*config.protocols.grpc).body_bytes_max;
  return options;
}

std::string with_slash(const std::string& path) { return path.starts_with('/') ? path : "/" + path; }

HandlerOptions http_handler_options(const OtlpConfig& config) {
  HandlerOptions options;
  if (!config.protocols.http) return options;
  const HttpProtocolConfig& http = *config.protocols.http;
  options.transport = "http";
  options.includes_metadata = http.include_metadata;
  options.paths = {with_slash(http.logs_url_path), with_slash(http.metrics_url_path), with_slash(http.traces_url_path)};
  options.decompressed_max = http_server_options(http).body_bytes_max;
  options.encodings = http.compression_algorithms;
  return options;
}

Result<std::unique_ptr<Receiver>> create(const OtlpConfig& config, const ComponentContext& context, Intakes intakes) {
  return std::unique_ptr<Receiver>(std::make_unique<OtlpReceiver>(config, context, intakes));
}

}  // namespace

void HttpProtocolConfig::fields(config::Fields& f) {
  HttpServerConfig::fields(f);
  f.field("traces_url_path", traces_url_path, "Path for traces.");
  f.field("metrics_url_path", metrics_url_path, "Path for metrics.");
  f.field("logs_url_path", logs_url_path, "Path for logs.");
}

void ProtocolsConfig::fields(config::Fields& f) {
  f.optional_section("grpc", grpc, "Listen for gRPC; present without a value: with defaults.");
  f.optional_section("http", http, "Listen for HTTP; present without a value: with defaults.");
}

void ProtocolsConfig::validate(config::Validator& v) const {
  if (!grpc && !http) v.error("", "must name at least one protocol", "add \"grpc:\" or \"http:\" below it");
}

void OtlpConfig::fields(config::Fields& f) { f.section("protocols", protocols, "Where to listen."); }

OtlpReceiver::OtlpReceiver(const OtlpConfig& config, const ComponentContext& context, Intakes intakes)
    : config_(config),
      context_(context),
      grpc_handler_(std::make_unique<OtlpHandler>(grpc_handler_options(config), intakes, context.environment.buffers)),
      http_handler_(std::make_unique<OtlpHandler>(http_handler_options(config), intakes, context.environment.buffers)) {
}

OtlpReceiver::~OtlpReceiver() = default;

Result<std::unique_ptr<net::Server>> OtlpReceiver::listen(net::ServerOptions options,
                                                          const std::optional<TlsServerConfig>& tls,
                                                          net::ServerHandler& handler) {
  Environment& environment = context_.environment;
  options.buffers = environment.buffers;
  options.log = &environment.log;
  if (tls) {
    auto made = net::make_tls_server(tls_server_options(*tls), environment.clock, &environment.log);
    if (!made) return std::move(made).error();
    options.tls = std::move(*made);
  }
  const bool is_grpc = options.protocol == net::Protocol::grpc;
  options.answered_with_error = [&environment, receiver = context_.id.text(), is_grpc](int status) {
    environment.counters
        .counter("rankwire_otlp_error_answers_total", "Requests answered with an error, by HTTP status or gRPC code.",
                 {{"receiver", receiver}, {"transport", is_grpc ? "grpc" : "http"}, {"status", std::to_string(status)}})
        .add(1);
  };
  auto server = environment.network.serve(std::move(options), handler, environment.clock);
  if (server) {
    environment.log.info(
        "listening for OTLP",
        {{"component", context_.id.text()}, {"protocol", is_grpc ? "grpc" : "http"}, {"port", (*server)->port()}});
  }
  return server;
}

Result<void> OtlpReceiver::start(Host& host) {
  const auto gated = [&host](net::ServerOptions options, const AuthConfig* auth,
                             std::vector<std::string> request_params) -> Result<net::ServerOptions> {
    if (auth == nullptr) return options;
    auto authenticator = server_authenticator(host, *auth);
    if (!authenticator) return std::move(authenticator).error();
    require_authentication(options, **authenticator, std::move(request_params));
    return options;
  };
  if (const auto& grpc = config_.protocols.grpc) {
    auto options = gated(grpc_server_options(*grpc), grpc->auth ? &*grpc->auth : nullptr, {});
    if (!options) return std::move(options).error().during("starting gRPC");
    auto server = listen(std::move(*options), grpc->tls, *grpc_handler_);
    if (!server) return std::move(server).error().during("starting gRPC");
    grpc_server_ = std::move(*server);
  }
  if (const auto& http = config_.protocols.http) {
    auto options = http->auth ? gated(http_server_options(*http), &http->auth->auth, http->auth->request_params)
                              : Result<net::ServerOptions>(http_server_options(*http));
    auto server = options ? listen(std::move(*options), http->tls, *http_handler_)
                          : Result<std::unique_ptr<net::Server>>(options.error());
    if (!server) {
      grpc_server_.reset();
      return std::move(server).error().during("starting HTTP");
    }
    http_server_ = std::move(*server);
  }
  return {};
}

void OtlpReceiver::stop(Deadline deadline) {
  if (grpc_server_) grpc_server_->stop(deadline);
  if (http_server_) http_server_->stop(deadline);
}

ReceiverFactory otlp_factory() {
  return make_factory<OtlpConfig, Receiver, Intakes>({.type = "otlp",
                                                      .aliases = {},
                                                      .summary = "Receives OTLP over gRPC and HTTP.",
                                                      .signals = {Signal::logs, Signal::metrics, Signal::traces},
                                                      .stability = Stability::beta,
                                                      .faces_untrusted_input = true},
                                                     create);
}

}  // namespace rankwire::otlp_receiver
