// Swap space from /proc/swaps; pages read, written and missed from /proc/vmstat, as many as the kernel counts.
#pragma once

#include "component/metric_switches.hpp"
#include "receivers/host_metrics/scraper.hpp"

namespace rankwire::host_metrics {

enum class PagingMetric : std::size_t { faults, operations, usage, utilization };

inline constexpr MetricSpec paging_metrics[] = {
    {"system.paging.faults", "{faults}", MetricShape::counter, true, "Page faults.", {"type"}},
    {"system.paging.operations",
     "{operations}",
     MetricShape::counter,
     true,
     "Pages swapped (major), and KiB read from and written to disks (minor).",
     {"direction", "type"}},
    {"system.paging.usage", "By", MetricShape::level, true, "Swap space, by state.", {"device", "state"}},
    {"system.paging.utilization",
     "1",
     MetricShape::gauge,
     false,
     "Part of the swap space, by state.",
     {"device", "state"}},
};

struct PagingConfig {
  MetricSwitches metrics{paging_metrics};
  void fields(config::Fields& f) { f.section("metrics", metrics, "Which metrics are given."); }
};

std::unique_ptr<Scraper> make_paging_scraper(const PagingConfig& config);

}  // namespace rankwire::host_metrics
