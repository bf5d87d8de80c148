// otelcol.*: who sent the batch. Read-only. Receivers keep headers only with `include_metadata`.
#include <algorithm>

#include "ottl/contexts/fields.hpp"

namespace rankwire::ottl {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// Headers have no case; those of a client are in lower case already.
bool is_header(std::string_view name, std::string_view written) {
  return std::equal(name.begin(), name.end(), written.begin(), written.end(),
                    [](char a, char b) { return a == lower(b); });
}

bool has_metadata(const Frame& frame, bool only_grpc) {
  return frame.client != nullptr && (!only_grpc || std::string_view(frame.client->transport) == "grpc");
}

// Values are shared with the client, which outlives the batch.
List<Value> values_of(Frame& frame, std::string_view header) {
  List<Value> values;
  for (const auto& [name, value] : frame.client->metadata)
    if (is_header(name, header)) values.push(frame.arena, Value::of(frame.arena.copy(value)));
  return values;
}

template <bool only_grpc>
PathField metadata_field(std::string_view name) {
  return {.name = name,
          .type = Type::map,
          .get =
              [](Frame& f, Datum& out) {
                Attributes all;
                if (has_metadata(f, only_grpc))
                  for (const auto& [header, value] : f.client->metadata)
                    if (find(all, header) == nullptr)
                      set(all, f.arena, f.arena.copy(header), Value::of(values_of(f, header)));
                out = Value::of(all);
              },
          .keyed_get =
              [](Frame& f, std::string_view key, Datum& out) {
                const List<Value> values = has_metadata(f, only_grpc) ? values_of(f, key) : List<Value>();
                out = values.empty() ? Datum() : Datum(Value::of(values));
              },
          .keyed_type = Type::any};
}

}  // namespace

std::span<const PathField> otelcol_fields() {
  static const PathField fields[] = {
      {.name = "client.addr",
       .type = Type::text,
       .get =
           [](Frame& f, Datum& out) {
             out = f.client != nullptr ? Datum(Value::of(f.arena.copy(f.client->address))) : Datum();
           }},
      {.name = "client.transport",
       .type = Type::text,
       .get = [](Frame& f,
                 Datum& out) { out = f.client != nullptr ? Datum(Value::of(f.client->transport)) : Datum(); }},
      metadata_field<false>("client.metadata"),
      {.name = "client.auth.attributes",
       .type = Type::map,
       .get =
           [](Frame& f, Datum& out) {
             Attributes all;
             if (f.client != nullptr)
               for (const auto& [name, value] : f.client->auth)
                 set(all, f.arena, f.arena.copy(name), Value::of(f.arena.copy(value)));
             out = Value::of(all);
           },
       .keyed_get =
           [](Frame& f, std::string_view key, Datum& out) {
             out = {};
             if (f.client == nullptr) return;
             for (const auto& [name, value] : f.client->auth)
               if (name == key) out = Value::of(f.arena.copy(value));
           },
       .keyed_type = Type::any},
      metadata_field<true>("grpc.metadata"),
  };
  return fields;
}

}  // namespace rankwire::ottl
