// append, delete_index, SliceToMap, Sort
#include <algorithm>
#include <cmath>

#include "ottl/functions/families.hpp"
#include "ottl/functions/map_builder.hpp"
#include "ottl/program/convert.hpp"
#include "ottl/program/path_field.hpp"

namespace rankwire::ottl {
namespace {

bool append_values(Invocation& call, Datum&) {
  Datum target;
  if (!call.get(0, target)) return false;
  List<Value> items;
  if (target.is(Type::list)) {
    items = target.list();
  } else if (target.is(Type::map) || target.type() > Type::map) {
    return call.fail("the target must be a list or a plain value but is " + std::string(to_string(target.type())));
  } else if (!target.is_nil()) {
    items.push(call.arena(), target.value());
  }
  if (call.has(1) && !call[1].is_telemetry())
    return call.fail(std::string(to_string(call[1].type())) + " cannot be kept in a list");
  if (call.has(1)) items.push(call.arena(), call[1].value());
  if (call.has(2))
    for (const Value& value : call[2].list()) items.push(call.arena(), value);
  return call.set(0, Value::of(items));
}

Result<Run> prepare_append(const Known& known) {
  if (!known.has(1) && !known.has(2)) return Error(ErrorKind::invalid, "value or values must be given");
  return Run(append_values);
}

bool delete_index(Invocation& call, Datum&) {
  Datum target;
  if (!call.get(0, target)) return false;
  if (!target.is(Type::list)) return expected(call.frame(), Type::list, target);
  List<Value> items = target.list();
  const std::int64_t size = items.size(), begin = call[1].integer();
  if (begin < 0 || begin >= size)
    return call.fail("start_index " + std::to_string(begin) + " is outside of a list of " + std::to_string(size));
  const std::int64_t end = call.integer_or(2, begin + 1);
  if (end < begin || end > size)
    return call.fail("end_index " + std::to_string(end) + " must be from start_index to the list's size, " +
                     std::to_string(size));
  if (begin == end) return true;
  items.own(call.arena());
  std::copy(items.begin() + end, items.end(), items.begin() + begin);
  items.truncate(static_cast<std::uint32_t>(size - (end - begin)));
  return call.set(0, Value::of(items));
}

// The value at the end of a path of keys; null if a part of it is missing.
const Value* value_at(const Value& map, List<Value> path) {
  const Value* at = &map;
  for (const Value& key : path) {
    if (at == nullptr || at->type() != ValueType::map) return nullptr;
    at = find(at->entries(), key.text());
  }
  return at;
}

bool slice_to_map(Invocation& call, Datum& out) {
  MapBuilder builder(call.arena());
  const List<Value> items = call[0].list();
  for (std::uint32_t i = 0; i < items.size(); ++i) {
    const auto fail = [&](const char* why) { return call.fail("element " + std::to_string(i) + why); };
    if ((call.has(1) || call.has(2)) && items[i].type() != ValueType::map) return fail(" is not a map");
    std::string_view key;
    if (call.has(1)) {
      const Value* found = value_at(items[i], call[1].list());
      if (found == nullptr) return fail(" has nothing at key_path");
      if (!found->is_text()) return fail(" has no text at key_path");
      key = found->text();
    } else {
      key = call.arena().copy(std::to_string(i));
    }
    const Value* value = call.has(2) ? value_at(items[i], call[2].list()) : &items[i];
    if (value == nullptr) return fail(" has nothing at value_path");
    builder.put(key, *value);
  }
  out = Value::of(builder.entries());
  return true;
}

Result<Run> prepare_slice_to_map(const Known& known) {
  for (const std::size_t path : {1, 2})
    if (known[path] != nullptr && known[path]->list().empty())
      return known.always_fails("a path needs at least one key");
  return Run(slice_to_map);
}

bool is_number(const Value& value) { return value.type() == ValueType::integer || value.type() == ValueType::real; }

double as_real(const Value& value) {
  return value.type() == ValueType::real ? value.real() : static_cast<double>(value.integer());
}

bool integer_less(const Value& a, const Value& b) { return a.integer() < b.integer(); }

// Integers beside reals are compared as reals too, so that the order is one. NaN comes first.
bool real_less(const Value& a, const Value& b) {
  const double x = as_real(a), y = as_real(b);
  return std::isnan(x) ? !std::isnan(y) : x < y;
}

template <class Less>
void order(List<Value>& items, bool is_descending, Less less) {
  std::stable_sort(items.begin(), items.end(),
                   [&](const Value& a, const Value& b) { return is_descending ? less(b, a) : less(a, b); });
}

// Numbers by size; with anything else among them, everything as text. Lists and maps have no order: then nothing
// is moved.
bool sort(Invocation& call, Datum& out, bool is_descending) {
  List<Value> items = call[0].list();
  items.own(call.arena());
  bool are_numbers = true, are_integers = true;
  for (const Value& item : items) {
    if (!is_number(item) && !item.is_text() && item.type() != ValueType::boolean) {
      out = call[0];
      return true;
    }
    are_numbers = are_numbers && is_number(item);
    are_integers = are_integers && item.type() == ValueType::integer;
  }
  if (are_numbers) {
    order(items, is_descending, are_integers ? integer_less : real_less);
  } else {
    std::vector<std::pair<std::string_view, Value>> texts;
    for (const Value& item : items) texts.emplace_back(text_of(item, call.arena()), item);
    std::stable_sort(texts.begin(), texts.end(), [&](const auto& a, const auto& b) {
      return is_descending ? b.first < a.first : a.first < b.first;
    });
    for (std::uint32_t i = 0; i < items.size(); ++i) items[i] = texts[i].second;
  }
  out = Value::of(items);
  return true;
}

Result<Run> prepare_sort(const Known& known) {
  const std::string_view order = known.text(1).value_or("asc");
  if (order != "asc" && order != "desc") return Error(ErrorKind::invalid, "order must be \"asc\" or \"desc\"");
  const bool is_descending = order == "desc";
  return Run([=](Invocation& call, Datum& out) { return sort(call, out, is_descending); });
}

}  // namespace

void add_list_functions(FunctionTable& table) {
  table.add({.name = "append",
             .parameters = {{"target", Want::target},
                            optional({.name = "value", .is_stored = true}),
                            optional({"values", Want::anys})},
             .prepare = prepare_append});
  table.add(
      {.name = "delete_index",
       .parameters = {{"target", Want::target}, {"start_index", Want::integer}, optional({"end_index", Want::integer})},
       .run = delete_index});
  table.add({.name = "SliceToMap",
             .parameters = {{"target", Want::list},
                            optional(literal({"key_path", Want::texts})),
                            optional(literal({"value_path", Want::texts}))},
             .result = Type::map,
             .prepare = prepare_slice_to_map});
  table.add({.name = "Sort",
             .parameters = {{"target", Want::list}, optional(literal({"order", Want::text}))},
             .result = Type::list,
             .prepare = prepare_sort});
}

}  // namespace rankwire::ottl
