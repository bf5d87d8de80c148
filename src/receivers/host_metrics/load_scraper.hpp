// Load averages, from /proc/loadavg.
#pragma once

#include "component/metric_switches.hpp"
#include "receivers/host_metrics/scraper.hpp"

namespace rankwire::host_metrics {

enum class LoadMetric : std::size_t { over_15m, over_1m, over_5m };

inline constexpr MetricSpec load_metrics[] = {
    {"system.cpu.load_average.15m", "{thread}", MetricShape::gauge, true, "Average over 15 minutes."},
    {"system.cpu.load_average.1m", "{thread}", MetricShape::gauge, true, "Average over a minute."},
    {"system.cpu.load_average.5m", "{thread}", MetricShape::gauge, true, "Average over 5 minutes."},
};

struct LoadConfig {
  bool cpu_average = false;
  MetricSwitches metrics{load_metrics};
  void fields(config::Fields& f) {
    f.field("cpu_average", cpu_average, "Divide by the number of logical CPUs.");
    f.section("metrics", metrics, "Which metrics are given.");
  }
};

std::unique_ptr<Scraper> make_load_scraper(const LoadConfig& config);

}  // namespace rankwire::host_metrics
