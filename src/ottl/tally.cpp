#include "ottl/tally.hpp"

#include <charconv>
#include <cmath>

#include "config/units.hpp"
#include "ottl/program/convert.hpp"
#include "ottl/walk.hpp"

namespace rankwire::ottl {
namespace {

double number_in(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  // What is not a number would spoil the sum for ever.
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(number) ? number : 0;
}

double number_of(const Value* value) {
  if (value == nullptr) return 0;
  switch (value->type()) {
    case ValueType::text: return number_in(value->text());
    case ValueType::integer: return static_cast<double>(value->integer());
    case ValueType::real: return std::isfinite(value->real()) ? value->real() : 0;
    default: return 0;
  }
}

bool is_scalar(const Value& value) {
  return value.type() == ValueType::text || value.type() == ValueType::boolean || value.type() == ValueType::integer ||
         value.type() == ValueType::real;
}

template <class Record>
std::uint64_t time_of(const Record& record) {
  return record.time_unix_nanos;
}

}  // namespace

Dialect tally_dialect(Context context) {
  switch (context) {
    case Context::span:
    case Context::span_event: return {standard_functions(), contexts_of(Signal::traces)};
    case Context::metric:
    case Context::data_point: return {standard_functions(), contexts_of(Signal::metrics)};
    default: return {standard_functions(), contexts_of(Signal::logs)};
  }
}

// One batch's work, and room that its resources share.
struct Tally::Work {
  Work(SignalBatch& batch, Arena& arena, ottl::World& world) : frame(arena, world) {
    frame.client = batch.client().get();
  }

  Frame frame;
  std::array<Found, context_count> found;
  std::vector<Value> values;  // Of the record at hand.
};

void Tally::Found::saw(std::uint64_t unix_nanos) {
  if (unix_nanos == 0) return;
  if (first_unix_nanos == 0 || unix_nanos < first_unix_nanos) first_unix_nanos = unix_nanos;
  if (unix_nanos > last_unix_nanos) last_unix_nanos = unix_nanos;
}

void Tally::Found::reset(std::size_t definitions) {
  of.clear();
  of.resize(definitions);
  first_unix_nanos = last_unix_nanos = 0;
}

bool Tally::Found::empty() const {
  for (const Series& series : of)
    if (!series.entries.empty()) return false;
  return true;
}

void Tally::add_definition(const std::string& name, const TallyMetric& metric, Context context, const World& world) {
  Definition definition;
  definition.name = name;
  definition.description = metric.description;
  definition.source = metric.source_attribute;
  for (const TallyAttribute& attribute : metric.attributes) {
    Attribute& added = definition.attributes.emplace_back();
    added.key = attribute.key;
    const config::Node& node = attribute.default_value;
    added.has_default = !node.is_null();
    added.default_text = node.text();
  }
  for (std::size_t i = 0; i < definition.attributes.size(); ++i) {
    Attribute& added = definition.attributes[i];
    const bool is_text = metric.attributes[i].default_value.is_quoted();
    const auto integer = config::parse_integer(added.default_text);
    added.default_value = Value::of(std::string_view(added.default_text));
    if (is_text) continue;
    if (const auto flag = config::parse_boolean(added.default_text))
      added.default_value = Value::of(*flag);
    else if (integer && integer->as_signed())
      added.default_value = Value::of(*integer->as_signed());
    else if (const auto real = config::parse_real(added.default_text))
      added.default_value = Value::of(*real);
  }
  if (!metric.conditions.empty()) {
    std::vector<TextProblem> problems;
    definition.conditions = ConditionGroup::compile(metric.conditions, tally_dialect(context), context, problems);
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < metric.conditions.size(); ++i)
      keys.push_back(name + "::conditions[" + std::to_string(i) + "]");
    definition.reporter =
        std::make_unique<const ErrorReporter>(ErrorMode::ignore, world.owner, std::span(metric.conditions), keys);
  }
  definitions_[static_cast<std::size_t>(context)].push_back(std::move(definition));
}

bool Tally::collect(const Definition& definition, const Attributes& record, Work& work) const {
  work.values.clear();
  for (const Attribute& attribute : definition.attributes) {
    const Value* value = find(record, attribute.key);
    if (is_sum_) {
      if (value != nullptr && !is_scalar(*value)) return false;
      if (value != nullptr)
        work.values.push_back(Value::of(text_of(*value, work.frame.arena)));
      else if (attribute.has_default)
        work.values.push_back(attribute.default_value);
      else
        return false;
      continue;
    }
    if (value == nullptr) value = find(work.frame.scope->attributes, attribute.key);
    if (value == nullptr) value = find(work.frame.resource->attributes, attribute.key);
    if (value == nullptr && attribute.has_default) value = &attribute.default_value;
    if (value == nullptr) return false;
    work.values.push_back(*value);
  }
  return true;
}

void Tally::record(Context context, const Attributes& attributes, Work& work) const {
  const std::vector<Definition>& all = definitions(context);
  Found& found = work.found[static_cast<std::size_t>(context)];
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!collect(all[i], attributes, work)) continue;
    bool holds = true;
    // A condition that fails does not hold; the reporter has counted it.
    if (all[i].conditions != nullptr) all[i].conditions->any(work.frame, *all[i].reporter, holds);
    if (!holds) continue;
    Identity key;
    for (const Value& value : work.values) key = joined(key, identity_of(value));
    Series& series = found.of[i];
    const auto [at, is_new] = series.index.try_emplace(key, series.entries.size());
    if (is_new) series.entries.push_back({work.values, 0, 0});
    Entry& entry = series.entries[at->second];
    ++entry.count;
    if (is_sum_) entry.sum += number_of(find(attributes, all[i].source));
  }
}

template <class Record>
void Tally::walk_resource(ResourceGroup<Record>& resource, Work& work) const {
  Frame& frame = work.frame;
  const auto found = [&](Context context) -> Found& { return work.found[static_cast<std::size_t>(context)]; };
  const auto is_wanted = [&](Context context) { return !definitions(context).empty(); };
  enter(frame, resource);
  for (ScopeGroup<Record>& scope : resource.scopes) {
    enter(frame, scope);
    for (Record& one : scope.records) {
      if constexpr (std::is_same_v<Record, LogRecord>) {
        found(Context::log).saw(time_of(one));
        walk_record(frame, one, Context::log, [&](Frame&) { return record(Context::log, one.attributes, work), true; });
      } else if constexpr (std::is_same_v<Record, Span>) {
        found(Context::span).saw(one.start_time_unix_nanos);
        found(Context::span).saw(one.end_time_unix_nanos);
        if (is_wanted(Context::span))
          walk_record(frame, one, Context::span,
                      [&](Frame&) { return record(Context::span, one.attributes, work), true; });
        if (is_wanted(Context::span_event))
          walk_record(frame, one, Context::span_event, [&](Frame& at) {
            found(Context::span_event).saw(time_of(*at.span_event));
            record(Context::span_event, at.span_event->attributes, work);
            return true;
          });
        frame.span_event = nullptr;
      } else {
        if (is_wanted(Context::metric))
          walk_record(frame, one, Context::metric, [&](Frame&) { return record(Context::metric, {}, work), true; });
        if (is_wanted(Context::data_point))
          walk_record(frame, one, Context::data_point, [&](Frame& at) {
            at.point.visit([&](const auto& point) {
              found(Context::data_point).saw(time_of(point));
              record(Context::data_point, point.attributes, work);
            });
            return true;
          });
        frame.point = {};
      }
    }
  }
}

void Tally::write(Context context, const Found& found, MetricScope& scope, Arena& arena) const {
  const std::vector<Definition>& all = definitions(context);
  const std::uint64_t now = world_.clock.unix_nanos();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (found.of[i].entries.empty()) continue;
    Metric& metric = scope.records.add(arena);
    metric.name = arena.copy(all[i].name);
    metric.description = arena.copy(all[i].description);
    metric.type = MetricType::sum;
    metric.temporality = Temporality::delta;
    metric.is_monotonic = true;
    for (const Entry& entry : found.of[i].entries) {
      NumberPoint& point = metric.numbers.add(arena);
      for (std::size_t k = 0; k < entry.values.size(); ++k)
        point.attributes.push(arena, {arena.copy(all[i].attributes[k].key), deep_copy(entry.values[k], arena)});
      if (is_sum_) {
        point.value.type = NumberType::real;
        point.value.real = entry.sum;
        point.time_unix_nanos = now;
      } else {
        point.value.type = NumberType::integer;
        point.value.integer = static_cast<std::int64_t>(entry.count);
        point.start_time_unix_nanos = found.first_unix_nanos != 0 ? found.first_unix_nanos : now;
        point.time_unix_nanos = found.last_unix_nanos != 0 ? found.last_unix_nanos : now;
      }
    }
  }
}

MetricBatch Tally::of(SignalBatch& batch) const {
  MetricBatch out;
  const auto tally = [&](auto& records, std::initializer_list<Context> contexts) {
    Work work(batch, records.arena(), world_);
    for (auto& resource : records.resources) {
      for (const Context context : contexts)
        work.found[static_cast<std::size_t>(context)].reset(definitions(context).size());
      walk_resource(resource, work);
      bool is_empty = true;
      for (const Context context : contexts) is_empty &= work.found[static_cast<std::size_t>(context)].empty();
      if (is_empty) continue;
      MetricResource& group = out.resources.add(out.arena());
      group.resource.attributes = deep_copy(resource.resource.attributes, out.arena());
      MetricScope& scope = group.scopes.add(out.arena());
      scope.scope.name = out.arena().copy(scope_name_);
      for (const Context context : contexts)
        write(context, work.found[static_cast<std::size_t>(context)], scope, out.arena());
    }
  };
  switch (batch.signal()) {
    case Signal::logs: tally(batch.logs(), {Context::log}); break;
    case Signal::traces: tally(batch.traces(), {Context::span, Context::span_event}); break;
    case Signal::metrics: tally(batch.metrics(), {Context::metric, Context::data_point}); break;
  }
  return out;
}

}  // namespace rankwire::ottl
