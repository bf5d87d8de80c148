#include "processors/probabilistic_sampler/probabilistic_sampler_processor.hpp"

#include <charconv>
#include <cmath>

#include "processors/probabilistic_sampler/attribute_bytes.hpp"
#include "processors/probabilistic_sampler/probability.hpp"
#include "processors/probabilistic_sampler/sampler.hpp"
#include "processors/probabilistic_sampler/trace_state.hpp"
#include "signal/retain.hpp"

namespace rankwire::probabilistic_sampler {
namespace {

constexpr std::string_view threshold_key = "sampling.threshold", randomness_key = "sampling.randomness";

enum class AttributeSource : std::uint8_t { trace_id, record };

struct ProbabilisticSamplerConfig {
  double sampling_percentage = 0;
  std::uint64_t hash_seed = 0;
  Mode mode = Mode::unset;
  bool fail_closed = true;
  std::int64_t sampling_precision = 4;
  AttributeSource attribute_source = AttributeSource::trace_id;
  std::string from_attribute;
  std::string sampling_priority;

  void fields(config::Fields& f) {
    f.field("sampling_percentage", sampling_percentage, "Share of items that is kept; from 100 on all, 0 none.",
            {.min = 0});
    f.field("hash_seed", hash_seed, "Of the hash in mode hash_seed; the same in every agent of one tier.",
            {.min = 0, .max = 4294967295.0});
    f.choice("mode", mode,
             {{"", static_cast<int>(Mode::unset)},
              {"hash_seed", static_cast<int>(Mode::hash_seed)},
              {"equalizing", static_cast<int>(Mode::equalizing)},
              {"proportional", static_cast<int>(Mode::proportional)}},
             "How the decision is made; hash_seed unless set.");
    f.field("fail_closed", fail_closed, "Whether items are dropped whose sampling information is missing or wrong.");
    f.field("sampling_precision", sampling_precision, "Hexadecimal digits of the threshold.",
            {.min = 1, .max = hex_digits_max});
    f.choice("attribute_source", attribute_source,
             {{"traceID", static_cast<int>(AttributeSource::trace_id)},
              {"record", static_cast<int>(AttributeSource::record)}},
             "Logs, hash_seed: what is hashed first; with record only from_attribute.");
    f.field("from_attribute", from_attribute, "Logs, hash_seed: the attribute that is hashed without a trace id.");
    f.field("sampling_priority", sampling_priority, "Logs: an attribute with a percentage of the record's own.");
  }
  void validate(config::Validator& v) const {
    if (!std::isfinite(sampling_percentage)) return v.error("sampling_percentage", "must be a finite number");
    if (sampling_percentage > 0 && sampling_percentage / 100 < probability_min)
      v.error("sampling_percentage", "is too small: at least 2^-56", "0 keeps nothing");
    if (sampling_percentage == 0) v.warning("sampling_percentage", "is 0: everything is dropped");
    if (attribute_source == AttributeSource::record && from_attribute.empty())
      v.warning("attribute_source", "without from_attribute log records have nothing to be hashed");
  }
};

// A threshold for a span's attribute sampling.priority: 0 keeps it never, more than 0 always.
std::optional<std::uint64_t> span_priority(const Attributes& attributes) {
  const Value* value = find(attributes, "sampling.priority");
  if (value == nullptr) return {};
  double number = -1;
  if (value->type() == ValueType::integer) number = static_cast<double>(value->integer());
  if (value->type() == ValueType::real) number = value->real();
  if (value->is_text()) {
    std::string_view text = value->text();
    if (text.starts_with('+')) text.remove_prefix(1);
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (code != std::errc() || end != text.data() + text.size()) return {};
  }
  if (number == 0) return threshold_max;
  return number > 0 ? std::optional<std::uint64_t>(0) : std::nullopt;
}

// One signal's counters. Handles are made when first needed: most of the combinations never are.
class Tally {
 public:
  Tally(const ProbabilisticSamplerConfig& config, const ComponentContext& context, std::string items)
      : counters_(context.environment.counters),
        name_("otelcol_processor_probabilistic_sampler_count_" + std::move(items) + "_sampled"),
        processor_(context.id.text()),
        attribute_(config.from_attribute) {}

  struct Counts {
    std::array<std::array<std::uint64_t, 2>, policy_count> by_policy{};
    std::array<std::uint64_t, problem_count> problems{};

    void add(const Decision& decision) {
      ++by_policy[static_cast<std::size_t>(decision.policy)][decision.is_kept ? 1 : 0];
      ++problems[static_cast<std::size_t>(decision.problem)];
    }
  };

  void add(const Counts& counts) const {
    const std::string_view policies[] = {"missing_randomness",  "trace_id_hash", "trace_id_w3c",
                                         "sampling_randomness", attribute_,      "sampling_priority"};
    constexpr std::string_view problems[] = {
        "", "unparsable", "randomness_in_use", "threshold_in_use", "missing_randomness", "inconsistent_threshold"};
    for (std::size_t policy = 0; policy < policy_count; ++policy) {
      for (std::size_t kept = 0; kept < 2; ++kept) {
        if (counts.by_policy[policy][kept] == 0) continue;
        counters_
            .counter(name_, "Items that were decided about, by where the randomness came from and the decision.",
                     {{"processor", processor_},
                      {"policy", std::string(policies[policy])},
                      {"sampled", kept == 1 ? "true" : "false"}})
            .add(counts.by_policy[policy][kept]);
      }
    }
    for (std::size_t problem = 1; problem < problem_count; ++problem) {
      if (counts.problems[problem] == 0) continue;
      counters_
          .counter("rankwire_probabilistic_sampler_problems_total",
                   "Items whose sampling information was missing or wrong.",
                   {{"processor", processor_}, {"problem", std::string(problems[problem])}})
          .add(counts.problems[problem]);
    }
  }

 private:
  Counters& counters_;
  const std::string name_, processor_, attribute_;
};

class ProbabilisticSamplerProcessor final : public Processor {
 public:
  ProbabilisticSamplerProcessor(const ProbabilisticSamplerConfig& config, const ComponentContext& context)
      : config_(config),
        seed_(static_cast<std::uint32_t>(config.hash_seed)),
        precision_(static_cast<int>(config.sampling_precision)),
        sampler_(config.mode, static_cast<float>(config.sampling_percentage), precision_, config.fail_closed),
        logs_(config, context, "logs"),
        traces_(config, context, "traces") {}

  std::string_view drop_reason() const override { return "sampled_out"; }

  Result<void> process(SignalBatch& batch) override {
    Tally::Counts counts;
    if (batch.signal() == Signal::logs) {
      Arena& arena = batch.logs().arena();
      std::string scratch;
      retain_records(batch.logs(), [&](const Resource&, const Scope&, LogRecord& record) {
        return keeps(record, arena, scratch, counts);
      });
      logs_.add(counts);
    } else if (batch.signal() == Signal::traces) {
      Arena& arena = batch.traces().arena();
      retain_records(batch.traces(),
                     [&](const Resource&, const Scope&, Span& span) { return keeps(span, arena, counts); });
      traces_.add(counts);
    }
    return {};
  }

 private:
  bool keeps(Span& span, Arena& arena, Tally::Counts& counts) const {
    auto state = TraceState::parse(span.trace_state, arena);
    Item item;
    item.writes_missing_randomness = true;
    item.is_parsable = state.has_value();
    if (state) {
      item.randomness = state->randomness;
      item.threshold = state->threshold;
    }
    add_trace_id(item, span.trace_id);
    item.priority = span_priority(span.attributes);
    const Decision decision = sampler_.decide(item);
    counts.add(decision);
    if (decision.is_kept && decision.must_write) {
      state->randomness = decision.randomness;
      state->threshold = decision.threshold;
      span.trace_state = state->text(arena);
    }
    return decision.is_kept;
  }

  bool keeps(LogRecord& record, Arena& arena, std::string& scratch, Tally::Counts& counts) const {
    Item item;
    read_own(record.attributes, threshold_key, parse_threshold, item.threshold, item.is_parsable);
    read_own(record.attributes, randomness_key, parse_randomness, item.randomness, item.is_parsable);
    if (config_.attribute_source == AttributeSource::trace_id || !sampler_.is_hashing())
      add_trace_id(item, record.trace_id);
    if (sampler_.is_hashing() && !item.hashed && !config_.from_attribute.empty()) {
      const Value* value = find(record.attributes, config_.from_attribute);
      const std::string_view bytes = value ? attribute_bytes(*value, scratch) : std::string_view();
      if (!bytes.empty()) item.hashed = Drawn{hashed_randomness(bytes, seed_), Policy::attribute};
    }
    item.priority = record_priority(record.attributes);
    const Decision decision = sampler_.decide(item);
    counts.add(decision);
    if (decision.is_kept && decision.must_write) {
      if (decision.randomness && decision.randomness != item.randomness)
        set(record.attributes, arena, randomness_key, Value::of(randomness_text(*decision.randomness, arena)));
      set(record.attributes, arena, threshold_key, Value::of(threshold_text(*decision.threshold, arena)));
    }
    return decision.is_kept;
  }

  void add_trace_id(Item& item, const TraceId& id) const {
    if (!id.is_set()) return;
    if (!sampler_.is_hashing()) {
      item.trace_id = randomness_of(id);
      return;
    }
    const std::string_view bytes(reinterpret_cast<const char*>(id.bytes), sizeof id.bytes);
    item.hashed = Drawn{hashed_randomness(bytes, seed_), Policy::trace_id_hash};
  }

  template <class Parse>
  static void read_own(const Attributes& attributes, std::string_view key, Parse parse,
                       std::optional<std::uint64_t>& into, bool& is_parsable) {
    const Value* value = find(attributes, key);
    if (value == nullptr || !value->is_text() || value->text().empty()) return;
    into = parse(value->text());
    if (!into) is_parsable = false;
  }

  std::optional<std::uint64_t> record_priority(const Attributes& attributes) const {
    if (config_.sampling_priority.empty()) return {};
    const Value* value = find(attributes, config_.sampling_priority);
    if (value == nullptr) return {};
    double percentage = 0;
    if (value->type() == ValueType::integer) percentage = static_cast<double>(value->integer());
    if (value->type() == ValueType::real) percentage = value->real();
    return threshold_of(percentage / 100, precision_);
  }

  const ProbabilisticSamplerConfig config_;
  const std::uint32_t seed_;
  const int precision_;
  const Sampler sampler_;
  const Tally logs_, traces_;
};

Result<std::unique_ptr<Processor>> create(const ProbabilisticSamplerConfig& config, const ComponentContext& context) {
  return std::unique_ptr<Processor>(std::make_unique<ProbabilisticSamplerProcessor>(config, context));
}

}  // namespace

ProcessorFactory probabilistic_sampler_factory() {
  return make_factory<ProbabilisticSamplerConfig, Processor>(
      {.type = "probabilistic_sampler",
       .aliases = {},
       .summary = "Keeps a share of spans or log records, chosen alike by all samplers of a trace.",
       .signals = {Signal::logs, Signal::traces},
       .stability = Stability::beta,
       .faces_untrusted_input = true},
      create);
}

}  // namespace rankwire::probabilistic_sampler
