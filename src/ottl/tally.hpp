// Counts the records of a batch, or adds up an attribute of theirs, by conditions and attributes. Keeps nothing from
// one batch to the next: what comes of a batch are delta sums, a point for each set of attributes of each resource.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/random.hpp"
#include "ottl/program.hpp"
#include "ottl/tally_config.hpp"
#include "signal/identity.hpp"

namespace rankwire::ottl {

// What conditions about this kind of record may use.
Dialect tally_dialect(Context context);

class Tally {
 public:
  struct World {
    Clock& clock;
    Random& random;
    ErrorReporter::Owner owner;
  };
  // `config` has been validated. Scope is what the metrics say made them.
  template <bool is_sum>
  Tally(const TallyConfig<is_sum>& config, std::string scope_name, const World& world)
      : world_{world.clock, world.random}, scope_name_(std::move(scope_name)), is_sum_(is_sum) {
    add(config.spans, Context::span, world);
    add(config.spanevents, Context::span_event, world);
    add(config.metrics, Context::metric, world);
    add(config.datapoints, Context::data_point, world);
    add(config.logs, Context::log, world);
  }

  // Thread-safe. The batch is in memory form; conditions do not change its records. Its attributes are copied.
  MetricBatch of(SignalBatch& batch) const;

 private:
  struct Attribute {
    std::string key;
    bool has_default = false;
    std::string default_text;
    Value default_value;  // A text is a view of `default_text`.
  };
  struct Definition {
    std::string name, description, source;
    std::vector<Attribute> attributes;
    std::unique_ptr<const ConditionGroup> conditions;  // Null: every record.
    std::unique_ptr<const ErrorReporter> reporter;
  };
  struct Entry {
    std::vector<Value> values;  // Of the definition's attributes, in their order.
    std::uint64_t count = 0;
    double sum = 0;
  };
  struct Series {
    std::vector<Entry> entries;  // In the order of their first record.
    std::unordered_map<Identity, std::size_t> index;
  };
  // Of one kind of record of one resource.
  struct Found {
    std::vector<Series> of;  // Of each definition.
    std::uint64_t first_unix_nanos = 0, last_unix_nanos = 0;
    void saw(std::uint64_t unix_nanos);
    void reset(std::size_t definitions);
    bool empty() const;
  };
  struct Work;

  template <class Section>
  void add(const Section& section, Context context, const World& world) {
    for (const auto& [name, metric] : section) add_definition(name, metric, context, world);
  }
  void add_definition(const std::string& name, const TallyMetric& metric, Context context, const World& world);
  const std::vector<Definition>& definitions(Context context) const {
    return definitions_[static_cast<std::size_t>(context)];
  }
  template <class Record>
  void walk_resource(ResourceGroup<Record>& resource, Work& work) const;
  void record(Context context, const Attributes& attributes, Work& work) const;
  // False: an attribute without a default is absent.
  bool collect(const Definition& definition, const Attributes& record, Work& work) const;
  void write(Context context, const Found& found, MetricScope& scope, Arena& arena) const;

  mutable ottl::World world_;
  const std::string scope_name_;
  const bool is_sum_;
  std::array<std::vector<Definition>, context_count> definitions_;
};

}  // namespace rankwire::ottl
