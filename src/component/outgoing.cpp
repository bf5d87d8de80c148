#include "component/outgoing.hpp"

#include "otlp/otlp.hpp"

namespace rankwire {

const WireBatch& OutgoingBatch::wire() {
  if (batch_.is_wire()) return batch_.wire();
  if (!converted_) converted_ = otlp::encode(batch_, nullptr);
  return converted_->wire();
}

Result<const SignalBatch*> OutgoingBatch::decoded() {
  if (!batch_.is_wire()) return &batch_;
  if (!converted_) {
    auto records = otlp::decode(batch_.wire(), {.memory_max = memory_max_});
    is_too_large_ = !records && records.error().kind() == ErrorKind::refused;
    if (!records) return std::move(records).error();
    converted_ = std::move(*records);
  }
  return &*converted_;
}

Result<const LogBatch*> OutgoingBatch::logs() {
  auto batch = decoded();
  if (!batch) return batch.error();
  return &(*batch)->logs();
}

Result<const MetricBatch*> OutgoingBatch::metrics() {
  auto batch = decoded();
  if (!batch) return batch.error();
  return &(*batch)->metrics();
}

Result<const TraceBatch*> OutgoingBatch::traces() {
  auto batch = decoded();
  if (!batch) return batch.error();
  return &(*batch)->traces();
}

}  // namespace rankwire
