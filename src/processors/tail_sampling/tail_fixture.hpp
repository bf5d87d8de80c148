// The processor from YAML between doors that record, and spans for its tests.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>

#include "otlp/otlp.hpp"
#include "processors/tail_sampling/tail_sampling_processor.hpp"
#include "testing/connector_test.hpp"
#include "testing/span_batches.hpp"
#include "testing/temporary_directory.hpp"

namespace rankwire::tail_sampling {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Names = std::vector<std::string>;
using testing::SpanBatchBuilder;

// A storage extension over a directory.
class TestStorage final : public Extension, public StorageProvider {
 public:
  explicit TestStorage(std::string directory) : directory_(std::move(directory)) {}
  Result<std::string> directory_for(ComponentKind kind, const config::ComponentId& owner,
                                    std::string_view purpose) override {
    asked_for = std::string(to_string(kind)) + " " + owner.text() + " " + std::string(purpose);
    return directory_ + "/pending";
  }
  bool must_sync() const override { return false; }
  Bytes size_max() const override { return {}; }

  std::string asked_for;

 private:
  const std::string directory_;
};

class StorageHost final : public Host {
 public:
  explicit StorageHost(Extension& storage) : storage_(storage) {}
  Extension* extension(const config::ComponentId& id) override {
    return id.type == "file_storage" ? &storage_ : nullptr;
  }

 private:
  Extension& storage_;
};

struct TailFixture : testing::ConnectorFixture {
  explicit TailFixture(const std::string& yaml) : TailFixture(yaml, nullptr) {}
  TailFixture(const std::string& yaml, Host* with) : ConnectorFixture(tail_sampling_factory()) {
    auto made = make(yaml);
    REQUIRE_MESSAGE(made, made.error().message());
    connector = std::move(*made);
    const Result<void> started = connector->start(with != nullptr ? *with : host);
    REQUIRE_MESSAGE(started, started.error().message());
  }
  ~TailFixture() { stop(); }

  void stop(std::optional<Deadline> deadline = {}) {
    const Deadline at_once = Deadline::after(environment.clock, Duration{});
    if (!std::exchange(is_stopped, true)) connector->stop(deadline.value_or(at_once));
  }
  Result<void> take(TraceBatch batch, std::uint64_t token = 1) {
    return connector->consume(std::move(batch), completion(token));
  }
  void wait(Duration time) { environment.clock.advance(time); }

  // Names of the spans that came through.
  Names names() {
    Names found;
    for (auto& taken : traces.taken()) {
      const auto decoded = otlp::decode(taken.batch.wire());
      REQUIRE(decoded);
      CHECK(decoded->record_count() == taken.batch.record_count());
      for (const SpanResource& resource : decoded->traces().resources)
        for (const SpanScope& scope : resource.scopes)
          for (const Span& span : scope.records) found.emplace_back(span.name);
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  // What a whole trace of these spans becomes when the processor stops.
  Names decided(TraceBatch batch) {
    REQUIRE(take(std::move(batch)));
    stop(Deadline::never());
    return names();
  }
  std::uint64_t total(const std::string& name, const Labels& labels = {}) const {
    return environment.counters.total(name, labels);
  }

  std::unique_ptr<Connector> connector;
  bool is_stopped = false;
};

inline std::string with_policy(const std::string& policy) { return "{policies: [{name: p, " + policy + "}]}"; }
inline constexpr const char* always = "{policies: [{name: all, type: always_sample}]}";

}  // namespace rankwire::tail_sampling
