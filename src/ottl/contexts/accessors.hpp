// Paths that are one member of a record: each makes a line of a table from `at`, a function of the frame that
// gives a pointer to the member, or null where this record has none (reads as nil, setting does nothing).
#pragma once

#include "ottl/program/path_field.hpp"

namespace rankwire::ottl {

template <auto at>
PathField time_field(std::string_view name) {
  return {.name = name,
          .type = Type::time,
          .get =
              [](Frame& f, Datum& out) {
                const std::uint64_t* nanos = at(f);
                out = nanos != nullptr ? Datum::of_time(static_cast<std::int64_t>(*nanos)) : Datum();
              },
          .set =
              [](Frame& f, const Datum& v) {
                std::uint64_t* into = at(f);
                return into == nullptr || set_time(f, v, *into);
              }};
}

// Counts, flags and nanoseconds: what does not fit wraps, as in the original.
template <auto at>
PathField number_field(std::string_view name) {
  return {.name = name,
          .type = Type::integer,
          .get =
              [](Frame& f, Datum& out) {
                const auto* number = at(f);
                out = number != nullptr ? Datum(Value::of(static_cast<std::int64_t>(*number))) : Datum();
              },
          .set =
              [](Frame& f, const Datum& v) {
                auto* into = at(f);
                return into == nullptr || set_integer(f, v, *into);
              }};
}

template <auto at>
PathField text_field(std::string_view name) {
  return {.name = name,
          .type = Type::text,
          .get = [](Frame& f, Datum& out) { out = Value::of(*at(f)); },
          .set = [](Frame& f, const Datum& v) { return set_text(f, v, *at(f)); }};
}

template <auto at>
PathField id_field(std::string_view name, Type type) {
  return {.name = name,
          .type = type,
          .get = [](Frame& f, Datum& out) { out = Datum::of(*at(f)); },
          .set = [](Frame& f, const Datum& v) { return set_id(f, v, *at(f)); }};
}

template <auto at>
PathField id_text_field(std::string_view name) {
  return {.name = name,
          .type = Type::text,
          .get = [](Frame& f, Datum& out) { out = id_text(f, *at(f)); },
          .set = [](Frame& f, const Datum& v) { return set_id_text(f, v, *at(f)); }};
}

template <auto at>
PathField attributes_field(std::string_view name = "attributes") {
  return {.name = name, .type = Type::map, .attributes = at};
}

// A list of records, which can only be set from one of the same kind.
template <RecordsKind kind, auto at>
PathField records_field(std::string_view name) {
  return {.name = name,
          .type = Type::records,
          .get =
              [](Frame& f, Datum& out) {
                const auto* list = at(f);
                out = list != nullptr ? Datum::of_records(kind, list, list->size()) : Datum();
              },
          .set =
              [](Frame& f, const Datum& v) {
                auto* into = at(f);
                if (into == nullptr) return true;
                if (!takes_records(f, v, kind)) return false;
                using Records = std::remove_pointer_t<decltype(into)>;
                const Records& from = *static_cast<const Records*>(v.records());
                if (&from != into) *into = Records::shared(from.data(), from.size());
                return true;
              }};
}

}  // namespace rankwire::ottl
