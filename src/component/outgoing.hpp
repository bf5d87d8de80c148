// What an exporter is handed: one batch in whichever form it has, converted on first request.
#pragma once

#include <functional>

#include "base/error.hpp"
#include "signal/batch.hpp"

namespace rankwire {

class OutgoingBatch {
 public:
  // Borrows: the batch outlives this.
  explicit OutgoingBatch(const SignalBatch& batch) : batch_(batch) {}

  Signal signal() const { return batch_.signal(); }
  std::uint64_t record_count() const { return batch_.record_count(); }
  // As OTLP protobuf; encoded once if the batch is in memory form.
  const WireBatch& wire();
  // As records; decoded once if the batch is in wire form. `corrupt` if the bytes are not valid.
  Result<const LogBatch*> logs();
  Result<const MetricBatch*> metrics();
  Result<const TraceBatch*> traces();

 private:
  const SignalBatch& batch_;
  std::optional<SignalBatch> converted_;
};

}  // namespace rankwire
