// Splitting of requests on the wire.
#include <doctest/doctest.h>

#include "otlp/otlp.hpp"
#include "otlp/wire_bytes.hpp"

namespace rankwire::otlp {

namespace {

using namespace wire_bytes;

WireBatch wire_of(Signal signal, std::vector<std::string> chunks) {
  WireBatch wire{.signal = signal, .chunks = {}, .record_count = 0, .size = {}};
  for (const std::string& chunk : chunks) {
    wire.chunks.push_back(std::make_shared<const Buffer>(Buffer::copy_of(chunk)));
    wire.record_count += *count_records(signal, chunk);
    wire.size.count += chunk.size();
  }
  return wire;
}

std::string records(int first, int last) {
  std::string out;
  for (int i = first; i <= last; ++i) out += bytes(2, bytes(5, bytes(1, "record " + std::to_string(i))));
  return out;
}

// Two resources with two scopes each and ten records a scope, numbered 0 to 39.
std::string forty_records() {
  std::string out;
  for (int resource = 0; resource < 2; ++resource) {
    std::string scopes = bytes(1, key_value(1, "resource", number(3, static_cast<unsigned>(resource))));
    for (int scope = 0; scope < 2; ++scope) {
      const int first = resource * 20 + scope * 10;
      scopes += bytes(2, records(first, first + 9) + bytes(1, bytes(1, "scope " + std::to_string(scope))));
    }
    out += bytes(1, scopes + bytes(3, "url"));
  }
  return out;
}

}  // namespace

TEST_CASE("parts hold at most the given number of records, in order, each with its groups") {
  const WireBatch whole = wire_of(Signal::logs, {forty_records()});
  const auto parts = split(whole, 7);
  REQUIRE(parts.has_value());
  CHECK(parts->size() == 6);
  int next = 0;
  for (const WireBatch& part : *parts) {
    CHECK(part.record_count <= 7);
    const auto batch = decode(part);
    REQUIRE(batch.has_value());
    CHECK(batch->record_count() == part.record_count);
    for (const LogResource& resource : batch->logs().resources) {
      CHECK(resource.schema_url == "url");
      CHECK(find(resource.resource.attributes, "resource")->integer() == next / 20);
      for (const LogScope& scope : resource.scopes) {
        CHECK(scope.scope.name == "scope " + std::to_string(next / 10 % 2));
        for (const LogRecord& record : scope.records) CHECK(record.body.text() == "record " + std::to_string(next++));
      }
    }
  }
  CHECK(next == 40);
}

TEST_CASE("parts by size stay within it unless one record is larger") {
  const std::string large(5'000, 'x');
  const WireBatch whole =
      wire_of(Signal::logs, {forty_records(), log_request(bytes(5, bytes(1, large))), forty_records()});
  const auto parts = split_by_size(whole, 300_B);
  REQUIRE(parts.has_value());
  std::uint64_t count = 0;
  for (const WireBatch& part : *parts) {
    std::uint64_t size = 0;
    for (const SharedBytes& chunk : part.chunks) size += chunk->size();
    CHECK(size == part.size.count);
    CHECK((size <= 300 || part.record_count == 1));
    count += part.record_count;
  }
  CHECK(count == 81);
}

TEST_CASE("chunks that fit are passed on without a copy") {
  const WireBatch whole = wire_of(Signal::logs, {forty_records(), forty_records(), forty_records()});
  const auto parts = split(whole, 80);
  REQUIRE(parts->size() == 2);
  CHECK((*parts)[0].chunks[0] == whole.chunks[0]);
  CHECK((*parts)[0].chunks[1] == whole.chunks[1]);
  CHECK((*parts)[1].chunks[0] == whole.chunks[2]);
  const auto same = split(whole, 120);
  CHECK(same->size() == 1);
  CHECK((*same)[0].chunks == whole.chunks);
}

TEST_CASE("a metric with more points than a part holds is cut between its points") {
  std::string points;
  for (unsigned i = 0; i < 10; ++i) points += bytes(1, fixed64(6, i));
  const std::string sum = points + number(2, 2) + number(3, 1);
  const WireBatch whole = wire_of(Signal::metrics, {bytes(1, bytes(2, bytes(2, bytes(1, "steps") + bytes(7, sum))))});
  const auto parts = split(whole, 4);
  REQUIRE(parts->size() == 3);
  std::int64_t next = 0;
  for (const WireBatch& part : *parts) {
    const auto batch = decode(part);
    const Metric& metric = batch->metrics().resources[0].scopes[0].records[0];
    CHECK(metric.name == "steps");
    CHECK(metric.temporality == Temporality::cumulative);
    CHECK(metric.is_monotonic);
    for (const NumberPoint& point : metric.numbers) CHECK(point.value.integer == next++);
  }
  CHECK(next == 10);
}

TEST_CASE("a damaged request cannot be split") {
  WireBatch whole = wire_of(Signal::logs, {forty_records()});
  whole.chunks[0] = std::make_shared<const Buffer>(Buffer::copy_of(forty_records().substr(0, 100)));
  CHECK_FALSE(split(whole, 7).has_value());
}

}  // namespace rankwire::otlp
