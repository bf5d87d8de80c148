// The contracts of every component. Created (no side effects), started, stopped, destroyed; each at
// most once and in that order. A component may be destroyed unstarted.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/counters.hpp"
#include "base/error.hpp"
#include "base/file_system.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "component/delivery.hpp"
#include "component/intake.hpp"
#include "component/outgoing.hpp"
#include "config/types.hpp"

namespace rankwire {

namespace net {
class Network;
}

// Everything a component may touch outside itself. Tests pass fakes. Outlives every component.
struct Environment {
  Clock& clock;
  FileSystem& files;
  net::Network& network;
  Random& random;
  Logger& log;
  Counters& counters;
  std::shared_ptr<BufferPool> buffers;
};

class Extension;

enum class ComponentKind : std::uint8_t { receiver, processor, exporter, connector, extension };
std::string_view to_string(ComponentKind kind);

struct ComponentHealth {
  ComponentKind kind = ComponentKind::receiver;
  std::string id;                      // As written in the configuration.
  std::optional<std::string> problem;  // Nothing: healthy.
};

// What a started component may ask of the service. Outlives every component.
class Host {
 public:
  virtual ~Host() = default;
  // Null if there is none. Extensions start before and stop after everything else.
  virtual Extension* extension(const config::ComponentId& id) = 0;
  // Every started component but the extensions. Any thread.
  virtual std::vector<ComponentHealth> health() { return {}; }
  // Everything has started and nothing is being stopped. Any thread.
  virtual bool is_ready() { return true; }
};

class Component {
 public:
  virtual ~Component() = default;
  // Acquires sockets, files and threads. May fail; then `stop` is not called.
  virtual Result<void> start(Host&) { return {}; }
  // Takes no new work, finishes or returns what it holds, joins its threads. Returns by `deadline`.
  virtual void stop(Deadline) {}
  // A sentence about why the component is not healthy at the moment; nothing if it is. Any thread.
  virtual std::optional<std::string> unhealthy() const { return {}; }
};

// Built with its Intakes; pushes until stopped.
class Receiver : public Component {};

// Settings of the whole process or pipeline that otelcol spells as processors.
struct MemoryLimit {
  Bytes limit;  // Hard: of the process's resident memory.
  Bytes spike;  // The soft limit is limit - spike.
  Duration check_interval;
};

class Processor : public Component {
 public:
  // Changes the batch in place; may empty it. Must not block or hold records back; what it remembers
  // is bounded. The batch is in memory form. Runs on the threads of the receivers, one batch at a
  // time per thread, but several threads at once: shared state needs its own protection.
  virtual Result<void> process(SignalBatch& batch) = 0;
  // Why the records are gone that `process` took out of a batch: the reason they are counted with as dropped.
  virtual std::string_view drop_reason() const { return "filtered"; }

  // True for settings in the shape of a processor: `process` is then never called.
  virtual bool is_setting() const { return false; }
  virtual std::optional<MemoryLimit> memory_limit() const { return {}; }
  // Becomes the batching of the queues of every exporter of the pipeline.
  virtual std::optional<BatchPolicy> batch_policy() const { return {}; }
};

// The destination's answer.
struct Receipt {
  std::uint64_t rejected = 0;  // Records the destination refused for good (partial success).
  std::string reason;
};

class Exporter : public Component {
 public:
  // Sends one batch and waits for the answer, or for the token. Called by at most
  // `delivery().queue->num_consumers` threads at once. Errors: refused and unavailable are retried
  // (after retry_after, if given); everything else drops the batch with the error as the reason.
  virtual Result<Receipt> send(OutgoingBatch& batch, std::stop_token stop) = 0;
  virtual DeliveryPolicy delivery() const { return {}; }
};

// Ends one pipeline, or one segment of it, and starts others. Built with the Intakes of those it feeds.
class Connector : public Component {
 public:
  // Several threads at once; the batch is in either form. As Intake::deliver: on success the data is ours and
  // `completion` hears what becomes of it; on failure it is still the sender's.
  virtual Result<void> consume(SignalBatch batch, CompletionRef completion) = 0;

  // Whether it wants batches in memory form.
  virtual bool reads_records() const { return true; }

  // Whether a batch of about this size would be taken now: asked of connectors with named doors and of processors that
  // hold data back (for others the room of all their pipelines decides), before a batch is decoded and before one that
  // was refused comes again. Whoever then says yes and refuses again makes the sender spin.
  virtual bool has_room(Signal, Bytes, std::uint64_t /*records*/) const { return true; }
  // Memory that it holds beyond a call of `consume`, part of the process's budget. Any thread, quick.
  virtual Bytes held_memory() const { return {}; }
  // Of a processor that holds data back: true while what comes before it is being stopped and waits for what it handed
  // over; what is held, and what comes meanwhile, goes on as soon as it can. Any thread, quick.
  virtual void hurry(bool) {}
  // It is taken out of the configuration: what it would keep on disk for its next start goes on now. Before `stop`,
  // with the same deadline, when nothing comes any more.
  virtual void drain(Deadline) {}
};

class Extension : public Component {};

// An extension that keeps other components' files (file_storage). Implemented beside Extension.
class StorageProvider {
 public:
  virtual ~StorageProvider() = default;
  // The directory of one component, made if absent, locked against other processes, private (0700).
  // `purpose` tells apart what one component stores ("checkpoint", "queue-logs").
  virtual Result<std::string> directory_for(ComponentKind kind, const config::ComponentId& owner,
                                            std::string_view purpose) = 0;
  virtual bool must_sync() const = 0;  // fsync each commit.
  virtual Bytes size_max() const = 0;  // 0: not bounded.
};

}  // namespace rankwire
