#include "exporters/nop/nop_exporter.hpp"

#include <doctest/doctest.h>

#include "testing/log_batches.hpp"
#include "testing/test_environment.hpp"

namespace rankwire::nop {

TEST_CASE("nop accepts every batch on the pipeline's thread") {
  testing::TestEnvironment environment;
  const ExporterFactory factory = nop_factory();
  config::Diagnostics diagnostics;
  const AnyConfig config = factory.parse(config::Node(), "exporters::nop", diagnostics);
  CHECK_FALSE(diagnostics.has_errors());
  auto exporter = factory.create(config, environment.context("nop"));
  REQUIRE(exporter.has_value());
  CHECK_FALSE((*exporter)->delivery().queue.has_value());
  const SignalBatch batch = testing::log_batch({"a", "b"});
  OutgoingBatch outgoing(batch);
  const auto receipt = (*exporter)->send(outgoing, {});
  REQUIRE(receipt.has_value());
  CHECK(receipt->rejected == 0);
}

}  // namespace rankwire::nop
