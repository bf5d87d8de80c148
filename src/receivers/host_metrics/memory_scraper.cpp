// As upstream counts: `used` is what is not available, `cached` has what `slab_reclaimable` tells too, so that states
// do not add up to the whole.
#include "receivers/host_metrics/memory_scraper.hpp"

#include <unistd.h>

namespace rankwire::host_metrics {
namespace {

constexpr std::string_view scope_name =
    "github.com/open-telemetry/opentelemetry-collector-contrib/receiver/hostmetricsreceiver/internal/scraper/"
    "memoryscraper";
constexpr std::uint64_t bytes_per_kilobyte = 1024;

struct MemoryInfo {
  std::uint64_t total = 0, free = 0, available = 0, buffers = 0, cached = 0, reclaimable = 0, unreclaimable = 0,
                dirty = 0, shared = 0;
  std::uint64_t huge_total = 0, huge_free = 0, huge_reserved = 0, huge_surplus = 0, huge_size = 0;
  bool has_available = false;
};

MemoryInfo info_of(std::string_view text) {
  MemoryInfo info;
  const std::pair<std::string_view, std::uint64_t*> fields[] = {
      {"MemTotal:", &info.total},
      {"MemFree:", &info.free},
      {"MemAvailable:", &info.available},
      {"Buffers:", &info.buffers},
      {"Cached:", &info.cached},
      {"SReclaimable:", &info.reclaimable},
      {"SUnreclaim:", &info.unreclaimable},
      {"Dirty:", &info.dirty},
      {"Shmem:", &info.shared},
      {"HugePages_Total:", &info.huge_total},
      {"HugePages_Free:", &info.huge_free},
      {"HugePages_Rsvd:", &info.huge_reserved},
      {"HugePages_Surp:", &info.huge_surplus},
      {"Hugepagesize:", &info.huge_size},
  };
  for (std::string_view line; next_line(text, line);) {
    const std::string_view key = next_word(line);
    for (const auto& [name, value] : fields) {
      if (key != name) continue;
      *value = next_number(line);
      if (next_word(line) == "kB") *value *= bytes_per_kilobyte;
      info.has_available |= value == &info.available;
      break;
    }
  }
  info.cached += info.reclaimable;
  if (!info.has_available) info.available = info.free + info.buffers + info.cached;  // Kernels before 3.14.
  info.available = std::min(info.available, info.total);
  return info;
}

void write_states(const MemoryInfo& info, MetricWriter& writer) {
  const std::pair<std::string_view, std::uint64_t> states[] = {
      {"used", info.total - info.available},
      {"free", info.free},
      {"buffered", info.buffers},
      {"cached", info.cached},
      {"slab_reclaimable", info.reclaimable},
      {"slab_unreclaimable", info.unreclaimable},
  };
  const auto total = static_cast<double>(info.total);
  for (const auto& [state, bytes] : states) {
    writer.add(MemoryMetric::usage, bytes, {Value::of(state)});
    writer.add_real(MemoryMetric::utilization, static_cast<double>(bytes) / total, {Value::of(state)});
  }
}

void write_huge_pages(const MemoryInfo& info, MetricWriter& writer) {
  writer.add(MemoryMetric::huge_page_size, info.huge_size);
  writer.add(MemoryMetric::huge_limit, info.huge_total);
  writer.add(MemoryMetric::huge_reserved, info.huge_reserved);
  writer.add(MemoryMetric::huge_surplus, info.huge_surplus);
  const std::uint64_t free = std::min(info.huge_free, info.huge_total);
  const std::pair<std::string_view, std::uint64_t> states[] = {{"free", free}, {"used", info.huge_total - free}};
  for (const auto& [state, pages] : states) {
    writer.add(MemoryMetric::huge_usage, pages, {Value::of(state)});
    if (info.huge_total == 0) continue;
    writer.add_real(MemoryMetric::huge_utilization, static_cast<double>(pages) / static_cast<double>(info.huge_total),
                    {Value::of(state)});
  }
}

class MemoryScraper final : public Scraper {
 public:
  explicit MemoryScraper(const MemoryConfig& config) : config_(config) {}

  std::string_view name() const override { return "memory"; }
  Result<void> scrape(HostFiles& host, Output& output) override {
    const auto text = host.read("/proc/meminfo");
    if (!text) return text.error();
    const MemoryInfo info = info_of(*text);
    if (info.total == 0) return Error(ErrorKind::invalid, "/proc/meminfo has no MemTotal");
    MetricWriter writer = output.host(scope_name, config_.metrics);
    write_states(info, writer);
    write_huge_pages(info, writer);
    writer.add(MemoryMetric::limit, info.total);
    writer.add(MemoryMetric::available, info.available);
    writer.add(MemoryMetric::dirty, info.dirty);
    writer.add(MemoryMetric::shared, info.shared);
    writer.add(MemoryMetric::page_size, static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
    writer.finish();
    return {};
  }

 private:
  const MemoryConfig config_;
};

}  // namespace

std::unique_ptr<Scraper> make_memory_scraper(const MemoryConfig& config) {
  return std::make_unique<MemoryScraper>(config);
}

}  // namespace rankwire::host_metrics
