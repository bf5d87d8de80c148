// Time of each logical CPU by state, from /proc/stat; clocks and cores from /proc/cpuinfo and /sys.
#pragma once

#include "component/metric_switches.hpp"
#include "receivers/host_metrics/scraper.hpp"

namespace rankwire::host_metrics {

enum class CpuMetric : std::size_t { frequency, logical_count, physical_count, time, utilization };

inline constexpr MetricSpec cpu_metrics[] = {
    {"system.cpu.frequency", "Hz", MetricShape::gauge, false, "Clock of a CPU at the moment.", {"cpu"}},
    {"system.cpu.logical.count", "{cpu}", MetricShape::level, false, "CPUs that can run something."},
    {"system.cpu.physical.count", "{cpu}", MetricShape::level, false, "Cores."},
    {"system.cpu.time", "s", MetricShape::counter, true, "Time a CPU spent in each state.", {"cpu", "state"}},
    {"system.cpu.utilization",
     "1",
     MetricShape::gauge,
     false,
     "Part of the time since the last scrape.",
     {"cpu", "state"}},
};

struct CpuConfig {
  MetricSwitches metrics{cpu_metrics};
  void fields(config::Fields& f) { f.section("metrics", metrics, "Which metrics are given."); }
};

std::unique_ptr<Scraper> make_cpu_scraper(const CpuConfig& config);

}  // namespace rankwire::host_metrics
