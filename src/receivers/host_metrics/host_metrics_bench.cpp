// What a scrape costs on the machine this runs on: each scraper by itself, and all but `process` together.
#include <benchmark/benchmark.h>

#include "receivers/host_metrics/host_metrics_config.hpp"

namespace rankwire::host_metrics {
namespace {

void scrape(benchmark::State& state, const ScrapersConfig& config) {
  const auto files = make_posix_file_system();
  const SystemClock clock;
  HostFiles host(*files, "");
  const auto scrapers = config.make();
  std::uint64_t points = 0;
  for (auto _ : state) {
    host.begin_scrape();
    Output output({.start = host.boot_time(), .now = clock.unix_nanos()}, [&](const MetricBatch& batch) {
      points += batch.record_count();
      return true;
    });
    for (const auto& scraper : scrapers) benchmark::DoNotOptimize(scraper->scrape(host, output));
    output.finish();
  }
  state.counters["points"] = static_cast<double>(points) / static_cast<double>(state.iterations());
}

template <class Config>
void scrape_one(benchmark::State& state, std::optional<Config> ScrapersConfig::* which) {
  ScrapersConfig config;
  (config.*which).emplace();
  scrape(state, config);
}
BENCHMARK_CAPTURE(scrape_one, cpu, &ScrapersConfig::cpu)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(scrape_one, disk, &ScrapersConfig::disk)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(scrape_one, filesystem, &ScrapersConfig::filesystem)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(scrape_one, load, &ScrapersConfig::load)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(scrape_one, memory, &ScrapersConfig::memory)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(scrape_one, network, &ScrapersConfig::network)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(scrape_one, paging, &ScrapersConfig::paging)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(scrape_one, processes, &ScrapersConfig::processes)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(scrape_one, process, &ScrapersConfig::process)->Unit(benchmark::kMicrosecond);

void scrape_host(benchmark::State& state) {
  ScrapersConfig config;
  config.cpu.emplace();
  config.disk.emplace();
  config.filesystem.emplace();
  config.load.emplace();
  config.memory.emplace();
  config.network.emplace();
  config.paging.emplace();
  config.processes.emplace();
  config.system.emplace();
  scrape(state, config);
}
BENCHMARK(scrape_host)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace rankwire::host_metrics

BENCHMARK_MAIN();
