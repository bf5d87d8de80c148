// flatten: {"a": {"b": [1]}} becomes {"a.b.0": 1}. Empty lists and maps vanish unless they lie below `depth`, as in the
// original. Items of a list within a list get keys of their own ("a.1.0"), which there run into each other ("a.10").
#include <unordered_map>

#include "ottl/functions/families.hpp"
#include "ottl/functions/map_builder.hpp"

namespace rankwire::ottl {
namespace {

// Deep paths above many values make long keys: a small batch must not become a huge one.
constexpr std::size_t key_bytes_max = 16 * 1024 * 1024;

class Flattening {
 public:
  Flattening(Arena& arena, std::int64_t depth, bool resolves_conflicts)
      : arena_(arena), depth_(depth), resolves_conflicts_(resolves_conflicts), builder_(arena) {}

  void map(const Attributes& entries, const std::string& prefix, std::int64_t level) {
    for (const KeyValue& entry : entries) value(entry.value, prefix + std::string(entry.key), level);
  }
  bool is_too_large() const { return key_bytes_ > key_bytes_max; }
  const Attributes& entries() const { return builder_.entries(); }

 private:
  void value(const Value& value, const std::string& key, std::int64_t level) {
    key_bytes_ += key.size();
    if (is_too_large()) return;
    if (level < depth_ && value.type() == ValueType::map) return map(value.entries(), key + ".", level + 1);
    if (level < depth_ && value.type() == ValueType::array) return list(value.items(), key, level + 1);
    put(key, value);
  }
  // With conflicts resolved, plain items share the list's key and are told apart as conflicts are.
  void list(const List<Value>& items, const std::string& key, std::int64_t level) {
    for (std::uint32_t i = 0; i < items.size(); ++i) {
      const bool is_nested = items[i].type() == ValueType::map || items[i].type() == ValueType::array;
      value(items[i], resolves_conflicts_ && !is_nested ? key : key + "." + std::to_string(i), level);
    }
  }
  void put(const std::string& key, const Value& value) {
    builder_.put(arena_.copy(resolves_conflicts_ ? free_key(key) : key), value);
  }
  std::string free_key(const std::string& key) {
    if (!builder_.contains(key)) return key;
    std::uint32_t& next = next_suffix_[key];
    std::string name;
    do { name = key + "." + std::to_string(next++); } while (builder_.contains(name));
    return name;
  }

  Arena& arena_;
  const std::int64_t depth_;
  const bool resolves_conflicts_;
  MapBuilder builder_;
  std::unordered_map<std::string, std::uint32_t> next_suffix_;
  std::size_t key_bytes_ = 0;
};

bool needs_nothing(const Attributes& entries) {
  for (const KeyValue& entry : entries)
    if (entry.value.type() == ValueType::map || entry.value.type() == ValueType::array) return false;
  return true;
}

bool flatten(Invocation& call, Datum&) {
  const std::string prefix = call.has(1) && !call.text(1).empty() ? std::string(call.text(1)) + "." : "";
  return call.edit_map(0, [&](Attributes& entries) {
    if (prefix.empty() && needs_nothing(entries)) return true;
    Flattening flattening(call.arena(), call.integer_or(2, INT64_MAX), call.boolean_or(3, false));
    flattening.map(entries, prefix, 0);
    if (flattening.is_too_large()) return call.fail("the keys would take more than 16 MiB");
    entries = flattening.entries();
    return true;
  });
}

Result<Run> prepare_flatten(const Known& known) {
  if (known[2] != nullptr && known[2]->integer() < 1) return Error(ErrorKind::invalid, "depth must be at least 1");
  return Run(flatten);
}

}  // namespace

void add_flatten(FunctionTable& table) {
  table.add({.name = "flatten",
             .parameters = {{"target", Want::map_target},
                            optional({"prefix", Want::text}),
                            optional(literal({"depth", Want::integer})),
                            optional(literal({"resolve_conflicts", Want::boolean}))},
             .prepare = prepare_flatten});
}

}  // namespace rankwire::ottl
