// What went through each network interface, from /proc/net/dev, and TCP connections by state. Behind a `root_path` it
// is the host's first process whose network is read: /proc/net would be our own.
#pragma once

#include "component/metric_switches.hpp"
#include "receivers/host_metrics/name_filter.hpp"
#include "receivers/host_metrics/scraper.hpp"

namespace rankwire::host_metrics {

enum class NetworkMetric : std::size_t { connections, conntrack_count, conntrack_max, dropped, errors, io, packets };

inline constexpr MetricSpec network_metrics[] = {
    {"system.network.connections",
     "{connections}",
     MetricShape::level,
     true,
     "TCP connections.",
     {"protocol", "state"}},
    {"system.network.conntrack.count", "{entries}", MetricShape::level, false,
     "Connections the kernel keeps track of."},
    {"system.network.conntrack.max", "{entries}", MetricShape::level, false, "How many it can keep track of."},
    {"system.network.dropped", "{packets}", MetricShape::counter, true, "Packets dropped.", {"device", "direction"}},
    {"system.network.errors", "{errors}", MetricShape::counter, true, "Errors.", {"device", "direction"}},
    {"system.network.io", "By", MetricShape::counter, true, "Bytes sent and received.", {"device", "direction"}},
    {"system.network.packets",
     "{packets}",
     MetricShape::counter,
     true,
     "Packets sent and received.",
     {"device", "direction"}},
};

struct NetworkConfig {
  NameFilterConfig include{"interfaces"}, exclude{"interfaces"};
  MetricSwitches metrics{network_metrics};
  void fields(config::Fields& f) {
    f.section("include", include, "Only these network interfaces.");
    f.section("exclude", exclude, "Not these network interfaces.");
    f.section("metrics", metrics, "Which metrics are given.");
  }
};

std::unique_ptr<Scraper> make_network_scraper(const NetworkConfig& config);

}  // namespace rankwire::host_metrics
