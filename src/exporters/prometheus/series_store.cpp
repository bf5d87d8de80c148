#include "exporters/prometheus/series_store.hpp"

#include <algorithm>

namespace rankwire::prometheus_page {
namespace {

using series::FamilyType;

constexpr std::size_t help_max = 4096;  // More is cut off.

std::vector<std::string> sample_names(const std::string& name, FamilyType type) {
  std::vector<std::string> names{name};
  if (type == FamilyType::histogram || type == FamilyType::summary)
    for (const char* suffix : {"_count", "_sum"}) names.push_back(name + suffix);
  if (type == FamilyType::histogram) names.push_back(name + "_bucket");
  return names;
}

std::string_view cut(std::string_view text) {
  if (text.size() <= help_max) return text;
  std::size_t end = help_max;
  while (end > 0 && (text[end] & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

}  // namespace

ShownFamily::~ShownFamily() {
  if (claims == nullptr) return;
  for (const std::string& each : sample_names) claims->owners_.erase(each);
}

std::shared_ptr<ShownFamily> NameClaims::family(std::string_view name, const Metric& metric, FamilyType type) {
  const std::string own(name);
  if (const auto found = owners_.find(own); found != owners_.end()) {
    auto family = found->second.lock();
    return family && family->name == own && family->type == type ? family : nullptr;
  }
  auto names = sample_names(own, type);
  for (const std::string& each : names)
    if (owners_.contains(each)) return nullptr;
  auto family = std::make_shared<ShownFamily>();
  family->name = own;
  family->help = cut(metric.description);
  family->unit = cut(series::unit_name(metric.unit));
  family->type = type;
  family->sample_names = std::move(names);
  family->claims = this;
  for (const std::string& each : family->sample_names) owners_[each] = family;
  return family;
}

Bytes ShownSeries::held_memory() const {
  std::size_t size = labels.capacity();
  for (const ShownExemplar& one : exemplars) size += sizeof one + one.labels.capacity();
  if (distribution) {
    size += sizeof *distribution;
    size += (distribution->bounds.capacity() + distribution->counts.capacity() + distribution->values.capacity()) * 8;
    if (const ShownNative* native = distribution->native.get()) {
      size += sizeof *native;
      for (const ShownBuckets* buckets : {&native->negative, &native->positive})
        size += (buckets->spans.capacity() + buckets->deltas.capacity()) * 8;
    }
  }
  return {size};
}

SeriesStore::SeriesStore(StoreOptions options, Counters& counters, const std::string& id)
    : options_(std::move(options)),
      deltas_(counters, id),
      map_({.bytes_max = options_.bytes_max, .idle_max = options_.expiration, .gives_way = WhenFull::new_entry},
           StateFigures(counters, {{"exporter", id}, {"state", "series"}})) {}

std::vector<FamilyRows> SeriesStore::rows(Instant now) {
  map_.expire(now);
  std::unordered_map<const ShownFamily*, std::size_t> places;
  std::vector<FamilyRows> all;
  map_.for_each([&](Map::Entry& entry) {
    const ShownSeries& series = entry.state;
    if (series.family == nullptr) return;
    const auto [at, is_new] = places.try_emplace(series.family.get(), all.size());
    if (is_new) all.push_back({series.family.get(), {}});
    all[at->second].series.push_back(&series);
  });
  std::sort(all.begin(), all.end(),
            [](const FamilyRows& a, const FamilyRows& b) { return a.family->name < b.family->name; });
  for (FamilyRows& family : all)
    std::sort(family.series.begin(), family.series.end(),
              [](const ShownSeries* a, const ShownSeries* b) { return a->labels < b->labels; });
  return all;
}

}  // namespace rankwire::prometheus_page
