// Running and blocked are /proc/stat's counts, which are exact but of threads; the other states are read process by
// process, and change meanwhile.
#include "receivers/host_metrics/processes_scraper.hpp"

#include <map>

#include "receivers/host_metrics/process_stat.hpp"

namespace rankwire::host_metrics {
namespace {

constexpr std::string_view scope_name =
    "github.com/open-telemetry/opentelemetry-collector-contrib/receiver/hostmetricsreceiver/internal/scraper/"
    "processesscraper";

std::string_view status_of(char state) {
  switch (state) {
    case 'D': return "blocked";
    case 'I': return "idle";
    case 'L': return "locked";
    case 'R': return "running";
    case 'S': return "sleeping";
    case 'T':
    case 't': return "stopped";
    case 'W': return "paging";
    case 'Z': return "zombies";
    default: return "unknown";
  }
}

class ProcessesScraper final : public Scraper {
 public:
  explicit ProcessesScraper(const ProcessesConfig& config) : config_(config) {}

  std::string_view name() const override { return "processes"; }
  Result<void> scrape(HostFiles& host, Output& output) override {
    std::map<std::string_view, std::uint64_t> counts;
    if (config_.metrics.is_enabled(ProcessesMetric::count)) RANKWIRE_TRY(count_states(host, counts));
    auto text = host.stat();
    if (!text) return std::move(text).error();
    MetricWriter writer = output.host(scope_name, config_.metrics);
    for (std::string_view line; next_line(*text, line);) {
      const std::string_view key = next_word(line);
      if (key == "processes") writer.add(ProcessesMetric::created, next_number(line));
      if (key == "procs_running") counts["running"] = next_number(line);
      if (key == "procs_blocked") counts["blocked"] = next_number(line);
    }
    for (const auto& [status, count] : counts) writer.add(ProcessesMetric::count, count, {Value::of(status)});
    writer.finish();
    return {};
  }

 private:
  static Result<void> count_states(HostFiles& host, std::map<std::string_view, std::uint64_t>& counts) {
    auto entries = host.list("/proc");
    if (!entries) return std::move(entries).error();
    for (const DirectoryEntry& entry : *entries) {
      if (!number_of(entry.name)) continue;
      const auto text = host.read("/proc/" + entry.name + "/stat");
      const auto stat = text ? process_stat_of(*text) : std::nullopt;
      if (stat) ++counts[status_of(stat->state)];  // Others are gone.
    }
    return {};
  }

  const ProcessesConfig config_;
};

}  // namespace

std::unique_ptr<Scraper> make_processes_scraper(const ProcessesConfig& config) {
  return std::make_unique<ProcessesScraper>(config);
}

}  // namespace rankwire::host_metrics
