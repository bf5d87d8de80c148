// OTLP over gRPC and HTTP, protobuf and JSON. Protobuf requests are checked and passed on as the bytes
// they came in; nothing is decoded unless a processor asks for records.
#pragma once

#include <memory>
#include <string>

#include "component/factory.hpp"
#include "component/settings/server_settings.hpp"

namespace rankwire::otlp_receiver {

struct GrpcProtocolConfig : GrpcServerConfig {
  GrpcProtocolConfig() { listen.endpoint = "localhost:4317"; }
};

struct HttpProtocolConfig : HttpServerConfig {
  std::string traces_url_path = "/v1/traces";
  std::string metrics_url_path = "/v1/metrics";
  std::string logs_url_path = "/v1/logs";

  HttpProtocolConfig() { listen.endpoint = "localhost:4318"; }
  void fields(config::Fields& f);
};

struct ProtocolsConfig {
  std::optional<GrpcProtocolConfig> grpc;
  std::optional<HttpProtocolConfig> http;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

struct OtlpConfig {
  ProtocolsConfig protocols;

  void fields(config::Fields& f);
};

class OtlpHandler;

class OtlpReceiver final : public Receiver {
 public:
  OtlpReceiver(const OtlpConfig& config, const ComponentContext& context, Intakes intakes);
  ~OtlpReceiver() override;

  Result<void> start(Host& host) override;
  void stop(Deadline deadline) override;

  // 0 while not listening there.
  std::uint16_t grpc_port() const { return grpc_server_ ? grpc_server_->port() : 0; }
  std::uint16_t http_port() const { return http_server_ ? http_server_->port() : 0; }

 private:
  Result<std::unique_ptr<net::Server>> listen(net::ServerOptions options, const std::optional<TlsServerConfig>& tls,
                                              net::ServerHandler& handler);

  const OtlpConfig config_;
  const ComponentContext context_;
  const std::unique_ptr<OtlpHandler> grpc_handler_, http_handler_;  // Outlive their servers.
  std::unique_ptr<net::Server> grpc_server_, http_server_;
};

ReceiverFactory otlp_factory();

}  // namespace rankwire::otlp_receiver
