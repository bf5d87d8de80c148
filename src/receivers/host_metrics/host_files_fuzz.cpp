// Any bytes as the kernel's files, one after the other with a byte 30 between: every scraper, with everything switched
// on, twice.
#include "config/load.hpp"
#include "receivers/host_metrics/host_metrics_config.hpp"
#include "testing/memory_file_system.hpp"

using namespace rankwire;
using namespace rankwire::host_metrics;

namespace {

constexpr const char* paths[] = {"/proc/stat",    "/proc/meminfo",    "/proc/loadavg",     "/proc/net/dev",
                                 "/proc/net/tcp", "/proc/diskstats",  "/proc/1/mountinfo", "/proc/swaps",
                                 "/proc/vmstat",  "/proc/uptime",     "/proc/12/stat",     "/proc/12/status",
                                 "/proc/12/io",   "/proc/12/cmdline", "/proc/12/cgroup",   "/proc/12/task/12/status",
                                 "/etc/passwd",   "/proc/cpuinfo",    "/proc/net/rpc/nfs", "/proc/net/rpc/nfsd"};

ScrapersConfig everything() {
  std::string yaml = "scrapers: {load: {cpu_average: true}, filesystem: {include_virtual_filesystems: true}";
  const auto add = [&](const char* name, std::span<const MetricSpec> table) {
    yaml += std::string(", ") + name + ": {metrics: {";
    for (const MetricSpec& spec : table) yaml += std::string(spec.name) + ": {enabled: true}, ";
    yaml += "}}";
  };
  add("cpu", cpu_metrics);
  add("disk", disk_metrics);
  add("memory", memory_metrics);
  add("network", network_metrics);
  add("nfs", nfs_metrics);
  add("paging", paging_metrics);
  add("processes", processes_metrics);
  add("process", process_metrics);
  add("system", system_metrics);
  config::Diagnostics diagnostics;
  const config::Node node = config::parse_yaml(yaml + "}", "fuzz", diagnostics);
  return config::read<HostMetricsConfig>(node, "host_metrics", diagnostics).scrapers;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr char separator = 30;
  static const ScrapersConfig config = everything();
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  testing::MemoryFileSystem files;
  for (const char* path : paths) {
    const std::size_t end = std::min(rest.find(separator), rest.size());
    files.put(path, std::string(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  HostFiles host(files, "");
  const auto scrapers = config.make();
  for (std::uint64_t now = 1; now <= 2; ++now) {
    host.begin_scrape();
    Output output({.start = host.boot_time(), .now = now << 60}, [](const MetricBatch& batch) {
      if (batch.empty()) __builtin_trap();
      return true;
    });
    for (const auto& scraper : scrapers) (void)scraper->scrape(host, output);
    output.finish();
  }
  return 0;
}
