// ParseSeverity: from what a program calls its levels, or from a status code, to a level.
#include "ottl/functions/families.hpp"

namespace rankwire::ottl {
namespace {

bool read_bound(Invocation& call, const Attributes& range, const char* name, std::int64_t& bound) {
  const Value* const value = find(range, name);
  if (value == nullptr) return call.fail(std::string("a range needs ") + name);
  if (value->type() != ValueType::integer) return call.fail(std::string(name) + " of a range must be an integer");
  bound = value->integer();
  return true;
}

// "4xx" or {"min": …, "max": …}, bounds included.
bool is_in_range(Invocation& call, const Value& range, std::int64_t number, bool& is_match) {
  if (range.is_text()) {
    const std::string_view text = range.text();
    if (text.size() != 3 || text[0] < '2' || text[0] > '5' || text.substr(1) != "xx")
      return call.fail("a range is 2xx, 3xx, 4xx, 5xx or a map of min and max");
    is_match = number / 100 == text[0] - '0';
    return true;
  }
  if (range.type() != ValueType::map) return call.fail("a range is a text or a map of min and max");
  std::int64_t min = 0, max = 0;
  if (!read_bound(call, range.entries(), "min", min) || !read_bound(call, range.entries(), "max", max)) return false;
  is_match = min <= number && number <= max;
  return true;
}

bool matches(Invocation& call, const Value& criterion, bool& is_match) {
  if (criterion.type() != ValueType::map) return call.fail("each criterion must be a map of equals or range");
  const Attributes entries = criterion.entries();
  if (call[0].is(Type::integer)) {
    const Value* const range = find(entries, "range");
    return range == nullptr || is_in_range(call, *range, call[0].integer(), is_match);
  }
  const Value* const equals = find(entries, "equals");
  if (equals == nullptr) return true;
  if (equals->type() != ValueType::array) return call.fail("equals must be a list of texts");
  const List<Value> texts = equals->items();
  for (const Value& text : texts) is_match = is_match || (text.is_text() && text.text() == call.text(0));
  return true;
}

bool parse_severity(Invocation& call, Datum& out) {
  if (!call[0].is(Type::text) && !call[0].is(Type::integer))
    return call.fail("expected a text or an integer but got " + std::string(to_string(call[0].type())));
  const Attributes levels = call[1].map();
  out = {};  // All of them are looked at: one that is wrong fails the call, as in the original, wherever it stands.
  for (const KeyValue& level : levels) {
    if (level.value.type() != ValueType::array) return call.fail("each level needs a list of criteria");
    const List<Value> criteria = level.value.items();
    for (const Value& criterion : criteria) {
      bool is_match = false;
      if (!matches(call, criterion, is_match)) return false;
      if (is_match && out.is_nil()) out = Value::of(level.key);
    }
  }
  return !out.is_nil() || call.fail("no level matches");
}

}  // namespace

void add_severity_function(FunctionTable& table) {
  table.add({.name = "ParseSeverity",
             .parameters = {{"target"}, {"mapping", Want::map}},
             .result = Type::text,
             .run = parse_severity});
}

}  // namespace rankwire::ottl
