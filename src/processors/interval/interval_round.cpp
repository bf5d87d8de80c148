#include "processors/interval/interval_round.hpp"

#include "signal/deep_copy.hpp"

namespace rankwire::interval {

IntervalRound::Place IntervalRound::metric_for(const Identity& id, const ResourceGroup<Metric>& resource,
                                               const ScopeGroup<Metric>& scope, const Identity& resource_id,
                                               const Identity& scope_id, const Metric& metric) {
  const auto [at, is_new] = metrics_.try_emplace(id);
  if (is_new) {
    Place& place = at->second;
    place.scope = batch_.place_of(resource, resource_id, scope, scope_id);
    auto& metrics = batch_.records_at(place.scope);
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
  Metric& into = batch_.records_at(place.scope)[place.metric];
  return add_points(stream, into.numbers, metric.numbers) + add_points(stream, into.histograms, metric.histograms) +
         add_points(stream, into.exponential_histograms, metric.exponential_histograms) +
         add_points(stream, into.summaries, metric.summaries);
}

Bytes IntervalRound::bytes() const {
  return batch_.bytes() + Bytes{(metrics_.size() + points_.size()) * GatheredBatch<Metric>::entry_bytes<Place>};
}

}  // namespace rankwire::interval
