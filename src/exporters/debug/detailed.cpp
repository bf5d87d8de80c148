// Verbosity `detailed` of logs and traces.
#include "exporters/debug/detailed.hpp"

#include <string>

namespace rankwire::debug {

namespace {

// "Info", "Info2": OTLP's names, four steps each.
std::string severity_name(std::uint32_t number) {
  constexpr std::string_view names[] = {"Trace", "Debug", "Info", "Warn", "Error", "Fatal"};
  if (number == 0 || number > 24) return number == 0 ? "Unspecified" : "";
  std::string name(names[(number - 1) / 4]);
  if ((number - 1) % 4 != 0) name += static_cast<char>('1' + (number - 1) % 4);
  return name;
}

std::string_view kind_name(std::uint32_t kind) {
  constexpr std::string_view names[] = {"Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"};
  return kind < std::size(names) ? names[kind] : "";
}

std::string_view code_name(SpanStatusCode code) {
  switch (code) {
    case SpanStatusCode::ok: return "Ok";
    case SpanStatusCode::error: return "Error";
    default: return "Unset";
  }
}

void write_record(std::uint32_t number, const LogRecord& record, Text& to) {
  (to << "LogRecord #").number(number) << "\nObservedTimestamp: ";
  to.time(record.observed_time_unix_nanos) << "\nTimestamp: ";
  to.time(record.time_unix_nanos) << "\nSeverityText: ";
  to.data(record.severity_text) << "\nSeverityNumber: " << severity_name(record.severity_number) << "(";
  to.number(record.severity_number) << ")\n";
  if (!record.event_name.empty()) (to << "EventName: ").data(record.event_name) << "\n";
  (to << "Body: ").typed(record.body) << "\n";
  write_attributes("Attributes:", record.attributes, to);
  if (record.dropped_attributes_count != 0)
    (to << "DroppedAttributesCount: ").number(record.dropped_attributes_count) << "\n";
  (to << "Trace ID: ").id(record.trace_id) << "\nSpan ID: ";
  to.id(record.span_id) << "\nFlags: ";
  to.number(record.flags) << "\n";
}

void write_event(std::uint32_t number, const SpanEvent& event, Text& to) {
  (to << "SpanEvent #").number(number) << "\n" << indent << "-> Name: ";
  (to.data(event.name) << "\n" << indent << "-> Timestamp: ").time(event.time_unix_nanos) << "\n";
  (to << indent << "-> DroppedAttributesCount: ").number(event.dropped_attributes_count) << "\n";
  if (event.attributes.empty()) return;
  to << indent << "-> Attributes::\n";
  to.lines(deep_indent, event.attributes);
}

void write_link(std::uint32_t number, const SpanLink& link, Text& to) {
  (to << "SpanLink #").number(number) << "\n" << indent << "-> Trace ID: ";
  (to.id(link.trace_id) << "\n" << indent << "-> ID: ").id(link.span_id) << "\n";
  (to << indent << "-> TraceState: ").data(link.trace_state) << "\n";
  (to << indent << "-> DroppedAttributesCount: ").number(link.dropped_attributes_count) << "\n";
  if (link.attributes.empty()) return;
  to << indent << "-> Attributes::\n";
  to.lines(deep_indent, link.attributes);
}

void write_span(std::uint32_t number, const Span& span, Text& to) {
  (to << "Span #").number(number) << "\n    Trace ID       : ";
  (to.id(span.trace_id) << "\n    Parent ID      : ").id(span.parent_span_id) << "\n    ID             : ";
  (to.id(span.span_id) << "\n    Name           : ").data(span.name)
      << "\n    Kind           : " << kind_name(span.kind);
  if (!span.trace_state.empty()) (to << "\n    TraceState     : ").data(span.trace_state);
  (to << "\n    Start time     : ").time(span.start_time_unix_nanos) << "\n    End time       : ";
  to.time(span.end_time_unix_nanos) << "\n    Status code    : " << code_name(span.status_code);
  (to << "\n    Status message : ").data(span.status_message) << "\n";
  const auto dropped = [&](std::string_view what, std::uint32_t count) {
    if (count != 0) (to << "    " << what << ": ").number(count) << "\n";
  };
  dropped("DroppedAttributesCount", span.dropped_attributes_count);
  dropped("DroppedEventsCount", span.dropped_events_count);
  dropped("DroppedLinksCount", span.dropped_links_count);
  write_attributes("Attributes:", span.attributes, to);
  if (!span.events.empty()) to << "Events:\n";
  for (std::uint32_t i = 0; i < span.events.size(); ++i) write_event(i, span.events[i], to);
  if (!span.links.empty()) to << "Links:\n";
  for (std::uint32_t i = 0; i < span.links.size(); ++i) write_link(i, span.links[i], to);
}

}  // namespace

void write_detailed(const LogBatch& batch, Text& to) {
  write_detailed_groups(batch, "ResourceLog", "ScopeLogs", to,
                        [&](std::uint32_t number, const LogRecord& record) { write_record(number, record, to); });
}

void write_detailed(const TraceBatch& batch, Text& to) {
  write_detailed_groups(batch, "ResourceSpans", "ScopeSpans", to,
                        [&](std::uint32_t number, const Span& span) { write_span(number, span, to); });
}

}  // namespace rankwire::debug
