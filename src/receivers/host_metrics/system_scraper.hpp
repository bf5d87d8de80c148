// How long the machine has been running, from /proc/uptime.
#pragma once

#include "component/metric_switches.hpp"
#include "receivers/host_metrics/scraper.hpp"

namespace rankwire::host_metrics {

enum class SystemMetric : std::size_t { uptime };

inline constexpr MetricSpec system_metrics[] = {
    {"system.uptime", "s", MetricShape::gauge, true, "Time since the machine started."},
};

struct SystemConfig {
  MetricSwitches metrics{system_metrics};
  void fields(config::Fields& f) { f.section("metrics", metrics, "Which metrics are given."); }
};

std::unique_ptr<Scraper> make_system_scraper(const SystemConfig& config);

}  // namespace rankwire::host_metrics
