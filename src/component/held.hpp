// Records that a component has taken and not yet passed on, and their way on. The service counts them as queued;
// whoever holds them says what became of each, so that accepted = delivered + queued + dropped + in flight.
//
//   Result<void> consume(SignalBatch batch, CompletionRef completion) {   // A processor that holds data back.
//     if (is_full()) return Error(ErrorKind::refused, …);                 // Still the sender's: no Held was made.
//     Held held(intakes_.held, std::move(completion), batch.record_count());
//     held.drop(duplicates, "aggregated");                                // Counted; the rest stays held.
//     … keep the batch and `held`; for parts of it: held.split(records) …
//   }
//   deliver_held(*intakes_.logs, what_became_of_them, helds, {clock, stop, deadline});
#pragma once

#include <cstdint>
#include <stop_token>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "component/completion.hpp"
#include "component/intake.hpp"

namespace rankwire {

// Who counts (the service). Any thread.
class HeldLedger {
 public:
  virtual ~HeldLedger() = default;
  virtual void held(std::uint64_t records) = 0;
  // No longer held: what they became is in the next segment, or they will not go on. `reason` as in
  // "aggregated", "sampled_out", "evicted", "shutdown".
  virtual void passed_on(std::uint64_t records) = 0;
  virtual void dropped(std::uint64_t records, std::string_view reason) = 0;
  // Of a component with a log on disk: what is in it when it is opened (held from then on, no `Held` needed for
  // it), and what stays there of what is held when it is closed.
  virtual void found(std::uint64_t records) = 0;
  virtual void left(std::uint64_t records) = 0;
};

// Some records of one batch, and its completion. Destroyed while it has records they are lost: counted as dropped for
// "shutdown", and the completion hears that they were not delivered. Move-only, one thread at a time.
class Held {
 public:
  Held() = default;
  // `ledger` may be null: then nothing is counted.
  Held(HeldLedger* ledger, CompletionRef completion, std::uint64_t records)
      : ledger_(ledger), completion_(std::move(completion)), records_(records) {
    if (ledger_ != nullptr) ledger_->held(records);
  }
  Held(Held&& other) noexcept
      : ledger_(std::exchange(other.ledger_, nullptr)),
        completion_(std::move(other.completion_)),
        records_(std::exchange(other.records_, 0)) {}
  Held& operator=(Held&& other) noexcept {
    lose("shutdown");
    ledger_ = std::exchange(other.ledger_, nullptr);
    completion_ = std::move(other.completion_);
    records_ = std::exchange(other.records_, 0);
    return *this;
  }
  ~Held() { lose("shutdown"); }

  std::uint64_t records() const { return records_; }
  const CompletionRef& completion() const { return completion_; }

  // Some of the records, on their own from now on.
  Held split(std::uint64_t records);
  // These will not go on, on purpose: counted with the reason. The completion is kept until this is destroyed or passed
  // on, so that what they were merged into is delivered first.
  void drop(std::uint64_t records, std::string_view reason);
  // What the rest became has been delivered, or is durable.
  void pass_on();
  // The rest is lost.
  void lose(std::string_view reason);

 private:
  HeldLedger* ledger_ = nullptr;
  CompletionRef completion_;
  std::uint64_t records_ = 0;
};

// How long to try.
struct Patience {
  Clock& clock;
  std::stop_token stop;
  Deadline deadline = Deadline::never();
  // Past the deadline there is one more attempt, in which destinations that refuse go without: nothing keeps what is
  // held, and one that is down must not cost the others.
  bool is_last = false;
};

// Delivers what records became, which is `from` (of several batches, perhaps), and waits for room where there is none.
// On success they are passed on and `from` is empty; their completions hear when the delivery has settled. A batch that
// the next segment never takes is counted as dropped there. On failure (stopped, or past the deadline) they are still
// held. Nothing is admitted: what is held is part of the memory budget already.
Result<void> deliver_held(Intake& next, const SignalBatch& batch, std::vector<Held>& from, const Patience& patience);

// For what need not be held: it goes on at once, and is in the books like the rest. `next` is null where nothing
// follows. On failure it is still the sender's. What is refused for good and has a completion has been counted where it
// was refused, and does not come again: no failure, as the rest of its batch goes on.
Result<void> pass_at_once(Intake* next, HeldLedger* ledger, SignalBatch batch, const CompletionRef& completion);

}  // namespace rankwire
