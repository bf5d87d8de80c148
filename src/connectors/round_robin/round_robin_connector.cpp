#include "connectors/round_robin/round_robin_connector.hpp"

#include <algorithm>
#include <array>
#include <atomic>

namespace rankwire::round_robin {
namespace {

struct RoundRobinConfig {
  void fields(config::Fields&) {}
};

// The pipelines of one signal.
struct Ring {
  std::vector<Intake*> doors;
  std::atomic<std::size_t> next{0};
};

class RoundRobinConnector final : public Connector {
 public:
  Result<void> connect(PipelineDoors& doors) {
    for (const Signal signal : all_signals) {
      for (const std::string& pipeline : doors.pipelines(signal)) {
        auto door = doors.to({pipeline});
        if (!door) return std::move(door).error();
        ring(signal).doors.push_back(*door);
      }
    }
    return {};
  }

  bool reads_records() const override { return false; }

  Result<void> consume(SignalBatch batch, CompletionRef completion) override {
    Ring& ring = this->ring(batch.signal());
    if (ring.doors.empty())
      return Error(ErrorKind::invalid, "no pipeline of " + std::string(to_string(batch.signal())) + " starts here");
    const Bytes size = batch.memory_bytes();
    const std::size_t turn = ring.next.fetch_add(1, std::memory_order_relaxed);
    // Whose turn it is takes it, or the next that has room.
    Intake* door = ring.doors[turn % ring.doors.size()];
    for (std::size_t i = 0; i < ring.doors.size(); ++i) {
      Intake* other = ring.doors[(turn + i) % ring.doors.size()];
      if (!other->has_room(size, batch.record_count())) continue;
      door = other;
      break;
    }
    return pass_on(*door, std::move(batch), std::move(completion));
  }

  bool has_room(Signal signal, Bytes size, std::uint64_t records) const override {
    const auto& doors = rings_[static_cast<std::size_t>(signal)].doors;
    return std::any_of(doors.begin(), doors.end(), [&](Intake* door) { return door->has_room(size, records); });
  }

 private:
  Ring& ring(Signal signal) { return rings_[static_cast<std::size_t>(signal)]; }

  std::array<Ring, 3> rings_;
};

Result<std::unique_ptr<Connector>> create(const RoundRobinConfig&, const ComponentContext&, Intakes intakes) {
  auto connector = std::make_unique<RoundRobinConnector>();
  RANKWIRE_TRY(connector->connect(*intakes.named));
  return connector;
}

}  // namespace

ConnectorFactory round_robin_factory() {
  return make_factory<RoundRobinConfig, Connector, Intakes>(
      {.type = "round_robin",
       .aliases = {"roundrobin"},
       .summary = "Gives each batch to one of several pipelines, in turn.",
       .signals = {Signal::logs, Signal::metrics, Signal::traces},
       .stability = Stability::beta},
      create);
}

}  // namespace rankwire::round_robin
