// Batches are taken on the pipelines' threads, the page is written on the server's: one lock for both, so a large page
// makes batches wait as long as it takes to write it. Compressing is outside of the lock.
#include "exporters/prometheus/prometheus_exporter.hpp"

#include <mutex>

#include "component/settings/page_server.hpp"
#include "exporters/prometheus/page_format.hpp"
#include "exporters/prometheus/prometheus_config.hpp"

namespace rankwire::prometheus_page {
namespace {

constexpr std::string_view path = "/metrics";

class PrometheusExporter final : public Exporter {
 public:
  PrometheusExporter(const PrometheusConfig& config, const ComponentContext& context)
      : config_(config),
        environment_(context.environment),
        scrapes_(environment_.counters.counter("rankwire_prometheus_scrapes_total", "Pages that were served.",
                                               {{"exporter", context.id.text()}})),
        store_(config_.store(), environment_.counters, context.id.text()),
        server_([this](const net::RequestHead& head) { return answer(head); }) {}

  Result<void> start(Host& host) override {
    net::ServerOptions options = http_server_options(config_.server);
    if (const auto& auth = config_.server.auth) {
      auto authenticator = server_authenticator(host, auth->auth);
      if (!authenticator) return std::move(authenticator).error();
      require_authentication(options, **authenticator, auth->request_params);
    }
    return server_.start(std::move(options), config_.server.tls, environment_, "metrics are shown to scrapers");
  }

  void stop(Deadline deadline) override { server_.stop(deadline); }

  DeliveryPolicy delivery() const override { return delivery_policy(config_.sending_queue, {.enabled = false}); }

  Result<Receipt> send(OutgoingBatch& batch, std::stop_token) override {
    auto metrics = batch.metrics();
    if (!metrics) return std::move(metrics).error();
    const std::lock_guard lock(mutex_);
    return store_.take(**metrics, environment_.clock.now());
  }

 private:
  std::optional<Page> answer(const net::RequestHead& head) {
    if (head.path != path) return {};
    const PageOptions options{.format = negotiate(head.header("accept"), config_.enable_open_metrics),
                              .has_timestamps = config_.send_timestamps};
    Page page;
    page.content_type = options.format.content_type();
    {
      const std::lock_guard lock(mutex_);
      page.body = write_page(store_.rows(environment_.clock.now()), store_.claims(), options);
    }
    scrapes_.add();
    if (!takes_gzip(head.header("accept-encoding"))) return page;
    const std::string_view whole[] = {page.body};
    if (const auto compressed = net::compress(net::Encoding::gzip, whole, 0)) {
      page.body = compressed->view();
      page.headers.emplace_back("Content-Encoding", "gzip");
    }
    return page;
  }

  const PrometheusConfig config_;
  Environment& environment_;
  Counter& scrapes_;
  std::mutex mutex_;
  SeriesStore store_;  // Guarded by mutex_.
  PageServer server_;  // Last: stopped before the rest goes.
};

Result<std::unique_ptr<Exporter>> create(const PrometheusConfig& config, const ComponentContext& context) {
  return std::unique_ptr<Exporter>(std::make_unique<PrometheusExporter>(config, context));
}

}  // namespace

ExporterFactory prometheus_page_factory() {
  return make_factory<PrometheusConfig, Exporter>(
      {.type = "prometheus",
       .aliases = {},
       .summary = "Shows the newest point of every series on a page that Prometheus scrapes.",
       .signals = {Signal::metrics},
       .stability = Stability::beta},
      create);
}

}  // namespace rankwire::prometheus_page
