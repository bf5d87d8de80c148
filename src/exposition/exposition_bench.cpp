// A page to batches, as each scrape after the first costs: a DCGM exporter's of 320 series, and one of 100,000 with ten
// of its names kept and with all. Time is CPU time of one scrape; bytes_per_series is what a target keeps.
#include <benchmark/benchmark.h>

#include "exposition/target.hpp"

namespace rankwire::exposition {
namespace {

class KeepAll : public SeriesRules {
 public:
  bool wants(std::string_view) override { return true; }
  bool relabel(Labels& labels, Arena&) override {
    labels.push_back({"cluster", "eu-west"});
    return true;
  }
};

class KeepTen : public KeepAll {
 public:
  bool wants(std::string_view name) override { return name.starts_with("app_metric_0000"); }
};

std::string dcgm_page() {
  std::string page;
  for (int metric = 0; metric < 40; ++metric) {
    const std::string name = "DCGM_FI_DEV_METRIC_" + std::to_string(metric);
    page += "# HELP " + name + " What it is (in some unit).\n# TYPE " + name +
            (metric % 4 == 0 ? " counter\n" : " gauge\n");
    for (int gpu = 0; gpu < 8; ++gpu) {
      const std::string id = std::to_string(gpu);
      page += name + "{gpu=\"" + id + "\",UUID=\"GPU-4a1f3c5e-0000-1111-2222-33334444000" + id +
              "\",pci_bus_id=\"00000000:1" + id + ":00.0\",device=\"nvidia" + id +
              "\",modelName=\"NVIDIA H200\",Hostname=\"node-17\",container=\"trainer\"," +
              "namespace=\"research\",pod=\"llm-pretrain-worker-3\"} " + std::to_string(metric * 1000 + gpu) + "\n";
    }
  }
  return page;
}

// 1,000 names of 100 series each, 105 bytes a line.
std::string large_page() {
  std::string page;
  for (int metric = 0; metric < 1000; ++metric) {
    std::string number = std::to_string(metric);
    number.insert(0, 5 - number.size(), '0');
    const std::string name = "app_metric_" + number + "_all";
    page += "# HELP " + name + " A metric of the application.\n# TYPE " + name + " counter\n";
    for (int i = 0; i < 100; ++i)
      page += name + "{path=\"/api/v1/items/" + std::to_string(metric * 100 + i) +
              "\",method=\"GET\",code=\"200\",zone=\"" + "use1-az" + std::to_string(i % 6) + "\",shard=\"" +
              std::to_string(i) + "\"} " + std::to_string(i * 1.25 + metric) + "\n";
  }
  return page;
}

// 8,000 histograms of ten buckets: 96,000 series.
std::string histogram_page() {
  std::string page;
  for (int metric = 0; metric < 80; ++metric) {
    const std::string name = "request_" + std::to_string(metric) + "_seconds";
    page += "# TYPE " + name + " histogram\n";
    for (int i = 0; i < 100; ++i) {
      const std::string labels = "{handler=\"/api/v1/items/" + std::to_string(i) + "\",method=\"GET\"";
      for (const char* bound : {"0.005", "0.01", "0.05", "0.1", "0.5", "1", "2.5", "5", "10", "+Inf"})
        page += name + "_bucket" + labels + ",le=\"" + bound + "\"} " + std::to_string(i * 10) + "\n";
      page += name + "_sum" + labels + "} " + std::to_string(i * 0.25) + "\n";
      page += name + "_count" + labels + "} " + std::to_string(i * 10) + "\n";
    }
  }
  return page;
}

void bench_page(benchmark::State& state, const std::string& page, SeriesRules& rules) {
  TargetOptions options;
  options.job = "job";
  options.instance = "node-17:9400";
  Target target(std::move(options));
  std::int64_t time_ms = 1'700'000'000'000;
  const auto scrape = [&] {
    if (!target.read(page, Format::text, time_ms += 15000, rules)) std::abort();
    target.report("up", 1, time_ms);
    while (std::optional<MetricBatch> batch = target.next_batch()) benchmark::DoNotOptimize(batch->resources);
  };
  scrape();
  for (auto _ : state) scrape();
  state.SetBytesProcessed(static_cast<std::int64_t>(page.size() * state.iterations()));
  state.counters["series"] = static_cast<double>(target.series_count());
  state.counters["bytes_per_series"] =
      static_cast<double>(target.memory_bytes().count) / static_cast<double>(target.series_count());
}

// A target that was never seen.
void large_first(benchmark::State& state) {
  KeepAll rules;
  const std::string page = large_page();
  for (auto _ : state) {
    Target target(TargetOptions{.job = "job", .instance = "node-17:9400"});
    if (!target.read(page, Format::text, 1'700'000'000'000, rules)) std::abort();
    while (std::optional<MetricBatch> batch = target.next_batch()) benchmark::DoNotOptimize(batch->resources);
  }
}

void dcgm(benchmark::State& state) {
  KeepAll rules;
  bench_page(state, dcgm_page(), rules);
}
void large_ten_names(benchmark::State& state) {
  KeepTen rules;
  bench_page(state, large_page(), rules);
}
void large_all(benchmark::State& state) {
  KeepAll rules;
  bench_page(state, large_page(), rules);
}
void large_histograms(benchmark::State& state) {
  KeepAll rules;
  bench_page(state, histogram_page(), rules);
}
BENCHMARK(dcgm)->Unit(benchmark::kMillisecond);
BENCHMARK(large_ten_names)->Unit(benchmark::kMillisecond);
BENCHMARK(large_all)->Unit(benchmark::kMillisecond);
BENCHMARK(large_first)->Unit(benchmark::kMillisecond);
BENCHMARK(large_histograms)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace rankwire::exposition

BENCHMARK_MAIN();
