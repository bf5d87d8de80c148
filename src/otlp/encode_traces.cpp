// Encoding of spans.
#include "otlp/encoder.hpp"

namespace rankwire::otlp {

void Encoder::record(const Span& span) {
  namespace f = field::span;
  const OpenMessage open = out_.open(field::scope_group::records, 2);
  out_.id(f::trace_id, span.trace_id);
  out_.id(f::span_id, span.span_id);
  out_.text(f::trace_state, span.trace_state);
  out_.id(f::parent_span_id, span.parent_span_id);
  out_.text(f::name, span.name);
  out_.varint(f::kind, span.kind);
  out_.fixed64(f::start_time, span.start_time_unix_nanos);
  out_.fixed64(f::end_time, span.end_time_unix_nanos);
  attributes(f::attributes, span.attributes);
  out_.varint(f::dropped_attributes, span.dropped_attributes_count);
  for (const SpanEvent& each : span.events) event(each);
  out_.varint(f::dropped_events, span.dropped_events_count);
  for (const SpanLink& each : span.links) link(each);
  out_.varint(f::dropped_links, span.dropped_links_count);
  if (span.status_code != SpanStatusCode::unset || !span.status_message.empty()) {
    const OpenMessage status = out_.open(f::status, 1);
    out_.text(field::status::message, span.status_message);
    out_.varint(field::status::code, static_cast<std::uint64_t>(span.status_code));
    out_.close(status);
  }
  out_.fixed32(f::flags, span.flags);
  out_.close(open);
}

void Encoder::event(const SpanEvent& event) {
  namespace f = field::event;
  const OpenMessage open = out_.open(field::span::events, 1);
  out_.fixed64(f::time, event.time_unix_nanos);
  out_.text(f::name, event.name);
  attributes(f::attributes, event.attributes);
  out_.varint(f::dropped_attributes, event.dropped_attributes_count);
  out_.close(open);
}

void Encoder::link(const SpanLink& link) {
  namespace f = field::link;
  const OpenMessage open = out_.open(field::span::links, 1);
  out_.id(f::trace_id, link.trace_id);
  out_.id(f::span_id, link.span_id);
  out_.text(f::trace_state, link.trace_state);
  attributes(f::attributes, link.attributes);
  out_.varint(f::dropped_attributes, link.dropped_attributes_count);
  out_.fixed32(f::flags, link.flags);
  out_.close(open);
}

std::size_t encoded_size_estimate(const TraceBatch& batch) {
  std::size_t size = 256;
  for (const SpanResource& resource : batch.resources) {
    size += 32 * resource.resource.attributes.size();
    for (const SpanScope& scope : resource.scopes) {
      size += 128;
      for (const Span& span : scope.records)
        size += 128 + 32 * span.attributes.size() + 96 * span.events.size() + 64 * span.links.size();
    }
  }
  return size;
}

}  // namespace rankwire::otlp
