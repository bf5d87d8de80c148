// Targets that Kubernetes knows: watches of what the role is made of, and from all of it, whenever something has
// changed, the groups of targets.
#include <algorithm>
#include <cstdlib>
#include <mutex>

#include "kubernetes/pod.hpp"
#include "receivers/prometheus/discovery.hpp"
#include "receivers/prometheus/kubernetes_objects.hpp"
#include "text/json_value.hpp"

namespace rankwire::prometheus {
namespace {

// A rollout changes objects many times a second; Prometheus takes news every five.
constexpr Duration gathered_for = std::chrono::seconds(2);
constexpr Duration retry_pause = std::chrono::seconds(10);
// Of the time, at most 1 / this goes into making groups.
constexpr int rest_factor = 20;
constexpr std::uint64_t page_size = 500;
constexpr std::uint64_t name_bytes_max = 4096;
constexpr const char* account_directory = "/var/run/secrets/kubernetes.io/serviceaccount";

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::string path_of(KubernetesKind kind, const std::string& name_space) {
  const std::string in_namespace =
      name_space.empty() ? std::string() : "namespaces/" + net::query_escaped(name_space) + "/";
  switch (kind) {
    case KubernetesKind::pod: return "/api/v1/" + in_namespace + "pods";
    case KubernetesKind::service: return "/api/v1/" + in_namespace + "services";
    case KubernetesKind::endpoints: return "/api/v1/" + in_namespace + "endpoints";
    case KubernetesKind::endpointslice: return "/apis/discovery.k8s.io/v1/" + in_namespace + "endpointslices";
    case KubernetesKind::ingress: return "/apis/networking.k8s.io/v1/" + in_namespace + "ingresses";
    case KubernetesKind::node: return "/api/v1/nodes";
    case KubernetesKind::name_space: break;
  }
  return "/api/v1/namespaces";
}

// What targets of a role in one namespace, or in all, are made of. By kind; null: is not looked at.
using Watches = std::map<KubernetesKind, std::shared_ptr<KubernetesWatch>>;

class Lookup final : public KubernetesLookup {
 public:
  explicit Lookup(const Watches& watches) : watches_(watches) {}

  const Value* find(KubernetesKind kind, std::string_view key) override {
    const auto watch = watches_.find(kind);
    if (watch == watches_.end()) return nullptr;
    auto [known, is_new] = values_.try_emplace({kind, std::string(key)});
    if (is_new) {
      const auto text = watch->second->objects().find(key);
      known->second.has = text != nullptr && text::read_json_object(*text, text::NumberForm::integer_where_exact,
                                                                    arena_, known->second.value);
    }
    return known->second.has ? &known->second.value : nullptr;
  }

 private:
  struct Found {
    Value value;
    bool has = false;
  };

  const Watches& watches_;
  Arena arena_;
  std::map<std::pair<KubernetesKind, std::string>, Found> values_;
};

class KubernetesDiscovery final : public Discovery {
 public:
  KubernetesDiscovery(const KubernetesDiscoveryConfig& config, DiscoveryContext context)
      : config_(config), context_(std::move(context)) {}
  ~KubernetesDiscovery() override { close(); }

  void run(const Update& update, const std::stop_token& stop) override {
    const Clock& clock = context_.environment.clock;
    const std::stop_callback stopping(stop, [this] { heard(); });
    while (!stop.stop_requested()) {
      if (Result<void> opened = open(); !opened) {
        close();
        context_.failed(opened.error(), "the Kubernetes API");
        (void)clock.wait_until(clock.now() + retry_pause, stop);
        continue;
      }
      break;
    }
    while (!stop.stop_requested()) {
      wait_for_news();
      const Instant begin = clock.now();
      if (stop.stop_requested()) break;
      if (auto groups = groups_now()) update(std::move(*groups));
      const Duration worked = clock.now() - begin;
      (void)clock.wait_until(begin + std::max<Duration>(gathered_for, worked * rest_factor), stop);
    }
    close();
  }

 private:
  void heard() {
    const std::lock_guard lock(mutex_);
    nap_.request_stop();
  }

  void wait_for_news() {
    std::stop_token token;
    {
      const std::lock_guard lock(mutex_);
      token = nap_.get_token();
    }
    (void)context_.environment.clock.wait_until(Instant::max(), token);
    const std::lock_guard lock(mutex_);
    nap_ = std::stop_source();
  }

  Result<std::vector<std::string>> namespaces() {
    std::vector<std::string> names = config_.namespaces.names;
    if (config_.namespaces.own_namespace) {
      auto own = read_file(context_.environment.files, std::string(account_directory) + "/namespace", name_bytes_max);
      if (!own) return std::move(own).error().during("reading the namespace of our pod (own_namespace)");
      while (!own->empty() && (own->back() == '\n' || own->back() == ' ')) own->pop_back();
      names.push_back(std::move(*own));
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    if (names.empty() || config_.kind() == KubernetesKind::node) names = {""};
    return names;
  }

  std::vector<KubernetesKind> kinds() const {
    const KubernetesKind role = config_.kind();
    std::vector<KubernetesKind> wanted = {role};
    const bool has_endpoints = role == KubernetesKind::endpoints || role == KubernetesKind::endpointslice;
    if (has_endpoints) wanted.insert(wanted.end(), {KubernetesKind::service, KubernetesKind::pod});
    if (config_.attach_metadata.node && (has_endpoints || role == KubernetesKind::pod))
      wanted.push_back(KubernetesKind::node);
    if (config_.attach_metadata.name_space && role != KubernetesKind::node)
      wanted.push_back(KubernetesKind::name_space);
    return wanted;
  }

  kubernetes::ApiOptions api_options() const {
    kubernetes::ApiOptions options;
    if (config_.api_server.empty()) {
      options.host = variable("KUBERNETES_SERVICE_HOST");
      options.port = variable("KUBERNETES_SERVICE_PORT");
      return options;
    }
    options.auth = kubernetes::AuthType::given;
    options.url = *net::Url::parse(config_.api_server);
    options.tls = config_.http.tls_options();
    options.proxy_url = config_.http.proxy_url.reveal();
    // A watch may outlive the job that began it.
    options.headers = [settings = config_.http, &files = context_.environment.files] {
      return settings.headers(files);
    };
    return options;
  }

  Result<void> open() {
    auto names = namespaces();
    if (!names) return std::move(names).error();
    for (const std::string& name : *names) {
      Watches& watches = scopes_.emplace_back();
      for (const KubernetesKind kind : kinds()) {
        kubernetes::WatchOptions options;
        options.path = path_of(kind, name);
        options.selectors = config_.selectors_of(kind);
        options.page_size = page_size;
        options.owner = context_.receiver;
        auto watch = KubernetesWatch::shared(context_.receiver + "\n" + config_.api_server + "\n" + config_.http.text(),
                                             api_options(), std::move(options), context_.environment);
        if (!watch) return std::move(watch).error();
        (*watch)->objects().tell(this, [this] { heard(); });
        watches.emplace(kind, std::move(*watch));
      }
    }
    heard();  // What another discovery has learnt already.
    return {};
  }

  void close() {
    for (const Watches& watches : scopes_)
      for (const auto& [kind, watch] : watches) watch->objects().forget(this);
    scopes_.clear();
  }

  // Nothing before all of one namespace is known: a target with half of its labels would be another target.
  std::optional<std::vector<TargetGroup>> groups_now() const {
    std::optional<std::vector<TargetGroup>> groups;
    const AttachedMetadata attached{.node = config_.attach_metadata.node,
                                    .name_space = config_.attach_metadata.name_space};
    for (const Watches& watches : scopes_) {
      const auto is_listed = [](const auto& entry) { return entry.second->objects().is_listed(); };
      if (!std::all_of(watches.begin(), watches.end(), is_listed)) continue;
      if (!groups) groups.emplace();
      for (const auto& text : watches.at(config_.kind())->objects().all()) {
        Arena arena;
        Value object;
        if (!text::read_json_object(*text, text::NumberForm::integer_where_exact, arena, object)) continue;
        Lookup lookup(watches);
        TargetGroup group = targets_of(config_.kind(), object, attached, lookup);
        if (!group.targets.empty()) groups->push_back(std::move(group));
      }
    }
    return groups;
  }

  const KubernetesDiscoveryConfig& config_;
  const DiscoveryContext context_;
  std::vector<Watches> scopes_;  // By namespace.
  std::mutex mutex_;
  std::stop_source nap_;  // Guarded by mutex_.
};

}  // namespace

std::unique_ptr<Discovery> make_kubernetes_discovery(const KubernetesDiscoveryConfig& config,
                                                     DiscoveryContext context) {
  return std::make_unique<KubernetesDiscovery>(config, std::move(context));
}

}  // namespace rankwire::prometheus
