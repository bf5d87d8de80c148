// The connectors `count` and `sum`, which differ in their configuration alone. What a batch comes to is passed on
// before the batch is taken: its sender's completion is that of the metrics, so that nothing is counted that was not
// delivered, and nothing twice that was refused.
#pragma once

#include "component/factory.hpp"
#include "otlp/otlp.hpp"
#include "ottl/tally.hpp"

namespace rankwire {

class TallyConnector final : public Connector {
 public:
  TallyConnector(ottl::Tally tally, Intake& next) : next_(next), tally_(std::move(tally)) {}

  Result<void> consume(SignalBatch batch, CompletionRef completion) override {
    auto records = otlp::in_memory_form(std::move(batch));
    if (!records) return std::move(records).error();
    MetricBatch metrics = tally_.of(*records);
    if (metrics.empty()) return {};
    SignalBatch out = std::move(metrics);
    out.set_client(records->client());
    return pass_on(next_, std::move(out), std::move(completion));
  }

 private:
  Intake& next_;
  const ottl::Tally tally_;
};

// `Config` has `metrics`, a TallyConfig, and `scope_name`: what the metrics say made them.
template <class Config>
ConnectorFactory tally_factory(std::string type, std::string summary) {
  ComponentInfo info{.type = std::move(type),
                     .aliases = {},
                     .summary = std::move(summary),
                     .signals = {Signal::logs, Signal::metrics, Signal::traces},
                     .stability = Stability::alpha};
  for (const Signal signal : all_signals) info.pairs.push_back({signal, Signal::metrics});
  const auto create = [](const Config& config, const ComponentContext& context,
                         Intakes intakes) -> Result<std::unique_ptr<Connector>> {
    if (intakes.metrics == nullptr)
      return Error(ErrorKind::invalid, "no pipeline of metrics has this connector as a receiver");
    Environment& environment = context.environment;
    ottl::Tally tally(
        config.metrics, Config::scope_name,
        {environment.clock, environment.random, {context.id.text(), environment.log, environment.counters}});
    return std::unique_ptr<Connector>(std::make_unique<TallyConnector>(std::move(tally), *intakes.metrics));
  };
  return make_factory<Config, Connector, Intakes>(std::move(info), +create);
}

}  // namespace rankwire
