#include "receivers/host_metrics/system_scraper.hpp"

namespace rankwire::host_metrics {
namespace {

constexpr std::string_view scope_name =
    "github.com/open-telemetry/opentelemetry-collector-contrib/receiver/hostmetricsreceiver/internal/scraper/"
    "systemscraper";

class SystemScraper final : public Scraper {
 public:
  explicit SystemScraper(const SystemConfig& config) : config_(config) {}

  std::string_view name() const override { return "system"; }
  Result<void> scrape(HostFiles& host, Output& output) override {
    auto text = host.read("/proc/uptime");
    if (!text) return std::move(text).error();
    output.host(scope_name, config_.metrics).add_real(SystemMetric::uptime, real_of(next_word(*text)));
    return {};
  }

 private:
  const SystemConfig config_;
};

}  // namespace

std::unique_ptr<Scraper> make_system_scraper(const SystemConfig& config) {
  return std::make_unique<SystemScraper>(config);
}

}  // namespace rankwire::host_metrics
