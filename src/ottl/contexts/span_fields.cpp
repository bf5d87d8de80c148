// span.*
#include "ottl/contexts/accessors.hpp"
#include "ottl/contexts/fields.hpp"
#include "ottl/contexts/trace_state.hpp"

namespace rankwire::ottl {
namespace {

constexpr std::string_view kind_names[] = {"Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"};
constexpr std::string_view enum_names[] = {"SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER",
                                           "SPAN_KIND_CLIENT",      "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER"};

template <const auto& names>
PathField kind_text_field(std::string_view name) {
  return {
      .name = name,
      .type = Type::text,
      .get = [](Frame& f, Datum& out) { out = Value::of(f.span->kind < std::size(names) ? names[f.span->kind] : ""); },
      .set =
          [](Frame& f, const Datum& v) {
            if (!v.is(Type::text)) return expected(f, Type::text, v);
            for (std::uint32_t kind = 0; kind < std::size(names); ++kind) {
              if (names[kind] != v.text()) continue;
              f.span->kind = kind;
              return true;
            }
            return f.fail("expected a kind of span such as \"" + std::string(names[2]) + "\" but got another text");
          }};
}

PathField trace_state_field() {
  return {.name = "trace_state",
          .type = Type::text,
          .get = [](Frame& f, Datum& out) { out = Value::of(f.span->trace_state); },
          .set = [](Frame& f, const Datum& v) { return set_text(f, v, f.span->trace_state); },
          .keyed_get = [](Frame& f, std::string_view key,
                          Datum& out) { out = Value::of(trace_state_value(f.span->trace_state, key)); },
          .keyed_set =
              [](Frame& f, std::string_view key, const Datum& v) {
                if (!v.is(Type::text)) return expected(f, Type::text, v);
                return set_trace_state_value(f, f.span->trace_state, key, v.text());
              }};
}

PathField status_field() {
  return {.name = "status",
          .type = Type::records,
          .get = [](Frame& f, Datum& out) { out = Datum::of_records(RecordsKind::status, f.span, 1); },
          .set =
              [](Frame& f, const Datum& v) {
                if (!takes_records(f, v, RecordsKind::status)) return false;
                const Span& from = *static_cast<const Span*>(v.records());
                f.span->status_code = from.status_code;
                f.span->status_message = from.status_message;
                return true;
              }};
}

PathField status_code_field() {
  return {.name = "status.code",
          .type = Type::integer,
          .get = [](Frame& f, Datum& out) { out = Value::of(static_cast<std::int64_t>(f.span->status_code)); },
          .set =
              [](Frame& f, const Datum& v) {
                std::int64_t code = 0;
                if (!take_enum(f, v, 2, code)) return false;
                f.span->status_code = static_cast<SpanStatusCode>(code);
                return true;
              }};
}

}  // namespace

std::span<const PathField> span_fields() {
  static const PathField fields[] = {
      cache_field(),
      attributes_field<[](Frame& f) { return &f.span->attributes; }>(),
      id_field<[](Frame& f) { return &f.span->trace_id; }>("trace_id", Type::trace_id),
      id_text_field<[](Frame& f) { return &f.span->trace_id; }>("trace_id.string"),
      id_field<[](Frame& f) { return &f.span->span_id; }>("span_id", Type::span_id),
      id_text_field<[](Frame& f) { return &f.span->span_id; }>("span_id.string"),
      id_field<[](Frame& f) { return &f.span->parent_span_id; }>("parent_span_id", Type::span_id),
      id_text_field<[](Frame& f) { return &f.span->parent_span_id; }>("parent_span_id.string"),
      trace_state_field(),
      text_field<[](Frame& f) { return &f.span->name; }>("name"),
      number_field<[](Frame& f) { return &f.span->kind; }>("kind"),
      kind_text_field<kind_names>("kind.string"),
      kind_text_field<enum_names>("kind.deprecated_string"),
      number_field<[](Frame& f) { return &f.span->flags; }>("flags"),
      time_field<[](Frame& f) { return &f.span->start_time_unix_nanos; }>("start_time"),
      number_field<[](Frame& f) { return &f.span->start_time_unix_nanos; }>("start_time_unix_nano"),
      time_field<[](Frame& f) { return &f.span->end_time_unix_nanos; }>("end_time"),
      number_field<[](Frame& f) { return &f.span->end_time_unix_nanos; }>("end_time_unix_nano"),
      status_field(),
      status_code_field(),
      text_field<[](Frame& f) { return &f.span->status_message; }>("status.message"),
      records_field<RecordsKind::span_events, [](Frame& f) { return &f.span->events; }>("events"),
      records_field<RecordsKind::span_links, [](Frame& f) { return &f.span->links; }>("links"),
      number_field<[](Frame& f) { return &f.span->dropped_attributes_count; }>("dropped_attributes_count"),
      number_field<[](Frame& f) { return &f.span->dropped_events_count; }>("dropped_events_count"),
      number_field<[](Frame& f) { return &f.span->dropped_links_count; }>("dropped_links_count"),
  };
  return fields;
}

std::span<const PathField> span_event_fields() {
  static const PathField fields[] = {
      cache_field(),
      attributes_field<[](Frame& f) { return &f.span_event->attributes; }>(),
      text_field<[](Frame& f) { return &f.span_event->name; }>("name"),
      time_field<[](Frame& f) { return &f.span_event->time_unix_nanos; }>("time"),
      number_field<[](Frame& f) { return &f.span_event->time_unix_nanos; }>("time_unix_nano"),
      number_field<[](Frame& f) { return &f.span_event->dropped_attributes_count; }>("dropped_attributes_count"),
      {.name = "event_index",
       .type = Type::integer,
       .get = [](Frame& f, Datum& out) { out = Value::of(std::int64_t{f.event_index}); }},
  };
  return fields;
}

}  // namespace rankwire::ottl
