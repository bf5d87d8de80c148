#include "receivers/k8s_events/k8s_events_receiver.hpp"

#include <cstdlib>

namespace rankwire::k8s_events {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

kubernetes::ApiOptions api_options(const K8sEventsConfig& config) {
  kubernetes::ApiOptions options;
  options.auth =
      config.auth_type == Authentication::none ? kubernetes::AuthType::none : kubernetes::AuthType::service_account;
  options.credentials_directory = config.service_account_directory;
  options.host = variable("KUBERNETES_SERVICE_HOST");
  options.port = variable("KUBERNETES_SERVICE_PORT");
  return options;
}

Result<std::unique_ptr<Receiver>> create(const K8sEventsConfig& config, const ComponentContext& context,
                                         Intakes intakes) {
  require(intakes.logs != nullptr, "k8s_events is in a pipeline of logs");
  return std::unique_ptr<Receiver>(std::make_unique<K8sEventsReceiver>(config, context, *intakes.logs));
}

}  // namespace

K8sEventsReceiver::K8sEventsReceiver(const K8sEventsConfig& config, const ComponentContext& context, Intake& next)
    : config_(config),
      context_(context),
      next_(next),
      client_(api_options(config), {context.environment.clock, context.environment.files, context.environment.network,
                                    context.environment.log}),
      timer_(context.environment.clock, "rw-k8s-store", [this](const std::stop_token&) { return store(); }) {}

Result<void> K8sEventsReceiver::start(Host& host) {
  Environment& environment = context_.environment;
  if (auto opened = client_.open(); !opened) return std::move(opened).error().during(context_.id.text());
  EventWatchOptions options{.dedup_interval = config_.dedup_interval, .begin_nanos = environment.clock.unix_nanos()};
  std::string directory;
  if (config_.storage) {
    auto* storage = dynamic_cast<StorageProvider*>(host.extension(*config_.storage));
    if (storage == nullptr)
      return Error(ErrorKind::invalid, "storage: there is no storage extension " + config_.storage->text());
    auto found = storage->directory_for(ComponentKind::receiver, context_.id, "position");
    if (!found) return std::move(found).error();
    directory = std::move(*found);
    options.must_sync = storage->must_sync();
  }
  std::vector<std::string> namespaces = config_.namespaces;
  if (namespaces.empty()) namespaces.emplace_back();
  for (const std::string& name : namespaces) {
    options.namespace_name = name;
    if (!directory.empty()) options.position_path = directory + (name.empty() ? "/all" : "/in-" + name);
    watches_.push_back(std::make_unique<EventWatch>(options, client_, context_, next_, [this] {
      if (config_.storage) timer_.wake_at(context_.environment.clock.now());
    }));
  }
  if (config_.storage) RANKWIRE_TRY(timer_.start(Timer::never));
  for (const auto& watch : watches_) RANKWIRE_TRY(watch->start());
  return {};
}

void K8sEventsReceiver::stop(Deadline deadline) {
  for (const auto& watch : watches_) watch->request_stop();
  timer_.stop();
  for (const auto& watch : watches_) watch->finish(deadline);
}

Instant K8sEventsReceiver::store() {
  for (const auto& watch : watches_) watch->store();
  return Timer::never;
}

ReceiverFactory k8s_events_factory() {
  return make_factory<K8sEventsConfig, Receiver, Intakes>({.type = "k8s_events",
                                                           .aliases = {},
                                                           .summary = "Watches events of Kubernetes as log records.",
                                                           .signals = {Signal::logs},
                                                           .stability = Stability::beta},
                                                          create);
}

}  // namespace rankwire::k8s_events
