#include "service/plain_outlets.hpp"

#include <algorithm>

#include "service/result_waiter.hpp"

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
  const bool is_waited_for = way_.connector.answers_late() && !completion;
  const Result<void> consumed =
      is_waited_for ? consume_and_wait(std::move(own)) : way_.connector.consume(std::move(own), completion);
  way_.consumed.add(consumed, records);
  if (way_.incoming != nullptr) way_.incoming->add(records);
  if (consumed && !way_.holds_back) accounting_.delivered(signal, records);
  return consumed;
}

Result<void> ConnectorOutlet::consume_and_wait(SignalBatch batch) {
  const auto waiter = std::make_shared<ResultWaiter>();
  const Signal signal = batch.signal();
  const std::uint64_t records = batch.record_count();
  RANKWIRE_TRY(way_.connector.consume(std::move(batch), std::make_shared<Completion>(waiter, 0)));
  Result<void> result = waiter->wait(stop_);
  // The caller counts only what succeeds; what was held was accepted all the same.
  if (!result) accounting_.accepted(signal, records);
  return result;
}

}  // namespace rankwire::service
