#include "connectors/forward/forward_connector.hpp"

#include <doctest/doctest.h>

#include "testing/log_batches.hpp"
#include "testing/test_environment.hpp"

namespace rankwire::forward {
namespace {

class RecordingIntake final : public Intake {
 public:
  Result<Admission> admit(Bytes) override {
    if (is_full) return Error(ErrorKind::refused, "full", std::chrono::seconds(3));
    return Admission{};
  }
  bool wait_for_room(std::stop_token, Deadline) override { return true; }
  Result<void> deliver(Admission, SignalBatch batch, CompletionRef completion) override {
    records += batch.record_count();
    completions.push_back(std::move(completion));
    return {};
  }
  void count_dropped(std::uint64_t, std::string_view, std::string_view, std::string_view) override {}

  bool is_full = false;
  std::uint64_t records = 0;
  std::vector<CompletionRef> completions;
};

class Listener final : public CompletionListener {
 public:
  void batch_ended(std::uint64_t, bool is_settled) noexcept override { settled += is_settled ? 1 : 0; }
  int settled = 0;
};

struct Fixture {
  std::unique_ptr<Connector> make() {
    config::Diagnostics diagnostics;
    const auto factory = forward_factory();
    const auto config = factory.parse({}, "forward", diagnostics);
    REQUIRE(!diagnostics.has_errors());
    auto made = factory.create(config, environment.context("forward"), {.logs = &logs});
    REQUIRE(made);
    return std::move(*made);
  }
  testing::TestEnvironment environment;
  RecordingIntake logs;
};

}  // namespace

TEST_CASE("batches go on with their completion") {
  Fixture f;
  auto connector = f.make();
  auto listener = std::make_shared<Listener>();
  REQUIRE(connector->consume(testing::log_batch({"a", "b"}), std::make_shared<Completion>(listener, 1)));
  CHECK(f.logs.records == 2);
  CHECK(listener->settled == 0);
  f.logs.completions.clear();
  CHECK(listener->settled == 1);
}

TEST_CASE("when the next pipeline is full, the previous one hears it with the delay") {
  Fixture f;
  f.logs.is_full = true;
  const auto refused = f.make()->consume(testing::log_batch({"a"}), {});
  REQUIRE(!refused);
  CHECK(refused.error().kind() == ErrorKind::refused);
  CHECK(refused.error().retry_after() == std::chrono::seconds(3));
}

TEST_CASE("a signal that no pipeline takes is invalid") {
  Fixture f;
  CHECK(f.make()->consume(TraceBatch{}, {}).error().kind() == ErrorKind::invalid);
}

}  // namespace rankwire::forward
