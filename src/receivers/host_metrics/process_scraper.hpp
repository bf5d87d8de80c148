// What each process uses: a resource of its own for each, with what it is and whose.
#pragma once

#include "component/metric_switches.hpp"
#include "receivers/host_metrics/name_filter.hpp"
#include "receivers/host_metrics/scraper.hpp"

namespace rankwire::host_metrics {

enum class ProcessMetric : std::size_t {
  context_switches,
  cpu_time,
  cpu_utilization,
  disk_io,
  disk_operations,
  handles,
  memory_usage,
  memory_utilization,
  memory_virtual,
  open_file_descriptors,
  paging_faults,
  signals_pending,
  threads,
  uptime
};

inline constexpr MetricSpec process_metrics[] = {
    {"process.context_switches", "{count}", MetricShape::counter, false, "Times it was switched.", {"type"}},
    {"process.cpu.time", "s", MetricShape::counter, true, "CPU time, by state.", {"state"}},
    {"process.cpu.utilization",
     "1",
     MetricShape::gauge,
     false,
     "Part of all CPUs' time since the last scrape.",
     {"state"}},
    {"process.disk.io", "By", MetricShape::counter, true, "Bytes to and from disks.", {"direction"}},
    {"process.disk.operations",
     "{operations}",
     MetricShape::counter,
     false,
     "Calls that read or wrote.",
     {"direction"}},
    {"process.handles", "{count}", MetricShape::level, false, "There are none on Linux."},
    {"process.memory.usage", "By", MetricShape::level, true, "Resident memory."},
    {"process.memory.utilization", "1", MetricShape::gauge, false, "Resident memory in percent of the machine's."},
    {"process.memory.virtual", "By", MetricShape::level, true, "Virtual memory."},
    {"process.open_file_descriptors", "{count}", MetricShape::level, false, "Open files."},
    {"process.paging.faults", "{faults}", MetricShape::counter, false, "Page faults.", {"type"}},
    {"process.signals_pending", "{signals}", MetricShape::level, false, "Signals that wait, of its user."},
    {"process.threads", "{threads}", MetricShape::level, false, "Threads."},
    {"process.uptime", "s", MetricShape::gauge, false, "Time since it started."},
};

enum class ProcessAttribute : std::size_t {
  cgroup,
  command,
  command_line,
  executable_name,
  executable_path,
  owner,
  parent_pid,
  pid
};

struct AttributeSwitch {
  bool enabled = true;

  void fields(config::Fields& f);
};

struct ProcessAttributes {
  static constexpr std::string_view names[] = {
      "process.cgroup",          "process.command", "process.command_line", "process.executable.name",
      "process.executable.path", "process.owner",   "process.parent_pid",   "process.pid"};
  AttributeSwitch switches[std::size(names)] = {{false}};

  bool is_enabled(ProcessAttribute attribute) const { return switches[static_cast<std::size_t>(attribute)].enabled; }
  void fields(config::Fields& f) {
    for (std::size_t i = 0; i < std::size(names); ++i)
      f.section(names[i], switches[i], "An attribute of the resource.");
  }
};

struct ProcessConfig {
  NameFilterConfig include{"names"}, exclude{"names"};
  bool mute_process_all_errors = false, mute_process_name_error = false, mute_process_exe_error = false,
       mute_process_io_error = false, mute_process_user_error = false, mute_process_cgroup_error = false;
  Duration scrape_process_delay{0};
  ProcessAttributes resource_attributes;
  MetricSwitches metrics{process_metrics};

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

std::unique_ptr<Scraper> make_process_scraper(const ProcessConfig& config);

}  // namespace rankwire::host_metrics
