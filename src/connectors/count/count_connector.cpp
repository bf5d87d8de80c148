// What a batch comes to is passed on before the batch is taken: its sender's completion is that of the metrics, so that
// nothing is counted that was not delivered, and nothing twice that was refused.
#include "connectors/count/count_connector.hpp"

#include "otlp/otlp.hpp"
#include "ottl/tally.hpp"

namespace rankwire::count {
namespace {

// As the original calls itself in what it makes.
constexpr const char* scope_name = "github.com/open-telemetry/opentelemetry-collector-contrib/connector/countconnector";

template <class Section>
void count_all(Section& section, const char* name, const char* description) {
  section.emplace_back().first = name;
  section.back().second.description = description;
}

struct CountConfig {
  CountConfig() {
    count_all(metrics.spans, "trace.span.count", "The number of spans observed.");
    count_all(metrics.spanevents, "trace.span.event.count", "The number of span events observed.");
    count_all(metrics.metrics, "metric.count", "The number of metrics observed.");
    count_all(metrics.datapoints, "metric.datapoint.count", "The number of data points observed.");
    count_all(metrics.logs, "log.record.count", "The number of log records observed.");
  }
  void fields(config::Fields& f) {
    f.squash(metrics);
    f.unsupported("profiles", "there are no pipelines of profiles");
  }

  ottl::TallyConfig<false> metrics;
};

class CountConnector final : public Connector {
 public:
  CountConnector(const CountConfig& config, const ComponentContext& context, Intake& next)
      : next_(next),
        tally_(config.metrics, scope_name,
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

Result<std::unique_ptr<Connector>> create(const CountConfig& config, const ComponentContext& context, Intakes intakes) {
  if (intakes.metrics == nullptr)
    return Error(ErrorKind::invalid, "no pipeline of metrics has this connector as a receiver");
  return std::unique_ptr<Connector>(std::make_unique<CountConnector>(config, context, *intakes.metrics));
}

}  // namespace

ConnectorFactory count_factory() {
  ComponentInfo info{.type = "count",
                     .aliases = {},
                     .summary = "Counts records as metrics.",
                     .signals = {Signal::logs, Signal::metrics, Signal::traces},
                     .stability = Stability::alpha};
  for (const Signal signal : all_signals) info.pairs.push_back({signal, Signal::metrics});
  return make_factory<CountConfig, Connector, Intakes>(std::move(info), create);
}

}  // namespace rankwire::count
