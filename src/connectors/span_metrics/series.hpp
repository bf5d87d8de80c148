// What is counted between flushes: series, and the resources they belong to.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "signal/expiring_map.hpp"
#include "signal/owned_attributes.hpp"
#include "signal/running_histogram.hpp"

namespace rankwire::span_metrics {

enum class Of : std::uint8_t { calls, durations, events };
inline constexpr std::size_t of_count = 3;

struct StoredExemplar {
  TraceId trace_id;
  SpanId span_id;
  double value = 0;
};

struct ResourceState;

// Points of one set of attributes. Where calls and durations have the same dimensions, which is the usual case, one
// series is both.
struct Series {
  OwnedAttributes attributes;
  ResourceState* resource = nullptr;
  bool is_calls = false, is_durations = false, is_events = false;
  // Holds what no point has said yet. What does not may be forgotten without loss.
  bool is_changed = false;
  // A sum that no point has been made of: its first cumulative point is 0, so that the step to its value shows.
  bool is_new = true;
  std::uint64_t count = 0;
  RunningHistogram durations;
  std::vector<StoredExemplar> exemplars;
  std::uint64_t start_unix_nanos = 0;
  std::uint64_t order = 0;  // Of arrival, which is the order of points.

  Of counted_as() const { return is_events ? Of::events : is_calls ? Of::calls : Of::durations; }
};

struct ResourceState {
  OwnedAttributes attributes;
  // Series of each metric, as far as the cardinality limit concerns them.
  std::array<std::uint64_t, of_count> series{};
  // What has no room of its own is counted here; made when needed, its memory is always accounted for.
  std::array<std::unique_ptr<Series>, of_count> overflow;
  std::uint64_t entries = 0;  // In the map of series.
  std::uint64_t order = 0;
  Instant used_at{};
};

using SeriesMap = ExpiringMap<Series>;
using ResourceMap = ExpiringMap<ResourceState>;

}  // namespace rankwire::span_metrics
