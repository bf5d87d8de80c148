// What went to and from each disk and partition, from /proc/diskstats.
#pragma once

#include "component/metric_switches.hpp"
#include "receivers/host_metrics/name_filter.hpp"
#include "receivers/host_metrics/scraper.hpp"

namespace rankwire::host_metrics {

enum class DiskMetric : std::size_t {
  io,
  io_time,
  merged,
  operation_time,
  operations,
  pending_operations,
  weighted_io_time
};

inline constexpr MetricSpec disk_metrics[] = {
    {"system.disk.io", "By", MetricShape::counter, true, "Bytes read and written.", {"device", "direction"}},
    {"system.disk.io_time", "s", MetricShape::counter, true, "Time in which it did anything.", {"device"}},
    {"system.disk.merged",
     "{operations}",
     MetricShape::counter,
     true,
     "Operations that were joined to others.",
     {"device", "direction"}},
    {"system.disk.operation_time",
     "s",
     MetricShape::counter,
     true,
     "Time that operations took together.",
     {"device", "direction"}},
    {"system.disk.operations", "{operations}", MetricShape::counter, true, "Operations.", {"device", "direction"}},
    {"system.disk.pending_operations", "{operations}", MetricShape::level, true, "Operations under way.", {"device"}},
    {"system.disk.weighted_io_time",
     "s",
     MetricShape::counter,
     true,
     "Time in which it did anything, times the queue.",
     {"device"}},
};

struct DiskConfig {
  NameFilterConfig include{"devices"}, exclude{"devices"};
  MetricSwitches metrics{disk_metrics};
  void fields(config::Fields& f) {
    f.section("include", include, "Only these devices.");
    f.section("exclude", exclude, "Not these devices.");
    f.section("metrics", metrics, "Which metrics are given.");
  }
};

std::unique_ptr<Scraper> make_disk_scraper(const DiskConfig& config);

}  // namespace rankwire::host_metrics
