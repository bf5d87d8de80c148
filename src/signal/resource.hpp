// What every signal shares: where telemetry comes from and which library made it.
#pragma once

#include <cstring>

#include "signal/value.hpp"

namespace rankwire {

// Says which attributes of a resource identify an entity (a host, a pod) and which describe it.
struct EntityRef {
  std::string_view schema_url;
  std::string_view type;
  List<std::string_view> id_keys;
  List<std::string_view> description_keys;
};

struct Resource {
  Attributes attributes;
  std::uint32_t dropped_attributes_count = 0;
  List<EntityRef> entities;
};

struct Scope {
  std::string_view name;
  std::string_view version;
  Attributes attributes;
  std::uint32_t dropped_attributes_count = 0;
};

struct TraceId {
  std::uint8_t bytes[16] = {};
  bool is_set() const {
    std::uint64_t halves[2];
    std::memcpy(halves, bytes, sizeof bytes);
    return (halves[0] | halves[1]) != 0;
  }
};

struct SpanId {
  std::uint8_t bytes[8] = {};
  bool is_set() const {
    std::uint64_t whole;
    std::memcpy(&whole, bytes, sizeof bytes);
    return whole != 0;
  }
};

// Records of one scope, and scopes of one resource, as OTLP groups them.
template <class Record>
struct ScopeGroup {
  Scope scope;
  std::string_view schema_url;
  List<Record> records;
};

template <class Record>
struct ResourceGroup {
  Resource resource;
  std::string_view schema_url;
  List<ScopeGroup<Record>> scopes;
};

}  // namespace rankwire
