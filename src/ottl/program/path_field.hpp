// The paths of the contexts as tables: name to accessor. Adding a path is adding a line.
#pragma once

#include <span>
#include <string_view>

#include "ottl/program/datum.hpp"
#include "ottl/program/frame.hpp"

namespace rankwire::ottl {

// One path of a context, without the context's name. Exactly one way in is given: `attributes` or `value` where
// keys may follow, `keyed_get` beside `get` where it has keys of its own kind, else `get` alone.
struct PathField {
  std::string_view name;  // "severity_number", "trace_id.string"
  Type type = Type::any;
  void (*get)(Frame& frame, Datum& out) = nullptr;
  // Null: read-only, unless `attributes` or `value` is given. False: the frame says why.
  bool (*set)(Frame& frame, const Datum& value) = nullptr;

  Attributes* (*attributes)(Frame& frame) = nullptr;  // Null result: the record has none, which reads as nil.
  Value* (*value)(Frame& frame) = nullptr;

  void (*keyed_get)(Frame& frame, std::string_view key, Datum& out) = nullptr;
  bool (*keyed_set)(Frame& frame, std::string_view key, const Datum& value) = nullptr;
  Type keyed_type = Type::text;  // Of what keyed_get gives; only where it is `any` more keys may follow.
  bool is_read_only = false;     // Of `attributes` and `value`.

  bool takes_keys() const { return attributes != nullptr || value != nullptr || keyed_get != nullptr; }
};

// A name that paths may begin with, and what is below it.
struct PathRoot {
  std::string_view name;  // "log", "instrumentation_scope", "otelcol"
  std::span<const PathField> fields;
  bool is_always_there = false;  // Its texts, integers, times and ids are never nil: what is not set is "", 0 or zeros.
};

// A context's own paths, under its own name first, then those of its parents.
std::span<const PathRoot> roots_of(Context context);
// Why a context of the original cannot be used here; empty for a name that is none of its.
std::string_view refusal_of_context(std::string_view name);

// Setters: what fits goes in, else the frame says "expected an integer but got a text". They return like setters.
bool set_text(Frame& frame, const Datum& value, std::string_view& into);
bool set_integer(Frame& frame, const Datum& value, std::uint32_t& into);
bool set_integer(Frame& frame, const Datum& value, std::uint64_t& into);
bool set_integer(Frame& frame, const Datum& value, std::int32_t& into);
bool set_time(Frame& frame, const Datum& value, std::uint64_t& into);
bool set_id(Frame& frame, const Datum& value, TraceId& into);
bool set_id(Frame& frame, const Datum& value, SpanId& into);
bool set_id_text(Frame& frame, const Datum& value, TraceId& into);  // Hexadecimal.
bool set_id_text(Frame& frame, const Datum& value, SpanId& into);
bool expected(Frame& frame, Type wanted, const Datum& got);                                // Says so; false.
bool take_enum(Frame& frame, const Datum& value, std::int64_t max, std::int64_t& number);  // 0 … max
bool takes_records(Frame& frame, const Datum& value, RecordsKind kind);
// Hexadecimal, in the arena.
Datum id_text(Frame& frame, const TraceId& id);
Datum id_text(Frame& frame, const SpanId& id);

}  // namespace rankwire::ottl
