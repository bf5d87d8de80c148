// Keys, Values, keep_keys, limit, merge_maps, stringify_all, truncate_all
#include <algorithm>

#include "ottl/functions/families.hpp"
#include "ottl/program/convert.hpp"

namespace rankwire::ottl {
namespace {

bool keys(Invocation& call, Datum& out) {
  List<Value> found;
  found.reserve(call.arena(), call[0].map().size());
  for (const KeyValue& entry : call[0].map()) found.push(call.arena(), Value::of(entry.key));
  out = Value::of(found);
  return true;
}

bool values(Invocation& call, Datum& out) {
  List<Value> found;
  found.reserve(call.arena(), call[0].map().size());
  for (const KeyValue& entry : call[0].map()) found.push(call.arena(), entry.value);
  out = Value::of(found);
  return true;
}

bool is_among(const List<Value>& keys, std::string_view key) {
  return std::any_of(keys.begin(), keys.end(), [&](const Value& one) { return one.text() == key; });
}

// Keeps the entries that `keeps` holds for, in their order.
template <class Keeps>
void keep(Attributes& entries, Arena& arena, Keeps keeps) {
  entries.own(arena);
  entries.truncate(static_cast<std::uint32_t>(
      std::remove_if(entries.begin(), entries.end(), [&](const KeyValue& entry) { return !keeps(entry.key); }) -
      entries.begin()));
}

bool keep_keys(Invocation& call, Datum&) {
  const List<Value> wanted = call[1].list();
  return call.edit_map(0, [&](Attributes& entries) {
    keep(entries, call.arena(), [&](std::string_view key) { return is_among(wanted, key); });
    return true;
  });
}

// Which keys go is random in the original; here the last ones do.
bool limit(Invocation& call, Datum&) {
  const std::int64_t max = call[1].integer();
  const List<Value> priority = call[2].list();
  return call.edit_map(0, [&](Attributes& entries) {
    if (entries.size() <= max) return true;
    std::int64_t others = max - std::count_if(entries.begin(), entries.end(),
                                              [&](const KeyValue& entry) { return is_among(priority, entry.key); });
    keep(entries, call.arena(), [&](std::string_view key) { return is_among(priority, key) || others-- > 0; });
    return true;
  });
}

Result<Run> prepare_limit(const Known& known) {
  const std::int64_t max = known[1]->integer(), priority = known[2]->list().size();
  if (max < 0) return Error(ErrorKind::invalid, "the limit must not be negative");
  if (max < priority)
    return Error(ErrorKind::invalid, "the limit " + std::to_string(max) +
                                         " is less than the number of priority keys, " + std::to_string(priority));
  return Run(limit);
}

bool merge(Invocation& call, bool inserts, bool updates) {
  const Attributes source = call[1].map();
  return call.edit_map(0, [&](Attributes& entries) {
    if (inserts)
      entries.reserve(call.arena(), entries.size() + source.size());
    else
      entries.own(call.arena());
    for (const KeyValue& entry : source) {
      const auto known =
          std::find_if(entries.begin(), entries.end(), [&](const KeyValue& one) { return one.key == entry.key; });
      if (known == entries.end()) {
        if (inserts) entries.push(call.arena(), entry);
      } else if (updates) {
        known->value = entry.value;
      }
    }
    return true;
  });
}

Result<Run> prepare_merge(const Known& known) {
  const std::string_view strategy = *known.text(2);
  if (strategy != "insert" && strategy != "update" && strategy != "upsert")
    return Error(ErrorKind::invalid, "strategy must be \"insert\", \"update\" or \"upsert\"");
  const bool inserts = strategy != "update", updates = strategy != "insert";
  return Run([=](Invocation& call, Datum&) { return merge(call, inserts, updates); });
}

bool stringify_all(Invocation& call, Datum&) {
  return call.edit_map(0, [&](Attributes& entries) {
    entries.own(call.arena());
    for (KeyValue& entry : entries)
      if (!entry.value.is_text()) entry.value = Value::of(text_of(entry.value, call.arena()));
    return true;
  });
}

// At most `size` bytes, without half of a character if `is_safe`.
std::string_view cut(std::string_view text, std::size_t size, bool is_safe) {
  if (text.size() <= size) return text;
  while (is_safe && size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return text.substr(0, size);
}

bool truncate_all(Invocation& call, Datum&) {
  const auto size = static_cast<std::size_t>(call[1].integer());
  const bool is_safe = call.boolean_or(2, true);
  return call.edit_map(0, [&](Attributes& entries) {
    const auto is_long = [&](const KeyValue& entry) {
      return entry.value.is_text() && entry.value.text().size() > size;
    };
    if (std::none_of(entries.begin(), entries.end(), is_long)) return true;
    entries.own(call.arena());
    for (KeyValue& entry : entries)
      if (is_long(entry)) entry.value = Value::of(cut(entry.value.text(), size, is_safe));
    return true;
  });
}

Result<Run> prepare_truncate(const Known& known) {
  if (known[1]->integer() < 0) return Error(ErrorKind::invalid, "the limit must not be negative");
  return Run(truncate_all);
}

}  // namespace

void add_map_functions(FunctionTable& table) {
  const Parameter target{"target", Want::map_target};
  table.add({.name = "Keys", .parameters = {{"target", Want::map}}, .result = Type::list, .run = keys});
  table.add({.name = "Values", .parameters = {{"target", Want::map}}, .result = Type::list, .run = values});
  table.add({.name = "keep_keys", .parameters = {target, {"keys", Want::texts}}, .run = keep_keys});
  table.add({.name = "limit",
             .parameters = {target, literal({"limit", Want::integer}), literal({"priority_keys", Want::texts})},
             .prepare = prepare_limit});
  table.add({.name = "merge_maps",
             .parameters = {target, {"source", Want::map}, literal({"strategy", Want::text})},
             .prepare = prepare_merge});
  table.add({.name = "stringify_all", .parameters = {target}, .run = stringify_all});
  table.add({.name = "truncate_all",
             .parameters = {target, literal({"limit", Want::integer}), optional(literal({"utf8_safe", Want::boolean}))},
             .prepare = prepare_truncate});
}

}  // namespace rankwire::ottl
