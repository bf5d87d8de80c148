#include "receivers/host_metrics/disk_scraper.hpp"

#include <algorithm>
#include <array>

namespace rankwire::host_metrics {
namespace {

constexpr std::string_view scope_name =
    "github.com/open-telemetry/opentelemetry-collector-contrib/receiver/hostmetricsreceiver/internal/scraper/"
    "diskscraper";
constexpr std::uint64_t sector_bytes = 512;  // Whatever the disk's own sectors are.
constexpr double milliseconds_per_second = 1000;

// In the order of /proc/diskstats.
enum Column : std::size_t {
  reads,
  reads_merged,
  sectors_read,
  read_time,
  writes,
  writes_merged,
  sectors_written,
  write_time,
  in_progress,
  io_time,
  weighted_io_time,
  column_count
};
using Columns = std::array<std::uint64_t, column_count>;

double seconds(std::uint64_t milliseconds) { return static_cast<double>(milliseconds) / milliseconds_per_second; }

void write_device(const Columns& of, Value device, MetricWriter& writer) {
  const Value read = Value::of("read"), write = Value::of("write");
  writer.add(DiskMetric::io, of[sectors_read] * sector_bytes, {device, read});
  writer.add(DiskMetric::io, of[sectors_written] * sector_bytes, {device, write});
  writer.add(DiskMetric::operations, of[reads], {device, read});
  writer.add(DiskMetric::operations, of[writes], {device, write});
  writer.add(DiskMetric::merged, of[reads_merged], {device, read});
  writer.add(DiskMetric::merged, of[writes_merged], {device, write});
  writer.add_real(DiskMetric::operation_time, seconds(of[read_time]), {device, read});
  writer.add_real(DiskMetric::operation_time, seconds(of[write_time]), {device, write});
  writer.add_real(DiskMetric::io_time, seconds(of[io_time]), {device});
  writer.add_real(DiskMetric::weighted_io_time, seconds(of[weighted_io_time]), {device});
  writer.add(DiskMetric::pending_operations, of[in_progress], {device});
}

class DiskScraper final : public Scraper {
 public:
  explicit DiskScraper(const DiskConfig& config) : config_(config), wanted_(config.include, config.exclude) {}

  std::string_view name() const override { return "disk"; }
  Result<void> scrape(HostFiles& host, Output& output) override {
    auto text = host.read("/proc/diskstats");
    if (!text) return std::move(text).error();
    MetricWriter writer = output.host(scope_name, config_.metrics);
    for (std::string_view line; next_line(*text, line);) {
      skip_words(line, 2);
      const std::string_view device = next_word(line);
      if (device.empty() || !wanted_.takes(device)) continue;
      Columns columns{};
      for (std::uint64_t& column : columns) column = next_number(line);
      // Loop and memory devices that nobody ever used.
      if (std::all_of(columns.begin(), columns.end(), [](std::uint64_t column) { return column == 0; })) continue;
      write_device(columns, text_value(output.arena(), device), writer);
    }
    writer.finish();
    return {};
  }

 private:
  const DiskConfig config_;
  const NameFilter wanted_;
};

}  // namespace

std::unique_ptr<Scraper> make_disk_scraper(const DiskConfig& config) { return std::make_unique<DiskScraper>(config); }

}  // namespace rankwire::host_metrics
