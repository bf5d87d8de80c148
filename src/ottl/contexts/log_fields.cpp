// log.*
#include "ottl/contexts/fields.hpp"
#include "ottl/program/convert.hpp"

namespace rankwire::ottl {
namespace {

const PathField times[] = {
    {.name = "time",
     .type = Type::time,
     .get = [](Frame& f, Datum& out) { out = Datum::of_time(static_cast<std::int64_t>(f.log->time_unix_nanos)); },
     .set = [](Frame& f, const Datum& v) { return set_time(f, v, f.log->time_unix_nanos); }},
};

}  // namespace

std::span<const PathField> log_fields() {
  static const PathField fields[] = {
      cache_field(),
      times[0],
      {.name = "time_unix_nano",
       .type = Type::integer,
       .get = [](Frame& f, Datum& out) { out = Value::of(static_cast<std::int64_t>(f.log->time_unix_nanos)); },
       .set = [](Frame& f, const Datum& v) { return set_unix_nanos(f, v, f.log->time_unix_nanos); }},
      {.name = "observed_time",
       .type = Type::time,
       .get = [](Frame& f,
                 Datum& out) { out = Datum::of_time(static_cast<std::int64_t>(f.log->observed_time_unix_nanos)); },
       .set = [](Frame& f, const Datum& v) { return set_time(f, v, f.log->observed_time_unix_nanos); }},
      {.name = "observed_time_unix_nano",
       .type = Type::integer,
       .get = [](Frame& f, Datum& out) { out = Value::of(static_cast<std::int64_t>(f.log->observed_time_unix_nanos)); },
       .set = [](Frame& f, const Datum& v) { return set_unix_nanos(f, v, f.log->observed_time_unix_nanos); }},
      {.name = "severity_number",
       .type = Type::integer,
       .get = [](Frame& f, Datum& out) { out = Value::of(std::int64_t{f.log->severity_number}); },
       .set = [](Frame& f, const Datum& v) { return set_unsigned(f, v, f.log->severity_number); }},
      {.name = "severity_text",
       .type = Type::text,
       .get = [](Frame& f, Datum& out) { out = Value::of(f.log->severity_text); },
       .set = [](Frame& f, const Datum& v) { return set_text(f, v, f.log->severity_text); }},
      {.name = "event_name",
       .type = Type::text,
       .get = [](Frame& f, Datum& out) { out = Value::of(f.log->event_name); },
       .set = [](Frame& f, const Datum& v) { return set_text(f, v, f.log->event_name); }},
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
      {.name = "attributes", .type = Type::map, .attributes = [](Frame& f) { return &f.log->attributes; }},
      {.name = "dropped_attributes_count",
       .type = Type::integer,
       .get = [](Frame& f, Datum& out) { out = Value::of(std::int64_t{f.log->dropped_attributes_count}); },
       .set = [](Frame& f, const Datum& v) { return set_unsigned(f, v, f.log->dropped_attributes_count); }},
      {.name = "flags",
       .type = Type::integer,
       .get = [](Frame& f, Datum& out) { out = Value::of(std::int64_t{f.log->flags}); },
       .set = [](Frame& f, const Datum& v) { return set_unsigned(f, v, f.log->flags); }},
      {.name = "trace_id",
       .type = Type::trace_id,
       .get = [](Frame& f, Datum& out) { out = Datum::of(f.log->trace_id); },
       .set = [](Frame& f, const Datum& v) { return set_id(f, v, f.log->trace_id); }},
      {.name = "trace_id.string",
       .type = Type::text,
       .get = [](Frame& f, Datum& out) { out = id_text(f, f.log->trace_id); },
       .set = [](Frame& f, const Datum& v) { return set_id_text(f, v, f.log->trace_id); }},
      {.name = "span_id",
       .type = Type::span_id,
       .get = [](Frame& f, Datum& out) { out = Datum::of(f.log->span_id); },
       .set = [](Frame& f, const Datum& v) { return set_id(f, v, f.log->span_id); }},
      {.name = "span_id.string",
       .type = Type::text,
       .get = [](Frame& f, Datum& out) { out = id_text(f, f.log->span_id); },
       .set = [](Frame& f, const Datum& v) { return set_id_text(f, v, f.log->span_id); }},
  };
  return fields;
}

}  // namespace rankwire::ottl
