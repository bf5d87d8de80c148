// A span's whole way through: filed, waited for, decided about, passed on if its trace is sampled. Batches of 1000
// spans in traces of ten, about 450 bytes each as OTLP. The time is the process's, of all threads.
#include <benchmark/benchmark.h>

#include <condition_variable>

#include "config/load.hpp"
#include "otlp/otlp.hpp"
#include "processors/tail_sampling/tail_sampling_processor.hpp"
#include "testing/connector_test.hpp"
#include "testing/span_batches.hpp"

namespace {

using namespace rankwire;

constexpr int batch_count = 64, spans_per_batch = 1000, spans_per_trace = 10;

SharedBytes make_request(int number) {
  testing::SpanBatchBuilder spans;
  spans.resource({{"service.name", "shop"}, {"k8s.pod.name", "shop-7d4b9c-x2x9p"}, {"k8s.namespace.name", "prod"}});
  for (int i = 0; i < spans_per_batch; ++i) {
    const int trace = number * (spans_per_batch / spans_per_trace) + i % (spans_per_batch / spans_per_trace);
    Span& span = spans
                     .span("GET /api/orders/{id}", static_cast<std::uint64_t>(i % 700),
                           {{"http.request.method", "GET"},
                            {"http.route", "/api/orders/{id}"},
                            {"http.response.status_code", "200"},
                            {"server.address", "orders.prod.svc.cluster.local"},
                            {"url.path", "/api/orders/1234567"},
                            {"user_agent.original", "Mozilla/5.0 (X11; Linux x86_64) shop-client/2.11"},
                            {"network.peer.address", "10.12.3.45"},
                            {"thread.name", "http-nio-8080-exec-7"}})
                     .last();
    span.trace_id.bytes[0] = static_cast<std::uint8_t>(trace * 37);
    span.trace_id.bytes[6] = static_cast<std::uint8_t>(trace);
    span.trace_id.bytes[7] = static_cast<std::uint8_t>(trace >> 8);
    if (trace % 50 == 0 && i % 100 == 3) span.status_code = SpanStatusCode::error;
  }
  return otlp::encode(SignalBatch(spans.take()), nullptr).chunks[0];
}

// Says when nothing is held any more.
class Ledger final : public HeldLedger {
 public:
  void held(std::uint64_t records) override { add(static_cast<std::int64_t>(records)); }
  void passed_on(std::uint64_t records) override { add(-static_cast<std::int64_t>(records)); }
  void dropped(std::uint64_t records, std::string_view) override { add(-static_cast<std::int64_t>(records)); }
  void found(std::uint64_t) override {}
  void left(std::uint64_t) override {}
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return held_ == 0; });
  }

 private:
  void add(std::int64_t records) {
    const std::lock_guard lock(mutex_);
    held_ += records;
    if (held_ == 0) changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::int64_t held_ = 0;
};

class Sink final : public Intake {
 public:
  Result<Admission> admit(Bytes) override { return Admission{}; }
  bool wait_for_room(std::stop_token, Deadline) override { return true; }
  Result<void> deliver(Admission, SignalBatch, CompletionRef) override { return {}; }
  void count_dropped(std::uint64_t, std::string_view, std::string_view, std::string_view) override {}
};

void bench_tail(benchmark::State& state, const std::string& policies) {
  const ProcessorFactory factory = tail_sampling::tail_sampling_factory();
  config::Diagnostics diagnostics;
  // Of decisions none is remembered, so that the same traces may come again.
  const config::Node node = config::parse_yaml(
      "{decision_wait: 10s, max_state_size: 1GiB, decision_cache: {sampled_cache_size: 1, non_sampled_cache_size: 1}, "
      "policies: [" +
          policies + "]}",
      "bench.yaml", diagnostics);
  testing::TestEnvironment environment;
  Sink sink;
  Ledger ledger;
  testing::NoExtensions host;
  const auto connector =
      *factory.create_holding(factory.parse(node, "tail_sampling", diagnostics), environment.context("tail_sampling"),
                              {nullptr, nullptr, &sink, nullptr, &ledger});
  if (diagnostics.has_errors() || !connector->start(host)) return state.SkipWithError("no processor");
  std::vector<SharedBytes> requests;
  for (int i = 0; i < batch_count; ++i) requests.push_back(make_request(i));
  std::uint64_t held = 0;
  for (auto _ : state) {
    for (const SharedBytes& request : requests) {
      WireBatch batch{
          .signal = Signal::traces, .chunks = {}, .record_count = spans_per_batch, .size = {request->size()}};
      batch.chunks.push_back(std::make_shared<const Buffer>(Buffer::copy_of(request->view())));
      if (!connector->consume(std::move(batch), {})) state.SkipWithError("refused");
    }
    held = connector->held_memory().count;
    environment.clock.advance(std::chrono::seconds(11));
    ledger.wait();
  }
  connector->stop(Deadline::never());
  state.SetItemsProcessed(state.iterations() * batch_count * spans_per_batch);
  state.counters["bytes_per_span"] = static_cast<double>(requests[0]->size()) / spans_per_batch;
  state.counters["held_per_span"] = static_cast<double>(held) / (batch_count * spans_per_batch);
}

constexpr const char* usual =
    "{name: e, type: status_code, status_code: {status_codes: [ERROR]}}, "
    "{name: l, type: latency, latency: {threshold_ms: 5000}}, "
    "{name: s, type: string_attribute, string_attribute: {key: url.path, values: ['^/admin'], "
    "enabled_regex_matching: true}}, {name: p, type: probabilistic, probabilistic: {sampling_percentage: 5}}";

BENCHMARK_CAPTURE(bench_tail, probabilistic, "{name: p, type: probabilistic, probabilistic: {sampling_percentage: 10}}")
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(bench_tail, usual, usual)->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(bench_tail, ottl,
                  "{name: o, type: ottl_condition, ottl_condition: {span: ['attributes[\"url.path\"] == \"/x\"']}}")
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(bench_tail, always, "{name: a, type: always_sample}")
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
