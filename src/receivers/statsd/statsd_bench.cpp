// Lines a second on one core, from packets as clients send them to points: 1,000 series, each line with four tags.
#include <benchmark/benchmark.h>

#include "receivers/statsd/window.hpp"

namespace rankwire::statsd {
namespace {

constexpr std::size_t packet_bytes = 1432;

std::vector<std::string> packets(const char* type) {
  std::vector<std::string> made(1);
  for (int i = 0; i < 1000; ++i) {
    const std::string number = std::to_string(i);
    const std::string line = "train.step.time:" + std::to_string(i % 97) + ".5|" + type + "|#rank:" + number +
                             ",job:llm-pretrain,zone:use1-az4,kind:forward\n";
    if (made.back().size() + line.size() > packet_bytes) made.emplace_back();
    made.back() += line;
  }
  return made;
}

void bench_lines(benchmark::State& state, const char* type) {
  StatsdConfig config;
  config.timer_histogram_mapping = {{"histogram", Observer::histogram, {}, {}}};
  const Rules rules(config);
  const std::vector<std::string> all = packets(type);
  const Sender sender{.key = "10.0.0.1", .address = "10.0.0.1", .container = {}};
  const auto random = make_random(1);
  auto window = std::make_unique<Window>(rules, 1);
  std::uint64_t lines = 0, rounds = 0;
  for (auto _ : state) {
    for (const std::string& packet : all) {
      std::string_view rest = packet;
      while (!rest.empty()) {
        const std::size_t end = rest.find('\n');
        MetricLine line;
        LineProblem problem = read_metric(rest.substr(0, end), line);
        benchmark::DoNotOptimize(window->add(sender, line, 2, problem));
        rest.remove_prefix(end + 1);
        ++lines;
      }
    }
    if (++rounds % 1000 == 0) {  // An interval of a million lines.
      benchmark::DoNotOptimize(window->finish(3, *random));
      window = std::make_unique<Window>(rules, 3);
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(lines));
}
BENCHMARK_CAPTURE(bench_lines, counter, "c");
BENCHMARK_CAPTURE(bench_lines, gauge, "g");
BENCHMARK_CAPTURE(bench_lines, histogram, "h");

}  // namespace
}  // namespace rankwire::statsd

BENCHMARK_MAIN();
