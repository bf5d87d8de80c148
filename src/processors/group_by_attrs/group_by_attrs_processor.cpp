#include "processors/group_by_attrs/group_by_attrs_processor.hpp"

#include <algorithm>
#include <array>

#include "processors/group_by_attrs/regroup.hpp"

namespace rankwire::group_by_attrs {
namespace {

struct GroupByAttrsConfig {
  std::vector<std::string> keys;

  void fields(config::Fields& f) {
    f.field("keys", keys, "Attributes of records that become attributes of their resource; none: only joins groups.");
  }
  void validate(config::Validator& v) const {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (keys[i].empty()) v.warning("keys", "an empty key groups nothing");
      if (std::find(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(i), keys[i]) !=
          keys.begin() + static_cast<std::ptrdiff_t>(i))
        v.warning("keys", "\"" + keys[i] + "\" is there twice");
    }
  }
};

std::vector<std::string> distinct(const std::vector<std::string>& keys) {
  std::vector<std::string> kept;
  for (const std::string& key : keys)
    if (!key.empty() && std::find(kept.begin(), kept.end(), key) == kept.end()) kept.push_back(key);
  return kept;
}

struct SignalCounters {
  Counter& grouped;
  Counter& not_grouped;
  Histogram& groups;

  static SignalCounters make(Counters& counters, const std::string& processor, const std::string& records,
                             const std::string& record) {
    const std::string prefix = "otelcol_processor_groupbyattrs_";
    const Labels labels = {{"processor", processor}};
    return {
        counters.counter(prefix + "num_grouped_" + records, "Records whose attributes moved to a resource.", labels),
        counters.counter(prefix + "num_non_grouped_" + records, "Records without any of the keys.", labels),
        counters.histogram(prefix + record + "_groups", "Resources that a batch had afterwards.",
                           {1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000}, labels)};
  }

  void add(const Counts& counts) const {
    grouped.add(counts.grouped);
    not_grouped.add(counts.not_grouped);
    groups.observe(static_cast<double>(counts.groups));
  }
};

class GroupByAttrsProcessor final : public Processor {
 public:
  GroupByAttrsProcessor(const GroupByAttrsConfig& config, const ComponentContext& context)
      : keys_(distinct(config.keys)),
        digester_(context.environment.random.next()),
        logs_(SignalCounters::make(context.environment.counters, context.id.text(), "logs", "log")),
        metrics_(SignalCounters::make(context.environment.counters, context.id.text(), "metrics", "metric")),
        spans_(SignalCounters::make(context.environment.counters, context.id.text(), "spans", "span")) {}

  Result<void> process(SignalBatch& batch) override {
    switch (batch.signal()) {
      case Signal::logs: logs_.add(Regroup<LogRecord>(keys_, digester_, batch.logs()).counts()); break;
      case Signal::metrics: metrics_.add(Regroup<Metric>(keys_, digester_, batch.metrics()).counts()); break;
      case Signal::traces: spans_.add(Regroup<Span>(keys_, digester_, batch.traces()).counts()); break;
    }
    return {};
  }

 private:
  const std::vector<std::string> keys_;
  const Digester digester_;
  const SignalCounters logs_, metrics_, spans_;
};

Result<std::unique_ptr<Processor>> create(const GroupByAttrsConfig& config, const ComponentContext& context) {
  return std::unique_ptr<Processor>(std::make_unique<GroupByAttrsProcessor>(config, context));
}

}  // namespace

ProcessorFactory group_by_attrs_factory() {
  return make_factory<GroupByAttrsConfig, Processor>(
      {.type = "group_by_attrs",
       .aliases = {"groupbyattrs"},
       .summary = "Moves attributes of records to their resource and joins equal resources and scopes.",
       .signals = {Signal::logs, Signal::metrics, Signal::traces},
       .stability = Stability::beta},
      create);
}

}  // namespace rankwire::group_by_attrs
