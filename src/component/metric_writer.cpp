#include "component/metric_writer.hpp"

#include <algorithm>

#include "text/encoding.hpp"

namespace rankwire {
namespace {

void join(Number& into, const Number& other, Aggregation how) {
  const bool is_real = into.type == NumberType::real;
  switch (how) {
    case Aggregation::sum:
    case Aggregation::average:
      if (is_real)
        into.real += other.real;
      else
        into.integer = static_cast<std::int64_t>(static_cast<std::uint64_t>(into.integer) +
                                                 static_cast<std::uint64_t>(other.integer));
      return;
    case Aggregation::min:
      if (is_real ? other.real < into.real : other.integer < into.integer) into = other;
      return;
    case Aggregation::max:
      if (is_real ? other.real > into.real : other.integer > into.integer) into = other;
      return;
  }
}

// Those of one metric have their attributes in one order.
bool are_same(const Attributes& a, const Attributes& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const KeyValue& x, const KeyValue& y) { return x.key == y.key && equal(x.value, y.value); });
}

}  // namespace

Value text_value(Arena& arena, std::string_view text) {
  const std::string_view valid = text::repair_utf8(text, arena);
  return Value::of(valid.data() == text.data() ? arena.copy(text) : valid);
}

MetricWriter::MetricWriter(Arena& arena, MetricScope& scope, const MetricSwitches& switches, ScrapeTimes times)
    : arena_(arena), scope_(scope), switches_(switches), times_(times) {
  require(switches.size() <= metrics_max, "a scraper has as many metrics as the writer has room for");
}

Metric& MetricWriter::record_of(std::size_t metric) {
  if (records_[metric] != 0) return scope_.records[records_[metric] - 1];
  if (scope_.records.empty()) scope_.records.reserve(arena_, static_cast<std::uint32_t>(switches_.size()));
  const MetricSpec& spec = *switches_[metric].spec;
  Metric& record = scope_.records.add(arena_);
  records_[metric] = scope_.records.size();
  record.name = spec.name;
  record.description = spec.description;
  record.unit = spec.unit;
  record.type = spec.shape == MetricShape::gauge ? MetricType::gauge : MetricType::sum;
  if (record.type == MetricType::sum) record.temporality = Temporality::cumulative;
  record.is_monotonic = spec.shape == MetricShape::counter;
  return record;
}

void MetricWriter::add_point(std::size_t metric, Number value, std::initializer_list<Value> attributes) {
  const MetricSwitch& wanted = switches_[metric];
  require(attributes.size() == wanted.spec->attribute_count(), "a point has a value for each attribute of its metric");
  Metric& record = record_of(metric);
  NumberPoint& point = record.numbers.add(arena_);
  if (record.type == MetricType::sum) point.start_time_unix_nanos = times_.start;
  point.time_unix_nanos = times_.now;
  point.value = value;
  if (attributes.size() != 0) point.attributes.reserve(arena_, static_cast<std::uint32_t>(attributes.size()));
  const std::string_view* key = wanted.spec->attributes;
  for (const Value& attribute : attributes) {
    const bool is_wanted =
        wanted.keeps_all_attributes() ||
        std::find(wanted.attributes.begin(), wanted.attributes.end(), *key) != wanted.attributes.end();
    if (is_wanted) point.attributes.push(arena_, {*key, attribute});
    ++key;
  }
}

void MetricWriter::finish() {
  for (std::size_t metric = 0; metric < switches_.size(); ++metric) {
    if (records_[metric] == 0 || switches_[metric].keeps_all_attributes()) continue;
    join_points(record_of(metric), switches_[metric].aggregation_strategy);
  }
}

void MetricWriter::join_points(Metric& metric, Aggregation how) const {
  List<NumberPoint>& points = metric.numbers;
  std::uint32_t kept = 0;
  std::vector<std::uint32_t> counts;
  for (std::uint32_t i = 0; i < points.size(); ++i) {
    std::uint32_t at = 0;
    while (at < kept && !are_same(points[at].attributes, points[i].attributes)) ++at;
    if (at < kept) {
      join(points[at].value, points[i].value, how);
      ++counts[at];
      continue;
    }
    points[kept++] = points[i];
    counts.push_back(1);
  }
  points.truncate(kept);
  if (how != Aggregation::average) return;
  for (std::uint32_t i = 0; i < kept; ++i) {
    Number& value = points[i].value;
    if (value.type == NumberType::real)
      value.real /= counts[i];
    else
      value.integer /= counts[i];
  }
}

}  // namespace rankwire
