// Holds nothing: all parts of a batch are delivered or none is, so that what comes again was nowhere.
#include "connectors/routing/routing_connector.hpp"

#include "connectors/routing/routes.hpp"

namespace rankwire::routing {
namespace {

class RoutingConnector final : public Connector {
 public:
  RoutingConnector(std::unique_ptr<Routes> routes, PipelineDoors& doors)
      : routes_(std::move(routes)), doors_(doors), refused_(routes_->doors().size()) {}

  Result<void> consume(SignalBatch batch, CompletionRef completion) override {
    auto parts = routes_->split(std::move(batch));
    if (!parts) return std::move(parts).error();
    if (parts->empty()) return {};
    std::vector<Intake*> wanted;
    for (const PipelineDoors::Part& part : *parts) wanted.push_back(part.door);
    auto delivered = doors_.deliver(std::move(*parts), completion);
    if (!delivered && !delivered.error().is_final()) remember(wanted);
    return delivered;
  }

  // Where a batch goes is known when it is there: only what refused one is asked.
  bool has_room(Signal, Bytes size, std::uint64_t records) const override {
    bool has_room = true;
    for (std::size_t i = 0; i < refused_.size(); ++i) {
      if (!refused_[i].load(std::memory_order_acquire)) continue;
      if (routes_->doors()[i]->has_room(size, records))
        refused_[i].store(false, std::memory_order_release);
      else
        has_room = false;
    }
    return has_room;
  }

 private:
  void remember(const std::vector<Intake*>& wanted) {
    for (std::size_t i = 0; i < refused_.size(); ++i)
      if (std::find(wanted.begin(), wanted.end(), routes_->doors()[i]) != wanted.end())
        refused_[i].store(true, std::memory_order_release);
  }

  const std::unique_ptr<const Routes> routes_;
  PipelineDoors& doors_;
  mutable std::vector<std::atomic<bool>> refused_;  // Of each of the routes' doors.
};

Result<std::unique_ptr<Connector>> create(const RoutingConfig& config, const ComponentContext& context,
                                          Intakes intakes) {
  if (intakes.named == nullptr) return Error(ErrorKind::invalid, "no pipeline has this connector as a receiver");
  auto routes = Routes::compile(config, context, *intakes.named);
  if (!routes) return std::move(routes).error();
  return std::unique_ptr<Connector>(std::make_unique<RoutingConnector>(std::move(*routes), *intakes.named));
}

}  // namespace

ConnectorFactory routing_factory() {
  return make_factory<RoutingConfig, Connector, Intakes>(
      {.type = "routing",
       .aliases = {},
       .summary = "Sends each record to the pipelines that a table names for it.",
       .signals = {Signal::logs, Signal::metrics, Signal::traces},
       .stability = Stability::beta},
      create);
}

}  // namespace rankwire::routing
