#include "exporters/load_balancing/resolver.hpp"

#include <algorithm>

#include "base/worker.hpp"
#include "net/host_addresses.hpp"

namespace rankwire::load_balancing {
namespace {

void sort_once(std::vector<std::string>& endpoints) {
  std::sort(endpoints.begin(), endpoints.end());
  endpoints.erase(std::unique(endpoints.begin(), endpoints.end()), endpoints.end());
}

class StaticResolver final : public Resolver {
 public:
  explicit StaticResolver(const StaticConfig& config) : config_(config) {}

  Result<void> start(Found found) override {
    std::vector<std::string> endpoints = config_.hostnames;
    sort_once(endpoints);
    found(std::move(endpoints));
    return {};
  }
  void stop() override {}

 private:
  const StaticConfig& config_;
};

// Looks the name up again and again. While that fails, what was known stays.
class DnsResolver final : public Resolver {
 public:
  DnsResolver(const DnsConfig& config, Environment& environment, const std::string& owner)
      : config_(config),
        environment_(environment),
        owner_(owner),
        successes_(resolutions(environment.counters, owner, "true")),
        failures_(resolutions(environment.counters, owner, "false")) {}
  ~DnsResolver() override { stop(); }

  Result<void> start(Found found) override {
    auto worker = Worker::start("rw-lb-dns", [this, found](const std::stop_token& stop) { run(found, stop); });
    if (!worker) return std::move(worker).error();
    worker_ = std::move(*worker);
    return {};
  }
  void stop() override {
    worker_.request_stop();
    worker_.join();
  }

 private:
  static Counter& resolutions(Counters& counters, const std::string& owner, const char* success) {
    return counters.counter("otelcol_loadbalancer_num_resolutions", "Look-ups of the destinations.",
                            {{"exporter", owner}, {"resolver", "dns"}, {"success", success}});
  }

  void run(const Found& found, const std::stop_token& stop) {
    const Clock& clock = environment_.clock;
    while (!stop.stop_requested()) {
      look_up(found, stop);
      (void)clock.wait_until(clock.now() + config_.interval, stop);
    }
  }

  void look_up(const Found& found, const std::stop_token& stop) {
    Clock& clock = environment_.clock;
    const auto addresses = net::host_addresses(config_.hostname, clock, Deadline::after(clock, config_.timeout), stop);
    if (stop.stop_requested()) return;
    if (!addresses || addresses->empty()) {
      failures_.add();
      environment_.log.warn("the destinations could not be looked up; those known stay",
                            {{"exporter", owner_},
                             {"hostname", config_.hostname},
                             {"error", addresses ? "no address" : addresses.error().message()}});
      return;
    }
    successes_.add();
    std::vector<std::string> endpoints;
    for (const std::string& address : *addresses) {
      std::string endpoint = address.find(':') == std::string::npos ? address : "[" + address + "]";
      if (!config_.port.empty()) endpoint.append(":").append(config_.port);
      endpoints.push_back(std::move(endpoint));
    }
    sort_once(endpoints);
    found(std::move(endpoints));
  }

  const DnsConfig& config_;
  Environment& environment_;
  const std::string owner_;
  Counter &successes_, &failures_;
  Worker worker_;
};

}  // namespace

std::unique_ptr<Resolver> make_resolver(const ResolverConfig& config, Environment& environment,
                                        const std::string& owner) {
  if (config.static_) return std::make_unique<StaticResolver>(*config.static_);
  if (config.dns) return std::make_unique<DnsResolver>(*config.dns, environment, owner);
  return make_kubernetes_resolver(*config.kubernetes, environment, owner);
}

}  // namespace rankwire::load_balancing
