// Objects of one collection of the API server, kept up to date by one watch, whichever discoveries want them.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/worker.hpp"
#include "component/component.hpp"
#include "kubernetes/object_watch.hpp"
#include "receivers/prometheus/kubernetes_targets.hpp"

namespace rankwire::prometheus {

// As the API server told of them, without what no target needs. Thread-safe.
class KubernetesObjects final : public kubernetes::WatchSink {
 public:
  // Over `size_max` new objects are not kept; `not_kept` counts them.
  KubernetesObjects(Bytes size_max, Counter& not_kept, Logger& log);

  void listing_begins() override;
  void listing_ended() override;
  void put(const Value& object) override;
  void removed(const Value& object) override;

  // Whether all there is has been told once.
  bool is_listed() const;
  std::vector<std::shared_ptr<const std::string>> all() const;
  std::shared_ptr<const std::string> find(std::string_view key) const;  // Null: there is none.
  Bytes size() const;

  // `heard` is called, quickly, after every change, until `forget` has returned.
  void tell(const void* owner, std::function<void()> heard);
  void forget(const void* owner);

 private:
  void erase(const std::string& key);
  void tell_all();

  const Bytes size_max_;
  Counter& not_kept_;
  Logger& log_;
  mutable std::mutex mutex_;
  // Guarded by mutex_:
  std::map<std::string, std::shared_ptr<const std::string>, std::less<>> objects_;
  std::uint64_t size_ = 0;
  std::set<std::string> seen_;  // Of the listing under way.
  bool is_listing_ = false, is_listed_ = false, is_full_ = false;
  std::mutex told_mutex_;
  std::map<const void*, std::function<void()>> told_;  // Guarded by told_mutex_.
};

// Watches as long as somebody has it.
class KubernetesWatch {
 public:
  // The same one for the same `server`, path and selectors in one process. Fails where a person must act.
  static Result<std::shared_ptr<KubernetesWatch>> shared(const std::string& server, kubernetes::ApiOptions api,
                                                         kubernetes::WatchOptions watch, Environment& environment);
  KubernetesWatch(kubernetes::ApiOptions api, kubernetes::WatchOptions watch, Environment& environment);

  KubernetesObjects& objects() { return objects_; }

 private:
  Result<void> start();

  kubernetes::ApiClient client_;
  KubernetesObjects objects_;
  kubernetes::ObjectWatch watch_;
  Worker thread_;  // Last: joined before the rest goes.
};

}  // namespace rankwire::prometheus
