// resource.* and scope.*
#include "ottl/contexts/accessors.hpp"
#include "ottl/contexts/fields.hpp"

namespace rankwire::ottl {

const PathField& cache_field() {
  static const PathField field = attributes_field<[](Frame& f) { return &f.cache; }>("cache");
  return field;
}

std::span<const PathField> resource_fields() {
  static const PathField fields[] = {
      cache_field(),
      attributes_field<[](Frame& f) { return &f.resource->attributes; }>(),
      number_field<[](Frame& f) { return &f.resource->dropped_attributes_count; }>("dropped_attributes_count"),
      text_field<[](Frame& f) { return f.resource_schema_url; }>("schema_url"),
  };
  return fields;
}

std::span<const PathField> scope_fields() {
  static const PathField fields[] = {
      cache_field(),
      attributes_field<[](Frame& f) { return &f.scope->attributes; }>(),
      text_field<[](Frame& f) { return &f.scope->name; }>("name"),
      text_field<[](Frame& f) { return &f.scope->version; }>("version"),
      number_field<[](Frame& f) { return &f.scope->dropped_attributes_count; }>("dropped_attributes_count"),
      text_field<[](Frame& f) { return f.scope_schema_url; }>("schema_url"),
  };
  return fields;
}

}  // namespace rankwire::ottl
