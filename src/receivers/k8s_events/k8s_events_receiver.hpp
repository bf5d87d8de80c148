// Watches events of Kubernetes and gives each as a log record.
#pragma once

#include "component/factory.hpp"
#include "component/timer.hpp"
#include "receivers/k8s_events/event_watch.hpp"
#include "receivers/k8s_events/k8s_events_config.hpp"

namespace rankwire::k8s_events {

class K8sEventsReceiver final : public Receiver {
 public:
  K8sEventsReceiver(const K8sEventsConfig& config, const ComponentContext& context, Intake& next);
  ~K8sEventsReceiver() override { timer_.stop(); }

  Result<void> start(Host& host) override;
  void stop(Deadline deadline) override;

 private:
  Instant store();

  const K8sEventsConfig config_;
  const ComponentContext context_;
  Intake& next_;
  kubernetes::ApiClient client_;
  Timer timer_;  // Writes positions. Watches wake it until they end.
  std::vector<std::unique_ptr<EventWatch>> watches_;
};

ReceiverFactory k8s_events_factory();

}  // namespace rankwire::k8s_events
