// One batch at a time, whoever calls. A batch that failed for the moment comes again with the same bytes: its requests
// are kept until then, so that deltas are added up once and what was taken is not sent twice.
#include "exporters/prometheus_remote_write/prometheus_remote_write_exporter.hpp"

#include <atomic>
#include <mutex>

#include "base/worker.hpp"
#include "exporters/prometheus_remote_write/answer.hpp"
#include "exporters/prometheus_remote_write/prometheus_remote_write_config.hpp"

namespace rankwire::prometheus_remote_write {

namespace {

constexpr Bytes last_sent_bytes_max = 64_MiB;
constexpr Duration last_sent_idle_max = std::chrono::hours(1);

Identity identity_of(const WireBatch& wire) {
  Identity all;
  for (const SharedBytes& chunk : wire.chunks) all = joined(all, rankwire::identity_of(chunk->view()));
  return all;
}

class RemoteWriteExporter final : public Exporter {
 public:
  RemoteWriteExporter(const PrometheusRemoteWriteConfig& config, const ComponentContext& context)
      : config_(config),
        id_(context.id),
        environment_(context.environment),
        rules_(config.translation()),
        cumulative_(environment_.counters, id_.text()),
        last_sent_({.bytes_max = last_sent_bytes_max, .idle_max = last_sent_idle_max, .gives_way = WhenFull::oldest},
                   StateFigures(environment_.counters, {{"exporter", id_.text()}, {"state", "last_sent"}})) {
    headers_ = plain_headers(config_.client.headers);
    const bool is_v2 = config_.protobuf_message == Protocol::v2;
    add_header("Content-Encoding", "snappy");
    add_header("Content-Type",
               is_v2 ? "application/x-protobuf;proto=io.prometheus.write.v2.Request" : "application/x-protobuf");
    add_header("X-Prometheus-Remote-Write-Version", is_v2 ? "2.0.0" : "0.1.0");
    if (config_.client.disable_keep_alives) add_header("Connection", "close");
  }

  Result<void> start(Host& host) override {
    auto authenticator = client_authenticator(host, config_.client.auth);
    if (!authenticator) return std::move(authenticator).error();
    authenticator_ = *authenticator;
    const std::lock_guard lock(mutex_);
    if (const auto& storage = config_.remote_write_queue.storage; storage && config_.remote_write_queue.enabled)
      storage_ = dynamic_cast<StorageProvider*>(host.extension(*storage));
    if (!config_.client.tls.common.has_material()) return {};
    return make_tls();
  }

  DeliveryPolicy delivery() const override {
    DeliveryPolicy policy = config_.delivery();
    if (authenticator_ != nullptr) policy.kept_apart_by = authenticator_->metadata_keys();
    return policy;
  }

  Result<Receipt> send(OutgoingBatch& batch, std::stop_token stop) override {
    if (batch.record_count() == 0) return Receipt{};
    const std::lock_guard lock(mutex_);
    if (client_ == nullptr) RANKWIRE_TRY(connect());
    const Identity identity = identity_of(batch.wire());
    if (!plan_ || !(plan_->batch == identity)) {
      auto metrics = batch.metrics();
      if (!metrics) return std::move(metrics).error();
      RANKWIRE_TRY(prepare(**metrics, identity));
    }
    auto receipt = send_plan(batch, stop);
    if (receipt || !receipt.error().is_retryable()) plan_.reset();
    return receipt;
  }

 private:
  // What the user wrote wins.
  void add_header(std::string_view name, std::string_view value) {
    for (const auto& [given, ignored] : headers_)
      if (is_same_header(given, name)) return;
    headers_.emplace_back(name, value);
  }

  Result<void> connect() {
    auto url = net::Url::parse(config_.client.endpoint);
    if (!url) return std::move(url).error();
    if (url->scheme == "https" && !tls_) RANKWIRE_TRY(make_tls());
    open_journal();
    url_ = std::move(*url);
    auto options = http_client_options(config_.client, url_);
    options.tls = tls_;
    client_ = std::make_unique<net::HttpClient>(std::move(options), environment_.network, environment_.clock);
    return {};
  }

  Result<void> make_tls() {
    auto made = net::make_tls_client(tls_client_options(config_.client.tls, {"http/1.1"}), environment_.clock,
                                     &environment_.log);
    // A file that is not there yet may come: the batch waits.
    if (!made) return Error(ErrorKind::unavailable, made.error().message()).during("setting up TLS");
    tls_ = std::move(*made);
    return {};
  }

  // With the first batch, when whoever had the queue before us has let go of it.
  void open_journal() {
    if (storage_ == nullptr) return;
    auto directory = storage_->directory_for(ComponentKind::exporter, id_, "sent");
    auto opened = directory ? journal_.open(environment_.files, *directory) : std::move(directory).error();
    if (!opened)
      environment_.log.warn("what was sent cannot be remembered: after a crash, samples may be sent again",
                            {{"exporter", id_.text()}, {"error", opened.error().message()}});
  }

  Result<void> prepare(const MetricBatch& metrics, const Identity& identity) {
    const Instant now = environment_.clock.now();
    SeriesSet series;
    translate(metrics, rules_, cumulative_, now, series);
    auto plan = make_plan(series,
                          {.protocol = config_.protobuf_message,
                           .request_bytes_max = config_.max_batch_size_bytes,
                           .has_metadata = config_.send_metadata},
                          last_sent_, journal_, now);
    if (!plan) return std::move(plan).error();
    plan_ = std::move(*plan);
    plan_->batch = identity;
    journal_.begin_batch(plan_->has_of_last_process);
    return {};
  }

  Result<Receipt> send_plan(const OutgoingBatch& batch, const std::stop_token& stop) {
    std::optional<Error> last_rejection;
    for (auto& round : plan_->rounds) {
      std::vector<PlannedRequest*> open;
      for (PlannedRequest& request : round)
        if (!request.is_settled) open.push_back(&request);
      std::vector<std::optional<Error>> errors(open.size());
      send_together(open, errors, batch, stop);
      std::optional<Error> retryable;
      for (std::size_t i = 0; i < open.size(); ++i) {
        settle(*open[i], errors[i]);
        if (!errors[i]) continue;
        if (errors[i]->is_retryable() || errors[i]->kind() == ErrorKind::cancelled)
          retryable = errors[i];
        else
          last_rejection = errors[i];
      }
      if (retryable) return std::move(*retryable);
      // With these credentials nothing will be taken.
      if (last_rejection && last_rejection->kind() == ErrorKind::denied) return std::move(*last_rejection);
    }
    Receipt receipt{.rejected = 0, .reason = plan_->why_lost};
    for (const bool is_lost : plan_->lost) receipt.rejected += is_lost ? 1 : 0;
    if (last_rejection && receipt.rejected == plan_->lost.size()) return std::move(*last_rejection);
    return receipt;
  }

  // As many at the same time as is allowed, and there are threads for.
  void send_together(const std::vector<PlannedRequest*>& requests, std::vector<std::optional<Error>>& errors,
                     const OutgoingBatch& batch, const std::stop_token& stop) {
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
      for (std::size_t i; (i = next++) < requests.size();) errors[i] = post(*requests[i], batch, stop);
    };
    std::vector<Worker> workers;
    for (std::size_t more = 1; more < std::min<std::size_t>(requests.size(), config_.parallel_requests()); ++more) {
      auto worker = Worker::start("remote-write", [&work](const std::stop_token&) { work(); });
      if (!worker) break;
      workers.push_back(std::move(*worker));
    }
    work();
    for (Worker& worker : workers) worker.join();
  }

  void settle(PlannedRequest& request, const std::optional<Error>& error) {
    if (error && (error->is_retryable() || error->kind() == ErrorKind::cancelled)) return;
    request.is_settled = true;
    request.body = Buffer();
    if (error) {
      for (const std::uint32_t point : request.points) {
        if (point == SeriesSet::no_point) continue;
        plan_->lost[point] = true;
        if (plan_->why_lost.empty()) plan_->why_lost = error->message();
      }
      return;
    }
    const Instant now = environment_.clock.now();
    for (const SentSample& sample : request.samples)
      if (const auto found = last_sent_.find_or_add(sample.series, now); found.entry != nullptr)
        if (found.is_new || found.entry->state < sample.time_millis) found.entry->state = sample.time_millis;
    journal_.add(request.samples);
  }

  std::optional<Error> post(const PlannedRequest& planned, const OutgoingBatch& batch, const std::stop_token& stop) {
    const Clock& clock = environment_.clock;
    const std::string_view pieces[] = {planned.body.view()};
    net::HttpRequest request;
    request.target = url_.target;
    request.headers = headers_;
    request.body = pieces;
    if (authenticator_ != nullptr)
      if (auto allowed = authenticator_->authorize(request.headers, batch.client()); !allowed)
        return std::move(allowed).error();
    const Duration timeout = config_.client.timeout;
    const Deadline deadline = timeout > Duration{0} ? Deadline::after(clock, timeout) : Deadline::never();
    const auto response = client_->send(request, deadline, stop);
    if (!response) return response.error();
    auto taken = judge(*response, clock);
    if (taken) return {};
    if (response->status == 401) return after_denial(authenticator_, std::move(taken).error());
    return std::move(taken).error();
  }

  const PrometheusRemoteWriteConfig config_;
  const config::ComponentId id_;
  Environment& environment_;
  const TranslationRules rules_;
  net::Headers headers_;                          // Set once.
  ClientAuthenticator* authenticator_ = nullptr;  // Set at start; null: none.
  StorageProvider* storage_ = nullptr;            // Set at start; null: the queue is not on disk.
  std::mutex mutex_;                              // Guards all below.
  std::shared_ptr<net::TlsClientContext> tls_;
  net::Url url_;
  std::unique_ptr<net::HttpClient> client_;  // Made with the first batch.
  CumulativeState cumulative_;
  LastSent last_sent_;
  SentJournal journal_;
  std::optional<SendPlan> plan_;  // Of the batch that failed last.
};

Result<std::unique_ptr<Exporter>> create(const PrometheusRemoteWriteConfig& config, const ComponentContext& context) {
  return std::unique_ptr<Exporter>(std::make_unique<RemoteWriteExporter>(config, context));
}

}  // namespace

ExporterFactory prometheus_remote_write_factory() {
  return make_factory<PrometheusRemoteWriteConfig, Exporter>(
      {.type = "prometheus_remote_write",
       .aliases = {"prometheusremotewrite"},
       .summary = "Sends metrics to Prometheus, or what takes its Remote Write.",
       .signals = {Signal::metrics},
       .stability = Stability::beta},
      create);
}

}  // namespace rankwire::prometheus_remote_write
