#include "processors/log_dedup/log_dedup_processor.hpp"

#include <doctest/doctest.h>

#include "testing/connector_test.hpp"
#include "testing/log_batches.hpp"

namespace rankwire::log_dedup {
namespace {

using std::chrono::seconds;

struct Fixture : testing::ConnectorFixture {
  explicit Fixture(const std::string& yaml = "{}") : ConnectorFixture(log_dedup_factory()) {
    auto made = make(yaml);
    REQUIRE_MESSAGE(made, made.error().message());
    connector = std::move(*made);
    REQUIRE(connector->start(host));
  }
  ~Fixture() { connector->stop(Deadline::never()); }

  // Body and attributes of everything that came through.
  std::vector<std::string> lines() {
    connector->stop(Deadline::never());
    std::vector<std::string> found;
    for (auto& taken : logs.taken())
      for (const auto& resource : taken.batch.logs().resources)
        for (const auto& scope : resource.scopes)
          for (const auto& record : scope.records)
            found.push_back(testing::text_of(record.body) + testing::text_of(record.attributes));
    return found;
  }
  std::unique_ptr<Connector> connector;
};

LogBatch with_attribute(std::vector<std::string> bodies, std::string_view key, std::string_view value) {
  LogBatch batch = testing::log_batch(bodies);
  for (LogRecord& record : batch.resources[0].scopes[0].records)
    set(record.attributes, batch.arena(), key, Value::of(batch.arena().copy(value)));
  return batch;
}

}  // namespace

TEST_CASE("equal records go on as one when the interval is over, with their number and times") {
  Fixture f("{timezone: America/New_York, log_count_attribute: n}");
  REQUIRE(f.connector->consume(testing::log_batch({"a", "b", "a"}), f.completion(1)));
  f.environment.clock.advance(seconds(3));
  REQUIRE(f.connector->consume(testing::log_batch({"a"}), f.completion(2)));
  CHECK(f.ledger.dropped("aggregated") == 2);
  CHECK(f.logs.taken().empty());
  f.environment.clock.advance(seconds(7));
  REQUIRE(f.logs.wait_for(1));
  const std::string first = "first_observed_timestamp=2023-11-14T17:13:21-05:00,last_observed_timestamp=";
  CHECK(f.lines() == std::vector<std::string>{"a{n=3," + first + "2023-11-14T17:13:24-05:00}",
                                              "b{n=1," + first + "2023-11-14T17:13:21-05:00}"});
  CHECK(!f.listener->end_of(1));
  f.logs.settle();
  f.logs.taken().clear();
  CHECK(f.listener->settled() == 2);
  CHECK(f.ledger.held() == 0);
}

TEST_CASE("when max_state_size is used up the interval ends early") {
  Fixture f("{interval: 1h, max_state_size: 64KiB}");
  const std::string large(70'000, 'x');
  REQUIRE(f.connector->consume(testing::log_batch({"a", "a"}), {}));
  CHECK(f.logs.taken().empty());
  REQUIRE(f.connector->consume(testing::log_batch({large}), {}));
  REQUIRE(f.logs.wait_for(1));
  CHECK(f.logs.taken()[0].batch.record_count() == 2);
  REQUIRE(f.connector->consume(testing::log_batch({"a"}), {}));
  CHECK(f.lines().size() == 3);
}

TEST_CASE("records of other severity, attributes, scope or resource are others") {
  Fixture f;
  LogBatch batch = testing::log_batch({"a", "a", "a"});
  batch.resources[0].scopes[0].records[1].severity_number = 9;
  set(batch.resources[0].scopes[0].records[2].attributes, batch.arena(), "x", Value::of("1"));
  REQUIRE(f.connector->consume(std::move(batch), {}));
  LogBatch other = testing::log_batch({"a"});
  set(other.resources[0].resource.attributes, other.arena(), "pod", Value::of("p"));
  REQUIRE(f.connector->consume(std::move(other), {}));
  CHECK(f.lines().size() == 4);
}

TEST_CASE("excluded fields are removed and not compared") {
  Fixture f("{exclude_fields: ['attributes.request\\.id']}");
  REQUIRE(f.connector->consume(with_attribute({"a"}, "request.id", "1"), {}));
  REQUIRE(f.connector->consume(with_attribute({"a"}, "request.id", "2"), {}));
  const auto lines = f.lines();
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("request.id") == std::string::npos);
  CHECK(lines[0].find("log_count=2") != std::string::npos);
}

TEST_CASE("only included fields are compared; the first record is kept") {
  Fixture f("{include_fields: [attributes.kind]}");
  REQUIRE(f.connector->consume(with_attribute({"a"}, "kind", "x"), {}));
  REQUIRE(f.connector->consume(with_attribute({"b"}, "kind", "x"), {}));
  const auto lines = f.lines();
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].starts_with("a{kind=x,log_count=2"));
}

TEST_CASE("records without a condition that holds pass at once") {
  Fixture f("{conditions: ['body == \"a\"', 'IsMatch(body, \"^c\")']}");
  REQUIRE(f.connector->consume(testing::log_batch({"a", "b", "cc", "a"}), f.completion(1)));
  REQUIRE(f.logs.taken().size() == 1);
  CHECK(f.logs.records() == 1);
  CHECK(f.ledger.held() == 2);
  CHECK(f.lines().size() == 3);
}

TEST_CASE("in a hurry what is held goes on at once, and so does what comes then") {
  Fixture f;
  REQUIRE(f.connector->consume(testing::log_batch({"a"}), f.completion(1)));
  f.connector->hurry(true);
  REQUIRE(f.logs.wait_for(1));
  REQUIRE(f.connector->consume(testing::log_batch({"b"}), f.completion(2)));
  REQUIRE(f.logs.wait_for(2));
}

TEST_CASE("what passes is refused while nothing takes it, and nothing is gathered then") {
  Fixture f("{conditions: ['body == \"a\"']}");
  f.logs.set_full(true);
  CHECK(!f.connector->consume(testing::log_batch({"a", "b"}), {}));
  CHECK(f.ledger.held() == 0);
  f.logs.set_full(false);
}

TEST_CASE("bad settings are told with their place") {
  testing::ConnectorFixture f(log_dedup_factory());
  CHECK(f.refusal("{exclude_fields: [body]}").find("as a whole") != std::string::npos);
  CHECK(f.refusal("{exclude_fields: [severity_text]}").find("must begin with body or attributes") != std::string::npos);
  CHECK(f.refusal("{exclude_fields: [body.x, body.x]}").find("named twice") != std::string::npos);
  CHECK(f.refusal("{include_fields: [body.x], exclude_fields: [body.y]}").find("together") != std::string::npos);
  CHECK(f.refusal("{timezone: Mars/Olympus}").find("timezone") != std::string::npos);
  CHECK(f.refusal("{conditions: ['bod == 1']}").find("bod") != std::string::npos);
  CHECK(f.refusal("{log_count_attribute: ''}").find("must not be empty") != std::string::npos);
}

}  // namespace rankwire::log_dedup
