// Gives every record of one batch its place: a resource that has its grouping attributes, in the scope it came with.
// Groups appear in the order of their first record. The old groups must not be used afterwards.
#pragma once

#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "processors/group_by_attrs/digest.hpp"
#include "signal/batch.hpp"

namespace rankwire::group_by_attrs {

struct Counts {
  std::uint64_t grouped = 0, not_grouped = 0, groups = 0;
};

template <class Record>
class Regroup {
 public:
  Regroup(std::span<const std::string> keys, const Digester& digester, RecordBatch<Record>& batch)
      : keys_(keys), digester_(digester), arena_(batch.arena()), found_(keys.size()), own_(keys.size()) {
    // Adopting and growing lists of the old groups while the new ones grow: these are separate lists.
    List<ResourceGroup<Record>> before = batch.resources;
    for (ResourceGroup<Record>& resource : before) add(resource);
    batch.resources = groups_;
    counts_.groups = groups_.size();
  }

  const Counts& counts() const { return counts_; }

 private:
  void add(ResourceGroup<Record>& origin) {
    origin_ = &origin;
    memo_data_ = nullptr;
    origin_digest_ = digester_.of(origin.resource, origin.schema_url);
    for (std::size_t k = 0; k < keys_.size(); ++k) {
      const Value* value = find(origin.resource.attributes, keys_[k]);
      own_[k] = value ? digester_.of(keys_[k], *value) : Digest();
    }
    for (ScopeGroup<Record>& scope : origin.scopes) {
      origin_scope_ = &scope;
      origin_scope_digest_ = digester_.of(scope.scope, scope.schema_url);
      if constexpr (requires(Record record) { record.attributes; }) {
        move_runs(scope.records, [this](std::uint32_t group) -> List<Record>& { return scope_in(group).records; });
      } else {
        for (Metric& metric : scope.records) {
          const Digest digest = digester_.of(metric);
          move_points(metric, digest, &Metric::numbers);
          move_points(metric, digest, &Metric::histograms);
          move_points(metric, digest, &Metric::exponential_histograms);
          move_points(metric, digest, &Metric::summaries);
        }
      }
    }
  }

  template <class Point>
  void move_points(Metric& metric, const Digest& digest, List<Point> Metric::* points) {
    move_runs(metric.*points,
              [&](std::uint32_t group) -> List<Point>& { return metric_in(group, metric, digest).*points; });
  }

  // Neighbours mostly go to the same place, a whole list often to an empty one.
  template <class Item, class PlaceIn>
  void move_runs(List<Item>& items, PlaceIn list_in) {
    const auto flush = [&](std::uint32_t begin, std::uint32_t end, std::uint32_t group) {
      if (begin == end) return;
      List<Item>& into = list_in(group);
      if (into.empty() && begin == 0 && end == items.size()) {
        into = items;
        return;
      }
      into.reserve(arena_, into.empty() ? end - begin : 0);
      for (std::uint32_t i = begin; i < end; ++i) into.push(arena_, std::as_const(items)[i]);
    };
    std::uint32_t begin = 0, current = 0;
    for (std::uint32_t i = 0; i < items.size(); ++i) {
      const std::uint32_t group = place(items[i].attributes);
      if (i != 0 && group != current) {
        flush(begin, i, current);
        begin = i;
      }
      current = group;
    }
    flush(begin, items.size(), current);
  }

  // Takes the grouping attributes out of a record's and returns the resource that has them.
  std::uint32_t place(Attributes& attributes) {
    const bool is_shared = !attributes.is_owned() && !attributes.empty();
    if (is_shared && attributes.data() == memo_data_ && attributes.size() == memo_size_) {
      ++(memo_is_grouped_ ? counts_.grouped : counts_.not_grouped);
      attributes = Attributes::shared(memo_after_.data(), memo_after_.size());
      return memo_group_;
    }
    memo_data_ = is_shared ? attributes.data() : nullptr;
    memo_size_ = attributes.size();
    Digest digest = origin_digest_;
    bool is_grouped = false;
    for (std::size_t k = 0; k < keys_.size(); ++k) {
      const Value* value = find(attributes, keys_[k]);
      found_[k] = value;
      if (value == nullptr) continue;
      is_grouped = true;
      digest -= own_[k];
      digest += digester_.of(keys_[k], *value);
    }
    ++(is_grouped ? counts_.grouped : counts_.not_grouped);
    const std::uint32_t group = resource_of(digest);
    for (std::size_t k = 0; is_grouped && k < keys_.size(); ++k)
      if (found_[k] != nullptr) remove(attributes, arena_, keys_[k]);
    memo_after_ = attributes;
    memo_group_ = group;
    memo_is_grouped_ = is_grouped;
    return group;
  }

  std::uint32_t resource_of(const Digest& digest) {
    const auto [at, is_new] = resource_index_.try_emplace(digest, groups_.size());
    if (!is_new) return at->second;
    ResourceGroup<Record>& group = groups_.add(arena_);
    group.schema_url = origin_->schema_url;
    group.resource = origin_->resource;
    group.resource.attributes =
        Attributes::shared(origin_->resource.attributes.data(), origin_->resource.attributes.size());
    for (std::size_t k = 0; k < keys_.size(); ++k) {
      if (found_[k] != nullptr) set(group.resource.attributes, arena_, arena_.copy(keys_[k]), *found_[k]);
    }
    return at->second;
  }

  ScopeGroup<Record>& scope_in(std::uint32_t group) {
    List<ScopeGroup<Record>>& scopes = groups_[group].scopes;
    const auto [at, is_new] = scope_index_.try_emplace(digester_.inside(group, origin_scope_digest_), scopes.size());
    if (!is_new) return scopes[at->second];
    ScopeGroup<Record>& scope = scopes.add(arena_);
    scope.scope = origin_scope_->scope;
    scope.schema_url = origin_scope_->schema_url;
    return scope;
  }

  Metric& metric_in(std::uint32_t group, const Metric& metric, const Digest& digest) {
    ScopeGroup<Record>& scope = scope_in(group);
    Digest key = digester_.inside(group, origin_scope_digest_);
    key = digester_.inside(key.low, digest);
    const auto [at, is_new] = metric_index_.try_emplace(key, scope.records.size());
    if (!is_new) return scope.records[at->second];
    Metric& empty = scope.records.push(arena_, metric);
    empty.numbers = {};
    empty.histograms = {};
    empty.exponential_histograms = {};
    empty.summaries = {};
    return empty;
  }

  using Index = std::unordered_map<Digest, std::uint32_t, DigestHash>;

  const std::span<const std::string> keys_;
  const Digester& digester_;
  Arena& arena_;
  List<ResourceGroup<Record>> groups_;
  Index resource_index_, scope_index_, metric_index_;
  Counts counts_;
  // Of the resource and scope whose records are being moved.
  const ResourceGroup<Record>* origin_ = nullptr;
  const ScopeGroup<Record>* origin_scope_ = nullptr;
  Digest origin_digest_, origin_scope_digest_;
  // Of each key: its value in the record at hand, and the digest of the resource's own attribute of that name.
  std::vector<const Value*> found_;
  std::vector<Digest> own_;
  // The attribute list before: records that share one go the same way.
  const KeyValue* memo_data_ = nullptr;
  std::uint32_t memo_size_ = 0, memo_group_ = 0;
  bool memo_is_grouped_ = false;
  Attributes memo_after_;
};

}  // namespace rankwire::group_by_attrs
