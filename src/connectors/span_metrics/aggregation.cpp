#include "connectors/span_metrics/aggregation.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "connectors/span_metrics/sampling_weight.hpp"

namespace rankwire::span_metrics {
namespace {

constexpr std::string_view kinds[] = {"SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER",
                                      "SPAN_KIND_CLIENT",      "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER"};
constexpr std::string_view statuses[] = {"STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"};
constexpr double times_max = 1e15;

std::string uuid(Random& random) {
  static constexpr char digits[] = "0123456789abcdef";
  const std::uint64_t halves[] = {random.next(), random.next()};
  std::string text;
  for (int i = 0; i < 32; ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) text += '-';
    std::uint64_t digit = halves[i / 16] >> (4 * (i % 16)) & 15;
    if (i == 12) digit = 4;
    if (i == 16) digit = 8 | (digit & 3);
    text += digits[digit];
  }
  return text;
}

HistogramShape shape_of(const HistogramConfig& config) {
  HistogramShape shape;
  if (config.disable) return shape;
  if (config.exponential) {
    shape.exponential_max =
        config.exponential->max_size == 0 ? 160 : static_cast<std::uint32_t>(config.exponential->max_size);
  } else {
    shape.bounds = config.bounds();
  }
  return shape;
}

std::string name_of(const SpanMetricsConfig& config, std::string_view name) {
  return config.namespace_.empty() ? std::string(name) : config.namespace_ + "." + std::string(name);
}

ExpiringMapLimits limits(Bytes bytes) { return {.bytes_max = bytes, .idle_max = {}, .gives_way = WhenFull::new_entry}; }

}  // namespace

Aggregation::Aggregation(const SpanMetricsConfig& config, const World& world)
    : config_(config),
      world_(world),
      is_delta_(config.aggregation_temporality == Temporality::delta),
      nanos_per_unit_(config.histogram.unit == Unit::seconds ? 1e9 : 1e6),
      instance_id_(uuid(world.random)),
      dimensions_(config.dimensions),
      calls_dimensions_(config.calls_dimensions),
      duration_dimensions_(config.histogram.dimensions),
      event_dimensions_(config.events.dimensions),
      is_shared_(!config.histogram.disable && calls_dimensions_.empty() && duration_dimensions_.empty()),
      shape_(shape_of(config.histogram)),
      calls_name_(name_of(config, "calls")),
      durations_name_(name_of(config, "duration")),
      events_name_(name_of(config, "events")),
      // A quarter for resources, which are few and hold the series that take what has no room.
      series_(limits({config.max_state_size.count / 4 * 3}),
              StateFigures(world.counters, {{"connector", world.connector}, {"state", "series"}})),
      resources_(limits({config.max_state_size.count / 4}),
                 StateFigures(world.counters, {{"connector", world.connector}, {"state", "resources"}})),
      ignored_(world.counters.counter("rankwire_span_metrics_ignored_spans_total",
                                      "Spans that were not counted: their resource has no service.name.",
                                      {{"connector", world.connector}})),
      overflowed_(world.counters.counter("rankwire_span_metrics_overflow_spans_total",
                                         "Spans and events counted in an overflow series.",
                                         {{"connector", world.connector}})) {
  const auto has = [&](std::string_view name) {
    const auto& excluded = config_.exclude_dimensions;
    return std::find(excluded.begin(), excluded.end(), name) == excluded.end();
  };
  has_service_ = has("service.name");
  has_name_ = has("span.name");
  has_kind_ = has("span.kind");
  has_status_ = has("status.code");
  has_instance_ = has("collector.instance.id");
}

void Aggregation::add(const TraceBatch& batch) {
  now_ = world_.clock.now();
  now_unix_nanos_ = world_.clock.unix_nanos();
  weighed_state_ = {};
  for (const SpanResource& resource : batch.resources) {
    if (!enter(group_, resource.resource)) {
      for (const SpanScope& scope : resource.scopes) ignored_.add(scope.records.size());
      continue;
    }
    for (const SpanScope& scope : resource.scopes) {
      enter(group_, scope.scope);
      for (const Span& span : scope.records) add_span(group_, span);
    }
  }
}

bool Aggregation::enter(Group& group, const Resource& resource) {
  const Value* service = find(resource.attributes, "service.name");
  if (service == nullptr) return false;
  group.resource = &resource.attributes;
  group.service = service->is_text() ? service->text() : std::string_view();
  Identity key{};
  if (config_.resource_metrics_key_attributes.empty()) {
    key = identity_of(resource);
  } else {
    for (const std::string& name : config_.resource_metrics_key_attributes) {
      const Value* value = find(resource.attributes, name);
      key = joined(key, value == nullptr ? Identity{} : identity_of(*value));
    }
  }
  group.identity = has_service_ ? joined(key, identity_of(group.service)) : key;
  dimensions_.prepare(resource.attributes, group.dimensions);
  calls_dimensions_.prepare(resource.attributes, group.calls);
  duration_dimensions_.prepare(resource.attributes, group.durations);
  event_dimensions_.prepare(resource.attributes, group.events);
  group.state = &resource_of(group, key);
  return true;
}

ResourceState& Aggregation::resource_of(const Group& group, const Identity& key) {
  const auto [entry, is_new] = resources_.find_or_add(key, now_);
  if (entry == nullptr) return overflow_resource_;
  ResourceState& state = entry->state;
  state.used_at = now_;
  if (!is_new) return state;
  state.attributes = OwnedAttributes(*group.resource);
  state.order = next_order_++;
  // Its overflow series are made when there is no room for others: what they take is set aside now.
  const std::uint64_t reserve = of_count * (sizeof(Series) + shape_.bytes_max().count);
  if (!resources_.resize(*entry, {state.attributes.bytes().count + reserve})) return overflow_resource_;
  return state;
}

void Aggregation::enter(Group& group, const Scope& scope) const {
  const auto& included = config_.include_instrumentation_scope;
  group.has_scope = !scope.name.empty() && std::find(included.begin(), included.end(), scope.name) != included.end();
  group.scope_name = scope.name;
  group.scope_version = scope.version;
  group.scope_identity = group.has_scope ? joined(identity_of(scope.name), identity_of(scope.version)) : Identity{};
}

void Aggregation::weigh(Seen& seen) {
  const std::string_view state = seen.span.trace_state;
  if (state.empty()) return;
  // Spans of a trace come one after the other with the same state.
  if (state != weighed_state_) {
    const std::optional<double> weight = sampling_weight(state);
    weighed_state_ = state;
    weighed_is_extrapolated_ = weight.has_value();
    const double times = std::min(weight.value_or(1), times_max);
    // Rounded up or down by chance, so that sums are right on average.
    const double whole = std::floor(times);
    weighed_times_ = static_cast<std::uint64_t>(whole) + (world_.random.unit() < times - whole ? 1 : 0);
  }
  seen.times = weighed_times_;
  seen.is_extrapolated = weighed_is_extrapolated_;
}

void Aggregation::add_span(const Group& group, const Span& span) {
  Seen seen{.span = span};
  if (span.end_time_unix_nanos > span.start_time_unix_nanos)
    seen.duration = static_cast<double>(span.end_time_unix_nanos - span.start_time_unix_nanos) / nanos_per_unit_;
  weigh(seen);
  identify_common(group, seen);
  const std::size_t common = parts_.size();
  count(group, seen, {Of::calls, calls_dimensions_, group.calls}, is_shared_);
  if (!is_shared_ && !config_.histogram.disable) {
    parts_.resize(common);
    count(group, seen, {Of::durations, duration_dimensions_, group.durations}, true);
  }
  if (config_.events.enabled) add_events(group, span, seen);
}

void Aggregation::add_events(const Group& group, const Span& span, const Seen& seen) {
  for (const SpanEvent& event : span.events) {
    Seen with_event = seen;
    with_event.event = &event.attributes;
    identify_common(group, with_event);
    count(group, with_event, {Of::events, event_dimensions_, group.events}, false);
  }
}

void Aggregation::identify_common(const Group& group, const Seen& seen) {
  const Span& span = seen.span;
  parts_.clear();
  parts_.push_back(group.identity);
  parts_.push_back({(has_kind_ ? span.kind : 0) |
                        static_cast<std::uint64_t>(has_status_ ? span.status_code : SpanStatusCode::unset) << 32,
                    config_.enable_metrics_sampling_method && seen.is_extrapolated ? 1u : 0u});
  if (has_name_) parts_.push_back(identity_of(span.name));
  if (group.has_scope) parts_.push_back(group.scope_identity);
  dimensions_.identify({&span.attributes, seen.event, group.resource}, group.dimensions, parts_);
}

void Aggregation::count(const Group& group, const Seen& seen, const Extra& extra, bool with_durations) {
  extra.list.identify({&seen.span.attributes, seen.event, group.resource}, extra.prepared, parts_);
  parts_.push_back({static_cast<std::uint64_t>(extra.of), with_durations ? 1u : 0u});
  const Identity key =
      identity_of(std::string_view(reinterpret_cast<const char*>(parts_.data()), parts_.size() * sizeof(Identity)));
  if (Series* series = find_or_add(key, group, seen, extra, with_durations)) return tally(*series, seen, true);
  overflowed_.add();
  tally(overflow(*group.state, extra.of), seen, false);
  if (with_durations && extra.of == Of::calls) tally(overflow(*group.state, Of::durations), seen, false);
}

void Aggregation::tally(Series& series, const Seen& seen, bool with_exemplar) {
  series.is_changed = true;
  series.count += seen.times;
  if (series.is_durations) series.durations.observe(shape_, seen.duration, seen.times);
  if (with_exemplar && config_.exemplars.enabled && series.exemplars.size() < config_.exemplars.max_per_data_point &&
      seen.span.trace_id.is_set())
    series.exemplars.push_back({seen.span.trace_id, seen.span.span_id, seen.duration});
}

Series* Aggregation::find_or_add(const Identity& key, const Group& group, const Seen& seen, const Extra& extra,
                                 bool with_durations) {
  ResourceState& resource = *group.state;
  if (SeriesMap::Entry* entry = series_.find(key, now_)) {
    Series& series = entry->state;
    // The limit of delta temporality is on series of one interval, the memory of earlier ones does not count.
    if (is_delta_ && !series.is_changed) {
      if (is_full(resource, extra.of)) return nullptr;
      ++resource.series[static_cast<std::size_t>(extra.of)];
    }
    return &series;
  }
  if (&resource == &overflow_resource_ || is_full(resource, extra.of)) return nullptr;
  Arena arena;
  OwnedAttributes attributes(attributes_of(group, seen, extra, arena));
  const Bytes extra_bytes{
      attributes.bytes().count + (with_durations ? shape_.bytes_max().count : 0) +
      (config_.exemplars.enabled ? config_.exemplars.max_per_data_point * sizeof(StoredExemplar) : 0)};
  if (!make_room(extra_bytes)) return nullptr;
  SeriesMap::Entry* entry = series_.find_or_add(key, now_).entry;
  if (entry == nullptr || !series_.resize(*entry, extra_bytes)) return nullptr;
  entry->state.attributes = std::move(attributes);
  ++resource.entries;
  ++resource.series[static_cast<std::size_t>(extra.of)];
  start(entry->state, resource, extra.of, with_durations);
  return &entry->state;
}

void Aggregation::start(Series& series, ResourceState& resource, Of of, bool with_durations) {
  series.resource = &resource;
  series.is_calls = of == Of::calls;
  series.is_durations = with_durations;
  series.is_events = of == Of::events;
  series.start_unix_nanos = now_unix_nanos_;
  series.order = next_order_++;
}

Series& Aggregation::overflow(ResourceState& resource, Of of) {
  std::unique_ptr<Series>& series = resource.overflow[static_cast<std::size_t>(of)];
  if (series == nullptr) {
    series = std::make_unique<Series>();
    Arena arena;
    Attributes attributes;
    attributes.push(arena, {"otel.metric.overflow", Value::of(true)});
    series->attributes = OwnedAttributes(attributes);
    start(*series, resource, of, of == Of::durations);
  }
  return *series;
}

Attributes Aggregation::attributes_of(const Group& group, const Seen& seen, const Extra& extra, Arena& arena) const {
  const Span& span = seen.span;
  Attributes to;
  if (has_service_) to.push(arena, {"service.name", Value::of(group.service)});
  if (has_name_) to.push(arena, {"span.name", Value::of(span.name)});
  if (has_kind_)
    to.push(arena, {"span.kind", Value::of(span.kind < std::size(kinds) ? kinds[span.kind] : std::string_view())});
  if (has_status_)
    to.push(
        arena,
        {"status.code",
         Value::of(
             statuses[std::min<std::size_t>(static_cast<std::size_t>(span.status_code), std::size(statuses) - 1)])});
  if (has_instance_) to.push(arena, {"collector.instance.id", Value::of(std::string_view(instance_id_))});
  if (group.has_scope) {
    to.push(arena, {"span.instrumentation.scope.name", Value::of(group.scope_name)});
    if (!group.scope_version.empty())
      to.push(arena, {"span.instrumentation.scope.version", Value::of(group.scope_version)});
  }
  if (config_.enable_metrics_sampling_method)
    to.push(arena, {"sampling.method", Value::of(seen.is_extrapolated ? "extrapolated" : "counted")});
  const Sources sources{&span.attributes, seen.event, group.resource};
  dimensions_.collect(sources, group.dimensions, to, arena);
  extra.list.collect(sources, extra.prepared, to, arena);
  return to;
}

bool Aggregation::is_full(const ResourceState& resource, Of of) const {
  return config_.aggregation_cardinality_limit != 0 &&
         resource.series[static_cast<std::size_t>(of)] >= config_.aggregation_cardinality_limit;
}

// What every point has been made of gives way to what is new; what no point has said yet does not.
bool Aggregation::make_room(Bytes extra) {
  while (!series_.has_room(extra)) {
    SeriesMap::Entry* const oldest = series_.oldest();
    if (oldest == nullptr || oldest->state.is_changed) return false;
    forget(*oldest, true);
  }
  return true;
}

void Aggregation::forget(SeriesMap::Entry& entry, bool is_for_room) {
  Series& series = entry.state;
  --series.resource->entries;
  std::uint64_t& counted = series.resource->series[static_cast<std::size_t>(series.counted_as())];
  if (!is_delta_ && counted != 0) --counted;
  is_for_room ? series_.evict(entry) : series_.expire(entry);
}

}  // namespace rankwire::span_metrics
