// Samples become points: the second half of a scrape.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "exposition/target_state.hpp"

namespace rankwire::exposition {

namespace {

constexpr std::uint32_t no_recorded_value = 1;
constexpr std::string_view default_scope =
    "github.com/open-telemetry/opentelemetry-collector-contrib/receiver/prometheusreceiver";

std::uint64_t nanos_of_ms(std::int64_t ms) {
  return ms <= 0 ? 0 : static_cast<std::uint64_t>(std::min<std::int64_t>(ms, INT64_MAX / 1'000'000)) * 1'000'000;
}

std::uint64_t nanos_of_seconds(double seconds) {
  if (!(seconds > 0 && seconds < 9e9)) return 0;
  const auto whole = static_cast<std::uint64_t>(seconds);
  return whole * 1'000'000'000 + static_cast<std::uint64_t>((seconds - static_cast<double>(whole)) * 1e9);
}

// Counts are written as reals; what is none becomes 0.
std::uint64_t count_of(double value) {
  if (!(value > 0)) return 0;
  return value < 18446744073709549568.0 ? static_cast<std::uint64_t>(value) : UINT64_MAX;
}

// Hexadecimal into the last bytes; of what is longer, the first of it. False: it is not hexadecimal.
bool read_id(std::string_view text, std::uint8_t* to, std::size_t size) {
  if (text.size() % 2 != 0 || text.empty()) return false;
  text = text.substr(0, 2 * size);
  std::uint8_t* at = to + size - text.size() / 2;
  for (std::size_t i = 0; i < text.size(); i += 2, ++at) {
    const auto [end, problem] = std::from_chars(text.data() + i, text.data() + i + 2, *at, 16);
    if (problem != std::errc() || end != text.data() + i + 2) {
      std::fill_n(to, size, std::uint8_t{0});
      return false;
    }
  }
  return true;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  return std::ranges::equal(text, lower, [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a | 0x20 : a) == b; });
}

}  // namespace

std::optional<MetricBatch> Target::State::next_batch() {
  if (next_sample_ == samples_.size()) {
    drop_samples();
    std::vector<Sample>().swap(samples_);
    return std::nullopt;
  }
  batch_.emplace();
  table_->keep_in(*batch_);
  ++batch_number_;
  points_ = 0;
  while (next_sample_ < samples_.size() && points_ < options_.limits.batch_points_max) write(samples_[next_sample_++]);
  std::optional<MetricBatch> made = std::exchange(batch_, std::nullopt);
  return points_ == 0 ? next_batch() : std::move(made);
}

void Target::State::write(const Sample& sample) {
  const Line& line = table_->lines[sample.line];
  Group& group = table_->groups[line.group];
  if (group.pending == 1 && group.open == none && line.part == Part::value && sample.extra == none) {
    group.pending = 0;
    return write_number(group, sample.value, sample.time_ms);
  }
  if (group.open == none) {
    if (free_open_.empty()) {
      free_open_.push_back(static_cast<std::uint32_t>(open_.size()));
      open_.emplace_back();
    }
    group.open = free_open_.back();
    free_open_.pop_back();
    OpenPoint& open = open_[group.open];
    std::vector<OpenPoint::Bucket> buckets = std::move(open.buckets);
    std::vector<std::uint32_t> exemplars = std::move(open.exemplars);
    buckets.clear();
    exemplars.clear();
    open = {.time_ms = sample.time_ms, .buckets = std::move(buckets), .exemplars = std::move(exemplars)};
  }
  add_to(open_[group.open], sample, line);
  if (--group.pending != 0) return;
  write_point(group, open_[group.open]);
  free_open_.push_back(group.open);
  group.open = none;
}

void Target::State::add_to(OpenPoint& open, const Sample& sample, const Line& line) {
  if (sample.time_ms != open.time_ms) {
    ++counts.misfits;
    return;
  }
  const bool is_stale = is_stale_nan(sample.value);
  switch (line.part) {
    case Part::value:
      open.value = sample.value;
      open.has_value = true;
      break;
    case Part::count:
      open.count = sample.value;
      open.has_count = true;
      open.is_stale |= is_stale;
      break;
    case Part::sum:
      open.sum = sample.value;
      open.has_sum = true;
      open.is_stale |= is_stale;
      break;
    case Part::bucket: open.buckets.push_back({line.bound, sample.value}); break;
    case Part::native:
      open.is_stale |= is_stale;
      open.has_count = true;
      if (!is_stale) open.native = sample.extra;
      break;
    default: break;
  }
  const std::uint32_t exemplar =
      line.part == Part::native && sample.extra != none ? natives_[sample.extra].exemplar : sample.extra;
  if (exemplar != none) open.exemplars.push_back(exemplar);
}

Attributes Target::State::attributes_of(std::uint32_t set) {
  if (set == none) return {};
  AttributeSet& attributes = table_->sets[set];
  if (attributes.batch != batch_number_) {
    attributes.batch = batch_number_;
    auto* list = batch_->arena().allocate_array<KeyValue>(attributes.count);
    KeyValue* at = list;
    for (const std::uint32_t id : table_->pairs_of(attributes)) *at++ = table_->pair(id);
    attributes.list = list;
  }
  return Attributes::shared(attributes.list, attributes.count);
}

template <class Point>
void Target::State::write_common(const Group& group, std::int64_t time_ms, bool has_start, Point& point) {
  point.time_unix_nanos = nanos_of_ms(time_ms);
  if (has_start && group.created_seen == scrape_) point.start_time_unix_nanos = nanos_of_seconds(group.created_seconds);
  point.attributes = attributes_of(group.attributes);
  ++points_;
}

void Target::State::write_number(const Group& group, double value, std::int64_t time_ms) {
  Metric& record = record_of(group.metric);
  NumberPoint& point = record.numbers.add(batch_->arena());
  write_common(group, time_ms, record.type == MetricType::sum, point);
  if (is_stale_nan(value)) {
    point.flags = no_recorded_value;
  } else {
    point.value.type = NumberType::real;
    point.value.real = value;
  }
}

void Target::State::write_point(const Group& group, OpenPoint& open) {
  const MetricType type = table_->families[table_->metrics[group.metric].family].type;
  if (type == MetricType::gauge || type == MetricType::sum) {
    if (!open.has_value) return;
    write_number(group, open.value, open.time_ms);
    write_exemplars(open, record_of(group.metric).numbers.back().exemplars);
    return;
  }
  if (!open.has_count || (type == MetricType::exponential_histogram && open.native == none && !open.is_stale)) return;
  std::ranges::stable_sort(open.buckets, {}, &OpenPoint::Bucket::bound);
  Metric& record = record_of(group.metric);
  if (type == MetricType::histogram)
    write_histogram(group, open, record);
  else if (type == MetricType::summary)
    write_summary(group, open, record);
  else
    write_native(group, open, record);
}

void Target::State::write_histogram(const Group& group, OpenPoint& open, Metric& to) {
  Arena& arena = batch_->arena();
  HistogramPoint& point = to.histograms.add(arena);
  write_common(group, open.time_ms, true, point);
  write_exemplars(open, point.exemplars);
  // OTLP has no bound for the last bucket.
  while (!open.buckets.empty() && open.buckets.back().bound == std::numeric_limits<double>::infinity())
    open.buckets.pop_back();
  point.explicit_bounds.reserve(arena, static_cast<std::uint32_t>(open.buckets.size()));
  point.bucket_counts.reserve(arena, static_cast<std::uint32_t>(open.buckets.size() + 1));
  double before = 0;
  for (const auto& [bound, value] : open.buckets) {
    point.explicit_bounds.push(arena, bound);
    point.bucket_counts.push(arena, open.is_stale ? 0 : count_of(value - before));
    before = value;
  }
  point.bucket_counts.push(arena, open.is_stale ? 0 : count_of(open.count - before));
  if (open.is_stale) {
    point.flags = no_recorded_value;
    return;
  }
  point.count = count_of(open.count);
  if (open.has_sum) point.sum = {true, open.sum};
}

void Target::State::write_summary(const Group& group, OpenPoint& open, Metric& to) {
  SummaryPoint& point = to.summaries.add(batch_->arena());
  write_common(group, open.time_ms, true, point);
  for (const auto& [bound, value] : open.buckets)
    point.quantiles.push(batch_->arena(), {bound, open.is_stale ? 0 : value});
  if (open.is_stale) {
    point.flags = no_recorded_value;
    return;
  }
  point.count = count_of(open.count);
  if (open.has_sum) point.sum = open.sum;
}

void Target::State::write_native(const Group& group, const OpenPoint& open, Metric& to) {
  Arena& arena = batch_->arena();
  ExponentialHistogramPoint& point = to.exponential_histograms.add(arena);
  if (open.is_stale) {
    point.flags = no_recorded_value;
  } else {
    point = natives_[open.native].point;
    for (ExponentialBuckets* buckets : {&point.positive, &point.negative}) {
      const std::uint32_t size = buckets->bucket_counts.size();
      auto* copy = arena.allocate_array<std::uint64_t>(size);
      std::copy_n(buckets->bucket_counts.begin(), size, copy);
      buckets->bucket_counts = List<std::uint64_t>::shared(copy, size);
    }
  }
  write_common(group, open.time_ms, true, point);
  write_exemplars(open, point.exemplars);
}

void Target::State::write_exemplars(const OpenPoint& open, List<Exemplar>& to) {
  for (const std::uint32_t first : open.exemplars)
    for (std::uint32_t at = first; at != none; at = exemplars_[at].next) write_exemplar(exemplars_[at], to);
}

void Target::State::write_exemplar(const PageExemplar& exemplar, List<Exemplar>& to) {
  Arena& arena = batch_->arena();
  Exemplar& made = to.add(arena);
  made.time_unix_nanos = nanos_of_ms(exemplar.time_ms);
  made.value.type = NumberType::real;
  made.value.real = exemplar.value;
  for (const auto& [name, value] : exemplar.labels) {
    if (equals_ignoring_case(name, "trace_id") && read_id(value, made.trace_id.bytes, sizeof made.trace_id.bytes))
      continue;
    if (equals_ignoring_case(name, "span_id") && read_id(value, made.span_id.bytes, sizeof made.span_id.bytes))
      continue;
    made.filtered_attributes.push(arena, {arena.copy(name), Value::of(arena.copy(value))});
  }
}

Metric& Target::State::record_of(std::uint32_t id) {
  FamilyMetric& metric = table_->metrics[id];
  MetricScope& scope = scope_record(table_->streams[metric.stream]);
  const MetricFamily& family = table_->families[metric.family];
  if (metric.batch != batch_number_) {
    metric.batch = batch_number_;
    metric.record = scope.records.size();
    Metric& record = scope.records.add(batch_->arena());
    describe(family, record);
    const std::uint64_t room = std::min<std::uint64_t>(metric.expected, options_.limits.batch_points_max - points_);
    const auto points = static_cast<std::uint32_t>(std::max<std::uint64_t>(room, 1));
    if (family.type == MetricType::gauge || family.type == MetricType::sum)
      record.numbers.reserve(batch_->arena(), points);
    else if (family.type == MetricType::histogram)
      record.histograms.reserve(batch_->arena(), points);
  }
  if (metric.expected != 0) --metric.expected;
  return scope.records[metric.record];
}

void Target::State::describe(const MetricFamily& family, Metric& record) {
  Arena& arena = batch_->arena();
  const Metadata::Family* known = metadata_.find(family.described_as);
  const std::string_view help = scrape_series_help(family.name);
  std::string_view unit;
  if (!help.empty() && family.type == MetricType::gauge) {
    record.description = help;
    if (family.name.ends_with("_seconds")) unit = "seconds";
  } else if (known != nullptr) {
    record.description = arena.copy(unescaped(known->help, arena, !known->has_escaped_quotes));
    unit = known->unit;
  }
  record.unit = arena.copy(ucum_unit(unit, arena));
  record.name = family.name;
  if (options_.trims_metric_suffixes) record.name = trimmed_name(family.name, family.type == MetricType::sum, unit);
  record.metadata.push(arena, {"prometheus.type", Value::of(to_string(family.family_type))});
  record.type = family.type;
  record.is_monotonic = family.is_monotonic;
  if (family.type != MetricType::gauge && family.type != MetricType::summary)
    record.temporality = Temporality::cumulative;
}

MetricScope& Target::State::scope_record(Stream& stream) {
  Arena& arena = batch_->arena();
  if (stream.batch == batch_number_) return batch_->resources[stream.resource_at].scopes[stream.scope_at];
  stream.batch = batch_number_;
  stream.resource_at = none;
  for (const Stream& other : table_->streams)
    if (&other != &stream && other.batch == batch_number_ && other.resource == stream.resource)
      stream.resource_at = other.resource_at;
  if (stream.resource_at == none) {
    stream.resource_at = batch_->resources.size();
    write_resource(table_->resources[stream.resource], batch_->resources.add(arena).resource);
  }
  List<MetricScope>& scopes = batch_->resources[stream.resource_at].scopes;
  stream.scope_at = scopes.size();
  MetricScope& record = scopes.add(arena);
  const ScrapedScope& scope = table_->scopes[stream.scope];
  if (scope.name.empty() && scope.version.empty() && scope.schema_url.empty() &&
      (scope.attributes == none || scope.info_seen != 0)) {
    record.scope.name = default_scope;
    record.scope.version = arena.copy(options_.scope_version);
    return record;
  }
  record.scope.name = scope.name;
  record.scope.version = scope.version;
  record.schema_url = scope.schema_url;
  if (scope.info_seen == 0 || scope.info_seen == scrape_) record.scope.attributes = attributes_of(scope.attributes);
  return record;
}

}  // namespace rankwire::exposition
