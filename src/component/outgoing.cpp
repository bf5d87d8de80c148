#include "component/outgoing.hpp"

#include "otlp/otlp.hpp"

namespace rankwire {

const WireBatch& OutgoingBatch::wire() {
  if (batch_.is_wire()) return batch_.wire();
  if (!converted_) converted_ = otlp::encode(batch_, nullptr);
  return converted_->wire();
}

namespace {
// The memory form of `batch`, kept in `converted` when it had to be decoded.
Result<const SignalBatch*> decoded(const SignalBatch& batch, std::optional<SignalBatch>& converted) {
  if (!batch.is_wire()) return &batch;
  if (!converted) {
    auto records = otlp::decode(batch.wire());
    if (!records) return std::move(records).error();
    converted = std::move(*records);
  }
  return &*converted;
}
}  // namespace

Result<const LogBatch*> OutgoingBatch::logs() {
  auto batch = decoded(batch_, converted_);
  if (!batch) return batch.error();
  return &(*batch)->logs();
}

Result<const MetricBatch*> OutgoingBatch::metrics() {
  auto batch = decoded(batch_, converted_);
  if (!batch) return batch.error();
  return &(*batch)->metrics();
}

Result<const TraceBatch*> OutgoingBatch::traces() {
  auto batch = decoded(batch_, converted_);
  if (!batch) return batch.error();
  return &(*batch)->traces();
}

}  // namespace rankwire
