// One HTTP client per destination, made with the first batch; TLS that reads files is set up at start,
// so that a missing file stops the agent there and not later. Thread-safe: clients are made under a
// lock, sending shares nothing.
#include "exporters/otlp_http/otlp_http_exporter.hpp"

#include <array>
#include <mutex>

#include "component/settings/cookie_jar.hpp"
#include "exporters/otlp_http/answer.hpp"
#include "exporters/otlp_http/otlp_http_config.hpp"
#include "otlp/otlp.hpp"

namespace rankwire::otlp_http {

namespace {

class OtlpHttpExporter final : public Exporter {
 public:
  OtlpHttpExporter(OtlpHttpConfig config, const ComponentContext& context)
      : config_(std::move(config)),
        id_(context.id.text()),
        environment_(context.environment),
        level_(compression_level(config_.client)),
        cookies_(environment_.clock) {
    headers_ = plain_headers(config_.client.headers);
    add_header("Content-Type", config_.encoding == BodyFormat::json ? "application/json" : "application/x-protobuf");
    if (config_.client.compression != net::Encoding::identity)
      add_header("Content-Encoding", net::name_of(config_.client.compression));
    if (config_.client.disable_keep_alives) add_header("Connection", "close");
  }

  Result<void> start(Host& host) override {
    auto authenticator = client_authenticator(host, config_.client.auth);
    if (!authenticator) return std::move(authenticator).error();
    authenticator_ = *authenticator;
    if (authenticator_ != nullptr && authenticator_->needs_tls()) warn_of_plain_text();
    if (!config_.client.tls.common.has_material()) return {};
    const std::lock_guard lock(mutex_);
    return make_tls();
  }

  DeliveryPolicy delivery() const override {
    DeliveryPolicy policy = delivery_policy(config_.sending_queue, config_.retry_on_failure);
    if (authenticator_ != nullptr) policy.kept_apart_by = authenticator_->metadata_keys();
    return policy;
  }

  Result<Receipt> send(OutgoingBatch& batch, std::stop_token stop) override {
    if (batch.record_count() == 0) return Receipt{};
    auto route = route_for(batch.signal());
    if (!route) return std::move(route).error();
    const WireBatch& wire = batch.wire();
    std::vector<std::string_view> pieces;
    pieces.reserve(wire.chunks.size());
    for (const SharedBytes& chunk : wire.chunks) pieces.push_back(chunk->view());
    Buffer json, compressed;
    if (config_.encoding == BodyFormat::json) {
      RANKWIRE_TRY(encode_json(batch, json));
      pieces.assign(1, json.view());
    }
    if (config_.client.compression != net::Encoding::identity) {
      auto done = net::compress(config_.client.compression, pieces, level_);
      if (!done) return std::move(done).error().during("compressing");
      compressed = std::move(*done);
      pieces.assign(1, compressed.view());
    }
    return post(**route, pieces, batch, stop);
  }

 private:
  static Result<void> encode_json(OutgoingBatch& batch, Buffer& to) {
    const auto encode = [&to](const auto& records) -> Result<void> {
      if (!records) return records.error();
      otlp::encode_json(**records, to);
      return {};
    };
    switch (batch.signal()) {
      case Signal::logs: return encode(batch.logs());
      case Signal::metrics: return encode(batch.metrics());
      case Signal::traces: return encode(batch.traces());
    }
    return {};
  }

  struct Route {
    net::Url url;
    std::shared_ptr<net::HttpClient> client;  // Shared by routes to the same host.
  };

  // What the user wrote wins.
  void add_header(std::string_view name, std::string_view value) {
    for (const auto& [given, ignored] : headers_)
      if (is_same_header(given, name)) return;
    headers_.emplace_back(name, value);
  }

  void warn_of_plain_text() {
    for (const Signal signal : all_signals)
      if (const auto url = config_.url_for(signal); url && url->scheme == "http")
        return environment_.log.warn("credentials go over the network where others can read them: use https",
                                     {{"component", id_}, {"endpoint", url->endpoint.text()}});
  }

  Result<Receipt> post(const Route& route, std::span<const std::string_view> pieces, const OutgoingBatch& batch,
                       const std::stop_token& stop) {
    const Clock& clock = environment_.clock;
    net::HttpRequest request;
    request.target = route.url.target;
    request.headers = headers_;
    if (authenticator_ != nullptr) RANKWIRE_TRY(authenticator_->authorize(request.headers, batch.client()));
    const std::string host = route.url.endpoint.text();
    if (config_.client.cookies.enabled) {
      std::string cookies = cookies_.header_for(host, request.target, route.url.scheme == "https");
      if (!cookies.empty()) request.headers.emplace_back("Cookie", std::move(cookies));
    }
    request.body = pieces;
    const Duration timeout = config_.client.timeout;
    const Deadline deadline = timeout > Duration{0} ? Deadline::after(clock, timeout) : Deadline::never();
    auto response = route.client->send(request, deadline, stop);
    if (!response) return std::move(response).error();
    if (config_.client.cookies.enabled) cookies_.store(host, request.target, response->headers);
    auto receipt = judge(*response, batch.signal(), clock);
    if (response->status == 401) return after_denial(authenticator_, std::move(receipt).error());
    return receipt;
  }

  Result<const Route*> route_for(Signal signal) {
    const std::lock_guard lock(mutex_);
    Route& route = routes_[static_cast<std::size_t>(signal)];
    if (route.client) return &route;
    auto url = config_.url_for(signal);
    if (!url) return std::move(url).error();
    if (url->scheme == "https" && !tls_) RANKWIRE_TRY(make_tls());
    for (const Route& other : routes_)
      if (other.client && other.url.scheme == url->scheme && other.url.endpoint.text() == url->endpoint.text())
        route.client = other.client;
    if (!route.client) {
      auto options = http_client_options(config_.client, *url);
      options.tls = tls_;
      route.client = std::make_shared<net::HttpClient>(std::move(options), environment_.network, environment_.clock);
    }
    route.url = std::move(*url);
    return &route;
  }

  Result<void> make_tls() {
    auto made = net::make_tls_client(tls_client_options(config_.client.tls, {"http/1.1"}), environment_.clock,
                                     &environment_.log);
    // A file that is not there yet may come: the batch waits.
    if (!made) return Error(ErrorKind::unavailable, made.error().message()).during("setting up TLS");
    tls_ = std::move(*made);
    return {};
  }

  const OtlpHttpConfig config_;
  const std::string id_;
  Environment& environment_;
  const int level_;
  net::Headers headers_;  // Set once.
  CookieJar cookies_;
  ClientAuthenticator* authenticator_ = nullptr;  // Set at start; null: none.
  std::mutex mutex_;
  std::shared_ptr<net::TlsClientContext> tls_;  // Guarded by mutex_, as are the routes.
  std::array<Route, 3> routes_;                 // By signal; one with a client never changes again.
};

Result<std::unique_ptr<Exporter>> create(const OtlpHttpConfig& config, const ComponentContext& context) {
  return std::unique_ptr<Exporter>(std::make_unique<OtlpHttpExporter>(config, context));
}

}  // namespace

ExporterFactory otlp_http_factory() {
  return make_factory<OtlpHttpConfig, Exporter>({.type = "otlp_http",
                                                 .aliases = {"otlphttp"},
                                                 .summary = "Sends batches as OTLP over HTTP.",
                                                 .signals = {Signal::logs, Signal::metrics, Signal::traces},
                                                 .stability = Stability::beta},
                                                create);
}

}  // namespace rankwire::otlp_http
