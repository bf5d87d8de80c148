// How full each mounted file system is. What is mounted says the mountinfo of the host's first process.
#pragma once

#include "component/metric_switches.hpp"
#include "receivers/host_metrics/name_filter.hpp"
#include "receivers/host_metrics/scraper.hpp"

namespace rankwire::host_metrics {

enum class FilesystemMetric : std::size_t { inodes_usage, usage, utilization };

inline constexpr MetricSpec filesystem_metrics[] = {
    {"system.filesystem.inodes.usage",
     "{inodes}",
     MetricShape::level,
     true,
     "Inodes, by state.",
     {"device", "mode", "mountpoint", "type", "state"}},
    {"system.filesystem.usage",
     "By",
     MetricShape::level,
     true,
     "Bytes, by state.",
     {"device", "mode", "mountpoint", "type", "state"}},
    {"system.filesystem.utilization",
     "1",
     MetricShape::gauge,
     false,
     "Used part of what can be used.",
     {"device", "mode", "mountpoint", "type"}},
};

struct FilesystemConfig {
  bool include_virtual_filesystems = false;
  NameFilterConfig include_devices{"devices"}, exclude_devices{"devices"};
  NameFilterConfig include_fs_types{"fs_types"}, exclude_fs_types{"fs_types"};
  NameFilterConfig include_mount_points{"mount_points"}, exclude_mount_points{"mount_points"};
  MetricSwitches metrics{filesystem_metrics};

  void fields(config::Fields& f);
};

std::unique_ptr<Scraper> make_filesystem_scraper(const FilesystemConfig& config);

}  // namespace rankwire::host_metrics
