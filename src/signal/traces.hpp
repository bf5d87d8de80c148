// Spans in memory. Field meanings are OTLP's (opentelemetry.proto.trace.v1).
#pragma once

#include "signal/resource.hpp"

namespace rankwire {

struct SpanEvent {
  std::uint64_t time_unix_nanos = 0;
  std::string_view name;
  Attributes attributes;
  std::uint32_t dropped_attributes_count = 0;
};

struct SpanLink {
  TraceId trace_id;
  SpanId span_id;
  std::string_view trace_state;
  Attributes attributes;
  std::uint32_t dropped_attributes_count = 0;
  std::uint32_t flags = 0;
};

enum class SpanStatusCode : std::uint8_t { unset, ok, error };

struct Span {
  TraceId trace_id;
  SpanId span_id;
  SpanId parent_span_id;
  std::string_view trace_state;
  std::string_view name;
  std::uint32_t kind = 0;  // 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer.
  std::uint32_t flags = 0;
  std::uint64_t start_time_unix_nanos = 0;
  std::uint64_t end_time_unix_nanos = 0;
  Attributes attributes;
  std::uint32_t dropped_attributes_count = 0;
  List<SpanEvent> events;
  std::uint32_t dropped_events_count = 0;
  List<SpanLink> links;
  std::uint32_t dropped_links_count = 0;
  SpanStatusCode status_code = SpanStatusCode::unset;
  std::string_view status_message;
};

using SpanScope = ScopeGroup<Span>;
using SpanResource = ResourceGroup<Span>;

}  // namespace rankwire
