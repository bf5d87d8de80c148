#include "processors/cardinality_limit/metric_budget.hpp"

#include <bit>

namespace rankwire::cardinality_limit {
namespace {

const std::string nobody;
constexpr Duration report_interval = std::chrono::minutes(5);

}  // namespace

BoundedSet::BoundedSet(std::uint64_t count_max, Duration idle_max, const StateFigures& figures, StateRoom& room)
    : count_max_(count_max),
      room_(room),
      used_({.bytes_max = {UINT64_MAX / 2}, .idle_max = idle_max, .gives_way = WhenFull::new_entry}, figures) {}

BoundedSet::Place BoundedSet::place_of(const Identity& identity, Instant now) {
  return counted([&] {
    if (used_.find(identity, now) != nullptr) return Place::taken;
    used_.expire(now);
    return count_max_ == 0 || used_.size() < count_max_ ? Place::open : Place::none;
  });
}

bool BoundedSet::add(const Identity& identity, Instant now) {
  return counted([&] {
    if (used_.find(identity, now) != nullptr) return true;
    return room_.has(Used::entry_bytes) && used_.find_or_add(identity, now).entry != nullptr;
  });
}

void BoundedSet::expire(Instant now) {
  counted([&] {
    used_.expire(now);
    return 0;
  });
}

int MetricBudget::Attribute::spread() const {
  int bits = 0;
  for (const std::uint64_t word : seen) bits += std::popcount(word);
  return bits;
}

MetricBudget::MetricBudget(std::string name, const Limits& limits, Duration idle_max, const StateFigures& figures,
                           StateRoom& room)
    : name_(std::move(name)),
      limits_(limits),
      idle_max_(idle_max),
      figures_(figures),
      room_(room),
      series_(limits.series_max, idle_max, figures, room),
      fixed_bytes_(sizeof(MetricBudget) + name_.size()) {
  room_.bytes += fixed_bytes_;
}

MetricBudget::~MetricBudget() { room_.bytes -= fixed_bytes_; }

MetricBudget::Attribute* MetricBudget::attribute(std::string_view key) {
  for (const auto& known : attributes_)
    if (known->key == key) return known.get();
  const std::uint64_t bytes = sizeof(Attribute) + sizeof(BoundedSet) + key.size();
  if (attributes_.size() >= attributes_max || !room_.has(bytes)) return nullptr;
  auto added = std::make_unique<Attribute>();
  added->key = key;
  if (const std::uint64_t max = limits_.values_max_of(key); max != 0)
    added->values = std::make_unique<BoundedSet>(max, idle_max_, figures_, room_);
  room_.bytes += bytes;
  fixed_bytes_ += bytes;
  return attributes_.emplace_back(std::move(added)).get();
}

const std::string* MetricBudget::blame(const Identity& series, const Attributes& point, Instant now) {
  if (limits_.concern_values()) {
    for (const KeyValue& entry : point) {
      if (limits_.values_max_of(entry.key) == 0) continue;
      Attribute* const limited = attribute(entry.key);
      if (limited == nullptr) return &nobody;
      if (limited->values->place_of(identity_of(entry.value), now) == BoundedSet::Place::none) return &limited->key;
    }
  }
  const BoundedSet::Place place = series_.place_of(series, now);
  if (place == BoundedSet::Place::none) {
    remember_spread(point);
    return widest();
  }
  for (const KeyValue& entry : point) {
    if (!limits_.concern_values() || limits_.values_max_of(entry.key) == 0) continue;
    if (!attribute(entry.key)->values->add(identity_of(entry.value), now)) return &nobody;
  }
  return place == BoundedSet::Place::taken || series_.add(series, now) ? nullptr : &nobody;
}

void MetricBudget::remember_spread(const Attributes& point) {
  for (const KeyValue& entry : point) {
    Attribute* const seen = attribute(entry.key);
    if (seen == nullptr) continue;
    const std::uint64_t bit = identity_of(entry.value).low;
    seen->seen[(bit >> 6) & 15] |= std::uint64_t{1} << (bit & 63);
  }
}

const std::string* MetricBudget::widest() const {
  const Attribute* widest = nullptr;
  for (const auto& candidate : attributes_)
    if (widest == nullptr || candidate->spread() > widest->spread()) widest = candidate.get();
  return widest == nullptr ? &nobody : &widest->key;
}

void MetricBudget::expire(Instant now) {
  series_.expire(now);
  for (const auto& limited : attributes_)
    if (limited->values) limited->values->expire(now);
}

bool MetricBudget::is_news(Instant now) {
  if (is_reported_ && now - reported_at_ < report_interval) return false;
  is_reported_ = true;
  reported_at_ = now;
  return true;
}

}  // namespace rankwire::cardinality_limit
