// The test components and what steers them; the tests themselves are beside this file.
#include "service/service_fixture.hpp"

#include <algorithm>
#include <thread>

#include "otlp/otlp.hpp"

namespace rankwire::service::testing {
namespace {

constexpr auto patience = std::chrono::seconds(5);

struct ReceiverConfig {
  std::string note;
  void fields(config::Fields& f) { f.field("note", note, "Anything."); }
};

struct ProcessorConfig {
  std::string drop;
  void fields(config::Fields& f) { f.field("drop", drop, "odd: drops odd numbers."); }
};

struct BatchingConfig {
  std::uint64_t min_size = 0;
  void fields(config::Fields& f) { f.field("min_size", min_size, "Records."); }
};

class Batching final : public Processor {
 public:
  explicit Batching(std::uint64_t min_size) : min_size_(min_size) {}
  Result<void> process(SignalBatch&) override { return {}; }
  bool is_setting() const override { return true; }
  std::optional<BatchPolicy> batch_policy() const override { return BatchPolicy{.min_size = min_size_}; }

 private:
  const std::uint64_t min_size_;
};

struct ExporterConfig {
  std::string note;
  bool queued = true;
  std::uint64_t queue_size = 1000;
  std::uint64_t consumers = 2;
  bool block = false;
  bool wait = false;
  std::string storage;
  Duration retry = std::chrono::milliseconds(1);
  Duration give_up = std::chrono::seconds(300);
  std::vector<std::string> metadata_keys;
  std::uint64_t partitions_max = 0;
  void fields(config::Fields& f) {
    f.field("note", note, "Anything.");
    f.field("queued", queued, "With a queue.");
    f.field("queue_size", queue_size, "Requests.");
    f.field("consumers", consumers, "Workers.");
    f.field("block", block, "block_on_overflow");
    f.field("wait", wait, "wait_for_result");
    f.field("storage", storage, "Storage extension.");
    f.field("retry", retry, "Initial interval.");
    f.field("give_up", give_up, "max_elapsed_time");
    f.field("metadata_keys", metadata_keys, "Batched apart by these.");
    f.field("partitions_max", partitions_max, "Combinations of their values.");
  }
};

struct ExtensionConfig {
  std::string directory;
  void fields(config::Fields& f) { f.field("directory", directory, "Where."); }
};

// Notes its starting and stopping.
template <class Role>
class Noted : public Role {
 public:
  Noted(Fixture& fixture, std::string id) : fixture_(fixture), id_(std::move(id)) {}
  Result<void> start(Host&) override {
    if (fixture_.must_fail(id_)) return Error(ErrorKind::denied, "told to fail");
    fixture_.note("start " + id_);
    return {};
  }
  void stop(Deadline) override { fixture_.note("stop " + id_); }

 protected:
  Fixture& fixture_;
  const std::string id_;
};

class TestReceiver final : public Noted<Receiver> {
 public:
  TestReceiver(Fixture& fixture, std::string id, Intakes intakes) : Noted(fixture, std::move(id)), intakes_(intakes) {}
  Result<void> start(Host& host) override {
    RANKWIRE_TRY(Noted::start(host));
    fixture_.set_intakes(id_, intakes_);
    return {};
  }
  void stop(Deadline deadline) override {
    fixture_.set_intakes(id_, {});
    fixture_.wait_for_deliveries(deadline);
    Noted::stop(deadline);
  }

 private:
  const Intakes intakes_;
};

class TestProcessor final : public Noted<Processor> {
 public:
  TestProcessor(Fixture& fixture, std::string id, std::string drop)
      : Noted(fixture, std::move(id)), drop_(std::move(drop)) {}
  Result<void> process(SignalBatch& batch) override {
    if (drop_ != "odd") return {};
    std::vector<std::int64_t> kept;
    for (const auto& resource : batch.logs().resources)
      for (const auto& scope : resource.scopes)
        for (const auto& record : scope.records)
          if (record.body.integer() % 2 == 0) kept.push_back(record.body.integer());
    batch = numbered_logs(kept);
    return {};
  }

 private:
  const std::string drop_;
};

class TestExporter final : public Noted<Exporter> {
 public:
  TestExporter(Fixture& fixture, std::string id, ExporterConfig config)
      : Noted(fixture, std::move(id)), config_(std::move(config)) {}
  Result<Receipt> send(OutgoingBatch& batch, std::stop_token stop) override {
    return fixture_.destination(id_).send(batch, std::move(stop), *fixture_.random);
  }
  DeliveryPolicy delivery() const override {
    DeliveryPolicy policy;
    if (config_.queued) {
      policy.queue.emplace();
      policy.queue->queue_size = config_.queue_size;
      policy.queue->num_consumers = config_.consumers;
      policy.queue->block_on_overflow = config_.block;
      policy.queue->wait_for_result = config_.wait;
      if (!config_.metadata_keys.empty())
        policy.queue->batch =
            BatchPolicy{.metadata_keys = config_.metadata_keys, .partitions_max = config_.partitions_max};
      if (!config_.storage.empty()) policy.queue->storage = config::ComponentId{config_.storage, ""};
    }
    policy.retry.initial_interval = config_.retry;
    policy.retry.max_interval = config_.retry;
    policy.retry.max_elapsed_time = config_.give_up;
    return policy;
  }

 private:
  const ExporterConfig config_;
};

class TestConnector final : public Noted<Connector> {
 public:
  TestConnector(Fixture& fixture, std::string id, Intakes intakes) : Noted(fixture, std::move(id)), intakes_(intakes) {}
  Result<void> consume(SignalBatch batch, CompletionRef completion) override {
    Intake* next = intakes_.of(batch.signal());
    auto admission = next->admit(batch.memory_bytes());
    if (!admission) return std::move(admission).error();
    return next->deliver(std::move(*admission), std::move(batch), std::move(completion));
  }

 private:
  const Intakes intakes_;
};

class TestStorage final : public Noted<Extension>, public StorageProvider {
 public:
  TestStorage(Fixture& fixture, std::string id, std::string directory)
      : Noted(fixture, std::move(id)), directory_(std::move(directory)) {}
  Result<std::string> directory_for(ComponentKind, const config::ComponentId& owner,
                                    std::string_view purpose) override {
    std::string path = directory_ + "/" + owner.type + "-" + std::string(purpose);
    RANKWIRE_TRY(fixture_.files->make_directories(path, 0700));
    return path;
  }
  bool must_sync() const override { return false; }
  Bytes size_max() const override { return {}; }

 private:
  const std::string directory_;
};

template <class AnyFactory, class Config>
AnyFactory factory_of(const std::string& type, std::vector<std::string> aliases = {}) {
  AnyFactory factory;
  factory.info.type = type;
  factory.info.aliases = std::move(aliases);
  factory.info.signals = {Signal::logs, Signal::traces};
  factory.parse = [](const config::Node& node, const std::string& path, config::Diagnostics& diagnostics) -> AnyConfig {
    return std::make_shared<const Config>(config::read<Config>(node, path, diagnostics));
  };
  factory.print = [](const AnyConfig& any, bool reveal) {
    return config::Printer(reveal).print(*static_cast<const Config*>(any.get()));
  };
  return factory;
}

template <class Config>
const Config& as(const AnyConfig& any) {
  return *static_cast<const Config*>(any.get());
}

}  // namespace

void Destination::set(Mode mode) {
  {
    const std::lock_guard lock(mutex_);
    mode_ = mode;
  }
  changed_.notify_all();
}

bool Destination::wait_for(std::size_t count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience,
                           [&] { return std::set<std::int64_t>(received_.begin(), received_.end()).size() >= count; });
}

bool Destination::wait_for_blocked(int count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [&] { return blocked_ >= count; });
}

std::multiset<std::int64_t> Destination::received() const {
  const std::lock_guard lock(mutex_);
  return received_;
}

Result<Receipt> Destination::send(OutgoingBatch& batch, std::stop_token stop, Random& random) {
  const auto logs = batch.logs();
  if (!logs) return logs.error();
  std::unique_lock lock(mutex_);
  if (mode_ == Mode::blocked) {
    ++blocked_;
    changed_.notify_all();
    changed_.wait(lock, stop, [this] { return mode_ != Mode::blocked; });
    --blocked_;
    if (mode_ == Mode::blocked) return Error(ErrorKind::cancelled, "stopped");
  }
  const std::uint64_t dice = mode_ == Mode::random ? random.below(10) : 9;
  if (mode_ == Mode::unavailable || dice < 3) return Error(ErrorKind::unavailable, "down");
  if (mode_ == Mode::invalid || dice == 3) return Error(ErrorKind::invalid, "not accepted");
  for (const auto& resource : (*logs)->resources)
    for (const auto& scope : resource.scopes)
      for (const auto& record : scope.records) received_.insert(record.body.integer());
  changed_.notify_all();
  Receipt receipt;
  if (dice == 4 || mode_ == Mode::partial) receipt.rejected = 1;
  return receipt;
}

void Listener::batch_ended(std::uint64_t token, bool is_settled) noexcept {
  {
    const std::lock_guard lock(mutex_);
    ended_[token] = is_settled;
  }
  changed_.notify_all();
}

std::optional<bool> Listener::wait(std::uint64_t token) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, patience, [&] { return ended_.contains(token); })) return {};
  return ended_[token];
}

void RecordingLogger::write(LogLevel, std::string_view message, std::initializer_list<LogField>) {
  const std::lock_guard lock(mutex_);
  messages_.emplace_back(message);
}

std::size_t RecordingLogger::count(std::string_view message) const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::count(messages_.begin(), messages_.end(), message));
}

Fixture::Fixture(std::uint64_t seed)
    : random(make_random(seed)),
      environment{clock, *files, network, *random, log, counters, BufferPool::make(1 << 20)} {
  register_components();
}

void Fixture::register_components() {
  auto receiver = factory_of<ReceiverFactory, ReceiverConfig>("source");
  receiver.create = [this](const AnyConfig&, const ComponentContext& context,
                           Intakes intakes) -> Result<std::unique_ptr<Receiver>> {
    return std::make_unique<TestReceiver>(*this, context.id.text(), intakes);
  };
  registry.add(std::move(receiver));
  auto processor = factory_of<ProcessorFactory, ProcessorConfig>("sieve");
  processor.create = [this](const AnyConfig& any,
                            const ComponentContext& context) -> Result<std::unique_ptr<Processor>> {
    return std::make_unique<TestProcessor>(*this, context.id.text(), as<ProcessorConfig>(any).drop);
  };
  registry.add(std::move(processor));
  auto batching = factory_of<ProcessorFactory, BatchingConfig>("batching");
  batching.info.sets_batching = true;
  batching.create = [](const AnyConfig& any, const ComponentContext&) -> Result<std::unique_ptr<Processor>> {
    return std::make_unique<Batching>(as<BatchingConfig>(any).min_size);
  };
  registry.add(std::move(batching));
  auto exporter = factory_of<ExporterFactory, ExporterConfig>("sink", {"old_sink"});
  exporter.create = [this](const AnyConfig& any, const ComponentContext& context) -> Result<std::unique_ptr<Exporter>> {
    return std::make_unique<TestExporter>(*this, context.id.text(), as<ExporterConfig>(any));
  };
  registry.add(std::move(exporter));
  auto connector = factory_of<ConnectorFactory, ReceiverConfig>("bridge");
  connector.create = [this](const AnyConfig&, const ComponentContext& context,
                            Intakes intakes) -> Result<std::unique_ptr<Connector>> {
    return std::make_unique<TestConnector>(*this, context.id.text(), intakes);
  };
  registry.add(std::move(connector));
  auto extension = factory_of<ExtensionFactory, ExtensionConfig>("storage");
  extension.info.signals.clear();
  extension.create = [this](const AnyConfig& any,
                            const ComponentContext& context) -> Result<std::unique_ptr<Extension>> {
    return std::make_unique<TestStorage>(*this, context.id.text(), as<ExtensionConfig>(any).directory);
  };
  registry.add(std::move(extension));
}

Plan Fixture::plan(const std::string& yaml) {
  config::Diagnostics diagnostics;
  const config::Node root = config::parse_yaml(yaml, "test.yaml", diagnostics);
  Plan made = service::plan(root, registry, diagnostics);
  REQUIRE_MESSAGE(!diagnostics.has_errors(), diagnostics.text());
  return made;
}

Destination& Fixture::destination(const std::string& id) {
  const std::lock_guard lock(mutex_);
  auto& one = destinations_[id];
  if (!one) one = std::make_unique<Destination>();
  return *one;
}

Intake* Fixture::intake(const std::string& receiver, Signal signal) {
  const std::lock_guard lock(mutex_);
  const auto found = intakes_.find(receiver);
  return found == intakes_.end() ? nullptr : found->second.of(signal);
}

void Fixture::set_intakes(const std::string& receiver, Intakes intakes) {
  const std::lock_guard lock(mutex_);
  intakes_[receiver] = intakes;
}

Result<void> Fixture::deliver(const std::string& receiver, const std::vector<std::int64_t>& numbers,
                              CompletionRef completion, bool as_wire) {
  struct Inside {
    explicit Inside(std::atomic<int>& count) : count(count) { ++count; }
    ~Inside() { --count; }
    std::atomic<int>& count;
  } const inside(deliveries_);
  Intake* door = intake(receiver);
  if (door == nullptr) return Error(ErrorKind::unavailable, "the receiver is not running");
  auto admission = door->admit(1_KiB);
  if (!admission) return std::move(admission).error();
  SignalBatch batch = numbered_logs(numbers);
  if (as_wire) batch = otlp::encode(batch, nullptr);
  return door->deliver(std::move(*admission), std::move(batch), std::move(completion));
}

void Fixture::wait_for_deliveries(Deadline deadline) const {
  while (deliveries_ != 0 && !deadline.has_passed(clock)) std::this_thread::yield();
}

std::vector<std::string> Fixture::events() const {
  const std::lock_guard lock(mutex_);
  return events_;
}

void Fixture::note(const std::string& event) {
  const std::lock_guard lock(mutex_);
  events_.push_back(event);
}

bool Fixture::is_conserved() const {
  const Labels logs = {{"signal", "logs"}};
  const auto holds = [&] {
    return total("rankwire_accepted_records_total", logs) ==
           total("rankwire_delivered_records_total", logs) + total("rankwire_queued_records", logs) +
               total("rankwire_dropped_records_total", logs) + total("rankwire_in_flight_records", logs);
  };
  // A worker that passes a record from one figure to the next is in the middle of it for a moment.
  const Deadline patient = Deadline::after(clock, std::chrono::seconds(5));
  while (!holds())
    if (patient.has_passed(clock)) return false;
  return true;
}

LogBatch numbered_logs(const std::vector<std::int64_t>& numbers) {
  LogBatch batch;
  Arena& arena = batch.arena();
  if (numbers.empty()) return batch;
  auto& scope = batch.resources.push(arena, {}).scopes.push(arena, {});
  for (const std::int64_t number : numbers) {
    LogRecord record;
    record.body = Value::of(number);
    scope.records.push(arena, record);
  }
  return batch;
}

}  // namespace rankwire::service::testing
