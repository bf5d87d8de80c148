// Targets that a server lists: Prometheus' HTTP discovery, which a target allocator speaks too.
#include "receivers/prometheus/discovery.hpp"
#include "receivers/prometheus/page_client.hpp"

namespace rankwire::prometheus {
namespace {

constexpr Bytes list_bytes_max{64u << 20};
constexpr auto patience = std::chrono::seconds(10);
constexpr auto retry_pause = std::chrono::seconds(5);

class HttpDiscovery final : public Discovery {
 public:
  HttpDiscovery(const HttpDiscoveryConfig& config, DiscoveryContext context)
      : config_(config),
        context_(std::move(context)),
        client_(*net::Url::parse(config.url), config.http, context_.environment, list_bytes_max) {}

  void run(const Update& update, const std::stop_token& stop) override {
    const Clock& clock = context_.environment.clock;
    const Duration interval = config_.refresh_interval.value_or(std::chrono::minutes(1));
    while (!stop.stop_requested()) {
      auto groups = fetch(stop);
      if (groups) {
        update(std::move(*groups));
      } else if (!stop.stop_requested()) {
        context_.failed(groups.error(), config_.url);
      }
      const Duration pause = groups ? interval : std::min<Duration>(interval, retry_pause);
      (void)clock.wait_until(clock.now() + pause, stop);
    }
  }

 private:
  Result<std::vector<TargetGroup>> fetch(const std::stop_token& stop) {
    const net::Headers headers = {{"Accept", "application/json"}, {"Accept-Encoding", "gzip"}};
    auto page = client_.get(headers, Deadline::after(context_.environment.clock, patience), stop);
    if (!page) return std::move(page).error();
    if (!page->content_type.starts_with("application/json"))
      return Error(ErrorKind::invalid, "the answer is no JSON (Content-Type \"" + page->content_type + "\")");
    return parse_groups(page->body, config_.url, {"__meta_url", config_.url});
  }

  const HttpDiscoveryConfig& config_;
  const DiscoveryContext context_;
  PageClient client_;
};

}  // namespace

std::unique_ptr<Discovery> make_http_discovery(const HttpDiscoveryConfig& config, DiscoveryContext context) {
  return std::make_unique<HttpDiscovery>(config, std::move(context));
}

}  // namespace rankwire::prometheus
