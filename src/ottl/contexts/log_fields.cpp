// log.*
#include "ottl/contexts/accessors.hpp"
#include "ottl/contexts/fields.hpp"
#include "ottl/program/convert.hpp"

namespace rankwire::ottl {

std::span<const PathField> log_fields() {
  static const PathField fields[] = {
      cache_field(),
      attributes_field<[](Frame& f) { return &f.log->attributes; }>(),
      {.name = "body", .type = Type::any, .value = [](Frame& f) { return &f.log->body; }},
      {.name = "body.string",
       .type = Type::text,
       .get = [](Frame& f, Datum& out) { out = Value::of(text_of(f.log->body, f.arena)); },
       .set =
           [](Frame& f, const Datum& v) {
             if (!v.is(Type::text)) return expected(f, Type::text, v);
             f.log->body = v.value();
             return true;
           }},
      time_field<[](Frame& f) { return &f.log->time_unix_nanos; }>("time"),
      number_field<[](Frame& f) { return &f.log->time_unix_nanos; }>("time_unix_nano"),
      time_field<[](Frame& f) { return &f.log->observed_time_unix_nanos; }>("observed_time"),
      number_field<[](Frame& f) { return &f.log->observed_time_unix_nanos; }>("observed_time_unix_nano"),
      number_field<[](Frame& f) { return &f.log->severity_number; }>("severity_number"),
      text_field<[](Frame& f) { return &f.log->severity_text; }>("severity_text"),
      text_field<[](Frame& f) { return &f.log->event_name; }>("event_name"),
      number_field<[](Frame& f) { return &f.log->dropped_attributes_count; }>("dropped_attributes_count"),
      number_field<[](Frame& f) { return &f.log->flags; }>("flags"),
      id_field<[](Frame& f) { return &f.log->trace_id; }>("trace_id", Type::trace_id),
      id_text_field<[](Frame& f) { return &f.log->trace_id; }>("trace_id.string"),
      id_field<[](Frame& f) { return &f.log->span_id; }>("span_id", Type::span_id),
      id_text_field<[](Frame& f) { return &f.log->span_id; }>("span_id.string"),
  };
  return fields;
}

}  // namespace rankwire::ottl
