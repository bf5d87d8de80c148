// The parts of a running service. Each is made without side effects, started and stopped; a reload
// keeps those whose configuration and wiring are unchanged.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "service/door.hpp"
#include "service/engine.hpp"
#include "service/held_account.hpp"
#include "service/named_doors.hpp"
#include "service/plain_outlets.hpp"
#include "service/plan.hpp"
#include "service/segments.hpp"

namespace rankwire::service {

struct RunningExtension {
  Planned<ExtensionFactory> planned;
  std::unique_ptr<Extension> extension;
  bool is_started = false;

  Result<void> start(Engine& engine);
  void stop(Deadline deadline);
};

// What the pipelines ask of an exporter, by signal.
struct ExporterWiring {
  std::array<bool, 3> is_used{};
  std::array<std::optional<BatchPolicy>, 3> batch;  // From a batch processor.
  std::array<std::string, 3> batch_processor;       // Its id as written.
};

class RunningExporter {
 public:
  Planned<ExporterFactory> planned;
  std::unique_ptr<Exporter> exporter;
  ExporterWiring wiring;
  bool is_started = false;

  // Queues that a predecessor of the same id hands over, by signal.
  struct Handed {
    QueuePolicy policy;
    std::unique_ptr<queue::Queue> queue;
  };
  using Queues = std::array<Handed, 3>;

  // Takes the queues of `inherited` whose policy is the same; others are left there.
  Result<void> start(Engine& engine, Queues& inherited);
  // Another pipeline of a signal that was not used before.
  Result<void> add_outlet(Engine& engine, Signal signal, std::unique_ptr<queue::Queue> inherited);
  std::shared_ptr<Outlet> outlet(Signal signal) const;
  // Lets the successor go on with the queues whose policy stays the same.
  Queues hand_over(const RunningExporter& successor, Deadline deadline);
  // Deliveries that wait for room here end with an error; those that have room go on.
  void refuse_new();
  void begin_drain();
  // Outlets without a queue send on the threads of receivers: ends their retries, then their attempts.
  void give_up_direct_retries();
  void abort_direct();
  void release_senders();
  void stop(Deadline deadline);
  std::optional<std::string> problem() const;
  std::optional<QueuePolicy> queue_policy(Signal signal) const;

 private:
  Result<std::unique_ptr<queue::Queue>> open_queue(Engine& engine, const QueuePolicy& policy, Signal signal);

  std::array<std::shared_ptr<QueuedOutlet>, 3> queued_;
  std::array<std::shared_ptr<DirectOutlet>, 3> direct_;
};

// The doors of a receiver or connector, by signal; null where no pipeline uses it.
using Doors = std::array<std::unique_ptr<Door>, 3>;
Intakes intakes_of(const Doors& doors);

// A connector, or an instance of a processor that holds data back.
struct RunningConnector {
  config::ComponentId id;  // A holder's is made by `holder_id`.
  ComponentKind kind = ComponentKind::connector;
  std::string written;
  config::Node node;     // As configured; compared at a reload.
  std::string pipeline;  // A holder's.
  Doors doors;
  std::unique_ptr<NamedDoors> named;     // A connector's.
  std::unique_ptr<HeldAccount> account;  // A holder's.
  std::unique_ptr<Connector> connector;
  std::vector<std::shared_ptr<void>> registrations;  // Before the connector that they ask goes.
  bool is_started = false;

  Intakes intakes() const;
  // The doors that are in use: to all pipelines of a signal, or to named ones.
  std::vector<Door*> default_doors() const;
  void register_figures(Engine& engine);
  Result<void> start(Engine& engine);
  void drain(Deadline deadline);  // Before `stop`, of one that is gone from the configuration.
  void stop(Deadline deadline);
};

struct RunningReceiver {
  Planned<ReceiverFactory> planned;
  Doors doors;
  std::unique_ptr<Receiver> receiver;
  bool is_started = false;

  Result<void> start(Engine& engine);
  void stop(Deadline deadline);
};

// What runs of a pipeline, or of a segment of it.
struct RunningPipeline {
  Segment planned;
  std::vector<config::Node> processor_nodes;
  std::shared_ptr<ProcessorChain> processors;
  bool are_processors_started = false;
  std::shared_ptr<const Pipeline> pipeline;  // Null until built.
  std::vector<const void*> destinations;     // The exporters and connectors it was built with.
};

}  // namespace rankwire::service
