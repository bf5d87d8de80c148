// A remedy names what to write in this place where that is plain, else the function that converts.
#include "ottl/program/misfits.hpp"

#include <algorithm>
#include <charconv>

#include "config/diagnostics.hpp"
#include "ottl/program/compiler.hpp"
#include "ottl/program/convert.hpp"
#include "ottl/syntax/print.hpp"
#include "ottl/syntax/quoting.hpp"
#include "ottl/syntax/remedies.hpp"

namespace rankwire::ottl {
namespace {

using Op = ComparisonOperator;

bool is_number(Type type) { return type == Type::integer || type == Type::real; }
bool is_id(Type type) { return type == Type::trace_id || type == Type::span_id || type == Type::profile_id; }
bool is_telemetry(Type type) { return type <= Type::map; }
bool has_order(Type type) {
  return type != Type::nil && type != Type::list && type != Type::map && type != Type::records && !is_id(type);
}

std::string name_of(Type type) { return std::string(to_string(type)); }

// "log.severity_number", "Len(…)"
std::string shown(const Expression& written) {
  if (written.kind() == Kind::call) return written.as<Call>().name + "(…)";
  return written.kind() == Kind::path || written.kind() == Kind::symbol ? print(written) : "the other side";
}

std::string last_name(const Expression& place) {
  return place.kind() == Kind::path ? place.as<Path>().segments.back().name : std::string();
}

std::string quoted(std::string_view text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

// What the names of a path's enums begin with; empty: it has none.
std::string_view enum_prefix(const Expression& place) {
  const std::string name = last_name(place);
  if (name == "severity_number") return "SEVERITY_NUMBER_";
  if (name == "kind") return "SPAN_KIND_";
  if (name == "code") return "STATUS_CODE_";
  if (name == "aggregation_temporality") return "AGGREGATION_TEMPORALITY_";
  return name == "type" ? "METRIC_DATA_TYPE_" : "";
}

std::string upper_name(std::string_view text) {
  std::string name;
  for (const char c : text) name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c == ' ' || c == '-' ? '_' : c;
  return name;
}

std::string integer_for_text(const Expression& place, std::string_view text) {
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code == std::errc() && end == text.data() + text.size()) return "write " + std::string(text) + ", without quotes";
  std::string name = upper_name(text);
  if (enum_value(name)) return "write " + name + ", without quotes";
  const std::string prefix(enum_prefix(place));
  if (prefix.empty()) return {};
  if (enum_value(prefix + name)) return "write " + prefix + name;
  std::vector<std::string_view> values;
  for (const std::string_view one : enum_names()) {
    if (!one.starts_with(prefix)) continue;
    values.push_back(one.substr(prefix.size()));
    // WARNING, ERR
    if (name.starts_with(values.back()) || (name.size() > 1 && values.back().starts_with(name)))
      return "did you mean " + std::string(one) + "?";
  }
  const std::string_view closest = config::closest(name, values);
  return closest.empty() ? "its values are those of " + prefix + "…"
                         : "did you mean " + prefix + std::string(closest) + "?";
}

std::string integer_instead(const Expression& place, const Side& got) {
  const Datum* const known = got.node.constant();
  switch (got.node.type()) {
    case Type::text: {
      std::string remedy = known != nullptr ? integer_for_text(place, known->text()) : std::string();
      return remedy.empty() ? "Int(…) reads an integer from a text" : remedy;
    }
    case Type::boolean:
    case Type::real: return "Int(…) makes an integer of it";
    case Type::time: return "UnixNano(…) makes an integer of a time";
    case Type::duration: return "Nanoseconds(…) makes an integer of a duration";
    default: return {};
  }
}

std::string text_instead(const Side& got) {
  const Kind kind = got.written.kind();
  if (kind == Kind::symbol) return "a text is written in quotes";
  if (kind == Kind::integer || kind == Kind::real || kind == Kind::boolean)
    return "write \"" + print(got.written) + "\", in quotes";
  if (is_id(got.node.type()))
    return kind == Kind::path ? "write " + print(got.written) + ".string" : "Hex(…) makes a text of an id";
  if (got.node.type() == Type::time) return "FormatTime(…, \"%Y-%m-%dT%H:%M:%SZ\") makes a text of a time";
  return got.node.type() == Type::records ? "" : "String(…) makes a text of it";
}

std::string time_instead(const Expression& place, const Side& got) {
  const std::string name = last_name(place);
  if (got.node.type() == Type::text) return "Time(…, \"%Y-%m-%dT%H:%M:%SZ\") reads a time from a text";
  if (got.node.type() != Type::integer) return {};
  if (name == "time" || name.ends_with("_time")) return "the integer is " + print(place) + "_unix_nano";
  return "Unix(seconds, nanoseconds) makes a time";
}

std::string id_instead(Type wanted, const Expression& place, const Side& got) {
  const Type type = got.node.type();
  if (type == Type::text && place.kind() == Kind::path) return "write " + print(place) + ".string";
  if (type != Type::text && type != Type::bytes) return {};
  return (wanted == Type::trace_id ? "TraceID" : "SpanID") + std::string("(…) makes an id of it");
}

std::string boolean_instead(const Side& got) {
  const Datum* const known = got.node.constant();
  if (known != nullptr && known->is(Type::text) && (known->text() == "true" || known->text() == "false"))
    return "write " + std::string(known->text()) + ", without quotes";
  return is_number(got.node.type()) || got.node.type() == Type::text ? "Bool(…) makes a boolean of it" : "";
}

// What to write where `place` wants `wanted` and got something else.
std::string instead(Type wanted, const Expression& place, const Side& got) {
  const Type type = got.node.type();
  switch (wanted) {
    case Type::integer: return integer_instead(place, got);
    case Type::real:
      if (got.written.kind() == Kind::integer) return "write " + print(got.written) + ".0";
      return type == Type::integer || type == Type::text ? "Double(…) makes a real number of it" : "";
    case Type::text: return text_instead(got);
    case Type::boolean: return boolean_instead(got);
    case Type::time: return time_instead(place, got);
    case Type::duration: return "a duration is written Duration(\"1s\")";
    case Type::trace_id:
    case Type::span_id: return id_instead(wanted, place, got);
    case Type::map:
      return type == Type::text ? "ParseJSON(…) reads a map from a text" : "a map is written {\"key\": …}";
    case Type::list: return "a list is written […]";
    default: return {};
  }
}

// What a value of telemetry can be made of something else.
std::string storable(const Side& value) {
  switch (value.node.type()) {
    case Type::time: return "write UnixNano(…) or FormatTime(…, \"%Y-%m-%dT%H:%M:%SZ\")";
    case Type::duration: return "write Seconds(…), Milliseconds(…) or Nanoseconds(…)";
    case Type::records: return {};
    default: return text_instead(value);
  }
}

std::string empty_of(Type type) {
  switch (type) {
    case Type::text: return "what is not set is \"\"";
    case Type::integer: return "what is not set is 0";
    case Type::time: return "what is not set is 0, in the path that ends in _unix_nano";
    case Type::trace_id: return "what is not set is TraceID(0x00000000000000000000000000000000)";
    case Type::span_id: return "what is not set is SpanID(0x0000000000000000)";
    default: return {};
  }
}

// Whether `name` is made of words of `full`, in their order, the last one included: SEVERITY_WARN.
bool has_words(std::string_view full, std::string_view name) {
  const std::string all = "_" + std::string(full) + "_";
  std::size_t at = 0;
  while (!name.empty()) {
    const std::size_t end = std::min(name.find('_'), name.size());
    const std::string word = "_" + std::string(name.substr(0, end)) + "_";
    at = all.find(word, at);
    if (end == 0 || at == std::string::npos) return false;
    at += word.size() - 1;
    name.remove_prefix(std::min(end + 1, name.size()));
  }
  return at + 1 == all.size();
}

Misfit comparison(Op op, std::uint32_t offset, const std::string& why, std::string remedy) {
  const char* const what = op == Op::not_equal ? "this comparison always holds: " : "this comparison never holds: ";
  return {offset, what + why, std::move(remedy)};
}

// One side is nil.
std::optional<Misfit> comparison_with_nil(Op op, const Side& nil, const Side& other) {
  if (other.node.constant() != nullptr && nil.written.kind() != Kind::nil) return std::nullopt;
  if (op == Op::less || op == Op::greater)
    return comparison(op, nil.written.offset, "nothing is less or greater than nil",
                      "to ask whether it is there, write != nil");
  if (other.node.may_be_nil()) return std::nullopt;
  return comparison(op, nil.written.offset, shown(other.written) + " is never nil", empty_of(other.node.type()));
}

}  // namespace

std::optional<Misfit> misfit_of_assignment(const Side& target, const Side& value) {
  const Type wanted = target.node.type(), got = value.node.type();
  const std::uint32_t offset = value.written.offset;
  if (got == Type::any || got == wanted) return std::nullopt;
  if (got == Type::nil) {
    const auto& keys = target.written.as<Path>().segments.back().keys;
    const bool is_entry = !keys.empty() && keys.back().kind() == Kind::text;
    Path map = target.written.as<Path>();
    if (is_entry) map.segments.back().keys.pop_back();
    return Misfit{offset, "setting nil does nothing",
                  is_entry ? "to remove it, write delete_key(" + print(Expression{.node = std::move(map)}) + ", " +
                                 print(keys.back()) + ")"
                           : ""};
  }
  if (wanted == Type::any) return lost_value(value, "cannot be kept in " + shown(target.written));
  return Misfit{offset,
                "this never works: " + shown(target.written) + " is " + name_of(wanted) + ", this is " + name_of(got),
                instead(wanted, target.written, value)};
}

std::optional<Misfit> misfit_of_comparison(Op op, const Side& a, const Side& b) {
  const Type x = a.node.type(), y = b.node.type();
  if (x == Type::nil) return comparison_with_nil(op, a, b);
  if (y == Type::nil) return comparison_with_nil(op, b, a);
  const bool is_order = op != Op::equal && op != Op::not_equal;
  for (const Side* side : {&a, &b}) {
    const Type type = side->node.type();
    if (is_order && type != Type::any && !has_order(type))
      return comparison(op, side->written.offset, name_of(type) + " has no order", "only == and != compare it");
  }
  if (x == Type::any || y == Type::any || x == y || (is_number(x) && is_number(y))) return std::nullopt;
  // What is known is the mistake, if only one side is.
  const bool is_a = a.node.constant() != nullptr && b.node.constant() == nullptr;
  const Side &wrong = is_a ? a : b, &other = is_a ? b : a;
  return comparison(
      op, wrong.written.offset,
      shown(other.written) + " is " + name_of(other.node.type()) + ", this is " + name_of(wrong.node.type()),
      instead(other.node.type(), other.written, wrong));
}

std::optional<Misfit> lost_value(const Side& value, std::string_view what) {
  const Type type = value.node.type();
  if (is_telemetry(type)) return std::nullopt;
  return Misfit{value.written.offset, name_of(type) + " " + std::string(what), storable(value)};
}

std::string remedy_for_enum(std::string_view name) {
  if (is_null(name)) return null_remedy;
  std::string remedy;
  for (const std::string_view one : enum_names())
    if (has_words(one, name)) remedy += (remedy.empty() ? "did you mean " : " or ") + quoted(one);
  return remedy.empty() ? config::suggest(name, enum_names()) : remedy + "?";
}

}  // namespace rankwire::ottl
