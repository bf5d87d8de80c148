// Counts spans and gives what was counted as metrics. Not thread-safe. A span of a series that is known costs one hash
// and one look-up: its attributes are built for the first one only.
#pragma once

#include <string>
#include <vector>

#include "base/random.hpp"
#include "connectors/span_metrics/dimensions.hpp"
#include "connectors/span_metrics/series.hpp"
#include "connectors/span_metrics/span_metrics_config.hpp"
#include "signal/batch.hpp"

namespace rankwire::span_metrics {

class Aggregation {
 public:
  struct World {
    Clock& clock;
    Random& random;
    Counters& counters;
    std::string connector;  // For labels.
  };
  Aggregation(const SpanMetricsConfig& config, const World& world);

  void add(const TraceBatch& batch);
  // Everything that is kept, or of delta temporality what was counted since the last flush; then forgets what is due.
  // Of the `last` one every sum has its value.
  MetricBatch flush(bool is_last = false);
  Bytes bytes() const { return Bytes{series_.bytes().count + resources_.bytes().count}; }

 private:
  // What is the same for all spans of a resource, or of a scope.
  struct Group {
    const Attributes* resource = nullptr;
    ResourceState* state = nullptr;
    std::string_view service;
    Identity identity;
    DimensionList::OfResource dimensions, calls, durations, events;
    bool has_scope = false;
    std::string_view scope_name, scope_version;
    Identity scope_identity;
  };
  // One span on its way to its series.
  struct Seen {
    const Span& span;
    const Attributes* event = nullptr;
    double duration = 0;
    std::uint64_t times = 1;
    bool is_extrapolated = false;
  };
  // Which dimensions a series has beside the common ones.
  struct Extra {
    Of of;
    const DimensionList& list;
    const DimensionList::OfResource& prepared;
  };

  bool enter(Group& group, const Resource& resource);
  void enter(Group& group, const Scope& scope) const;
  ResourceState& resource_of(const Group& group, const Identity& key);
  void add_span(const Group& group, const Span& span);
  void add_events(const Group& group, const Span& span, const Seen& seen);
  void weigh(Seen& seen);
  void identify_common(const Group& group, const Seen& seen);
  void count(const Group& group, const Seen& seen, const Extra& extra, bool with_durations);
  void tally(Series& series, const Seen& seen, bool with_exemplar);
  Series* find_or_add(const Identity& key, const Group& group, const Seen& seen, const Extra& extra,
                      bool with_durations);
  Series& overflow(ResourceState& resource, Of of);
  void start(Series& series, ResourceState& resource, Of of, bool with_durations);
  Attributes attributes_of(const Group& group, const Seen& seen, const Extra& extra, Arena& arena) const;
  bool is_full(const ResourceState& resource, Of of) const;
  bool make_room(Bytes extra);
  void forget(SeriesMap::Entry& entry, bool is_for_room);

  void write(ResourceState& resource, const std::vector<Series*>& series, MetricBatch& batch, bool is_last);
  void write_sum(Series& series, Metric& metric, Arena& arena, bool is_last);
  void write_durations(const Series& series, const List<double>& bounds, Metric& metric, Arena& arena);
  template <class Point>
  void finish(const Series& series, Point& point, Arena& arena) const;
  void flushed(Series& series, bool is_last);
  void forget_what_is_due();
  void forget_resources();

  const SpanMetricsConfig config_;
  const World world_;
  const bool is_delta_;
  const double nanos_per_unit_;
  const std::string instance_id_;
  const DimensionList dimensions_, calls_dimensions_, duration_dimensions_, event_dimensions_;
  const bool is_shared_;  // Calls and durations are the same series.
  bool has_service_ = true, has_name_ = true, has_kind_ = true, has_status_ = true, has_instance_ = true;
  const HistogramShape shape_;
  const std::string calls_name_, durations_name_, events_name_;

  SeriesMap series_;
  ResourceMap resources_;
  ResourceState overflow_resource_;  // Of spans whose resource finds no room.
  Counter& ignored_;
  Counter& overflowed_;

  Group group_;
  std::vector<Identity> parts_;     // Of the series that is looked for.
  std::string_view weighed_state_;  // Of the last span with a trace state, in this batch.
  std::uint64_t weighed_times_ = 1;
  bool weighed_is_extrapolated_ = false;
  Instant now_{};
  std::uint64_t now_unix_nanos_ = 0;
  std::uint64_t next_order_ = 0;
};

}  // namespace rankwire::span_metrics
