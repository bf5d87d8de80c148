#include "receivers/prometheus/kubernetes_objects.hpp"

#include <tuple>

namespace rankwire::prometheus {
namespace {

constexpr Bytes size_max{128u << 20};       // A cluster of 50,000 pods.
constexpr std::uint64_t entry_bytes = 160;  // Of an object, besides its text and key.

std::uint64_t cost_of(const std::string& key, const std::string& text) {
  return entry_bytes + key.size() + text.size();
}

}  // namespace

KubernetesObjects::KubernetesObjects(Bytes size_max, Counter& not_kept, Logger& log)
    : size_max_(size_max), not_kept_(not_kept), log_(log) {}

void KubernetesObjects::listing_begins() {
  const std::lock_guard lock(mutex_);
  is_listing_ = true;
  seen_.clear();
}

void KubernetesObjects::listing_ended() {
  {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> gone;
    for (const auto& [key, text] : objects_)
      if (!seen_.contains(key)) gone.push_back(key);
    for (const std::string& key : gone) erase(key);
    seen_.clear();
    is_listing_ = false;
    is_listed_ = true;
  }
  tell_all();
}

void KubernetesObjects::put(const Value& object) {
  Arena arena;
  std::string key = key_of(object);
  if (key.empty()) return;
  auto text = std::make_shared<const std::string>(essence_of(object, arena));
  bool is_news = true;
  {
    const std::lock_guard lock(mutex_);
    if (is_listing_) seen_.insert(key);
    const auto known = objects_.find(key);
    is_news = known == objects_.end() || *known->second != *text;
    if (is_news) {
      if (known != objects_.end()) erase(key);
      const std::uint64_t cost = cost_of(key, *text);
      if (size_ + cost > size_max_.count) {
        not_kept_.add();
        if (!std::exchange(is_full_, true))
          log_.error("prometheus: objects of the Kubernetes API are more than are kept, so their targets are not known",
                     {{"first", key}, {"limit_bytes", size_max_.count}});
      } else {
        size_ += cost;
        objects_.emplace(std::move(key), std::move(text));
      }
    }
    is_news = is_news && !is_listing_;
  }
  if (is_news) tell_all();
}

void KubernetesObjects::removed(const Value& object) {
  {
    const std::lock_guard lock(mutex_);
    erase(key_of(object));
    is_full_ = false;
  }
  tell_all();
}

void KubernetesObjects::erase(const std::string& key) {
  const auto found = objects_.find(key);
  if (found == objects_.end()) return;
  size_ -= cost_of(found->first, *found->second);
  objects_.erase(found);
}

bool KubernetesObjects::is_listed() const {
  const std::lock_guard lock(mutex_);
  return is_listed_;
}

std::vector<std::shared_ptr<const std::string>> KubernetesObjects::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<const std::string>> texts;
  texts.reserve(objects_.size());
  for (const auto& [key, text] : objects_) texts.push_back(text);
  return texts;
}

std::shared_ptr<const std::string> KubernetesObjects::find(std::string_view key) const {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  return found == objects_.end() ? nullptr : found->second;
}

Bytes KubernetesObjects::size() const {
  const std::lock_guard lock(mutex_);
  return Bytes{size_};
}

void KubernetesObjects::tell(const void* owner, std::function<void()> heard) {
  const std::lock_guard lock(told_mutex_);
  told_[owner] = std::move(heard);
}

void KubernetesObjects::forget(const void* owner) {
  const std::lock_guard lock(told_mutex_);
  told_.erase(owner);
}

void KubernetesObjects::tell_all() {
  const std::lock_guard lock(told_mutex_);
  for (const auto& [owner, heard] : told_) heard();
}

KubernetesWatch::KubernetesWatch(kubernetes::ApiOptions api, kubernetes::WatchOptions watch, Environment& environment)
    : client_(std::move(api), {environment.clock, environment.files, environment.network, environment.log}),
      objects_(size_max,
               environment.counters.counter("rankwire_prometheus_kubernetes_objects_not_kept_total",
                                            "Objects of the Kubernetes API for which there was no room.",
                                            {{"receiver", watch.owner}}),
               environment.log),
      watch_(std::move(watch), client_, environment.clock, environment.random, environment.log, environment.counters,
             objects_) {}

Result<void> KubernetesWatch::start() {
  RANKWIRE_TRY(client_.open());
  auto thread = Worker::start("rw-k8s-watch", [this](const std::stop_token& stop) { watch_.run(stop); });
  if (!thread) return std::move(thread).error();
  thread_ = std::move(*thread);
  return {};
}

Result<std::shared_ptr<KubernetesWatch>> KubernetesWatch::shared(const std::string& server, kubernetes::ApiOptions api,
                                                                 kubernetes::WatchOptions watch,
                                                                 Environment& environment) {
  using Key = std::tuple<const Environment*, std::string, std::string>;
  static std::mutex mutex;
  static std::map<Key, std::weak_ptr<KubernetesWatch>> all;  // Guarded by mutex.
  const Key key(&environment, server, watch.path + "?" + watch.selectors);
  const std::lock_guard lock(mutex);
  std::erase_if(all, [](const auto& entry) { return entry.second.expired(); });
  if (const auto found = all.find(key); found != all.end())
    if (auto known = found->second.lock()) return known;
  auto made = std::make_shared<KubernetesWatch>(std::move(api), std::move(watch), environment);
  RANKWIRE_TRY(made->start());
  all[key] = made;
  return made;
}

}  // namespace rankwire::prometheus
