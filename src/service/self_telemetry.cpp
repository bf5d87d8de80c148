#include "service/self_telemetry.hpp"

#include <malloc.h>

#include "net/network.hpp"
#include "net/server.hpp"

namespace rankwire::service {
namespace {

constexpr std::string_view metrics_path = "/metrics";

// The allocator does not count what it has given out since the start; counting it ourselves would
// cost at each allocation. What the heap grows from one scrape to the next is a lower bound.
class AllocatedBytes {
 public:
  double read() {
    const auto info = ::mallinfo2();
    const std::size_t now = info.uordblks + info.hblkhd;
    if (now > before_) total_ += now - before_;
    before_ = now;
    return static_cast<double>(total_);
  }

 private:
  std::size_t before_ = 0, total_ = 0;
};

class MetricsExchange final : public net::Exchange {
 public:
  explicit MetricsExchange(const Counters& counters) : counters_(counters) {}

  Result<void> body_may_grow_to(Bytes size) override {
    if (size > 4_KiB) return Error(ErrorKind::invalid, "a scrape has no body");
    return {};
  }
  Result<net::ServerResponse> finish(Buffer, bool) override {
    return net::ServerResponse{.status = 200,
                               .content_type = "text/plain; version=0.0.4; charset=utf-8",
                               .body = counters_.prometheus_text(),
                               .headers = {}};
  }

 private:
  const Counters& counters_;
};

class Endpoint final : public MetricsEndpoint, private net::ServerHandler {
 public:
  explicit Endpoint(Environment& environment) : environment_(environment) {}
  ~Endpoint() override {
    if (server_) server_->stop(Deadline::after(environment_.clock, std::chrono::seconds(1)));
  }

  Result<void> listen(const PrometheusReader& where) {
    net::ServerOptions options;
    options.listen = {where.host, static_cast<std::uint16_t>(where.port)};
    options.body_bytes_max = 4_KiB;
    options.connections_max = 32;
    auto server = environment_.network.serve(std::move(options), *this, environment_.clock);
    if (!server) {
      const Error error = std::move(server).error();
      return Error(error.kind(),
                   "serving the agent's own metrics on " + where.host + ":" + std::to_string(where.port) + ": " +
                       error.message() +
                       "; choose another address in service::telemetry::metrics::readers (pull, "
                       "exporter, prometheus, host and port) or set service::telemetry::metrics::level: none");
    }
    server_ = std::move(*server);
    return {};
  }

  std::uint16_t port() const override { return server_ ? server_->port() : 0; }

 private:
  Result<std::unique_ptr<net::Exchange>> open(const net::RequestHead& head) override {
    if (head.path != metrics_path) return Error(ErrorKind::invalid, "only /metrics is served here");
    return std::make_unique<MetricsExchange>(environment_.counters);
  }
  std::optional<net::ServerResponse> special_answer(const net::RequestHead& head) override {
    if (head.path != metrics_path)
      return net::ServerResponse{.status = 404, .content_type = "text/plain", .body = "see /metrics\n", .headers = {}};
    if (head.method != "GET" && head.method != "HEAD")
      return net::ServerResponse{.status = 405, .content_type = "text/plain", .body = "use GET\n", .headers = {}};
    return {};
  }

  Environment& environment_;
  std::unique_ptr<net::Server> server_;
};

}  // namespace

std::vector<std::shared_ptr<void>> register_process_figures(Environment& environment, const ResidentMemory& resident,
                                                            const std::shared_ptr<MemoryBudget>& budget) {
  Counters& counters = environment.counters;
  const Instant started = environment.clock.now();
  std::vector<std::shared_ptr<void>> all;
  all.push_back(counters.observe_counter(
      "otelcol_process_uptime", "Seconds since the process started.", {},
      [&clock = environment.clock, started] { return std::chrono::duration<double>(clock.now() - started).count(); }));
  all.push_back(counters.observe_counter("otelcol_process_cpu_seconds", "User and system time.", {},
                                         [] { return processor_seconds(); }));
  all.push_back(counters.observe("otelcol_process_memory_rss", "Resident memory in bytes.", {},
                                 [&resident] { return static_cast<double>(resident.read().count); }));
  all.push_back(counters.observe("otelcol_process_runtime_heap_alloc_bytes", "Bytes allocated and not freed.", {}, [] {
    const auto info = ::mallinfo2();
    return static_cast<double>(info.uordblks + info.hblkhd);
  }));
  all.push_back(counters.observe_counter("otelcol_process_runtime_total_alloc_bytes",
                                         "Bytes allocated since the start, at least: what the heap grew between reads.",
                                         {}, [seen = AllocatedBytes()]() mutable { return seen.read(); }));
  all.push_back(counters.observe("otelcol_process_runtime_total_sys_memory_bytes",
                                 "Bytes the allocator has from the system.", {}, [] {
                                   const auto info = ::mallinfo2();
                                   return static_cast<double>(info.arena + info.hblkhd);
                                 }));
  all.push_back(counters.observe("rankwire_memory_limit_bytes", "Hard limit of the process's resident memory.", {},
                                 [budget] { return static_cast<double>(budget->limit().count); }));
  all.push_back(counters.observe("rankwire_memory_admitted_bytes", "Admitted and not yet given back.", {},
                                 [budget] { return static_cast<double>(budget->reserved().count); }));
  return all;
}

Result<std::unique_ptr<MetricsEndpoint>> serve_metrics(const PrometheusReader& where, Environment& environment) {
  auto endpoint = std::make_unique<Endpoint>(environment);
  RANKWIRE_TRY(endpoint->listen(where));
  return endpoint;
}

}  // namespace rankwire::service
