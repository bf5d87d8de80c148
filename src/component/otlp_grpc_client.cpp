#include "component/otlp_grpc_client.hpp"

#include "component/otlp_grpc_answer.hpp"

namespace rankwire {
namespace {

constexpr int code_unauthenticated = 16;

const std::string& path_for(Signal signal) {
  static const std::string logs = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
  static const std::string metrics = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
  static const std::string traces = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
  return signal == Signal::logs ? logs : signal == Signal::metrics ? metrics : traces;
}

void lower(std::string& name) {
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

}  // namespace

void OtlpGrpcConfig::fields(config::Fields& f) {
  f.squash(client);
  f.field("timeout", timeout, "Longest time for one attempt; 0: no limit.", {.min = 0});
  f.optional_section("sending_queue", sending_queue, "Queue in front of this exporter.");
  f.section("retry_on_failure", retry_on_failure, "Retries of what failed for the moment.");
}

DeliveryPolicy delivery_policy(const OtlpGrpcConfig& config, const ClientAuthenticator* authenticator) {
  DeliveryPolicy policy = delivery_policy(config.sending_queue, config.retry_on_failure);
  if (authenticator != nullptr) policy.kept_apart_by = authenticator->metadata_keys();
  return policy;
}

Result<void> OtlpGrpcClient::open(ClientAuthenticator* authenticator) {
  authenticator_ = authenticator;
  if (authenticator_ != nullptr && authenticator_->needs_tls() && !target_.is_tls)
    return Error(ErrorKind::invalid,
                 "credentials are not sent without TLS: others could read them; remove tls::insecure or auth");
  if (!target_.is_tls || !config_.client.tls.common.has_material()) return {};
  const std::lock_guard lock(mutex_);
  return make_client();
}

Result<Receipt> OtlpGrpcClient::send(OutgoingBatch& batch, std::stop_token stop) {
  if (batch.record_count() == 0) return Receipt{};
  auto client = client_now();
  if (!client) return std::move(client).error();
  const WireBatch& wire = batch.wire();
  std::vector<std::string_view> pieces;
  pieces.reserve(wire.chunks.size());
  for (const SharedBytes& chunk : wire.chunks) pieces.push_back(chunk->view());
  const Deadline deadline =
      config_.timeout > Duration{0} ? Deadline::after(environment_.clock, config_.timeout) : Deadline::never();
  net::Headers metadata;
  if (authenticator_ != nullptr) {
    metadata = grpc_client_options(config_.client, target_).metadata;
    RANKWIRE_TRY(authenticator_->authorize(metadata, batch.client()));
    for (auto& [name, value] : metadata) lower(name);
  }
  auto response = (*client)->call(path_for(batch.signal()), pieces, config_.client.compression, 0, deadline,
                                  std::move(stop), authenticator_ != nullptr ? &metadata : nullptr);
  if (!response) return std::move(response).error();
  auto receipt = judge_otlp_grpc(*response, batch.signal());
  if (response->status == code_unauthenticated) return after_denial(authenticator_, std::move(receipt).error());
  return receipt;
}

Result<net::GrpcClient*> OtlpGrpcClient::client_now() {
  const std::lock_guard lock(mutex_);
  if (!client_) RANKWIRE_TRY(make_client());
  return client_.get();
}

Result<void> OtlpGrpcClient::make_client() {
  auto options = grpc_client_options(config_.client, target_);
  if (target_.is_tls) {
    auto tls =
        net::make_tls_client(tls_client_options(config_.client.tls, {"h2"}), environment_.clock, &environment_.log);
    // A file that is not there yet may come: the batch waits.
    if (!tls) return Error(ErrorKind::unavailable, tls.error().message()).during("setting up TLS");
    options.tls = std::move(*tls);
  }
  client_ = std::make_unique<net::GrpcClient>(std::move(options), environment_.network, environment_.clock);
  return {};
}

}  // namespace rankwire
