// The pods that a configuration asks for, kept up to date by one thread: one list and one watch, however many pipelines
// have the processor.
#pragma once

#include <functional>
#include <map>
#include <mutex>

#include "base/worker.hpp"
#include "component/factory.hpp"
#include "kubernetes/object_watch.hpp"
#include "processors/k8s_attributes/association.hpp"
#include "processors/k8s_attributes/pod_rules.hpp"

namespace rankwire::k8s_attributes {

// What a selector looks like in a query: "fieldSelector=…&labelSelector=…". `node` may be empty.
std::string selectors_of(const FilterConfig& filter, const std::string& node);

class PodSource final : private kubernetes::WatchSink {
 public:
  PodSource(const K8sAttributesConfig& config, PodRules rules, const ComponentContext& context);
  ~PodSource() override;

  // The same for equal configurations of one id in one process, while somebody has it. `configuration` is its text.
  static Result<std::shared_ptr<PodSource>> shared(const K8sAttributesConfig& config, const std::string& configuration,
                                                   const ComponentContext& context);

  // The first call starts, others do nothing. Waits for the first list, where the configuration says so.
  Result<void> start();
  std::shared_ptr<const kubernetes::KnownPod> find(const Identity& key) const { return cache_.find(key); }
  const Association& association() const { return association_; }

  // `heard` is called, quickly, when more is known than before; until `forget` has returned.
  void tell(const void* owner, std::function<void()> heard);
  void forget(const void* owner);
  // Why nothing is known; empty: something is.
  std::optional<std::string> problem() const;

 private:
  void listing_begins() override;
  void listing_ended() override;
  void put(const Value& object) override;
  void removed(const Value& object) override;
  void tell_all();
  void expire();

  const K8sAttributesConfig config_;
  const PodRules rules_;
  const Association association_;
  Environment& environment_;
  const std::string owner_;
  kubernetes::PodCache cache_;
  kubernetes::ApiClient client_;
  Counter &added_, &deleted_, &not_kept_;
  std::shared_ptr<void> size_gauge_;
  Instant expire_next_{};  // Of the thread.
  std::stop_source synced_;
  std::mutex start_mutex_;
  bool is_started_ = false;  // Guarded by start_mutex_.
  std::mutex mutex_;
  std::map<const void*, std::function<void()>> told_;  // Guarded by mutex_.
  std::optional<kubernetes::ObjectWatch> watch_;
  Worker thread_;  // Last: joined before the rest goes.
};

}  // namespace rankwire::k8s_attributes
