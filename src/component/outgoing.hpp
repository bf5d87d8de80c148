// What an exporter is handed: one batch in whichever form it has, converted on first request.
#pragma once

#include <functional>

#include "base/error.hpp"
#include "signal/batch.hpp"

namespace rankwire {

class OutgoingBatch {
 public:
  // Borrows: the batch outlives this. Records of more than about `memory_max` (0: any) are not made.
  explicit OutgoingBatch(const SignalBatch& batch, Bytes memory_max = {}) : batch_(batch), memory_max_(memory_max) {}

  Signal signal() const { return batch_.signal(); }
  std::uint64_t record_count() const { return batch_.record_count(); }
  // Who sent it; null if that is not known, as of what was queued with others.
  const Client* client() const { return batch_.client().get(); }
  // As OTLP protobuf; encoded once if the batch is in memory form.
  const WireBatch& wire();
  // As records; decoded once if the batch is in wire form. `invalid` if the bytes are not valid,
  // `refused` if the records are too large: return that, and the batch comes again in pieces.
  Result<const LogBatch*> logs();
  Result<const MetricBatch*> metrics();
  Result<const TraceBatch*> traces();
  bool is_too_large() const { return is_too_large_; }

 private:
  Result<const SignalBatch*> decoded();

  const SignalBatch& batch_;
  const Bytes memory_max_;
  bool is_too_large_ = false;
  std::optional<SignalBatch> converted_;
};

}  // namespace rankwire
