#include "service/plain_outlets.hpp"

#include <algorithm>

namespace rankwire::service {

Result<void> DirectOutlet::take(SignalBatch& batch, bool, const CompletionRef&) {
  const auto records = static_cast<std::int64_t>(batch.record_count());
  accounting_.add_in_flight(batch.signal(), records);
  SendResult result = sender_->send(batch, abort_.get_token());
  sender_->count_consumed(result.error ? Result<void>(*result.error) : Result<void>(),
                          static_cast<std::uint64_t>(records));
  accounting_.add_in_flight(batch.signal(), -records);
  switch (result.outcome) {
    case SendOutcome::delivered: return {};
    case SendOutcome::unfinished:
      return Error(ErrorKind::unavailable, "exporter " + sender_->label() + " was stopped before it had the data");
    case SendOutcome::dropped: break;
  }
  return {};
}

bool ConnectorOutlet::has_room(Bytes size, std::uint64_t records) {
  if (way_.doors.empty()) return way_.connector.has_room(way_.signal, size, records);
  return std::all_of(way_.doors.begin(), way_.doors.end(), [&](Door* door) { return door->has_room(size, records); });
}

Result<void> ConnectorOutlet::take(SignalBatch& batch, bool is_last, const CompletionRef& completion) {
  const std::uint64_t records = batch.record_count();
  const Signal signal = batch.signal();
  SignalBatch own = is_last ? std::move(batch) : batch.clone();
  const Result<void> consumed = way_.connector.consume(std::move(own), completion);
  way_.consumed.add(consumed, records);
  if (way_.incoming != nullptr) way_.incoming->add(records);
  if (consumed && !way_.holds_back) accounting_.delivered(signal, records);
  return consumed;
}

}  // namespace rankwire::service
