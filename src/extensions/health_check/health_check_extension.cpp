#include "extensions/health_check/health_check_extension.hpp"

#include <algorithm>
#include <charconv>

#include "component/settings/tls_settings.hpp"
#include "net/network.hpp"
#include "net/server.hpp"

namespace rankwire::health_check {
namespace {

struct ResponseBody {
  std::string healthy;
  std::string unhealthy;

  void fields(config::Fields& f) {
    f.field("healthy", healthy, "Body of the answer while healthy; empty: a JSON object with the state.");
    f.field("unhealthy", unhealthy, "Body of the answer while not healthy.");
  }
};

struct PipelineCheck {
  bool enabled = false;

  void fields(config::Fields& f) {
    f.field("enabled", enabled, "Accepted from older configurations; exporters are always watched.");
    f.ignored("interval", "an exporter counts as failing after one minute without success");
    f.ignored("exporter_failure_threshold", "an exporter counts as failing after one minute without success");
  }
};

struct ServerTls {
  TlsConfig common;
  std::string client_ca_file;
  bool client_ca_file_reload = false;

  void fields(config::Fields& f) {
    f.squash(common);
    f.field("client_ca_file", client_ca_file, "Probes must present a certificate signed by this.");
    f.field("client_ca_file_reload", client_ca_file_reload, "Read client_ca_file again when it changes.");
  }
};

struct HealthCheckConfig {
  std::string endpoint = "localhost:13133";
  std::string path = "/";
  std::optional<ServerTls> tls;
  std::optional<ResponseBody> response_body;
  PipelineCheck check_collector_pipeline;

  void fields(config::Fields& f) {
    f.field("endpoint", endpoint, "Address to listen on, host:port.");
    f.field("path", path, "Path that is answered; everything else is 404.");
    f.optional_section("tls", tls, "Serve HTTPS.");
    f.optional_section("response_body", response_body, "Bodies of the answers.");
    f.section("check_collector_pipeline", check_collector_pipeline, "Older spelling of watching exporters.");
    f.ignored("use_v2", "there is one behaviour");
    f.ignored("component_health", "there is one behaviour: an exporter that fails for a minute is not healthy");
    for (const char* key : {"dialer", "transport", "include_metadata", "compression_algorithms"})
      f.ignored(key, "a probe is a request without a body to a host and port");
    for (const char* key : {"idle_timeout", "read_timeout", "read_header_timeout", "write_timeout",
                            "keep_alives_enabled", "max_request_body_size"})
      f.ignored(key, "probes are small and short, and bounded by fixed limits");
    for (const char* key : {"cors", "response_headers"}) f.unsupported(key, "probes are no browsers");
    f.unsupported("auth", "restrict who may probe with tls and its client_ca_file");
    f.unsupported("middlewares", "there are no server middlewares");
    f.unsupported("grpc", "probe over HTTP");
    f.unsupported("http", "set endpoint and path here");
  }
  void validate(config::Validator& v) const;
};

std::optional<net::Endpoint> parse_endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return {};
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  std::uint16_t port = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (digits.empty() || parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size()) return {};
  return net::Endpoint{host.empty() ? "0.0.0.0" : std::string(host), port};
}

void HealthCheckConfig::validate(config::Validator& v) const {
  if (!parse_endpoint(endpoint)) v.error("endpoint", "must be host:port", "for example localhost:13133");
  if (!path.starts_with('/')) v.error("path", "must start with \"/\"");
}

void append_json(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  out += '"';
}

class HealthCheck final : public Extension, private net::ServerHandler {
 public:
  HealthCheck(const HealthCheckConfig& config, const ComponentContext& context)
      : config_(config), environment_(context.environment) {}

  Result<void> start(Host& host) override {
    host_ = &host;
    net::ServerOptions options;
    options.listen = *parse_endpoint(config_.endpoint);
    options.body_bytes_max = 4_KiB;
    options.connections_max = 64;
    if (config_.tls) {
      net::TlsServerOptions tls;
      apply(config_.tls->common, tls);
      tls.client_ca_file = config_.tls->client_ca_file;
      tls.client_ca_file_reload = config_.tls->client_ca_file_reload;
      auto context = net::make_tls_server(std::move(tls), environment_.clock);
      if (!context) return std::move(context).error();
      options.tls = std::move(*context);
    }
    auto server = environment_.network.serve(std::move(options), *this, environment_.clock);
    if (!server) return std::move(server).error().during("listening on " + config_.endpoint);
    server_ = std::move(*server);
    environment_.log.info("health check is served",
                          {{"endpoint", config_.endpoint}, {"port", server_->port()}, {"path", config_.path}});
    return {};
  }

  void stop(Deadline deadline) override {
    if (server_) server_->stop(deadline);
    server_.reset();
  }

 private:
  class Probe final : public net::Exchange {
   public:
    explicit Probe(HealthCheck& owner) : owner_(owner) {}
    Result<net::ServerResponse> finish(Buffer, bool) override { return owner_.answer(); }

   private:
    HealthCheck& owner_;
  };

  Result<std::unique_ptr<net::Exchange>> open(const net::RequestHead& head) override {
    if (head.path != config_.path) return Error(ErrorKind::invalid, "nothing here");
    return std::make_unique<Probe>(*this);
  }

  std::optional<net::ServerResponse> special_answer(const net::RequestHead& head) override {
    net::ServerResponse response;
    response.content_type = "text/plain";
    response.status = 404;
    response.body = "probe " + config_.path + "\n";
    if (head.path != config_.path) return response;
    response.status = 405;
    response.body = "use GET\n";
    if (head.method != "GET" && head.method != "HEAD") return response;
    return {};
  }

  net::ServerResponse answer() {
    std::vector<ComponentHealth> ill = host_->health();
    std::erase_if(ill, [](const ComponentHealth& one) { return !one.problem; });
    const bool is_healthy = host_->is_ready() && ill.empty();
    net::ServerResponse response;
    response.status = is_healthy ? 200 : 503;
    if (config_.response_body) {
      const auto& bodies = *config_.response_body;
      response.content_type = "text/plain";
      response.body = is_healthy ? bodies.healthy : bodies.unhealthy;
      if (!response.body.empty()) return response;
    }
    response.content_type = "application/json";
    response.body = is_healthy ? R"({"status":"Server available","problems":[)"
                               : R"({"status":"Server not available","problems":[)";
    for (const ComponentHealth& one : ill) {
      if (&one != &ill.front()) response.body += ',';
      response.body += "{\"component\":";
      append_json(response.body, std::string(to_string(one.kind)) + " " + one.id);
      response.body += ",\"problem\":";
      append_json(response.body, *one.problem);
      response.body += '}';
    }
    response.body += "]}";
    return response;
  }

  const HealthCheckConfig config_;
  Environment& environment_;
  Host* host_ = nullptr;
  std::unique_ptr<net::Server> server_;
};

Result<std::unique_ptr<Extension>> create(const HealthCheckConfig& config, const ComponentContext& context) {
  return std::unique_ptr<Extension>(std::make_unique<HealthCheck>(config, context));
}

}  // namespace

ExtensionFactory health_check_factory() {
  return make_factory<HealthCheckConfig, Extension>(
      {.type = "health_check",
       .aliases = {},
       .summary = "Answers liveness and readiness probes, with the health of the exporters.",
       .signals = {},
       .stability = Stability::beta},
      create);
}

}  // namespace rankwire::health_check
