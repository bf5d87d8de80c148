#include "receivers/statsd/window.hpp"

#include <algorithm>
#include <cmath>

namespace rankwire::statsd {
namespace {

constexpr std::string_view scope_name =
    "github.com/open-telemetry/opentelemetry-collector-contrib/receiver/statsdreceiver";
constexpr double nanos_per_second = 1e9;
// Nodes of both maps, the deque's slot, what malloc adds.
constexpr std::size_t series_overhead = 200;

std::uint64_t hash_of(std::string_view text) { return identity_of(text).low; }

Value text_value(Arena& arena, std::string_view text) { return Value::of(arena.copy(text)); }

}  // namespace

const HistogramShape& Observation::shape_of(const std::string& name) const {
  for (const Fixed& one : fixed)
    if (one.names.matches(name)) return one.shape;
  return exponential;
}

Rules::Rules(const StatsdConfig& with)
    : config(with),
      timing_(observation(with.mapping_of(MetricKind::timing))),
      histogram_(observation(with.mapping_of(MetricKind::histogram))),
      distribution_(observation(with.mapping_of(MetricKind::distribution))) {}

Observation Rules::observation(const MappingConfig* mapping) {
  Observation made;
  if (mapping == nullptr) return made;
  made.observer = mapping->observer_type;
  if (mapping->histogram.max_size != 0)
    made.exponential.exponential_max = static_cast<std::uint32_t>(mapping->histogram.max_size);
  for (const ExplicitBucketsConfig& one : mapping->histogram.explicit_buckets) {
    auto names = text::Pattern::compile(one.matcher_pattern);
    auto bounds = numbers_in(one.buckets);
    if (!names || !bounds) continue;  // Not of a valid configuration.
    made.fixed.push_back(
        {std::move(*names), {.bounds = std::move(*bounds), .exponential_max = 0, .has_extremes = true}});
  }
  made.quantiles = numbers_in(mapping->summary.percentiles).value_or(std::vector<double>());
  if (made.quantiles.empty()) made.quantiles = {0, 10, 50, 90, 95, 100};
  for (double& quantile : made.quantiles) quantile /= 100;
  return made;
}

const Observation& Rules::of(MetricKind kind) const {
  switch (kind) {
    case MetricKind::timing: return timing_;
    case MetricKind::histogram: return histogram_;
    case MetricKind::distribution: return distribution_;
    default: return none_;
  }
}

Bytes Window::bytes() const { return Bytes{bytes_}; }

Window::SenderState& Window::state_of(const Sender& sender) {
  const auto [at, is_new] = senders_.try_emplace(sender.key);
  if (is_new) at->second = {sender, static_cast<std::uint32_t>(senders_.size())};
  return at->second;
}

bool Window::read_tags(const MetricLine& line, std::vector<std::pair<std::string, std::string>>& to,
                       LineProblem& problem) const {
  std::string_view tags = line.tags;
  Tag tag;
  while (take_tag(tags, tag)) {
    if (tag.key.empty() && !tag.has_value) continue;  // "a,,b"
    if (tag.key.empty() || (tag.value.empty() && !rules_.config.enable_simple_tags)) {
      problem = LineProblem::bad_tag;
      return false;
    }
    to.emplace_back(tag.key, tag.value);
  }
  // Of several with one key the last counts.
  std::stable_sort(to.begin(), to.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  const auto kept =
      std::unique(to.rbegin(), to.rend(), [](const auto& a, const auto& b) { return a.first == b.first; });
  to.erase(to.begin(), kept.base());
  return true;
}

Window::Series* Window::find(const Sender& sender, const MetricLine& line, LineProblem& problem) {
  const std::uint64_t rest[] = {static_cast<std::uint64_t>(line.kind), line.unix_seconds};
  const Identity with_rest =
      joined(identity_of(sender.key), identity_of({reinterpret_cast<const char*>(rest), sizeof rest}));
  Identity who = joined(with_rest, identity_of(line.name));
  if (!line.container.empty()) who = joined(who, identity_of(line.container));
  if (!line.external_data.empty()) who = joined(who, identity_of(line.external_data));
  const Identity by_text = line.tags.empty() ? who : joined(who, identity_of(line.tags));
  if (const auto at = by_text_.find(by_text); at != by_text_.end()) return at->second;

  std::vector<std::pair<std::string, std::string>> tags;
  if (!read_tags(line, tags, problem)) return nullptr;
  Identity identity = who;
  for (const auto& [key, value] : tags) identity = joined(joined(identity, identity_of(key)), identity_of(value));
  const auto known = by_identity_.find(identity);
  Series* const series = known != by_identity_.end() ? known->second : make(sender, line, identity, std::move(tags));
  if (series != nullptr && has_room(series_overhead)) {
    bytes_ += sizeof(Identity) + 4 * sizeof(void*);
    by_text_.emplace(by_text, series);
  }
  return series;
}

Window::Series* Window::make(const Sender& sender, const MetricLine& line, const Identity& identity,
                             std::vector<std::pair<std::string, std::string>> tags) {
  std::size_t size = sizeof(Series) + series_overhead + line.name.size() + line.container.size() +
                     line.external_data.size() + sender.key.size();
  for (const auto& [key, value] : tags) size += sizeof(std::pair<std::string, std::string>) + key.size() + value.size();
  if (!senders_.contains(sender.key)) size += sizeof(SenderState) + 2 * sender.key.size() + series_overhead;
  const Observation& observation = rules_.of(line.kind);
  std::string name(line.name);
  const HistogramShape* shape = nullptr;
  if (observation.observer == Observer::histogram) {
    shape = &observation.shape_of(name);
    size += shape->bytes_max().count;
  }
  if (!has_room(size)) return nullptr;
  bytes_ += size;
  Series& series = series_.emplace_back();
  series.sender = &state_of(sender);
  series.name = std::move(name);
  series.kind = line.kind;
  series.tags = std::move(tags);
  series.container = line.container;
  series.external_data = line.external_data;
  series.unix_seconds = line.unix_seconds;
  series.shape = shape;
  by_identity_.emplace(identity, &series);
  return &series;
}

Added Window::add(const Sender& sender, const MetricLine& line, std::uint64_t now, LineProblem& problem) {
  problem = LineProblem::none;
  const bool is_observed =
      line.kind == MetricKind::timing || line.kind == MetricKind::histogram || line.kind == MetricKind::distribution;
  if (is_observed && rules_.of(line.kind).observer == Observer::disabled) return Added::unwanted;
  PackedValue value;
  if (line.kind != MetricKind::set) {
    for (std::string_view values = line.values; take_value(values, value);) {
      if (value.is_valid) continue;
      problem = LineProblem::bad_value;
      return Added::invalid;
    }
  }
  Series* const series = find(sender, line, problem);
  if (series == nullptr) return problem == LineProblem::none ? Added::full : Added::invalid;
  if (line.kind == MetricKind::set) {
    if (!has_room(sizeof(std::uint64_t) * 4)) return Added::full;
    if (series->members.insert(hash_of(line.values)).second) bytes_ += sizeof(std::uint64_t) * 4;
    return Added::taken;
  }
  const bool keeps_samples = is_observed && rules_.of(line.kind).observer != Observer::histogram;
  const auto count = static_cast<std::size_t>(std::count(line.values.begin(), line.values.end(), ':')) + 1;
  if (keeps_samples) {
    if (!has_room(count * sizeof(Sample))) return Added::full;
    bytes_ += count * sizeof(Sample);
  }
  for (std::string_view values = line.values; take_value(values, value);)
    observe(*series, value, line.sample_rate, now);
  return Added::taken;
}

void Window::observe(Series& series, const PackedValue& value, double rate, std::uint64_t now) {
  switch (series.kind) {
    case MetricKind::counter: series.value += value.number / rate; return;
    case MetricKind::gauge:
      series.value = value.is_signed ? series.value + value.number : value.number;
      series.time = now;
      return;
    case MetricKind::set: return;
    default: break;
  }
  if (rules_.of(series.kind).observer == Observer::histogram) {
    series.histogram.observe(*series.shape, value.number, static_cast<std::uint64_t>(1 / rate));
  } else {
    series.samples.push_back({value.number, 1 / rate, now});
  }
}

Attributes Window::attributes_of(const Series& series, Arena& arena) const {
  Attributes attributes;
  for (const auto& [key, value] : series.tags) attributes.push(arena, {arena.copy(key), text_value(arena, value)});
  std::string_view container = series.container;
  if (container.starts_with("ci-")) container.remove_prefix(3);
  if (!container.empty() && !container.starts_with("in-"))
    set(attributes, arena, "container.id", text_value(arena, container));
  if (rules_.config.enable_metric_type) set(attributes, arena, "metric_type", Value::of(to_string(series.kind)));
  return attributes;
}

Number Window::counted(double value, Random& random) const {
  Number number{.type = NumberType::real, .real = value};
  if (rules_.config.counter_type == CounterType::real || !(std::abs(value) <= 9e18)) return number;
  double whole = std::trunc(value);
  const double rest = std::abs(value - whole);
  if (rules_.config.counter_type == CounterType::stochastic && random.unit() < rest) whole += value < 0 ? -1 : 1;
  number.type = NumberType::integer;
  number.integer = static_cast<std::int64_t>(whole);
  return number;
}

// Empirical quantiles of weighted samples: the least value below or at which that part of the weight lies.
void Window::write_summary(const Series& series, Metric& metric, Arena& arena, std::uint64_t now) const {
  std::vector<Sample> samples = series.samples;
  std::sort(samples.begin(), samples.end(), [](const Sample& a, const Sample& b) { return a.value < b.value; });
  SummaryPoint& point = metric.summaries.add(arena);
  double count = 0;
  for (const Sample& sample : samples) {
    count += sample.weight;
    point.sum += sample.value * sample.weight;
  }
  point.count = static_cast<std::uint64_t>(count);
  for (const double quantile : rules_.of(series.kind).quantiles) {
    double weight = 0;
    double value = samples.front().value;
    for (const Sample& sample : samples) {
      value = sample.value;
      weight += sample.weight;
      if (weight >= quantile * count) break;
    }
    point.quantiles.push(arena, {quantile, value});
  }
  point.start_time_unix_nanos = begin_;
  point.time_unix_nanos = now;
  point.attributes = attributes_of(series, arena);
}

void Window::write_points(const Series& series, Metric& metric, Arena& arena, std::uint64_t now, Random& random) const {
  const auto at = series.unix_seconds != 0 ? series.unix_seconds * static_cast<std::uint64_t>(nanos_per_second) : now;
  const auto add_number = [&](Number value, std::uint64_t start, std::uint64_t time) {
    NumberPoint& point = metric.numbers.add(arena);
    point.value = value;
    point.start_time_unix_nanos = start;
    point.time_unix_nanos = time;
    point.attributes = attributes_of(series, arena);
  };
  const auto finish = [&](auto& point) {
    point.start_time_unix_nanos = begin_;
    point.time_unix_nanos = now;
    point.attributes = attributes_of(series, arena);
  };
  switch (series.kind) {
    case MetricKind::counter: return add_number(counted(series.value, random), std::min(begin_, at), at);
    case MetricKind::gauge:
      return add_number({.type = NumberType::real, .real = series.value}, 0,
                        series.unix_seconds != 0 ? at : series.time);
    case MetricKind::set:
      return add_number({.type = NumberType::integer, .integer = static_cast<std::int64_t>(series.members.size())}, 0,
                        at);
    default: break;
  }
  switch (rules_.of(series.kind).observer) {
    case Observer::disabled: return;
    case Observer::gauge:
      for (const Sample& sample : series.samples)
        add_number({.type = NumberType::real, .real = sample.value}, 0, sample.time);
      return;
    case Observer::summary: return write_summary(series, metric, arena, now);
    case Observer::histogram: break;
  }
  if (series.shape->exponential_max != 0)
    return finish(series.histogram.add_exponential(metric.exponential_histograms, arena));
  finish(series.histogram.add_explicit(*series.shape, series.shape->copy_bounds(arena), metric.histograms, arena));
}

namespace {

MetricType type_of(MetricKind kind, const Observation& observation, const HistogramShape* shape) {
  if (kind == MetricKind::counter) return MetricType::sum;
  switch (observation.observer) {
    case Observer::summary: return MetricType::summary;
    case Observer::histogram:
      return shape->exponential_max != 0 ? MetricType::exponential_histogram : MetricType::histogram;
    default: return MetricType::gauge;
  }
}

}  // namespace

void Window::write(const std::vector<const Series*>& of_sender, MetricBatch& batch, std::uint64_t now,
                   Random& random) const {
  Arena& arena = batch.arena();
  const Sender& sender = of_sender.front()->sender->sender;
  MetricResource& resource = batch.resources.add(arena);
  if (!sender.container.empty())
    set(resource.resource.attributes, arena, "container.id", text_value(arena, sender.container));
  if (sender.process != 0) set(resource.resource.attributes, arena, "process.pid", Value::of(sender.process));
  MetricScope& scope = resource.scopes.add(arena);
  scope.scope.name = scope_name;
  std::unordered_map<Identity, std::uint32_t> metrics;  // Where in the scope a name and type are.
  for (const Series* series : of_sender) {
    const MetricType type = type_of(series->kind, rules_.of(series->kind), series->shape);
    const char what[] = {static_cast<char>(type), static_cast<char>(series->kind)};
    const Identity identity = joined(identity_of(series->name), identity_of({what, sizeof what}));
    const auto [at, is_new] = metrics.try_emplace(identity, scope.records.size());
    if (is_new) {
      Metric& metric = scope.records.add(arena);
      metric.name = arena.copy(series->name);
      metric.type = type;
      if (type != MetricType::gauge && type != MetricType::summary) metric.temporality = Temporality::delta;
      metric.is_monotonic = type == MetricType::sum && rules_.config.is_monotonic_counter;
    }
    write_points(*series, scope.records[at->second], arena, now, random);
  }
}

std::vector<SignalBatch> Window::finish(std::uint64_t now, Random& random) {
  std::vector<const Series*> all;
  for (const Series& series : series_) all.push_back(&series);
  std::stable_sort(all.begin(), all.end(),
                   [](const Series* a, const Series* b) { return a->sender->number < b->sender->number; });
  std::vector<SignalBatch> batches;
  std::vector<const Series*> of_sender;
  for (std::size_t i = 0; i < all.size(); ++i) {
    of_sender.push_back(all[i]);
    if (i + 1 < all.size() && all[i + 1]->sender == all[i]->sender) continue;
    MetricBatch batch;
    write(of_sender, batch, now, random);
    batches.emplace_back(std::move(batch));
    const std::string& address = of_sender.front()->sender->sender.address;
    if (!address.empty()) {
      auto client = std::make_shared<Client>();
      client->transport = "statsd";
      client->address = address;
      batches.back().set_client(std::move(client));
    }
    of_sender.clear();
  }
  return batches;
}

}  // namespace rankwire::statsd
