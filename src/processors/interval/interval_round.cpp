#include "processors/interval/interval_round.hpp"

#include "signal/deep_copy.hpp"
#include "signal/retain.hpp"

namespace rankwire::interval {

std::uint32_t IntervalRound::resource_for(const Identity& id, const ResourceGroup<Metric>& group) {
  const auto [at, is_new] = resources_.try_emplace(id, batch_.resources.size());
  if (is_new) {
    auto& added = batch_.resources.add(batch_.arena());
    added.resource = deep_copy(group.resource, batch_.arena());
    added.schema_url = batch_.arena().copy(group.schema_url);
  }
  return at->second;
}

std::uint32_t IntervalRound::scope_for(std::uint32_t resource, const Identity& id, const ScopeGroup<Metric>& group) {
  auto& scopes = batch_.resources[resource].scopes;
  const auto [at, is_new] = scopes_.try_emplace(id, scopes.size());
  if (is_new) {
    auto& added = scopes.add(batch_.arena());
    added.scope = deep_copy(group.scope, batch_.arena());
    added.schema_url = batch_.arena().copy(group.schema_url);
  }
  return at->second;
}

IntervalRound::Place IntervalRound::metric_for(const Identity& id, const ResourceGroup<Metric>& resource,
                                               const ScopeGroup<Metric>& scope, const Identity& resource_id,
                                               const Identity& scope_id, const Metric& metric) {
  const auto [at, is_new] = metrics_.try_emplace(id);
  if (is_new) {
    Place& place = at->second;
    place.resource = resource_for(resource_id, resource);
    place.scope = scope_for(place.resource, joined(resource_id, scope_id), scope);
    auto& metrics = batch_.resources[place.resource].scopes[place.scope].records;
    place.metric = metrics.size();
    metrics.push(batch_.arena(), deep_copy_head(metric, batch_.arena()));
  }
  return at->second;
}

template <class Point>
std::uint64_t IntervalRound::add_points(const Identity& stream, List<Point>& into, const List<Point>& from) {
  std::uint64_t replaced = 0;
  for (const Point& point : from) {
    const auto [at, is_new] = points_.try_emplace(series_identity(stream, point.attributes), into.size());
    if (is_new) {
      into.push(batch_.arena(), deep_copy(point, batch_.arena()));
      continue;
    }
    ++replaced;
    Point& kept = into[at->second];
    if (point.time_unix_nanos < kept.time_unix_nanos) continue;
    // Its attributes are here already, and they are most of what a copy costs.
    const Attributes attributes = kept.attributes;
    Point latest = point;
    latest.attributes = {};
    kept = deep_copy(latest, batch_.arena());
    kept.attributes = attributes;
  }
  return replaced;
}

std::uint64_t IntervalRound::add(const ResourceGroup<Metric>& resource, const ScopeGroup<Metric>& scope,
                                 const Identity& resource_id, const Identity& scope_id, const Metric& metric) {
  const Identity stream = stream_identity(resource_id, scope_id, metric);
  const Place place = metric_for(stream, resource, scope, resource_id, scope_id, metric);
  Metric& into = batch_.resources[place.resource].scopes[place.scope].records[place.metric];
  return add_points(stream, into.numbers, metric.numbers) + add_points(stream, into.histograms, metric.histograms) +
         add_points(stream, into.exponential_histograms, metric.exponential_histograms) +
         add_points(stream, into.summaries, metric.summaries);
}

Bytes IntervalRound::bytes() const {
  // An entry of a map: its node, the hash and a slot.
  constexpr std::uint64_t entry = sizeof(Identity) + sizeof(Place) + 4 * sizeof(void*);
  return batch_.memory_bytes() + Bytes{(resources_.size() + scopes_.size() + metrics_.size() + points_.size()) * entry};
}

}  // namespace rankwire::interval
