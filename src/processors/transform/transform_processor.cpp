#include "processors/transform/transform_processor.hpp"

#include "ottl/functions/metric_functions.hpp"
#include "ottl/settings/group_settings.hpp"
#include "ottl/walk.hpp"
#include "processors/transform/flatten.hpp"

namespace rankwire::transform {
namespace {

using ottl::StatementSettings;
using Runners = std::vector<ottl::StatementRunner>;

struct TransformConfig {
  ottl::ErrorMode error_mode = ottl::ErrorMode::ignore;
  bool flatten_data = false;
  std::vector<StatementSettings> log_statements, metric_statements, trace_statements;

  void fields(config::Fields& f) {
    ottl::error_mode_field(f, error_mode);
    f.field("flatten_data", flatten_data,
            "Log statements that change the resource or the scope change them for their record alone.");
    f.list("log_statements", log_statements, "Over logs: statements, or groups of them.");
    f.list("metric_statements", metric_statements, "Over metrics: statements, or groups of them.");
    f.list("trace_statements", trace_statements, "Over traces: statements, or groups of them.");
    f.unsupported("profile_statements", "there is no signal for profiles");
  }
  Runners compile(Signal signal, const ottl::ErrorReporter::Owner* owner, ottl::SettingsProblems& problems) const {
    const ottl::Dialect dialect{ottl::transform_functions(signal), ottl::contexts_of(signal)};
    ottl::GroupCompiler compiler(error_mode, owner, problems);
    switch (signal) {
      case Signal::logs: return compiler.statements("log_statements", log_statements, dialect);
      case Signal::metrics: return compiler.statements("metric_statements", metric_statements, dialect);
      case Signal::traces: return compiler.statements("trace_statements", trace_statements, dialect);
    }
    return {};
  }
  void validate(config::Validator& v) const {
    ottl::SettingsProblems problems;
    for (const Signal signal : all_signals) (void)compile(signal, nullptr, problems);
    report(problems, v);
  }
};

class TransformProcessor final : public Processor {
 public:
  TransformProcessor(Runners logs, Runners metrics, Runners traces, bool is_flattened, const ComponentContext& context)
      : logs_(std::move(logs)),
        metrics_(std::move(metrics)),
        traces_(std::move(traces)),
        is_flattened_(is_flattened),
        world_{context.environment.clock, context.environment.random} {}

  Result<void> process(SignalBatch& batch) override {
    switch (batch.signal()) {
      case Signal::logs: return transform_logs(batch.logs(), batch.client().get());
      case Signal::metrics: return run(batch.metrics(), batch.client().get(), metrics_);
      case Signal::traces: return run(batch.traces(), batch.client().get(), traces_);
    }
    return {};
  }

 private:
  Result<void> transform_logs(LogBatch& batch, const Client* client) {
    if (!is_flattened_ || logs_.empty()) return run(batch, client, logs_);
    flatten(batch);
    RANKWIRE_TRY(run(batch, client, logs_));
    regroup(batch);
    return {};
  }

  // Each group goes over the whole batch before the next one begins.
  template <class Batch>
  Result<void> run(Batch& batch, const Client* client, const Runners& runners) {
    for (const ottl::StatementRunner& runner : runners) {
      ottl::Frame frame(batch.arena(), world_);
      frame.client = client;
      if (!ottl::walk(batch, runner.context(), frame, [&](ottl::Frame& one) { return runner.run(one); }))
        return runner.error(frame);
    }
    return {};
  }

  const Runners logs_, metrics_, traces_;
  const bool is_flattened_;
  ottl::World world_;
};

Result<std::unique_ptr<Processor>> create(const TransformConfig& config, const ComponentContext& context) {
  const ottl::ErrorReporter::Owner owner{context.id.text(), context.environment.log, context.environment.counters};
  ottl::SettingsProblems problems;
  Runners logs = config.compile(Signal::logs, &owner, problems);
  Runners metrics = config.compile(Signal::metrics, &owner, problems);
  Runners traces = config.compile(Signal::traces, &owner, problems);
  RANKWIRE_TRY(ottl::check(problems));
  return std::unique_ptr<Processor>(std::make_unique<TransformProcessor>(
      std::move(logs), std::move(metrics), std::move(traces), config.flatten_data, context));
}

}  // namespace

ProcessorFactory transform_factory() {
  return make_factory<TransformConfig, Processor>({.type = "transform",
                                                   .aliases = {},
                                                   .summary = "Runs OTTL statements over logs, metrics and traces.",
                                                   .signals = {Signal::logs, Signal::metrics, Signal::traces},
                                                   .stability = Stability::beta},
                                                  create);
}

}  // namespace rankwire::transform
