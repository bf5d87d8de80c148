#include "connectors/forward/forward_connector.hpp"

#include <doctest/doctest.h>

#include "testing/connector_test.hpp"
#include "testing/log_batches.hpp"

namespace rankwire::forward {

using testing::ConnectorFixture;
using testing::log_batch;

TEST_CASE("batches go on with their completion") {
  ConnectorFixture f(forward_factory());
  const auto connector = f.make("{}");
  REQUIRE(connector);
  REQUIRE((*connector)->consume(log_batch({"a", "b"}), f.completion(1)));
  CHECK(f.logs.records() == 2);
  CHECK_FALSE(f.listener->end_of(1));
  f.logs.settle();
  CHECK(f.listener->end_of(1) == true);
}

TEST_CASE("when the next pipeline is full, the previous one hears it with the delay") {
  ConnectorFixture f(forward_factory());
  f.logs.set_full(true);
  const auto refused = (*f.make("{}"))->consume(log_batch({"a"}), {});
  REQUIRE(!refused);
  CHECK(refused.error().kind() == ErrorKind::refused);
  CHECK(refused.error().retry_after() == std::chrono::seconds(3));
}

TEST_CASE("a signal that no pipeline takes is invalid") {
  ConnectorFixture f(forward_factory());
  f.wanted = {Signal::logs};
  CHECK((*f.make("{}"))->consume(TraceBatch{}, {}).error().kind() == ErrorKind::invalid);
}

}  // namespace rankwire::forward
