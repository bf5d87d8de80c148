// OTLP/JSON, reading: spans.
#include "otlp/json_decoder.hpp"

namespace rankwire::otlp {

namespace {

constexpr std::string_view kinds[] = {"UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"};
constexpr std::string_view codes[] = {"UNSET", "OK", "ERROR"};

}  // namespace

void JsonDecoder::record(const Json& json, Span& to) {
  for_members(json, [&](std::string_view name, const Json& member) {
    if (names(name, "trace_id"))
      id(member, to.trace_id);
    else if (names(name, "span_id"))
      id(member, to.span_id);
    else if (names(name, "trace_state"))
      to.trace_state = text(member);
    else if (names(name, "parent_span_id"))
      id(member, to.parent_span_id);
    else if (names(name, "flags"))
      to.flags = unsigned32(member);
    else if (names(name, "name"))
      to.name = text(member);
    else if (names(name, "kind"))
      to.kind = enumeration(member, "SPAN_KIND_", kinds);
    else if (names(name, "start_time_unix_nano"))
      to.start_time_unix_nanos = unsigned_integer(member);
    else if (names(name, "end_time_unix_nano"))
      to.end_time_unix_nanos = unsigned_integer(member);
    else if (names(name, "attributes"))
      attributes(member, to.attributes);
    else if (names(name, "dropped_attributes_count"))
      to.dropped_attributes_count = unsigned32(member);
    else if (names(name, "events"))
      items(member, to.events, &JsonDecoder::event);
    else if (names(name, "dropped_events_count"))
      to.dropped_events_count = unsigned32(member);
    else if (names(name, "links"))
      items(member, to.links, &JsonDecoder::link);
    else if (names(name, "dropped_links_count"))
      to.dropped_links_count = unsigned32(member);
    else if (names(name, "status"))
      status(member, to);
  });
}

void JsonDecoder::event(const Json& json, SpanEvent& to) {
  for_members(json, [&](std::string_view name, const Json& member) {
    if (names(name, "time_unix_nano"))
      to.time_unix_nanos = unsigned_integer(member);
    else if (names(name, "name"))
      to.name = text(member);
    else if (names(name, "attributes"))
      attributes(member, to.attributes);
    else if (names(name, "dropped_attributes_count"))
      to.dropped_attributes_count = unsigned32(member);
  });
}

void JsonDecoder::link(const Json& json, SpanLink& to) {
  for_members(json, [&](std::string_view name, const Json& member) {
    if (names(name, "trace_id"))
      id(member, to.trace_id);
    else if (names(name, "span_id"))
      id(member, to.span_id);
    else if (names(name, "trace_state"))
      to.trace_state = text(member);
    else if (names(name, "attributes"))
      attributes(member, to.attributes);
    else if (names(name, "dropped_attributes_count"))
      to.dropped_attributes_count = unsigned32(member);
    else if (names(name, "flags"))
      to.flags = unsigned32(member);
  });
}

void JsonDecoder::status(const Json& json, Span& to) {
  for_members(json, [&](std::string_view name, const Json& member) {
    if (names(name, "message")) {
      to.status_message = text(member);
    } else if (names(name, "code")) {
      const std::uint32_t code = enumeration(member, "STATUS_CODE_", codes);
      to.status_code = code <= 2 ? static_cast<SpanStatusCode>(code) : SpanStatusCode::unset;
    }
  });
}

}  // namespace rankwire::otlp
