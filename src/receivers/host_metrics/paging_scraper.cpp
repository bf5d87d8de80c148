#include "receivers/host_metrics/paging_scraper.hpp"

namespace rankwire::host_metrics {
namespace {

constexpr std::string_view scope_name =
    "github.com/open-telemetry/opentelemetry-collector-contrib/receiver/hostmetricsreceiver/internal/scraper/"
    "pagingscraper";
constexpr std::uint64_t bytes_per_kilobyte = 1024;

Result<void> write_swaps(HostFiles& host, Arena& arena, MetricWriter& writer) {
  if (!writer.wants(PagingMetric::usage) && !writer.wants(PagingMetric::utilization)) return {};
  auto text = host.read("/proc/swaps");
  if (!text) return std::move(text).error();
  std::string_view line;
  next_line(*text, line);  // The heading.
  while (next_line(*text, line)) {
    const std::string_view device = next_word(line);
    skip_words(line, 1);
    const std::uint64_t total = next_number(line);
    const std::uint64_t used = std::min(next_number(line), total);
    if (device.empty() || total == 0) continue;
    const Value name = text_value(arena, device);
    const std::pair<const char*, std::uint64_t> states[] = {{"used", used}, {"free", total - used}};
    for (const auto& [state, kilobytes] : states) {
      writer.add(PagingMetric::usage, kilobytes * bytes_per_kilobyte, {name, Value::of(state)});
      writer.add_real(PagingMetric::utilization, static_cast<double>(kilobytes) / static_cast<double>(total),
                      {name, Value::of(state)});
    }
  }
  return {};
}

Result<void> write_counts(HostFiles& host, MetricWriter& writer) {
  if (!writer.wants(PagingMetric::faults) && !writer.wants(PagingMetric::operations)) return {};
  auto text = host.read("/proc/vmstat");
  if (!text) return std::move(text).error();
  std::uint64_t swapped_in = 0, swapped_out = 0, paged_in = 0, paged_out = 0, faults = 0, major_faults = 0;
  const std::pair<std::string_view, std::uint64_t*> fields[] = {{"pswpin", &swapped_in}, {"pswpout", &swapped_out},
                                                                {"pgpgin", &paged_in},   {"pgpgout", &paged_out},
                                                                {"pgfault", &faults},    {"pgmajfault", &major_faults}};
  for (std::string_view line; next_line(*text, line);) {
    if (!line.starts_with('p')) continue;
    const std::string_view key = next_word(line);
    for (const auto& [name, value] : fields)
      if (key == name) *value = next_number(line);
  }
  const Value in = Value::of("page_in"), out = Value::of("page_out"), major = Value::of("major"),
              minor = Value::of("minor");
  writer.add(PagingMetric::operations, swapped_in, {in, major});
  writer.add(PagingMetric::operations, swapped_out, {out, major});
  writer.add(PagingMetric::operations, paged_in, {in, minor});
  writer.add(PagingMetric::operations, paged_out, {out, minor});
  writer.add(PagingMetric::faults, major_faults, {major});
  writer.add(PagingMetric::faults, faults - std::min(faults, major_faults), {minor});
  return {};
}

class PagingScraper final : public Scraper {
 public:
  explicit PagingScraper(const PagingConfig& config) : config_(config) {}

  std::string_view name() const override { return "paging"; }
  Result<void> scrape(HostFiles& host, Output& output) override {
    MetricWriter writer = output.host(scope_name, config_.metrics);
    Result<void> result = write_swaps(host, output.arena(), writer);
    if (Result<void> next = write_counts(host, writer); !next) result = next;
    writer.finish();
    return result;
  }

 private:
  const PagingConfig config_;
};

}  // namespace

std::unique_ptr<Scraper> make_paging_scraper(const PagingConfig& config) {
  return std::make_unique<PagingScraper>(config);
}

}  // namespace rankwire::host_metrics
