// Decoding of log records.
#include "otlp/decoder.hpp"

namespace rankwire::otlp {

bool Decoder::record(std::string_view bytes, LogRecord& to) {
  namespace f = field::log_record;
  const std::size_t mark = pending_.size();
  WireReader in(bytes, failure_);
  bool ok = true;
  while (ok && in.next()) switch (in.tag()) {
      case fixed64_tag(f::time): to.time_unix_nanos = in.fixed64(); break;
      case fixed64_tag(f::observed_time): to.observed_time_unix_nanos = in.fixed64(); break;
      case varint_tag(f::severity_number): to.severity_number = in.varint32(); break;
      case length_tag(f::severity_text): to.severity_text = text(in); break;
      case length_tag(f::body): ok = value(in.bytes(), to.body, 0); break;
      case length_tag(f::attributes): ok = collect(in.bytes()); break;
      case varint_tag(f::dropped_attributes): to.dropped_attributes_count = in.varint32(); break;
      case fixed32_tag(f::flags): to.flags = in.fixed32(); break;
      case length_tag(f::trace_id): ok = id(in, to.trace_id); break;
      case length_tag(f::span_id): ok = id(in, to.span_id); break;
      case length_tag(f::event_name): to.event_name = text(in); break;
      default: in.skip(Message::log_record);
    }
  attach(to.attributes, mark);
  return ok && in.ok();
}

}  // namespace rankwire::otlp
