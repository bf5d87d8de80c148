#include "receivers/host_metrics/host_metrics_config.hpp"

namespace rankwire::host_metrics {

void ScrapersConfig::fields(config::Fields& f) {
  f.optional_section("cpu", cpu, "Time of each CPU by state.");
  f.optional_section("disk", disk, "What went to and from disks.");
  f.optional_section("filesystem", filesystem, "How full file systems are.");
  f.optional_section("load", load, "Load averages.");
  f.optional_section("memory", memory, "Memory by use.");
  f.optional_section("network", network, "Network interfaces and TCP connections.");
  f.optional_section("nfs", nfs, "What the kernel does as client and server of NFS.");
  f.optional_section("paging", paging, "Swap space and page faults.");
  f.optional_section("process", process, "What each process uses.");
  f.optional_section("processes", processes, "How many processes there are.");
  f.optional_section("system", system, "How long the machine has been running.");
}

std::vector<std::unique_ptr<Scraper>> ScrapersConfig::make() const {
  std::vector<std::unique_ptr<Scraper>> made;
  if (cpu) made.push_back(make_cpu_scraper(*cpu));
  if (disk) made.push_back(make_disk_scraper(*disk));
  if (filesystem) made.push_back(make_filesystem_scraper(*filesystem));
  if (load) made.push_back(make_load_scraper(*load));
  if (memory) made.push_back(make_memory_scraper(*memory));
  if (network) made.push_back(make_network_scraper(*network));
  if (nfs) made.push_back(make_nfs_scraper(*nfs));
  if (paging) made.push_back(make_paging_scraper(*paging));
  if (processes) made.push_back(make_processes_scraper(*processes));
  if (process) made.push_back(make_process_scraper(*process));
  if (system) made.push_back(make_system_scraper(*system));
  return made;
}

void HostMetricsConfig::fields(config::Fields& f) {
  f.field("collection_interval", collection_interval, "How often everything is read.", {.min = 1e6, .max = 86400e9});
  f.field("initial_delay", initial_delay, "How long after the start for the first time.", {.min = 0, .max = 86400e9});
  f.ignored("timeout", "the kernel answers at once");
  f.field("root_path", root_path, "Where the host's root is, in a container: /hostfs.");
  f.ignored("metadata_collection_interval", "there are no log records about the host as an entity");
  f.section("scrapers", scrapers, "What is read; each that is named, even with nothing behind it.");
}

void HostMetricsConfig::validate(config::Validator& v) const {
  if (scrapers.make().empty())
    v.error("scrapers", "must have one scraper or more", "for example `scrapers: {cpu: , memory: }`");
  if (!root_path.empty() && !root_path.starts_with('/')) v.error("root_path", "must be an absolute path");
}

}  // namespace rankwire::host_metrics
