// Clients that are kept apart, from the door to the queue.
#include "service/partition_gate.hpp"
#include "service/service.hpp"
#include "service/service_fixture.hpp"

namespace rankwire::service {
namespace {

using testing::Fixture;

ClientRef tenant(const std::string& name) {
  auto client = std::make_shared<Client>();
  client->metadata = {{"tenant", name}};
  return client;
}

Result<void> deliver(Fixture& f, std::int64_t number, const ClientRef& client) {
  Intake* door = f.intake("source");
  auto admission = door->admit(1_KiB);
  REQUIRE(admission);
  SignalBatch batch = testing::numbered_logs({number});
  batch.set_client(client);
  return door->deliver(std::move(*admission), std::move(batch));
}

}  // namespace

TEST_CASE("a combination of metadata values too many is refused for good and counted; known ones go on") {
  Fixture f;
  Service service(f.environment);
  REQUIRE(service.start(
      f.plan("receivers: {source: {}}\nexporters: {sink/a: {metadata_keys: [tenant], partitions_max: 2}, sink/b: {}}\n"
             "service: {telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [source], "
             "exporters: [sink/a, sink/b]}}}\n")));
  REQUIRE(deliver(f, 1, tenant("a")));
  REQUIRE(deliver(f, 2, tenant("b")));
  const Result<void> third = deliver(f, 3, tenant("c"));
  REQUIRE_FALSE(third);
  CHECK(third.error().is_final());
  CHECK(third.error().message().find("metadata_cardinality_limit") != std::string::npos);
  CHECK_FALSE(deliver(f, 4, {}));
  REQUIRE(deliver(f, 5, tenant("a")));
  REQUIRE(f.destination("sink/a").wait_for(3));
  service.stop(Deadline::after(f.clock, std::chrono::seconds(5)));
  CHECK(f.destination("sink/a").received() == std::multiset<std::int64_t>{1, 2, 5});
  CHECK(f.destination("sink/b").received() == std::multiset<std::int64_t>{1, 2, 5});
  CHECK(f.total("otelcol_exporter_enqueue_failed_log_records", {{"exporter", "sink/a"}}) == 2);
  CHECK(f.is_conserved());
}

TEST_CASE("without a limit any number of combinations is let in, and none is remembered") {
  PartitionGate gate(BatchPolicy{.metadata_keys = {"tenant"}});
  for (int i = 0; i < 2000; ++i) CHECK(gate.enter(tenant(std::to_string(i))));
}

}  // namespace rankwire::service
