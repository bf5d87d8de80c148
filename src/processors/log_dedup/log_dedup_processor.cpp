#include "processors/log_dedup/log_dedup_processor.hpp"

#include "component/rounds.hpp"
#include "otlp/otlp.hpp"
#include "ottl/settings/group_settings.hpp"
#include "ottl/walk.hpp"
#include "processors/log_dedup/log_dedup_round.hpp"
#include "signal/retain.hpp"

namespace rankwire::log_dedup {
namespace {

const ottl::Dialect& dialect() {
  static const ottl::Dialect all{ottl::standard_functions(), {ottl::Context::log}};
  return all;
}

struct LogDedupConfig {
  Duration interval = std::chrono::seconds(10);
  std::string log_count_attribute = "log_count";
  std::string timezone = "UTC";
  std::vector<std::string> exclude_fields, include_fields, conditions;
  Bytes max_state_size = 64_MiB;

  void fields(config::Fields& f) {
    f.field("interval", interval, "How often what was gathered goes on.", {.min = 1e6});
    f.field("log_count_attribute", log_count_attribute, "The attribute that says how often a record came.");
    f.field("timezone", timezone, "Of first_observed_timestamp and last_observed_timestamp.");
    f.field("exclude_fields", exclude_fields, "Fields (body.x, attributes.x) that are removed before comparing.");
    f.field("include_fields", include_fields, "Only these fields are compared.");
    f.field("conditions", conditions,
            "Only records for which one of them holds are gathered; the others pass at once.");
    f.field("max_state_size", max_state_size, "Memory for what is gathered; full, the interval ends early.",
            {.min = 64 * 1024});
  }
  void validate(config::Validator& v) const {
    if (log_count_attribute.empty()) v.error("log_count_attribute", "must not be empty");
    if (auto zone = text::TimeZone::load(timezone); !zone) v.error("timezone", zone.error().message());
    if (!exclude_fields.empty() && !include_fields.empty())
      v.error("include_fields", "cannot be used together with exclude_fields");
    check(v, "exclude_fields", exclude_fields);
    check(v, "include_fields", include_fields);
    ottl::SettingsProblems problems;
    ottl::GroupCompiler(ottl::ErrorMode::ignore, nullptr, problems)
        .conditions("conditions", conditions, dialect(), ottl::Context::log);
    ottl::report(problems, v);
  }

 private:
  static void check(config::Validator& v, const std::string& key, const std::vector<std::string>& names) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::string at = key + "[" + std::to_string(i) + "]";
      const auto field = FieldName::parse(names[i]);
      if (!field)
        v.error(at, "must begin with body or attributes", "for example attributes.request_id");
      else if (field->keys.empty() && (key == "exclude_fields" || !field->is_body))
        v.error(at, names[i] + " as a whole cannot be named here", "name what is in it: " + names[i] + ".x");
      for (std::size_t j = 0; j < i; ++j)
        if (names[j] == names[i]) v.error(at, "is named twice");
    }
  }
};

Rules rules_of(const LogDedupConfig& config, std::shared_ptr<const text::TimeZone> zone) {
  Rules rules{.count_attribute = config.log_count_attribute, .zone = std::move(zone), .included = {}, .excluded = {}};
  for (const std::string& name : config.include_fields) rules.included.push_back(*FieldName::parse(name));
  for (const std::string& name : config.exclude_fields) rules.excluded.push_back(*FieldName::parse(name));
  return rules;
}

class LogDedupProcessor final : public Connector {
 public:
  LogDedupProcessor(const LogDedupConfig& config, Rules rules, std::optional<ottl::ConditionRunner> conditions,
                    Environment& environment, Intakes intakes)
      : rules_(std::move(rules)),
        conditions_(std::move(conditions)),
        environment_(environment),
        intakes_(intakes),
        rounds_(environment.clock, config.interval, config.max_state_size, intakes.logs,
                [this] { return std::make_unique<LogDedupRound>(rules_); }) {}

  Result<void> start(Host&) override { return rounds_.start(); }
  void stop(Deadline deadline) override { rounds_.stop(deadline); }
  void hurry(bool is_hurried) override { rounds_.hurry(is_hurried); }
  bool has_room(Signal, Bytes, std::uint64_t) const override { return rounds_.has_room(); }
  Bytes held_memory() const override { return rounds_.memory(); }

  Result<void> consume(SignalBatch batch, CompletionRef completion) override {
    if (!rounds_.has_room()) return rounds_.full();
    auto decoded = otlp::in_memory_form(std::move(batch));
    if (!decoded) return std::move(decoded).error();
    batch = std::move(*decoded);
    LogBatch& logs = batch.logs();
    if (!conditions_) return gather(logs, std::move(completion));
    LogBatch gathered = logs.clone();
    RANKWIRE_TRY(keep(gathered, batch.client().get(), true));
    RANKWIRE_TRY(keep(logs, batch.client().get(), false));
    RANKWIRE_TRY(pass_at_once(intakes_.logs, intakes_.held, std::move(batch), completion));
    return gathered.empty() ? Result<void>() : gather(gathered, std::move(completion));
  }

 private:
  // Keeps the records for which the conditions give `wanted`.
  Result<void> keep(LogBatch& logs, const Client* client, bool wanted) const {
    ottl::World world{environment_.clock, environment_.random};
    ottl::Frame frame(logs.arena(), world);
    frame.client = client;
    std::optional<Error> error;
    for (LogResource& resource : logs.resources) {
      ottl::enter(frame, resource);
      for (LogScope& scope : resource.scopes) {
        ottl::enter(frame, scope);
        retain(scope.records, [&](LogRecord& record) {
          bool holds = false;
          frame.log = &record;
          frame.cache = {};
          if (!error && !conditions_->any(frame, holds)) error = conditions_->error(frame);
          return holds == wanted;
        });
      }
    }
    if (error) return *error;
    retain_records(logs, [](const Resource&, const Scope&, const LogRecord&) { return true; });
    return {};
  }

  Result<void> gather(const LogBatch& logs, CompletionRef completion) {
    const std::uint64_t now = environment_.clock.unix_nanos();
    rounds_.gather(intakes_.held, std::move(completion), logs.record_count(), [&](LogDedupRound& round, Held& held) {
      std::uint64_t repeated = 0;
      for (const LogResource& resource : logs.resources) {
        const Identity resource_id = identity_of(resource.resource);
        for (const LogScope& scope : resource.scopes) {
          const Identity scope_id = identity_of(scope.scope);
          for (const LogRecord& record : scope.records)
            repeated += round.add(resource, scope, resource_id, scope_id, record, now);
        }
      }
      held.drop(repeated, "aggregated");
    });
    return {};
  }

  const Rules rules_;
  const std::optional<ottl::ConditionRunner> conditions_;
  Environment& environment_;
  const Intakes intakes_;
  Rounds<LogDedupRound> rounds_;
};

Result<std::unique_ptr<Connector>> create(const LogDedupConfig& config, const ComponentContext& context,
                                          Intakes intakes) {
  auto zone = text::TimeZone::load(config.timezone);
  if (!zone) return std::move(zone).error();
  ottl::SettingsProblems problems;
  const ottl::ErrorReporter::Owner owner{context.id.text(), context.environment.log, context.environment.counters};
  auto conditions = ottl::GroupCompiler(ottl::ErrorMode::ignore, &owner, problems)
                        .conditions("conditions", config.conditions, dialect(), ottl::Context::log);
  RANKWIRE_TRY(ottl::check(problems));
  return std::unique_ptr<Connector>(std::make_unique<LogDedupProcessor>(
      config, rules_of(config, std::move(*zone)), std::move(conditions), context.environment, intakes));
}

}  // namespace

ProcessorFactory log_dedup_factory() {
  return make_holding_factory<LogDedupConfig>(
      {.type = "log_dedup",
       .aliases = {"logdedup"},
       .summary = "Lets equal log records of an interval go on as one, with their number.",
       .signals = {Signal::logs},
       .stability = Stability::beta},
      create);
}

}  // namespace rankwire::log_dedup
