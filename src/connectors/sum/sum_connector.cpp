// What a batch comes to is passed on before the batch is taken: its sender's completion is that of the metrics, so that
// nothing is counted that was not delivered, and nothing twice that was refused.
#include "connectors/sum/sum_connector.hpp"

#include "otlp/otlp.hpp"
#include "ottl/tally.hpp"

namespace rankwire::sum {
namespace {

struct SumConfig {
  void fields(config::Fields& f) { f.squash(metrics); }

  ottl::TallyConfig<true> metrics;
};

class SumConnector final : public Connector {
 public:
  SumConnector(const SumConfig& config, const ComponentContext& context, Intake& next)
      : next_(next),
        tally_(config.metrics, "",
               {context.environment.clock,
                context.environment.random,
                {context.id.text(), context.environment.log, context.environment.counters}}) {}

  Result<void> consume(SignalBatch batch, CompletionRef completion) override {
    const ClientRef client = batch.client();
    if (batch.is_wire()) {
      auto decoded = otlp::decode(batch.wire());
      if (!decoded) return std::move(decoded).error();
      batch = std::move(*decoded);
      batch.set_client(client);
    }
    MetricBatch metrics = tally_.of(batch);
    if (metrics.empty()) return {};
    SignalBatch out = std::move(metrics);
    out.set_client(client);
    auto admission = next_.admit(out.memory_bytes());
    if (!admission) return std::move(admission).error();
    return next_.deliver(std::move(*admission), std::move(out), std::move(completion));
  }

 private:
  Intake& next_;
  const ottl::Tally tally_;
};

Result<std::unique_ptr<Connector>> create(const SumConfig& config, const ComponentContext& context, Intakes intakes) {
  if (intakes.metrics == nullptr)
    return Error(ErrorKind::invalid, "no pipeline of metrics has this connector as a receiver");
  return std::unique_ptr<Connector>(std::make_unique<SumConnector>(config, context, *intakes.metrics));
}

}  // namespace

ConnectorFactory sum_factory() {
  ComponentInfo info{.type = "sum",
                     .aliases = {},
                     .summary = "Adds up an attribute of records as metrics.",
                     .signals = {Signal::logs, Signal::metrics, Signal::traces},
                     .stability = Stability::alpha};
  for (const Signal signal : all_signals) info.pairs.push_back({signal, Signal::metrics});
  return make_factory<SumConfig, Connector, Intakes>(std::move(info), create);
}

}  // namespace rankwire::sum
