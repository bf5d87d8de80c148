// CPU of the HTTP server for each small request (3 kB, keep-alive): the whole process less the client.
#include <benchmark/benchmark.h>

#include <ctime>

#include "net/server_test_handler.hpp"
#include "testing/raw_client.hpp"

namespace rankwire::net {
namespace {

double cpu_seconds(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

class Sink final : public ServerHandler {
  class Taker final : public Exchange {
    Result<ServerResponse> finish(Buffer, bool) override {
      return ServerResponse{.content_type = "application/x-protobuf"};
    }
  };
  Result<std::unique_ptr<Exchange>> open(const RequestHead&) override { return std::make_unique<Taker>(); }
};

void small_requests(benchmark::State& state) {
  SystemClock clock;
  Sink sink;
  ServerOptions options;
  options.listen = {"127.0.0.1", 0};
  const auto server = std::move(Server::start(options, sink, clock).value());
  testing::RawClient client(server->port());
  const std::string body(static_cast<std::size_t>(state.range(0)), 'x');
  const std::string request =
      "POST /v1/logs HTTP/1.1\r\nHost: localhost:4318\r\nUser-Agent: OTel-OTLP-Exporter-Python/1.27.0\r\n"
      "Accept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: keep-alive\r\n"
      "Content-Type: application/x-protobuf\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body;
  const double process = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID), own = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
  for (auto _ : state) {
    client.send(request);
    if (client.response().empty()) state.SkipWithError("no answer");
  }
  const double server_cpu =
      (cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - process) - (cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - own);
  state.counters["server_us_per_request"] = server_cpu * 1e6 / static_cast<double>(state.iterations());
}
BENCHMARK(small_requests)->Arg(3000)->Arg(300'000)->Unit(benchmark::kMicrosecond)->UseRealTime();

}  // namespace
}  // namespace rankwire::net

BENCHMARK_MAIN();
