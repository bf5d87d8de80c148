// OTLP/JSON, writing: spans.
#include "otlp/json_encoder.hpp"

namespace rankwire::otlp {

void JsonEncoder::record(const Span& span) {
  out_.begin_object();
  out_.id_member("traceId", span.trace_id);
  out_.id_member("spanId", span.span_id);
  out_.text_member("traceState", span.trace_state);
  out_.id_member("parentSpanId", span.parent_span_id);
  out_.number_member("flags", span.flags);
  out_.text_member("name", span.name);
  out_.number_member("kind", span.kind);
  out_.quoted_member("startTimeUnixNano", span.start_time_unix_nanos);
  out_.quoted_member("endTimeUnixNano", span.end_time_unix_nanos);
  attributes("attributes", span.attributes);
  out_.number_member("droppedAttributesCount", span.dropped_attributes_count);
  if (!span.events.empty()) {
    out_.key("events");
    out_.begin_array();
    for (const SpanEvent& each : span.events) event(each);
    out_.end_array();
  }
  out_.number_member("droppedEventsCount", span.dropped_events_count);
  if (!span.links.empty()) {
    out_.key("links");
    out_.begin_array();
    for (const SpanLink& each : span.links) link(each);
    out_.end_array();
  }
  out_.number_member("droppedLinksCount", span.dropped_links_count);
  if (span.status_code != SpanStatusCode::unset || !span.status_message.empty()) {
    out_.key("status");
    out_.begin_object();
    out_.text_member("message", span.status_message);
    out_.number_member("code", static_cast<std::int64_t>(span.status_code));
    out_.end_object();
  }
  out_.end_object();
}

void JsonEncoder::event(const SpanEvent& event) {
  out_.begin_object();
  out_.quoted_member("timeUnixNano", event.time_unix_nanos);
  out_.text_member("name", event.name);
  attributes("attributes", event.attributes);
  out_.number_member("droppedAttributesCount", event.dropped_attributes_count);
  out_.end_object();
}

void JsonEncoder::link(const SpanLink& link) {
  out_.begin_object();
  out_.id_member("traceId", link.trace_id);
  out_.id_member("spanId", link.span_id);
  out_.text_member("traceState", link.trace_state);
  attributes("attributes", link.attributes);
  out_.number_member("droppedAttributesCount", link.dropped_attributes_count);
  out_.number_member("flags", link.flags);
  out_.end_object();
}

}  // namespace rankwire::otlp
