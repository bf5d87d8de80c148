// Decoding of spans.
#include "otlp/decoder.hpp"

namespace rankwire::otlp {

bool Decoder::record(std::string_view bytes, Span& to) {
  namespace f = field::span;
  const std::size_t mark = pending_.size();
  WireReader in(bytes, failure_);
  bool ok = true;
  while (ok && in.next()) switch (in.tag()) {
      case length_tag(f::trace_id): ok = id(in, to.trace_id); break;
      case length_tag(f::span_id): ok = id(in, to.span_id); break;
      case length_tag(f::trace_state): to.trace_state = text(in); break;
      case length_tag(f::parent_span_id): ok = id(in, to.parent_span_id); break;
      case length_tag(f::name): to.name = text(in); break;
      case varint_tag(f::kind): to.kind = in.varint32(); break;
      case fixed64_tag(f::start_time): to.start_time_unix_nanos = in.fixed64(); break;
      case fixed64_tag(f::end_time): to.end_time_unix_nanos = in.fixed64(); break;
      case length_tag(f::attributes): ok = collect(in.bytes()); break;
      case varint_tag(f::dropped_attributes): to.dropped_attributes_count = in.varint32(); break;
      case length_tag(f::events): ok = event(in.bytes(), to.events.push(arena_, {})); break;
      case varint_tag(f::dropped_events): to.dropped_events_count = in.varint32(); break;
      case length_tag(f::links): ok = link(in.bytes(), to.links.push(arena_, {})); break;
      case varint_tag(f::dropped_links): to.dropped_links_count = in.varint32(); break;
      case length_tag(f::status): ok = status(in.bytes(), to); break;
      case fixed32_tag(f::flags): to.flags = in.fixed32(); break;
      default: in.skip(Message::span);
    }
  attach(to.attributes, mark);
  return ok && in.ok();
}

bool Decoder::event(std::string_view bytes, SpanEvent& to) {
  namespace f = field::event;
  if (!has_room_for(0)) return false;
  const std::size_t mark = pending_.size();
  WireReader in(bytes, failure_);
  bool ok = true;
  while (ok && in.next()) switch (in.tag()) {
      case fixed64_tag(f::time): to.time_unix_nanos = in.fixed64(); break;
      case length_tag(f::name): to.name = text(in); break;
      case length_tag(f::attributes): ok = collect(in.bytes()); break;
      case varint_tag(f::dropped_attributes): to.dropped_attributes_count = in.varint32(); break;
      default: in.skip(Message::event);
    }
  attach(to.attributes, mark);
  return ok && in.ok();
}

bool Decoder::link(std::string_view bytes, SpanLink& to) {
  namespace f = field::link;
  if (!has_room_for(0)) return false;
  const std::size_t mark = pending_.size();
  WireReader in(bytes, failure_);
  bool ok = true;
  while (ok && in.next()) switch (in.tag()) {
      case length_tag(f::trace_id): ok = id(in, to.trace_id); break;
      case length_tag(f::span_id): ok = id(in, to.span_id); break;
      case length_tag(f::trace_state): to.trace_state = text(in); break;
      case length_tag(f::attributes): ok = collect(in.bytes()); break;
      case varint_tag(f::dropped_attributes): to.dropped_attributes_count = in.varint32(); break;
      case fixed32_tag(f::flags): to.flags = in.fixed32(); break;
      default: in.skip(Message::link);
    }
  attach(to.attributes, mark);
  return ok && in.ok();
}

bool Decoder::status(std::string_view bytes, Span& to) {
  namespace f = field::status;
  WireReader in(bytes, failure_);
  while (in.next()) switch (in.tag()) {
      case length_tag(f::message): to.status_message = text(in); break;
      case varint_tag(f::code): {
        // A code of a later version of OTLP says nothing to us.
        const std::uint32_t code = in.varint32();
        to.status_code = code <= 2 ? static_cast<SpanStatusCode>(code) : SpanStatusCode::unset;
        break;
      }
      default: in.skip(Message::status);
    }
  return in.ok();
}

}  // namespace rankwire::otlp
