// The metrics of each group, as upstream names them. Groups begin with the same metrics in the same order, so that one
// piece of code writes the node's, a pod's and a container's.
#pragma once

#include "component/metric_switches.hpp"

namespace rankwire::kubelet_stats {

// Of every group but volumes.
enum class CommonMetric : std::size_t {
  cpu_time,
  cpu_usage,
  cpu_utilization,
  filesystem_available,
  filesystem_capacity,
  filesystem_usage,
  memory_available,
  memory_major_page_faults,
  memory_page_faults,
  memory_rss,
  memory_usage,
  memory_working_set,
  uptime
};
// Behind these in the tables of pods and containers.
enum class ShareMetric : std::size_t {
  cpu_of_node = 13,
  cpu_of_limit,
  cpu_of_request,
  memory_of_node,
  memory_of_limit,
  memory_of_request
};
// Behind what is common in that of the node, behind the shares in that of pods.
struct NetworkMetrics {
  std::size_t errors, io;
};
inline constexpr NetworkMetrics node_network{13, 14}, pod_network{19, 20};

enum class VolumeMetric : std::size_t { used, available, capacity, inodes, inodes_free, inodes_used };

inline constexpr MetricSpec container_metrics[] = {
    {"container.cpu.time", "s", MetricShape::counter, true, "CPU time used, of all cores."},
    {"container.cpu.usage", "{cpu}", MetricShape::gauge, true, "Cores used at the moment."},
    {"container.cpu.utilization", "1", MetricShape::gauge, false, "The same under its old name."},
    {"container.filesystem.available", "By", MetricShape::gauge, true, "Room on the file system of the container."},
    {"container.filesystem.capacity", "By", MetricShape::gauge, true, "Size of that file system."},
    {"container.filesystem.usage", "By", MetricShape::gauge, true, "What the container has written there."},
    {"container.memory.available", "By", MetricShape::gauge, true, "What is left of its limit."},
    {"container.memory.major_page_faults", "1", MetricShape::gauge, true, "Page faults that read from a disk."},
    {"container.memory.page_faults", "1", MetricShape::gauge, true, "Page faults."},
    {"container.memory.rss", "By", MetricShape::gauge, true, "Anonymous memory."},
    {"container.memory.usage", "By", MetricShape::gauge, true, "Memory with caches."},
    {"container.memory.working_set", "By", MetricShape::gauge, true, "Memory that cannot be had back at once."},
    {"container.uptime", "s", MetricShape::counter, false, "Time since it started."},
    {"k8s.container.cpu.node.utilization", "1", MetricShape::gauge, false, "Part of the node's cores."},
    {"k8s.container.cpu_limit_utilization", "1", MetricShape::gauge, false, "Part of its limit of cores."},
    {"k8s.container.cpu_request_utilization", "1", MetricShape::gauge, false, "Part of the cores it asked for."},
    {"k8s.container.memory.node.utilization", "1", MetricShape::gauge, false, "Part of the node's memory."},
    {"k8s.container.memory_limit_utilization", "1", MetricShape::gauge, false, "Part of its limit of memory."},
    {"k8s.container.memory_request_utilization", "1", MetricShape::gauge, false, "Part of the memory it asked for."},
};

inline constexpr MetricSpec pod_metrics[] = {
    {"k8s.pod.cpu.time", "s", MetricShape::counter, true, "CPU time used, of all cores."},
    {"k8s.pod.cpu.usage", "{cpu}", MetricShape::gauge, true, "Cores used at the moment."},
    {"k8s.pod.cpu.utilization", "1", MetricShape::gauge, false, "The same under its old name."},
    {"k8s.pod.filesystem.available", "By", MetricShape::gauge, true, "Room for its ephemeral storage."},
    {"k8s.pod.filesystem.capacity", "By", MetricShape::gauge, true, "Size of where that is."},
    {"k8s.pod.filesystem.usage", "By", MetricShape::gauge, true, "Its ephemeral storage."},
    {"k8s.pod.memory.available", "By", MetricShape::gauge, true, "What is left of its limit."},
    {"k8s.pod.memory.major_page_faults", "1", MetricShape::gauge, true, "Page faults that read from a disk."},
    {"k8s.pod.memory.page_faults", "1", MetricShape::gauge, true, "Page faults."},
    {"k8s.pod.memory.rss", "By", MetricShape::gauge, true, "Anonymous memory."},
    {"k8s.pod.memory.usage", "By", MetricShape::gauge, true, "Memory with caches."},
    {"k8s.pod.memory.working_set", "By", MetricShape::gauge, true, "Memory that cannot be had back at once."},
    {"k8s.pod.uptime", "s", MetricShape::counter, false, "Time since it started."},
    {"k8s.pod.cpu.node.utilization", "1", MetricShape::gauge, false, "Part of the node's cores."},
    {"k8s.pod.cpu_limit_utilization", "1", MetricShape::gauge, false, "Part of its containers' limits of cores."},
    {"k8s.pod.cpu_request_utilization", "1", MetricShape::gauge, false, "Part of the cores they asked for."},
    {"k8s.pod.memory.node.utilization", "1", MetricShape::gauge, false, "Part of the node's memory."},
    {"k8s.pod.memory_limit_utilization", "1", MetricShape::gauge, false, "Part of its containers' limits of memory."},
    {"k8s.pod.memory_request_utilization", "1", MetricShape::gauge, false, "Part of the memory they asked for."},
    {"k8s.pod.network.errors", "1", MetricShape::counter, true, "Errors.", {"interface", "direction"}},
    {"k8s.pod.network.io", "By", MetricShape::counter, true, "Bytes.", {"interface", "direction"}},
};

inline constexpr MetricSpec node_metrics[] = {
    {"k8s.node.cpu.time", "s", MetricShape::counter, true, "CPU time used, of all cores."},
    {"k8s.node.cpu.usage", "{cpu}", MetricShape::gauge, true, "Cores used at the moment."},
    {"k8s.node.cpu.utilization", "1", MetricShape::gauge, false, "The same under its old name."},
    {"k8s.node.filesystem.available", "By", MetricShape::gauge, true, "Room on the node's file system."},
    {"k8s.node.filesystem.capacity", "By", MetricShape::gauge, true, "Size of that file system."},
    {"k8s.node.filesystem.usage", "By", MetricShape::gauge, true, "What is used of it."},
    {"k8s.node.memory.available", "By", MetricShape::gauge, true, "What pods could have."},
    {"k8s.node.memory.major_page_faults", "1", MetricShape::gauge, true, "Page faults that read from a disk."},
    {"k8s.node.memory.page_faults", "1", MetricShape::gauge, true, "Page faults."},
    {"k8s.node.memory.rss", "By", MetricShape::gauge, true, "Anonymous memory."},
    {"k8s.node.memory.usage", "By", MetricShape::gauge, true, "Memory with caches."},
    {"k8s.node.memory.working_set", "By", MetricShape::gauge, true, "Memory that cannot be had back at once."},
    {"k8s.node.uptime", "s", MetricShape::counter, false, "Time since it started."},
    {"k8s.node.network.errors", "1", MetricShape::counter, true, "Errors.", {"interface", "direction"}},
    {"k8s.node.network.io", "By", MetricShape::counter, true, "Bytes.", {"interface", "direction"}},
};

inline constexpr MetricSpec volume_metrics[] = {
    {"k8s.pod.volume.usage", "By", MetricShape::level, false, "What is used of the volume."},
    {"k8s.volume.available", "By", MetricShape::gauge, true, "Room on the volume."},
    {"k8s.volume.capacity", "By", MetricShape::gauge, true, "Its size."},
    {"k8s.volume.inodes", "1", MetricShape::gauge, true, "Inodes of its file system."},
    {"k8s.volume.inodes.free", "1", MetricShape::gauge, true, "Those that are free."},
    {"k8s.volume.inodes.used", "1", MetricShape::gauge, true, "Those that the volume uses."},
};

}  // namespace rankwire::kubelet_stats
