// OTLP over gRPC to one destination: for every exporter that speaks it.
#pragma once

#include <mutex>

#include "component/component.hpp"
#include "component/settings/client_settings.hpp"
#include "component/settings/delivery_settings.hpp"

namespace rankwire {

// As users write it (otelcol's otlpexporter).
struct OtlpGrpcConfig {
  GrpcClientConfig client;
  Duration timeout = std::chrono::seconds(5);
  std::optional<QueueConfig> sending_queue = QueueConfig{};
  RetryConfig retry_on_failure;

  OtlpGrpcConfig() { client.compression = net::Encoding::gzip; }
  void fields(config::Fields& f);
};

// One gRPC client, made with the first batch; TLS that reads files is set up by `open`, so that a missing file stops
// the agent there and not later. Thread-safe: the client is made under a lock.
class OtlpGrpcClient {
 public:
  // Borrows: the configuration and the environment outlive this.
  OtlpGrpcClient(const OtlpGrpcConfig& config, GrpcTarget target, Environment& environment)
      : config_(config), target_(std::move(target)), environment_(environment) {}

  // `authenticator` may be null; it outlives this.
  Result<void> open(ClientAuthenticator* authenticator);
  // As Exporter::send.
  Result<Receipt> send(OutgoingBatch& batch, std::stop_token stop);

 private:
  Result<net::GrpcClient*> client_now();
  Result<void> make_client();

  const OtlpGrpcConfig& config_;
  const GrpcTarget target_;
  Environment& environment_;
  ClientAuthenticator* authenticator_ = nullptr;  // Set by open; null: none.
  std::mutex mutex_;
  std::unique_ptr<net::GrpcClient> client_;  // Guarded by mutex_; once made it stays.
};

// What the service is to do in front of an exporter with these settings.
DeliveryPolicy delivery_policy(const OtlpGrpcConfig& config, const ClientAuthenticator* authenticator);

}  // namespace rankwire
