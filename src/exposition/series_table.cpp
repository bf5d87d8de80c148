#include "exposition/series_table.hpp"

#include <xxhash.h>

namespace rankwire::exposition {

namespace {

std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {
  std::uint64_t x = (a + 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9 ^ b;
  x = (x ^ x >> 29) * 0x94d049bb133111eb;
  return x ^ x >> 32;
}

template <class T>
std::uint32_t last_id(const std::vector<T>& elements) {
  return static_cast<std::uint32_t>(elements.size() - 1);
}

}  // namespace

SeriesTable::SeriesTable(std::uint64_t seed) : pairs_(texts_, seed), seed_(seed) {}

std::uint32_t SeriesTable::add_line(std::uint64_t hash, std::uint32_t check) {
  lines.push_back({.hash = hash, .check = check});
  last_ = last_id(lines);
  line_index_.add(hash, last_);
  return last_;
}

std::uint32_t SeriesTable::family_of(const Belonging& belonging) {
  const std::string_view suffix = belonging.is_created_of_total ? "_total" : "";
  const std::uint64_t hash = mixed(XXH3_64bits_withSeed(belonging.family.data(), belonging.family.size(), seed_),
                                   suffix.size() << 16 | static_cast<std::uint64_t>(belonging.family_type) << 8 |
                                       static_cast<std::uint64_t>(belonging.type));
  const std::uint32_t found = family_index_.find(hash, [&](std::uint32_t id) {
    const MetricFamily& family = families[id];
    return family.name.size() == belonging.family.size() + suffix.size() && family.name.starts_with(belonging.family) &&
           family.name.ends_with(suffix) && family.family_type == belonging.family_type &&
           family.type == belonging.type;
  });
  if (found != none) return found;
  // The hash is that of the parts: a counter's "_created" line may come before the others.
  const std::string_view name = texts_.add(std::string(belonging.family).append(suffix));
  if (!suffix.empty()) {
    Belonging whole = belonging;
    whole.family = name;
    whole.is_created_of_total = false;
    const std::uint32_t id = family_of(whole);
    family_index_.add(hash, id);
    return id;
  }
  families.push_back({.name = name,
                      .described_as = texts_.add(belonging.described_as),
                      .family_type = belonging.family_type,
                      .type = belonging.type,
                      .is_monotonic = belonging.is_monotonic});
  family_index_.add(hash, last_id(families));
  return last_id(families);
}

std::uint32_t SeriesTable::metric_of(std::uint32_t family, std::uint32_t stream) {
  const std::uint64_t hash = mixed(family, stream);
  const std::uint32_t found = metric_index_.find(
      hash, [&](std::uint32_t id) { return metrics[id].family == family && metrics[id].stream == stream; });
  if (found != none) return found;
  metrics.push_back({.family = family, .stream = stream});
  metric_index_.add(hash, last_id(metrics));
  return last_id(metrics);
}

std::uint32_t SeriesTable::group_of(std::uint32_t metric, std::uint32_t attributes) {
  const std::uint64_t hash = mixed(metric, attributes);
  const std::uint32_t found = group_index_.find(
      hash, [&](std::uint32_t id) { return groups[id].metric == metric && groups[id].attributes == attributes; });
  if (found != none) return found;
  groups.push_back({.metric = metric, .attributes = attributes});
  group_index_.add(hash, last_id(groups));
  return last_id(groups);
}

std::uint32_t SeriesTable::attributes_of(const std::vector<std::uint32_t>& pairs) {
  const std::uint64_t hash = XXH3_64bits_withSeed(pairs.data(), pairs.size() * sizeof pairs[0], seed_);
  const std::uint32_t found =
      set_index_.find(hash, [&](std::uint32_t id) { return std::ranges::equal(pairs_of(sets[id]), pairs); });
  if (found != none) return found;
  sets.push_back(
      {.first = static_cast<std::uint32_t>(pair_ids_.size()), .count = static_cast<std::uint32_t>(pairs.size())});
  pair_ids_.insert(pair_ids_.end(), pairs.begin(), pairs.end());
  set_index_.add(hash, last_id(sets));
  return last_id(sets);
}

std::uint32_t SeriesTable::resource_of(std::string_view job, std::string_view instance) {
  if (resources.size() == 1 && resources[0].job == job && resources[0].instance == instance) return 0;
  const auto [at, is_new] = resource_ids_.try_emplace({std::string(job), std::string(instance)}, resources.size());
  if (is_new) resources.push_back({.job = texts_.add(job), .instance = texts_.add(instance)});
  return at->second;
}

std::uint32_t SeriesTable::scope_of(std::string_view name, std::string_view version, std::string_view schema_url,
                                    std::uint32_t attributes) {
  const bool is_plain = name.empty() && version.empty() && schema_url.empty() && attributes == none;
  if (is_plain && plain_scope_ != none) return plain_scope_;
  const auto [at, is_new] = scope_ids_.try_emplace(
      {std::string(name), std::string(version), std::string(schema_url), std::to_string(attributes)}, scopes.size());
  if (is_new)
    scopes.push_back({.name = texts_.add(name),
                      .version = texts_.add(version),
                      .schema_url = texts_.add(schema_url),
                      .attributes = attributes});
  if (is_plain) plain_scope_ = at->second;
  return at->second;
}

std::uint32_t SeriesTable::stream_of(std::uint32_t resource, std::uint32_t scope) {
  const auto [at, is_new] = stream_ids_.try_emplace({resource, scope}, streams.size());
  if (is_new) streams.push_back({.resource = resource, .scope = scope});
  return at->second;
}

void SeriesTable::trim() {
  const auto fit = [](auto& elements) {
    if (elements.capacity() > elements.size() + elements.size() / 8) elements.shrink_to_fit();
  };
  fit(lines);
  fit(groups);
  fit(sets);
  fit(pair_ids_);
  pairs_.trim();
}

std::size_t SeriesTable::bytes() const {
  const auto of = [](const auto& elements) { return elements.capacity() * sizeof elements[0]; };
  return of(lines) + of(groups) + of(sets) + of(families) + of(metrics) + of(resources) + of(scopes) + of(streams) +
         of(pair_ids_) + pairs_.bytes() + texts_.bytes() + line_index_.bytes() + group_index_.bytes() +
         set_index_.bytes() + family_index_.bytes() + metric_index_.bytes() +
         (stream_ids_.size() + 2 * scope_ids_.size() + 2 * resource_ids_.size()) * 96;
}

// Puts what a line leads to into another table, each thing once.
class SeriesTable::Copy {
 public:
  Copy(const SeriesTable& from, SeriesTable& to) : from_(from), to_(to), groups_(from.groups.size(), none) {}

  void line(const Line& line) {
    const std::uint32_t id = to_.add_line(line.hash, line.check);
    const std::uint32_t group = line.group == none ? none : group_of(line.group);
    to_.lines[id] = line;
    to_.lines[id].group = group;
  }

 private:
  std::uint32_t group_of(std::uint32_t id) {
    if (groups_[id] != none) return groups_[id];
    const Group& group = from_.groups[id];
    const FamilyMetric& metric = from_.metrics[group.metric];
    const MetricFamily& family = from_.families[metric.family];
    const Stream& stream = from_.streams[metric.stream];
    const std::uint32_t new_family = to_.family_of({.family = family.name,
                                                    .described_as = family.described_as,
                                                    .family_type = family.family_type,
                                                    .type = family.type,
                                                    .is_monotonic = family.is_monotonic});
    const std::uint32_t new_stream = to_.stream_of(resource_of(stream.resource), scope_of(stream.scope));
    const std::uint32_t made = to_.group_of(to_.metric_of(new_family, new_stream), set_of(group.attributes));
    to_.groups[made].seen = group.seen;
    to_.groups[made].created_seen = group.created_seen;
    to_.groups[made].created_seconds = group.created_seconds;
    return groups_[id] = made;
  }
  std::uint32_t set_of(std::uint32_t id) {
    if (id == none) return none;
    pairs_.clear();
    for (const std::uint32_t old : from_.pairs_of(from_.sets[id])) {
      const KeyValue& pair = from_.pair(old);
      pairs_.push_back(to_.pair(pair.key, pair.value.text()));
    }
    return to_.attributes_of(pairs_);
  }
  std::uint32_t resource_of(std::uint32_t id) {
    const ScrapedResource& resource = from_.resources[id];
    const std::uint32_t made = to_.resource_of(resource.job, resource.instance);
    if (to_.resources[made].info == none && resource.info != none) {
      to_.resources[made].info = set_of(resource.info);
      to_.resources[made].info_seen = resource.info_seen;
    }
    return made;
  }
  std::uint32_t scope_of(std::uint32_t id) {
    const ScrapedScope& scope = from_.scopes[id];
    if (scope.info_seen == 0)
      return to_.scope_of(scope.name, scope.version, scope.schema_url, set_of(scope.attributes));
    const std::uint32_t made = to_.scope_of(scope.name, scope.version, scope.schema_url, none);
    to_.scopes[made].attributes = set_of(scope.attributes);
    to_.scopes[made].info_seen = scope.info_seen;
    return made;
  }

  const SeriesTable& from_;
  SeriesTable& to_;
  std::vector<std::uint32_t> groups_, pairs_;
};

std::unique_ptr<SeriesTable> SeriesTable::compacted(std::uint32_t scrape, std::uint64_t seed) const {
  auto made = std::make_unique<SeriesTable>(seed);
  Copy copy(*this, *made);
  for (const Line& line : lines)
    if (line.seen == scrape || line.is_live || line.is_report) copy.line(line);
  return made;
}

}  // namespace rankwire::exposition
