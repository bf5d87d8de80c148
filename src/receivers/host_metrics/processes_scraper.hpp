// How many processes there are in each state, and how many were ever made.
#pragma once

#include "component/metric_switches.hpp"
#include "receivers/host_metrics/scraper.hpp"

namespace rankwire::host_metrics {

enum class ProcessesMetric : std::size_t { count, created };

inline constexpr MetricSpec processes_metrics[] = {
    {"system.processes.count", "{processes}", MetricShape::level, true, "Processes, by state.", {"status"}},
    {"system.processes.created", "{processes}", MetricShape::counter, true, "Processes ever made."},
};

struct ProcessesConfig {
  MetricSwitches metrics{processes_metrics};
  void fields(config::Fields& f) { f.section("metrics", metrics, "Which metrics are given."); }
};

std::unique_ptr<Scraper> make_processes_scraper(const ProcessesConfig& config);

}  // namespace rankwire::host_metrics
