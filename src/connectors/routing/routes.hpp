// The routing table, compiled: which part of a batch goes through which door.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "component/factory.hpp"
#include "connectors/routing/routing_config.hpp"
#include "signal/taken.hpp"

namespace rankwire::routing {

class Routes {
 public:
  // Doors are asked for here.
  static Result<std::unique_ptr<Routes>> compile(const RoutingConfig& config, const ComponentContext& context,
                                                 PipelineDoors& doors);

  // Error: a condition failed, and errors propagate. What no route takes and no default pipeline is for is counted.
  Result<std::vector<PipelineDoors::Part>> split(SignalBatch batch) const;
  const std::vector<Intake*>& doors() const { return doors_; }

 private:
  struct Route {
    RouteContext context = RouteContext::resource;
    bool is_copy = false;
    Intake* door = nullptr;
    RequestCondition request;
    std::unique_ptr<const ottl::StatementGroup> statement;
    std::unique_ptr<const ottl::ConditionGroup> condition;
    std::unique_ptr<const ottl::ErrorReporter> reporter;
  };
  using Parts = std::vector<PipelineDoors::Part>;

  explicit Routes(const ComponentContext& context)
      : world_{context.environment.clock, context.environment.random},
        unrouted_(context.environment.counters.counter("rankwire_routing_unrouted_records_total",
                                                       "Records that no route takes, without default pipelines.",
                                                       {{"connector", context.id.text()}})) {}
  Result<void> add(const RouteConfig& config, ottl::ErrorMode mode, const ComponentContext& context,
                   PipelineDoors& doors);
  void know(Intake* door);

  Result<void> route(const Route& route, SignalBatch& batch, Parts& parts) const;
  template <class Record>
  Result<void> apply(const Route& route, RecordBatch<Record>& from, const Client* client, Parts& parts) const;
  template <class Record>
  bool take_records(const Route& route, RecordBatch<Record>& from, Taken<Record>& taken, ottl::Frame& frame) const;
  bool take_points(const Route& route, Metric& metric, Taken<Metric>& taken, ottl::Frame& frame) const;
  // False: failed, and that propagates.
  bool matches(const Route& route, ottl::Frame& frame, bool& out) const;

  mutable ottl::World world_;
  Counter& unrouted_;
  std::vector<Route> routes_;
  Intake* default_door_ = nullptr;
  std::vector<Intake*> doors_;  // All, each once.
};

}  // namespace rankwire::routing
