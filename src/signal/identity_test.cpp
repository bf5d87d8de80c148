#include "signal/identity.hpp"

#include <doctest/doctest.h>

#include "signal/expiring_map.hpp"
#include "signal/owned_attributes.hpp"

namespace rankwire {
namespace {

Attributes list_of(Arena& arena, std::initializer_list<KeyValue> entries) {
  Attributes list;
  for (const KeyValue& entry : entries) list.push(arena, entry);
  return list;
}

TEST_CASE("the identity of attributes does not depend on the order of keys, at any depth") {
  Arena arena;
  const Attributes inner = list_of(arena, {{"x", Value::of(true)}, {"y", Value::of("1")}});
  const Attributes turned = list_of(arena, {{"y", Value::of("1")}, {"x", Value::of(true)}});
  const Attributes a = list_of(arena, {{"k", Value::of(inner)}, {"n", Value::of(std::int64_t{7})}});
  const Attributes b = list_of(arena, {{"n", Value::of(std::int64_t{7})}, {"k", Value::of(turned)}});
  CHECK(identity_of(a) == identity_of(b));
}

TEST_CASE("what differs in key, type, value, nesting or order of a list differs in identity") {
  Arena arena;
  List<Value> up, down;
  for (const std::int64_t n : {1, 2}) up.push(arena, Value::of(n));
  for (const std::int64_t n : {2, 1}) down.push(arena, Value::of(n));
  const Value values[] = {Value(),
                          Value::of(""),
                          Value::of("1"),
                          Value::of_bytes("1"),
                          Value::of(std::int64_t{1}),
                          Value::of(1.0),
                          Value::of(true),
                          Value::of(false),
                          Value::of(up),
                          Value::of(down),
                          Value::of(list_of(arena, {})),
                          Value::of(List<Value>()),
                          Value::of(list_of(arena, {{"1", Value::of("1")}}))};
  for (std::size_t i = 0; i < std::size(values); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      CAPTURE(i);
      CAPTURE(j);
      CHECK(identity_of(values[i]) != identity_of(values[j]));
      CHECK(identity_of(list_of(arena, {{"a", values[i]}})) != identity_of(list_of(arena, {{"a", values[j]}})));
    }
  }
  CHECK(identity_of(Value::of(0.0)) == identity_of(Value::of(-0.0)));
  CHECK(identity_of(list_of(arena, {{"a", Value::of("b")}})) != identity_of(list_of(arena, {{"b", Value::of("a")}})));
}

TEST_CASE("a stream is told from others by each thing that makes it one") {
  Metric metric;
  metric.name = "m";
  metric.unit = "s";
  metric.type = MetricType::sum;
  metric.temporality = Temporality::delta;
  const Identity resource = identity_of(Resource{}), scope = identity_of(Scope{});
  const Identity original = stream_identity(resource, scope, metric);
  Metric same = metric;
  same.description = "said otherwise";
  CHECK(stream_identity(resource, scope, same) == original);
  Metric others[5] = {metric, metric, metric, metric, metric};
  others[0].name = "ms";
  others[0].unit = "";
  others[1].unit = "ms";
  others[2].type = MetricType::gauge;
  others[3].temporality = Temporality::cumulative;
  others[4].is_monotonic = true;
  for (const Metric& other : others) CHECK(stream_identity(resource, scope, other) != original);
  CHECK(stream_identity(scope, resource, metric) != original);
  Arena arena;
  CHECK(series_identity(original, {}) != series_identity(original, list_of(arena, {{"a", Value()}})));
}

TEST_CASE("owned attributes outlive the arena they were made from and say what they hold") {
  OwnedAttributes owned;
  CHECK(owned.bytes().count == 0);
  CHECK(owned.view().empty());
  {
    Arena arena;
    List<Value> items;
    items.push(arena, Value::of(arena.copy("deep")));
    items.push(arena, Value::of(2.5));
    const Attributes inner = list_of(arena, {{arena.copy("items"), Value::of(items)}});
    owned = OwnedAttributes(list_of(
        arena, {{arena.copy("map"), Value::of(inner)}, {arena.copy("bytes"), Value::of_bytes(arena.copy("raw"))}}));
  }
  const OwnedAttributes moved = std::move(owned);
  Arena arena;
  List<Value> items;
  items.push(arena, Value::of("deep"));
  items.push(arena, Value::of(2.5));
  const Attributes inner = list_of(arena, {{"items", Value::of(items)}});
  CHECK(equal(moved.view(), list_of(arena, {{"map", Value::of(inner)}, {"bytes", Value::of_bytes("raw")}})));
  CHECK(moved.bytes().count == 3 * sizeof(KeyValue) + 2 * sizeof(Value) + 20);
}

struct MapFixture {
  Counters counters;
  Instant now{};

  ExpiringMap<int> map(std::uint64_t entries, WhenFull gives_way, Duration idle_max = {}) {
    return {{{entries * ExpiringMap<int>::entry_bytes}, idle_max, gives_way}, {counters, {{"processor", "p"}}}};
  }
  std::uint64_t removed(const char* reason) const {
    return counters.total("rankwire_state_removed_total", {{"reason", reason}});
  }
};

TEST_CASE("a full map forgets what was used longest ago") {
  MapFixture f;
  auto map = f.map(2, WhenFull::oldest);
  map.find_or_add({1, 0}, f.now).entry->state = 1;
  map.find_or_add({2, 0}, f.now).entry->state = 2;
  CHECK(!map.find_or_add({1, 0}, f.now).is_new);
  CHECK(map.find_or_add({3, 0}, f.now).is_new);
  CHECK(map.find({2, 0}, f.now) == nullptr);
  CHECK(map.find({1, 0}, f.now)->state == 1);
  CHECK(map.size() == 2);
  CHECK(f.removed("full") == 1);
  CHECK(f.counters.total("rankwire_state_entries") == 2);
  CHECK(f.counters.total("rankwire_state_bytes") == 2 * ExpiringMap<int>::entry_bytes);
  map.clear();
  CHECK(f.counters.total("rankwire_state_bytes") == 0);
}

TEST_CASE("a full map that keeps what it has refuses new entries and counts them") {
  MapFixture f;
  auto map = f.map(1, WhenFull::new_entry);
  CHECK(map.find_or_add({1, 0}, f.now).is_new);
  CHECK(map.find_or_add({2, 0}, f.now).entry == nullptr);
  CHECK(map.find({1, 0}, f.now) != nullptr);
  CHECK(f.counters.total("rankwire_state_refused_total") == 1);
}

TEST_CASE("an entry that was not used for long enough is not found again") {
  MapFixture f;
  auto map = f.map(9, WhenFull::oldest, std::chrono::seconds(10));
  map.find_or_add({1, 0}, f.now);
  map.find_or_add({2, 0}, f.now);
  f.now += std::chrono::seconds(9);
  CHECK(map.find({1, 0}, f.now) != nullptr);
  f.now += std::chrono::seconds(1);
  CHECK(map.find({2, 0}, f.now) == nullptr);
  CHECK(map.size() == 1);
  f.now += std::chrono::seconds(9);
  map.expire(f.now);
  CHECK(map.size() == 0);
  CHECK(f.removed("expired") == 2);
}

TEST_CASE("what a state holds outside itself counts, and others go for it") {
  MapFixture f;
  auto map = f.map(3, WhenFull::oldest);
  map.find_or_add({1, 0}, f.now);
  map.find_or_add({2, 0}, f.now);
  auto* third = map.find_or_add({3, 0}, f.now).entry;
  CHECK(map.resize(*third, {ExpiringMap<int>::entry_bytes}));
  CHECK(map.size() == 2);
  CHECK(map.find({1, 0}, f.now) == nullptr);
  third = map.find({3, 0}, f.now);
  CHECK(map.resize(*third, {0}));
  CHECK(map.bytes().count == 2 * ExpiringMap<int>::entry_bytes);
  CHECK(!map.resize(*third, {3 * ExpiringMap<int>::entry_bytes}));
  CHECK(map.find({3, 0}, f.now) == nullptr);
  int seen = 0;
  map.for_each([&](auto& entry) {
    ++seen;
    map.erase(entry);
  });
  CHECK(seen == 1);
  CHECK(map.bytes().count == 0);
}

}  // namespace
}  // namespace rankwire
