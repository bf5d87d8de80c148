// Memory by use, from /proc/meminfo.
#pragma once

#include "component/metric_switches.hpp"
#include "receivers/host_metrics/scraper.hpp"

namespace rankwire::host_metrics {

enum class MemoryMetric : std::size_t {
  available,
  dirty,
  limit,
  huge_limit,
  huge_page_size,
  huge_reserved,
  huge_surplus,
  huge_usage,
  huge_utilization,
  shared,
  page_size,
  usage,
  utilization
};

inline constexpr MetricSpec memory_metrics[] = {
    {"system.linux.memory.available", "By", MetricShape::level, false,
     "What new programs could have without swapping."},
    {"system.linux.memory.dirty", "By", MetricShape::level, false, "Waits to be written to disks."},
    {"system.memory.limit", "By", MetricShape::level, false, "All memory."},
    {"system.memory.linux.hugepages.limit", "{page}", MetricShape::level, false, "All huge pages."},
    {"system.memory.linux.hugepages.page_size", "By", MetricShape::level, false, "Size of a huge page."},
    {"system.memory.linux.hugepages.reserved", "{page}", MetricShape::level, false,
     "Huge pages promised, not used yet."},
    {"system.memory.linux.hugepages.surplus", "{page}", MetricShape::level, false, "Huge pages beyond the pool."},
    {"system.memory.linux.hugepages.usage",
     "{page}",
     MetricShape::level,
     false,
     "Huge pages, by state.",
     {"system.memory.linux.hugepages.state"}},
    {"system.memory.linux.hugepages.utilization",
     "1",
     MetricShape::gauge,
     false,
     "Part of the huge pages, by state.",
     {"system.memory.linux.hugepages.state"}},
    {"system.memory.linux.shared", "By", MetricShape::level, false, "Shared memory, tmpfs too."},
    {"system.memory.page_size", "By", MetricShape::gauge, false, "Size of a page."},
    {"system.memory.usage", "By", MetricShape::level, true, "Memory, by state.", {"state"}},
    {"system.memory.utilization", "1", MetricShape::gauge, false, "Part of the memory, by state.", {"state"}},
};

struct MemoryConfig {
  MetricSwitches metrics{memory_metrics};
  void fields(config::Fields& f) { f.section("metrics", metrics, "Which metrics are given."); }
};

std::unique_ptr<Scraper> make_memory_scraper(const MemoryConfig& config);

}  // namespace rankwire::host_metrics
