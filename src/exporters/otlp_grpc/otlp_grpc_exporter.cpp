#include "exporters/otlp_grpc/otlp_grpc_exporter.hpp"

#include "component/otlp_grpc_client.hpp"

namespace rankwire::otlp_grpc {

namespace {

class OtlpGrpcExporter final : public Exporter {
 public:
  OtlpGrpcExporter(OtlpGrpcConfig config, GrpcTarget target, Environment& environment)
      : config_(std::move(config)), client_(config_, std::move(target), environment) {}

  Result<void> start(Host& host) override {
    auto authenticator = client_authenticator(host, config_.client.auth);
    if (!authenticator) return std::move(authenticator).error();
    authenticator_ = *authenticator;
    return client_.open(authenticator_);
  }

  DeliveryPolicy delivery() const override { return delivery_policy(config_, authenticator_); }

  Result<Receipt> send(OutgoingBatch& batch, std::stop_token stop) override {
    return client_.send(batch, std::move(stop));
  }

 private:
  const OtlpGrpcConfig config_;
  OtlpGrpcClient client_;
  ClientAuthenticator* authenticator_ = nullptr;  // Set at start; null: none.
};

Result<std::unique_ptr<Exporter>> create(const OtlpGrpcConfig& config, const ComponentContext& context) {
  auto target = parse_grpc_endpoint(config.client.endpoint, config.client.tls.insecure);
  if (!target) return std::move(target).error();
  return std::unique_ptr<Exporter>(std::make_unique<OtlpGrpcExporter>(config, std::move(*target), context.environment));
}

}  // namespace

ExporterFactory otlp_grpc_factory() {
  return make_factory<OtlpGrpcConfig, Exporter>({.type = "otlp_grpc",
                                                 .aliases = {"otlp"},
                                                 .summary = "Sends batches as OTLP over gRPC.",
                                                 .signals = {Signal::logs, Signal::metrics, Signal::traces},
                                                 .stability = Stability::beta},
                                                create);
}

}  // namespace rankwire::otlp_grpc
