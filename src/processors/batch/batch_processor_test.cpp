#include "processors/batch/batch_processor.hpp"

#include <doctest/doctest.h>

#include "testing/processor_test.hpp"

namespace rankwire::batch {
namespace {

struct Fixture : testing::ProcessorFixture {
  Fixture() : ProcessorFixture(batch_factory()) {}
  BatchPolicy policy(const std::string& yaml) {
    auto processor = make(yaml);
    REQUIRE_MESSAGE(processor.has_value(), (processor ? "" : processor.error().message()));
    CHECK((*processor)->is_setting());
    const auto policy = (*processor)->batch_policy();
    REQUIRE(policy);
    return *policy;
  }
};

}  // namespace

TEST_CASE("the defaults are upstream's") {
  Fixture f;
  const auto policy = f.policy("{}");
  CHECK(policy.flush_timeout == std::chrono::milliseconds(200));
  CHECK(policy.min_size == 8192);
  CHECK(policy.max_size == 0);
  CHECK(policy.sizer == Sizer::items);
}

TEST_CASE("what is configured becomes the policy of the queues") {
  Fixture f;
  const auto policy = f.policy("{timeout: 1s, send_batch_size: 10, send_batch_max_size: 20}");
  CHECK(policy.flush_timeout == std::chrono::seconds(1));
  CHECK(policy.min_size == 10);
  CHECK(policy.max_size == 20);
}

TEST_CASE("without a timeout nothing waits") {
  Fixture f;
  const auto policy = f.policy("{timeout: 0s, send_batch_max_size: 8192}");
  CHECK(policy.min_size == 0);
  CHECK(policy.max_size == 8192);
}

TEST_CASE("a maximum below the minimum is an error") {
  Fixture f;
  CHECK(f.refusal("{send_batch_size: 10, send_batch_max_size: 9}").find("send_batch_max_size") != std::string::npos);
  CHECK(f.refusal("{send_batch_max_size: 100}").find("send_batch_max_size") != std::string::npos);
}

TEST_CASE("metadata keys are those of headers: in any case, none twice, with a limit of their combinations") {
  Fixture f;
  const auto policy = f.policy("{metadata_keys: [X-Tenant, region]}");
  CHECK(policy.metadata_keys == std::vector<std::string>{"x-tenant", "region"});
  CHECK(policy.partitions_max == 1000);
  CHECK(f.policy("{metadata_keys: [a], metadata_cardinality_limit: 7}").partitions_max == 7);
  CHECK(f.policy("{metadata_keys: [], metadata_cardinality_limit: 7}").partitions_max == 0);
  CHECK(f.refusal("{metadata_keys: [tenant, TENANT]}").find("metadata_keys") != std::string::npos);
  CHECK(f.refusal("{metadata_keys: ['']}").find("metadata_keys") != std::string::npos);
}

}  // namespace rankwire::batch
