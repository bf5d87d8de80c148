#include "receivers/host_metrics/load_scraper.hpp"

namespace rankwire::host_metrics {
namespace {

constexpr std::string_view scope_name =
    "github.com/open-telemetry/opentelemetry-collector-contrib/receiver/hostmetricsreceiver/internal/scraper/"
    "loadscraper";

class LoadScraper final : public Scraper {
 public:
  explicit LoadScraper(const LoadConfig& config) : config_(config) {}

  std::string_view name() const override { return "load"; }
  Result<void> scrape(HostFiles& host, Output& output) override {
    double cpus = 1;
    if (config_.cpu_average) {
      cpus = static_cast<double>(host.cpu_count());
      if (cpus == 0) return Error(ErrorKind::unavailable, "the number of CPUs cannot be told from /proc/stat");
    }
    auto text = host.read("/proc/loadavg");
    if (!text) return std::move(text).error();
    MetricWriter writer = output.host(scope_name, config_.metrics);
    for (const LoadMetric metric : {LoadMetric::over_1m, LoadMetric::over_5m, LoadMetric::over_15m}) {
      const std::string_view word = next_word(*text);
      if (word.empty()) return Error(ErrorKind::invalid, "/proc/loadavg has less than three numbers");
      writer.add_real(metric, real_of(word) / cpus);
    }
    return {};
  }

 private:
  const LoadConfig config_;
};

}  // namespace

std::unique_ptr<Scraper> make_load_scraper(const LoadConfig& config) { return std::make_unique<LoadScraper>(config); }

}  // namespace rankwire::host_metrics
