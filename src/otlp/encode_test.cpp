// Encoding: the bytes of small batches, and that what was encoded decodes to the same.
#include <doctest/doctest.h>

#include "otlp/otlp.hpp"
#include "otlp/wire_bytes.hpp"

namespace rankwire::otlp {

namespace {

using namespace wire_bytes;

// A batch with one scope, to which tests add records.
struct Logs {
  Logs() {
    LogResource& resource = batch.resources.push(batch.arena(), {});
    records = &resource.scopes.push(batch.arena(), {}).records;
  }
  LogRecord& add(std::string_view body) {
    LogRecord& record = records->push(batch.arena(), {});
    record.body = Value::of(body);
    return record;
  }
  std::string encoded() const {
    Buffer buffer;
    encode(batch, buffer);
    return std::string(buffer.view());
  }

  LogBatch batch;
  List<LogRecord>* records;
};

}  // namespace

TEST_CASE("a small batch encodes to minimal protobuf in the order of the field numbers") {
  Logs logs;
  LogRecord& record = logs.add("hello");
  record.time_unix_nanos = 5;
  record.severity_number = 9;
  set(record.attributes, logs.batch.arena(), "rank", Value::of(std::int64_t{3}));
  CHECK(logs.encoded() ==
        log_request(fixed64(1, 5) + number(2, 9) + bytes(5, bytes(1, "hello")) + key_value(6, "rank", number(3, 3))));
}

TEST_CASE("what a record has not set takes no bytes, but an empty text body is kept") {
  Logs logs;
  logs.records->push(logs.batch.arena(), {});
  CHECK(logs.encoded() == log_request(""));
  Logs text;
  text.add("");
  CHECK(text.encoded() == log_request(bytes(5, bytes(1, ""))));
}

TEST_CASE("bodies of every size around the widths of a length survive") {
  Logs logs;
  std::vector<std::string> bodies;
  for (const std::size_t around : {0u, 100u, 127u, 128u, 16'250u, 16'384u, 70'000u, 2'097'152u})
    for (std::size_t size = around; size < around + 40; size += 3) bodies.emplace_back(size, 'x');
  for (const std::string& body : bodies) logs.add(body);
  const std::string request = logs.encoded();
  const auto decoded = decode_logs(request);
  REQUIRE(decoded.has_value());
  const List<LogRecord> records = decoded->resources[0].scopes[0].records;
  REQUIRE(records.size() == bodies.size());
  for (std::uint32_t i = 0; i < records.size(); ++i) CHECK(records[i].body.text() == bodies[i]);
  CHECK(*count_records(Signal::logs, request) == bodies.size());
}

TEST_CASE("attributes shared by records are written into each, whatever the records' sizes") {
  Logs logs;
  Attributes shared;
  set(shared, logs.batch.arena(), "namespace", Value::of("training"));
  set(shared, logs.batch.arena(), "pod", Value::of("job-7-worker-12"));
  for (std::size_t i = 0; i < 300; ++i) {
    LogRecord& record = logs.add(logs.batch.arena().copy(std::string(i, 'y')));
    record.attributes = Attributes::shared(shared.data(), shared.size());
  }
  // One in between with attributes of its own.
  set((*logs.records)[7].attributes, logs.batch.arena(), "own", Value::of(true));
  const std::string request = logs.encoded();
  const auto decoded = decode_logs(request);
  REQUIRE(decoded.has_value());
  const List<LogRecord> records = decoded->resources[0].scopes[0].records;
  for (std::uint32_t i = 0; i < records.size(); ++i) {
    CHECK(find(records[i].attributes, "pod")->text() == "job-7-worker-12");
    CHECK(records[i].attributes.size() == (i == 7 ? 3 : 2));
  }
}

TEST_CASE("nested values survive, with empty ones inside arrays") {
  Logs logs;
  Arena& arena = logs.batch.arena();
  List<Value> items;
  items.push(arena, Value());
  items.push(arena, Value::of(2.5));
  items.push(arena, Value::of_bytes("\xfe"));
  Attributes map;
  set(map, arena, "items", Value::of(items));
  set(map, arena, "nothing", Value());
  logs.add("").body = Value::of(map);
  const std::string request = logs.encoded();
  const auto decoded = decode_logs(request);
  CHECK(equal(decoded->resources[0].scopes[0].records[0].body, Value::of(map)));
}

TEST_CASE("an empty batch has no chunk in wire form, another one chunk from the pool") {
  CHECK(encode(SignalBatch(LogBatch()), nullptr).chunks.empty());
  Logs logs;
  logs.add("one");
  const auto pool = BufferPool::make(1 << 20);
  const WireBatch wire = encode(SignalBatch(std::move(logs.batch)), pool.get());
  REQUIRE(wire.chunks.size() == 1);
  CHECK(wire.record_count == 1);
  CHECK(wire.size.count == wire.chunks[0]->size());
}

}  // namespace rankwire::otlp
