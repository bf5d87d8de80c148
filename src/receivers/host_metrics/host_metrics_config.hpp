// What a user writes about host metrics. A scraper that is not named does not run.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "receivers/host_metrics/cpu_scraper.hpp"
#include "receivers/host_metrics/disk_scraper.hpp"
#include "receivers/host_metrics/filesystem_scraper.hpp"
#include "receivers/host_metrics/load_scraper.hpp"
#include "receivers/host_metrics/memory_scraper.hpp"
#include "receivers/host_metrics/network_scraper.hpp"
#include "receivers/host_metrics/nfs_scraper.hpp"
#include "receivers/host_metrics/paging_scraper.hpp"
#include "receivers/host_metrics/process_scraper.hpp"
#include "receivers/host_metrics/processes_scraper.hpp"
#include "receivers/host_metrics/system_scraper.hpp"

namespace rankwire::host_metrics {

struct ScrapersConfig {
  std::optional<CpuConfig> cpu;
  std::optional<DiskConfig> disk;
  std::optional<FilesystemConfig> filesystem;
  std::optional<LoadConfig> load;
  std::optional<MemoryConfig> memory;
  std::optional<NetworkConfig> network;
  std::optional<NfsConfig> nfs;
  std::optional<PagingConfig> paging;
  std::optional<ProcessConfig> process;
  std::optional<ProcessesConfig> processes;
  std::optional<SystemConfig> system;

  void fields(config::Fields& f);
  std::vector<std::unique_ptr<Scraper>> make() const;
};

struct HostMetricsConfig {
  Duration collection_interval = std::chrono::minutes(1);
  Duration initial_delay = std::chrono::seconds(1);
  std::string root_path;
  ScrapersConfig scrapers;

  void fields(config::Fields& f);
  void validate(config::Validator& v) const;
};

}  // namespace rankwire::host_metrics
