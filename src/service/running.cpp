#include "service/running.hpp"

#include <algorithm>

namespace rankwire::service {
namespace {

std::size_t index_of(Signal signal) { return static_cast<std::size_t>(signal); }

}  // namespace

Result<void> RunningExtension::start(Engine& engine) {
  if (Result<void> started = extension->start(engine.host); !started)
    return std::move(started).error().during("starting extension " + planned.written);
  is_started = true;
  return {};
}

void RunningExtension::stop(Deadline deadline) {
  if (std::exchange(is_started, false)) extension->stop(deadline);
}

std::optional<QueuePolicy> RunningExporter::queue_policy(Signal signal) const {
  const DeliveryPolicy delivery = exporter->delivery();
  std::optional<QueuePolicy> policy = delivery.queue;
  // What the exporter's own configuration says is more exact than what a processor says.
  if (policy && !policy->batch) policy->batch = wiring.batch[index_of(signal)];
  if (!policy || delivery.kept_apart_by.empty()) return policy;
  // Nobody asked for batches: each request goes on as it came.
  if (!policy->batch) policy->batch = BatchPolicy{.min_size = 1};
  std::vector<std::string>& keys = policy->batch->metadata_keys;
  for (const std::string& key : delivery.kept_apart_by)
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  return policy;
}

Result<void> RunningExporter::start(Engine& engine, Queues& inherited) {
  if (Result<void> started = exporter->start(engine.host); !started)
    return std::move(started).error().during("starting exporter " + planned.written);
  is_started = true;
  for (const Signal signal : all_signals) {
    if (!wiring.is_used[index_of(signal)]) continue;
    Handed& handed = inherited[index_of(signal)];
    const bool fits = handed.queue && queue_policy(signal) == handed.policy;
    RANKWIRE_TRY(add_outlet(engine, signal, fits ? std::move(handed.queue) : nullptr));
  }
  return {};
}

Result<void> RunningExporter::add_outlet(Engine& engine, Signal signal, std::unique_ptr<queue::Queue> inherited) {
  const std::size_t at = index_of(signal);
  wiring.is_used[at] = true;
  if (queued_[at] || direct_[at]) return {};
  auto sender = std::make_unique<Sender>(*exporter, planned.written, signal, exporter->delivery().retry,
                                         engine.environment, engine.accounting);
  const auto policy = queue_policy(signal);
  if (!policy) {
    direct_[at] = std::make_shared<DirectOutlet>(std::move(sender), engine.accounting);
    return {};
  }
  if (!inherited) {
    auto opened = open_queue(engine, *policy, signal);
    if (!opened) return std::move(opened).error().during("opening the queue of exporter " + planned.written);
    inherited = std::move(*opened);
  }
  queued_[at] = std::make_shared<QueuedOutlet>(
      engine.delivery(), planned.id.text() + "/" + std::string(to_string(signal)), *policy, std::move(inherited),
      std::move(sender), exporter->delivery().queue->batch ? "" : wiring.batch_processor[at]);
  queued_[at]->start();
  return {};
}

Result<std::unique_ptr<queue::Queue>> RunningExporter::open_queue(Engine& engine, const QueuePolicy& policy,
                                                                  Signal signal) {
  Environment& environment = engine.environment;
  if (!policy.storage) return queue::make_memory_queue(policy, signal, environment.clock);
  auto* provider = dynamic_cast<StorageProvider*>(engine.host.extension(*policy.storage));
  if (provider == nullptr)
    return Error(ErrorKind::invalid, "sending_queue::storage names \"" + policy.storage->text() +
                                         "\", which is not a storage extension listed in service::extensions");
  auto directory =
      provider->directory_for(ComponentKind::exporter, planned.id, "queue-" + std::string(to_string(signal)));
  if (!directory) return std::move(directory).error();
  return queue::open_disk_queue(policy, signal, {*directory, provider->must_sync(), provider->size_max()},
                                environment.files, environment.clock, environment.log);
}

std::shared_ptr<Outlet> RunningExporter::outlet(Signal signal) const {
  if (const auto& queued = queued_[index_of(signal)]) return queued;
  return direct_[index_of(signal)];
}

RunningExporter::Queues RunningExporter::hand_over(const RunningExporter& successor, Deadline deadline) {
  Queues queues;
  for (const Signal signal : all_signals) {
    const std::size_t at = index_of(signal);
    if (!queued_[at] || !successor.wiring.is_used[at] || successor.queue_policy(signal) != queued_[at]->policy())
      continue;
    queues[at] = {queued_[at]->policy(), queued_[at]->hand_over(deadline)};
    queued_[at].reset();
  }
  return queues;
}

void RunningExporter::refuse_new() {
  for (const auto& outlet : queued_)
    if (outlet) outlet->refuse_new();
}

void RunningExporter::give_up_direct_retries() {
  for (const auto& outlet : direct_)
    if (outlet) outlet->give_up_retries();
}

void RunningExporter::begin_drain() {
  for (const auto& outlet : queued_)
    if (outlet) outlet->begin_drain();
}

void RunningExporter::abort_direct() {
  for (const auto& outlet : direct_)
    if (outlet) outlet->stop();
}

void RunningExporter::release_senders() {
  for (const auto& outlet : queued_)
    if (outlet) outlet->release_senders();
}

void RunningExporter::stop(Deadline deadline) {
  abort_direct();
  begin_drain();
  for (const auto& outlet : queued_)
    if (outlet) outlet->stop(deadline);
  if (std::exchange(is_started, false)) exporter->stop(deadline);
}

std::optional<std::string> RunningExporter::problem() const {
  for (const auto& outlet : queued_)
    if (outlet)
      if (auto problem = outlet->problem()) return problem;
  for (const auto& outlet : direct_)
    if (outlet)
      if (auto problem = outlet->problem()) return problem;
  return exporter->unhealthy();
}

Intakes intakes_of(const Doors& doors) { return {doors[0].get(), doors[1].get(), doors[2].get()}; }

Intakes RunningConnector::intakes() const {
  Intakes intakes = intakes_of(doors);
  intakes.named = named.get();
  intakes.held = account.get();
  return intakes;
}

std::vector<Door*> RunningConnector::default_doors() const {
  std::vector<Door*> all;
  if (account || named->are_used()) return all;
  for (const auto& door : doors)
    if (door) all.push_back(door.get());
  return all;
}

void RunningConnector::register_figures(Engine& engine) {
  registrations.push_back(engine.budget->add_holder([this] { return connector->held_memory(); }));
  if (!account) return;
  Counters& counters = engine.environment.counters;
  const Labels labels = {{"processor", written}, {"pipeline", pipeline}};
  registrations.push_back(counters.observe("rankwire_processor_held_records",
                                           "Records that the processor has taken and not passed on yet.", labels,
                                           [this] { return static_cast<double>(account->records()); }));
  registrations.push_back(counters.observe("rankwire_processor_held_bytes", "Memory in which the processor holds them.",
                                           labels,
                                           [this] { return static_cast<double>(connector->held_memory().count); }));
}

Result<void> RunningConnector::start(Engine& engine) {
  if (Result<void> started = connector->start(engine.host); !started)
    return std::move(started).error().during("starting " + std::string(to_string(kind)) + " " + written);
  is_started = true;
  return {};
}

void RunningConnector::drain(Deadline deadline) {
  if (is_started) connector->drain(deadline);
}

void RunningConnector::stop(Deadline deadline) {
  if (std::exchange(is_started, false)) connector->stop(deadline);
  for (const auto& door : doors)
    if (door) door->lead_to({}, deadline);
  if (!named) return;
  for (const auto& one : named->all()) one.door->lead_to({}, deadline);
}

Result<void> RunningReceiver::start(Engine& engine) {
  if (Result<void> started = receiver->start(engine.host); !started)
    return std::move(started).error().during("starting receiver " + planned.written);
  is_started = true;
  return {};
}

void RunningReceiver::stop(Deadline deadline) {
  if (std::exchange(is_started, false)) receiver->stop(deadline);
  for (const auto& door : doors)
    if (door) door->lead_to({}, deadline);
}

}  // namespace rankwire::service
