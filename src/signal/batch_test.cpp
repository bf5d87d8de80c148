#include "signal/batch.hpp"

#include <doctest/doctest.h>

#include "testing/log_batches.hpp"

namespace rankwire {
namespace {

using testing::log_batch;
using testing::record_at;
using testing::text_of;

TEST_CASE("a clone outlives its original and neither sees the other's changes") {
  auto original = std::make_unique<LogBatch>(log_batch({"one", "two"}));
  set(record_at(*original, 0).attributes, original->arena(), "k", Value::of("before"));
  LogBatch copy = original->clone();
  set(record_at(copy, 0).attributes, copy.arena(), "k", Value::of("after"));
  record_at(copy, 1).body = Value::of(std::int64_t{5});
  CHECK(text_of(record_at(*original, 0).attributes) == "{k=before}");
  CHECK(text_of(record_at(*original, 1).body) == "two");
  original.reset();
  CHECK(text_of(record_at(copy, 0).attributes) == "{k=after}");
  CHECK(text_of(record_at(copy, 0).body) == "one");
}

TEST_CASE("bytes that a batch keeps live as long as the batch or a clone") {
  const auto pool = BufferPool::make(0);
  SharedBytes bytes = pool->share(Buffer::copy_of("kept"));
  const std::weak_ptr<const Buffer> watch = bytes;
  auto batch = std::make_unique<LogBatch>();
  batch->keep(std::move(bytes));
  auto copy = std::make_unique<LogBatch>(batch->clone());
  batch.reset();
  CHECK(!watch.expired());
  copy.reset();
  CHECK(watch.expired());
}

TEST_CASE("metrics count their data points") {
  MetricBatch batch;
  Arena& arena = batch.arena();
  MetricScope& scope = batch.resources.push(arena, {}).scopes.push(arena, {});
  Metric& gauge = scope.records.push(arena, {});
  gauge.numbers.push(arena, {});
  gauge.numbers.push(arena, {});
  Metric& histogram = scope.records.push(arena, {});
  histogram.histograms.push(arena, {});
  CHECK(SignalBatch(std::move(batch)).record_count() == 3);
}

TEST_CASE("a reset batch is empty and does not disturb its clones") {
  LogBatch batch = log_batch({"one"});
  const LogBatch copy = batch.clone();
  batch.reset();
  CHECK(batch.empty());
  CHECK(testing::bodies_of(copy) == std::vector<std::string>{"one"});
}

TEST_CASE("setting an attribute replaces the value of its key; removing keeps the others' order") {
  Arena arena;
  Attributes attributes;
  for (const char* key : {"a", "b", "c"}) set(attributes, arena, key, Value::of(key));
  set(attributes, arena, "b", Value::of(2.5));
  CHECK(text_of(attributes) == "{a=a,b=2.500000,c=c}");
  CHECK(remove(attributes, arena, "a"));
  CHECK(!remove(attributes, arena, "a"));
  CHECK(text_of(attributes) == "{b=2.500000,c=c}");
}

TEST_CASE("a deep copy shares nothing with what it was made of") {
  Arena to;
  Attributes copy;
  {
    Arena from;
    Attributes inner;
    set(inner, from, "deep", Value::of(from.copy("text")));
    List<Value> items;
    items.push(from, Value::of(inner));
    Attributes outer;
    set(outer, from, from.copy("list"), Value::of(items));
    copy = deep_copy(outer, to);
    std::memset(from.allocate(1, 1), 'x', 1);
  }
  CHECK(text_of(copy) == "{list=[{deep=text}]}");
}

TEST_CASE("maps are equal whatever the order of their keys, lists are not") {
  Arena arena;
  Attributes one, two;
  set(one, arena, "a", Value::of(true));
  set(one, arena, "b", Value::of("x"));
  set(two, arena, "b", Value::of("x"));
  set(two, arena, "a", Value::of(true));
  CHECK(equal(one, two));
  List<Value> ab, ba;
  for (const char* text : {"a", "b"}) ab.push(arena, Value::of(text));
  for (const char* text : {"b", "a"}) ba.push(arena, Value::of(text));
  CHECK(!equal(Value::of(ab), Value::of(ba)));
  CHECK(!equal(Value::of(std::int64_t{1}), Value::of(1.0)));
}

}  // namespace
}  // namespace rankwire
