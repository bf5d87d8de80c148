// The endpoints of a service, watched: a pod that is ready gets its share within moments, and one that goes loses it
// before it is gone.
#include <algorithm>
#include <cstdlib>

#include "base/worker.hpp"
#include "exporters/load_balancing/resolver.hpp"
#include "kubernetes/object_watch.hpp"
#include "kubernetes/pod.hpp"

namespace rankwire::load_balancing {
namespace {

constexpr std::size_t namespace_bytes_max = 253;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

kubernetes::ApiOptions api_options(const KubernetesConfig& config) {
  kubernetes::ApiOptions options;
  options.credentials_directory = config.service_account_directory;
  options.host = variable("KUBERNETES_SERVICE_HOST");
  options.port = variable("KUBERNETES_SERVICE_PORT");
  return options;
}

class KubernetesResolver final : public Resolver, private kubernetes::WatchSink {
 public:
  KubernetesResolver(const KubernetesConfig& config, Environment& environment, const std::string& owner)
      : config_(config),
        environment_(environment),
        owner_(owner),
        client_(api_options(config), {environment.clock, environment.files, environment.network, environment.log}),
        resolutions_(environment.counters.counter("otelcol_loadbalancer_num_resolutions",
                                                  "Look-ups of the destinations.",
                                                  {{"exporter", owner}, {"resolver", "k8s"}, {"success", "true"}})),
        nameless_(environment.counters.counter("otelcol_loadbalancer_num_resolutions", "Look-ups of the destinations.",
                                               {{"exporter", owner}, {"resolver", "k8s"}, {"success", "false"}})) {}
  ~KubernetesResolver() override { stop(); }

  Result<void> start(Found found) override {
    RANKWIRE_TRY(client_.open());
    found_ = std::move(found);
    const auto dot = config_.service.find('.');
    name_ = config_.service.substr(0, dot);
    namespace_ = dot == std::string::npos ? own_namespace() : config_.service.substr(dot + 1);
    kubernetes::WatchOptions options;
    options.path = "/api/v1/namespaces/" + net::query_escaped(namespace_) + "/endpoints";
    options.selectors = "fieldSelector=" + net::query_escaped("metadata.name=" + name_);
    options.is_small = true;
    options.owner = owner_;
    watch_.emplace(std::move(options), client_, environment_.clock, environment_.random, environment_.log,
                   environment_.counters, static_cast<kubernetes::WatchSink&>(*this));
    auto worker = Worker::start("rw-lb-k8s", [this](const std::stop_token& stop) { watch_->run(stop); });
    if (!worker) return std::move(worker).error();
    worker_ = std::move(*worker);
    return {};
  }
  void stop() override {
    worker_.request_stop();
    worker_.join();
  }

 private:
  std::string own_namespace() const {
    const auto text =
        read_file(environment_.files, config_.service_account_directory + "/namespace", namespace_bytes_max);
    return text && !text->empty() ? *text : "default";
  }

  void listing_begins() override { is_there_ = false; }
  void listing_ended() override {
    if (!is_there_) found_({});
  }
  void removed(const Value&) override { found_({}); }

  void put(const Value& object) override {
    is_there_ = true;
    std::vector<std::string> hosts;
    if (!add_hosts(object, hosts)) {
      nameless_.add();
      environment_.log.warn(
          "pods of the service have no hostname, which return_hostnames needs: is it headless, of a "
          "stateful set? The destinations known stay",
          {{"exporter", owner_}, {"service", config_.service}});
      return;
    }
    std::vector<std::string> endpoints;
    for (const std::string& host : hosts)
      for (const std::string& port : config_.ports)
        endpoints.push_back((host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + port);
    std::sort(endpoints.begin(), endpoints.end());
    endpoints.erase(std::unique(endpoints.begin(), endpoints.end()), endpoints.end());
    resolutions_.add();
    found_(std::move(endpoints));
  }

  // False: one has no name.
  bool add_hosts(const Value& object, std::vector<std::string>& hosts) const {
    const Value* subsets = kubernetes::at(object, {"subsets"});
    if (subsets == nullptr || subsets->type() != ValueType::array) return true;
    for (const Value& subset : subsets->items()) {
      const Value* addresses = kubernetes::at(subset, {"addresses"});
      if (addresses == nullptr || addresses->type() != ValueType::array) continue;
      for (const Value& address : addresses->items()) {
        const std::string_view host = kubernetes::text_at(address, {config_.return_hostnames ? "hostname" : "ip"});
        if (host.empty() && config_.return_hostnames) return false;
        if (host.empty()) continue;
        hosts.emplace_back(host);
        if (config_.return_hostnames) hosts.back().append(".").append(name_).append(".").append(namespace_);
      }
    }
    return true;
  }

  const KubernetesConfig& config_;
  Environment& environment_;
  const std::string owner_;
  kubernetes::ApiClient client_;
  Counter &resolutions_, &nameless_;
  Found found_;
  std::string name_, namespace_;
  bool is_there_ = false;  // Of the watch's thread.
  std::optional<kubernetes::ObjectWatch> watch_;
  Worker worker_;
};

}  // namespace

std::unique_ptr<Resolver> make_kubernetes_resolver(const KubernetesConfig& config, Environment& environment,
                                                   const std::string& owner) {
  return std::make_unique<KubernetesResolver>(config, environment, owner);
}

}  // namespace rankwire::load_balancing
