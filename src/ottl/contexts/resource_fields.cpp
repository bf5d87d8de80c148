// resource.* and scope.*
#include "ottl/contexts/fields.hpp"

namespace rankwire::ottl {

const PathField& cache_field() {
  static const PathField field{
      .name = "cache", .type = Type::map, .attributes = [](Frame& frame) { return &frame.cache; }};
  return field;
}

std::span<const PathField> resource_fields() {
  static const PathField fields[] = {
      cache_field(),
      {.name = "attributes", .type = Type::map, .attributes = [](Frame& f) { return &f.resource->attributes; }},
      {.name = "dropped_attributes_count",
       .type = Type::integer,
       .get = [](Frame& f, Datum& out) { out = Value::of(std::int64_t{f.resource->dropped_attributes_count}); },
       .set = [](Frame& f, const Datum& v) { return set_unsigned(f, v, f.resource->dropped_attributes_count); }},
      {.name = "schema_url",
       .type = Type::text,
       .get = [](Frame& f, Datum& out) { out = Value::of(*f.resource_schema_url); },
       .set = [](Frame& f, const Datum& v) { return set_text(f, v, *f.resource_schema_url); }},
  };
  return fields;
}

std::span<const PathField> scope_fields() {
  static const PathField fields[] = {
      cache_field(),
      {.name = "attributes", .type = Type::map, .attributes = [](Frame& f) { return &f.scope->attributes; }},
      {.name = "name",
       .type = Type::text,
       .get = [](Frame& f, Datum& out) { out = Value::of(f.scope->name); },
       .set = [](Frame& f, const Datum& v) { return set_text(f, v, f.scope->name); }},
      {.name = "version",
       .type = Type::text,
       .get = [](Frame& f, Datum& out) { out = Value::of(f.scope->version); },
       .set = [](Frame& f, const Datum& v) { return set_text(f, v, f.scope->version); }},
      {.name = "dropped_attributes_count",
       .type = Type::integer,
       .get = [](Frame& f, Datum& out) { out = Value::of(std::int64_t{f.scope->dropped_attributes_count}); },
       .set = [](Frame& f, const Datum& v) { return set_unsigned(f, v, f.scope->dropped_attributes_count); }},
      {.name = "schema_url",
       .type = Type::text,
       .get = [](Frame& f, Datum& out) { out = Value::of(*f.scope_schema_url); },
       .set = [](Frame& f, const Datum& v) { return set_text(f, v, *f.scope_schema_url); }},
  };
  return fields;
}

}  // namespace rankwire::ottl
