// One gRPC client, made with the first batch; TLS that reads files is set up at start, so that a
// missing file stops the agent there and not later. Thread-safe: the client is made under a lock.
#include "exporters/otlp_grpc/otlp_grpc_exporter.hpp"

#include <mutex>

#include "component/settings/client_settings.hpp"
#include "component/settings/delivery_settings.hpp"
#include "exporters/otlp_grpc/answer.hpp"

namespace rankwire::otlp_grpc {

namespace {

struct OtlpGrpcConfig {
  GrpcClientConfig client;
  Duration timeout = std::chrono::seconds(5);
  std::optional<QueueConfig> sending_queue = QueueConfig{};
  RetryConfig retry_on_failure;

  OtlpGrpcConfig() { client.compression = net::Encoding::gzip; }
  void fields(config::Fields& f) {
    f.squash(client);
    f.field("timeout", timeout, "Longest time for one attempt; 0: no limit.", {.min = 0});
    f.optional_section("sending_queue", sending_queue, "Queue in front of this exporter.");
    f.section("retry_on_failure", retry_on_failure, "Retries of what failed for the moment.");
  }
};

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

class OtlpGrpcExporter final : public Exporter {
 public:
  OtlpGrpcExporter(OtlpGrpcConfig config, GrpcTarget target, Environment& environment)
      : config_(std::move(config)), target_(std::move(target)), environment_(environment) {}

  Result<void> start(Host& host) override {
    auto authenticator = client_authenticator(host, config_.client.auth);
    if (!authenticator) return std::move(authenticator).error();
    authenticator_ = *authenticator;
    if (authenticator_ != nullptr && authenticator_->needs_tls() && !target_.is_tls)
      return Error(ErrorKind::invalid,
                   "credentials are not sent without TLS: others could read them; remove tls::insecure or auth");
    if (!target_.is_tls || !config_.client.tls.common.has_material()) return {};
    const std::lock_guard lock(mutex_);
    return make_client();
  }

  DeliveryPolicy delivery() const override {
    DeliveryPolicy policy = delivery_policy(config_.sending_queue, config_.retry_on_failure);
    if (authenticator_ != nullptr) policy.kept_apart_by = authenticator_->metadata_keys();
    return policy;
  }

  Result<Receipt> send(OutgoingBatch& batch, std::stop_token stop) override {
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
    auto receipt = judge(*response, batch.signal());
    if (response->status == code_unauthenticated) return after_denial(authenticator_, std::move(receipt).error());
    return receipt;
  }

 private:
  Result<net::GrpcClient*> client_now() {
    const std::lock_guard lock(mutex_);
    if (!client_) RANKWIRE_TRY(make_client());
    return client_.get();
  }

  Result<void> make_client() {
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

  const OtlpGrpcConfig config_;
  const GrpcTarget target_;
  Environment& environment_;
  ClientAuthenticator* authenticator_ = nullptr;  // Set at start; null: none.
  std::mutex mutex_;
  std::unique_ptr<net::GrpcClient> client_;  // Guarded by mutex_; once made it stays.
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
