// The latest point of every series that came during one interval, as the batch they will leave in.
#pragma once

#include <unordered_map>

#include "base/clock.hpp"
#include "signal/gathered_batch.hpp"

namespace rankwire::interval {

class IntervalRound {
 public:
  // Takes the points of `metric`. How many of them took the place of another, or came too late: of one series only the
  // point with the latest time goes on.
  std::uint64_t add(const ResourceGroup<Metric>& resource, const ScopeGroup<Metric>& scope, const Identity& resource_id,
                    const Identity& scope_id, const Metric& metric);

  bool empty() const { return points_.empty(); }
  Bytes bytes() const;
  SignalBatch finish(const Clock&) { return batch_.take(); }

 private:
  struct Place {
    GatheredBatch<Metric>::Place scope;
    std::uint32_t metric = 0;
  };

  Place metric_for(const Identity& id, const ResourceGroup<Metric>& resource, const ScopeGroup<Metric>& scope,
                   const Identity& resource_id, const Identity& scope_id, const Metric& metric);
  template <class Point>
  std::uint64_t add_points(const Identity& stream, List<Point>& into, const List<Point>& from);

  GatheredBatch<Metric> batch_;
  std::unordered_map<Identity, Place> metrics_;
  std::unordered_map<Identity, std::uint32_t> points_;  // Index in the list of its metric.
};

}  // namespace rankwire::interval
