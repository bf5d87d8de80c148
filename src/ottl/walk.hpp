// Visits what a context is about in a batch, with the frame filled in: each resource, scope, record, span event
// or data point, in order. Visitors take Frame& and return false to stop.
#pragma once

#include "ottl/program/frame.hpp"

namespace rankwire::ottl {

template <class Record>
void enter(Frame& frame, ResourceGroup<Record>& group) {
  frame.resource = &group.resource;
  frame.resource_schema_url = &group.schema_url;
}

template <class Record>
void enter(Frame& frame, ScopeGroup<Record>& group) {
  frame.scope = &group.scope;
  frame.scope_schema_url = &group.schema_url;
  if constexpr (std::is_same_v<Record, Metric>) {
    frame.metrics = &group.records;
    frame.metrics_before = group.records.size();
  }
}

template <class Visit>
bool walk_points(Frame& frame, Metric& metric, Visit visit) {
  const auto each = [&](auto& points, auto member) {
    for (auto& point : points) {
      frame.point = {};
      frame.point.*member = &point;
      frame.cache = {};
      if (!visit(frame)) return false;
    }
    return true;
  };
  return each(metric.numbers, &PointRef::number) && each(metric.histograms, &PointRef::histogram) &&
         each(metric.exponential_histograms, &PointRef::exponential) && each(metric.summaries, &PointRef::summary);
}

template <class Visit>
bool walk_record(Frame& frame, LogRecord& record, Context, Visit visit) {
  frame.log = &record;
  frame.cache = {};
  return visit(frame);
}

template <class Visit>
bool walk_record(Frame& frame, Span& span, Context context, Visit visit) {
  frame.span = &span;
  frame.cache = {};
  if (context == Context::span) return visit(frame);
  span.events.own(frame.arena);
  for (std::uint32_t i = 0; i < span.events.size(); ++i) {
    frame.span_event = &span.events[i];
    frame.event_index = i;
    frame.cache = {};
    if (!visit(frame)) return false;
  }
  return true;
}

// Points of a metric are owned by whoever made the batch; a view is copied before it is visited.
template <class Visit>
bool walk_record(Frame& frame, Metric& metric, Context context, Visit visit) {
  frame.metric = &metric;
  frame.cache = {};
  if (context == Context::metric) return visit(frame);
  metric.numbers.own(frame.arena);
  metric.histograms.own(frame.arena);
  metric.exponential_histograms.own(frame.arena);
  metric.summaries.own(frame.arena);
  return walk_points(frame, metric, visit);
}

// False: the visitor stopped.
template <class Record, class Visit>
bool walk(RecordBatch<Record>& batch, Context context, Frame& frame, Visit visit) {
  for (auto& resource : batch.resources) {
    enter(frame, resource);
    frame.cache = {};
    if (context == Context::resource) {
      if (!visit(frame)) return false;
      continue;
    }
    for (auto& scope : resource.scopes) {
      enter(frame, scope);
      frame.cache = {};
      if (context == Context::scope) {
        if (!visit(frame)) return false;
        continue;
      }
      // By number: functions may add metrics while one is visited.
      for (std::uint32_t i = 0; i < scope.records.size(); ++i)
        if (!walk_record(frame, scope.records[i], context, visit)) return false;
    }
  }
  return true;
}

}  // namespace rankwire::ottl
