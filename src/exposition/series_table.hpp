// What a target knows of its series: 32 bytes a line of the page, and beside them what lines share. A line leads to its
// group (all that becomes one point), a group to its metric and to its attributes. Nothing is taken out: when too much
// of it is no longer in the pages, `compacted` makes another table of what is.
#pragma once

#include <map>
#include <memory>

#include "exposition/metadata.hpp"
#include "exposition/text_store.hpp"

namespace rankwire::exposition {

inline constexpr std::uint32_t none = IdIndex::none;

// What a line is to its group.
enum class Part : std::uint8_t {
  value,
  count,
  sum,
  bucket,  // Or a quantile: `bound` says which.
  created,
  native,
  target_info,
  scope_info,
  dropped,  // By relabelling.
};

struct Line {
  std::uint64_t hash = 0;
  std::uint32_t check = 0;  // 32 more bits of the hash.
  std::uint32_t group = none;
  double bound = 0;
  std::uint32_t seen = 0;  // The scrape in which it last was.
  Part part = Part::dropped;
  bool is_tracked : 1 = false;  // Its end is told: the last sample had no timestamp.
  bool is_live : 1 = false;     // Is in the batches, and no stale marker followed.
  bool is_renamed : 1 = false;  // By relabelling, or the name is within the braces.
  bool is_report : 1 = false;   // Not of a page.
};
static_assert(sizeof(Line) == 32);

struct Group {
  std::uint32_t metric = none;
  std::uint32_t attributes = none;
  std::uint32_t pending = 0;  // Samples not yet in a batch.
  std::uint32_t open = none;  // Where the point is put together.
  std::uint32_t seen = 0;
  std::uint32_t created_seen = 0;
  double created_seconds = 0;
};

struct AttributeSet {
  std::uint32_t first = 0, count = 0;  // Of pair ids.
  std::uint64_t batch = 0;             // In which they are laid out, at `list`.
  const KeyValue* list = nullptr;
};

struct MetricFamily {
  std::string_view name, described_as;
  FamilyType family_type = FamilyType::unknown;
  MetricType type = MetricType::gauge;
  bool is_monotonic = false;
};

// A family within one resource and scope.
struct FamilyMetric {
  std::uint32_t family = 0, stream = 0;
  std::uint32_t expected = 0;  // Points that are not yet in a batch.
  std::uint32_t record = 0;
  std::uint64_t batch = 0;
};

// A resource, by job and instance.
struct ScrapedResource {
  std::string_view job, instance;
  std::uint32_t info = none;  // Attributes that target_info gave,
  std::uint32_t info_seen = 0;
};

struct ScrapedScope {
  std::string_view name, version, schema_url;
  std::uint32_t attributes = none;
  std::uint32_t info_seen = 0;  // Attributes come from otel_scope_info.
};

struct Stream {
  std::uint32_t resource = 0, scope = 0;
  std::uint32_t resource_at = 0, scope_at = 0;
  std::uint64_t batch = 0;
};

class SeriesTable {
 public:
  explicit SeriesTable(std::uint64_t seed);

  // The line of these 96 bits, or none. Lines mostly come in the order of the page before.
  std::uint32_t find(std::uint64_t hash, std::uint32_t check) {
    const std::uint32_t next = last_ + 1;
    if (next < lines.size() && lines[next].hash == hash && lines[next].check == check) [[likely]]
      return last_ = next;
    const std::uint32_t found =
        line_index_.find(hash, [&](std::uint32_t id) { return lines[id].hash == hash && lines[id].check == check; });
    if (found != none) last_ = found;
    return found;
  }
  void begin_page() { last_ = none; }
  std::uint32_t add_line(std::uint64_t hash, std::uint32_t check);

  std::uint32_t family_of(const Belonging& belonging);
  std::uint32_t metric_of(std::uint32_t family, std::uint32_t stream);
  std::uint32_t group_of(std::uint32_t metric, std::uint32_t attributes);
  std::uint32_t attributes_of(const std::vector<std::uint32_t>& pairs);
  std::uint32_t resource_of(std::string_view job, std::string_view instance);
  // `attributes`: none, or of the labels that name no scope.
  std::uint32_t scope_of(std::string_view name, std::string_view version, std::string_view schema_url,
                         std::uint32_t attributes);
  std::uint32_t stream_of(std::uint32_t resource, std::uint32_t scope);
  std::uint32_t pair(std::string_view name, std::string_view value) { return pairs_.id_of(name, value); }
  const KeyValue& pair(std::uint32_t id) const { return pairs_[id]; }
  std::span<const std::uint32_t> pairs_of(const AttributeSet& set) const {
    return {pair_ids_.data() + set.first, set.count};
  }

  void keep_in(MetricBatch& batch) const { texts_.keep_in(batch); }
  // Gives back what growing reserved.
  void trim();
  std::size_t bytes() const;
  // A table of the lines that were seen in this scrape, of what they need, and of the lines of reports.
  std::unique_ptr<SeriesTable> compacted(std::uint32_t scrape, std::uint64_t seed) const;

  std::vector<Line> lines;
  std::vector<Group> groups;
  std::vector<AttributeSet> sets;
  std::vector<MetricFamily> families;
  std::vector<FamilyMetric> metrics;
  std::vector<ScrapedResource> resources;
  std::vector<ScrapedScope> scopes;
  std::vector<Stream> streams;

 private:
  class Copy;

  TextStore texts_;
  PairTable pairs_;
  std::vector<std::uint32_t> pair_ids_;
  IdIndex line_index_, group_index_, set_index_, family_index_, metric_index_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> stream_ids_;
  std::map<std::vector<std::string>, std::uint32_t> scope_ids_, resource_ids_;
  std::uint32_t last_ = none;
  std::uint32_t plain_scope_ = none;  // That of series whose labels name none.
  const std::uint64_t seed_;
};

}  // namespace rankwire::exposition
