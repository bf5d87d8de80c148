#include "component/held.hpp"

#include <algorithm>
#include <mutex>

#include "base/planted_bug.hpp"

namespace rankwire {
namespace {

// One attempt to deliver. Whether the attempt counts is known only after the completion may have ended, as a refusal
// ends it too.
class Attempt final : public CompletionListener {
 public:
  void batch_ended(std::uint64_t, bool is_settled) noexcept override {
    std::vector<CompletionRef> ended;
    {
      const std::lock_guard lock(mutex_);
      has_ended_ = true;
      is_settled_ = is_settled;
      ended.swap(completions_);
    }
    finish(ended, is_settled);
  }

  // The delivery was taken: these hear of its end.
  void confirm(std::vector<CompletionRef> completions) {
    bool is_settled = true;
    {
      const std::lock_guard lock(mutex_);
      if (!has_ended_) {
        completions_ = std::move(completions);
        return;
      }
      is_settled = is_settled_;
    }
    finish(completions, is_settled);
  }

 private:
  static void finish(const std::vector<CompletionRef>& completions, bool is_settled) {
    if (is_settled) return;
    for (const CompletionRef& completion : completions) completion->mark_lost();
  }

  std::mutex mutex_;
  bool has_ended_ = false;                  // Guarded by mutex_.
  bool is_settled_ = true;                  // Guarded by mutex_.
  std::vector<CompletionRef> completions_;  // Guarded by mutex_. Released when the delivery ends.
};

// How often a refusal that no room explains is tried again.
constexpr Duration retry_delay = std::chrono::milliseconds(100);

bool wait_before_retry(Intake& next, const Patience& patience) {
  const Clock& clock = patience.clock;
  if (patience.stop.stop_requested() || patience.deadline.has_passed(clock)) return false;
  const Instant again = std::min(patience.deadline.at, clock.now() + retry_delay);
  if (!clock.wait_until(again, patience.stop)) return false;
  return next.wait_for_room(patience.stop, patience.deadline) && !patience.deadline.has_passed(clock);
}

void pass_on_all(std::vector<Held>& from, Attempt& attempt) {
  std::vector<CompletionRef> completions;
  for (const Held& held : from)
    if (held.completion() && (completions.empty() || completions.back() != held.completion()))
      completions.push_back(held.completion());
  attempt.confirm(std::move(completions));
  for (Held& held : from) held.pass_on();
  from.clear();
}

Result<void> deliver_last(Intake& next, const SignalBatch& batch, std::vector<Held>& from) {
  const auto attempt = std::make_shared<Attempt>();
  const Result<bool> delivered = next.deliver_last(batch.clone(), std::make_shared<Completion>(attempt, 0));
  if (!delivered && !delivered.error().is_final()) return delivered.error();
  // Who can replay does so for those who went without.
  if (delivered && !*delivered)
    for (const Held& held : from)
      if (held.completion()) held.completion()->mark_lost();
  pass_on_all(from, *attempt);
  return {};
}

}  // namespace

Held Held::split(std::uint64_t records) {
  Held part;
  part.ledger_ = ledger_;
  part.completion_ = completion_;
  part.records_ = std::min(records, records_);
  records_ -= part.records_;
  return part;
}

void Held::drop(std::uint64_t records, std::string_view reason) {
  const std::uint64_t gone = std::min(records, records_);
  records_ -= gone;
  if (ledger_ != nullptr && gone != 0) ledger_->dropped(gone, reason);
}

void Held::pass_on() {
  const std::uint64_t gone = std::exchange(records_, 0);
  if (ledger_ != nullptr && gone != 0) ledger_->passed_on(gone);
  completion_.reset();
}

void Held::lose(std::string_view reason) {
  if (records_ != 0 && completion_) completion_->mark_lost();
  drop(records_, reason);
  completion_.reset();
}

Result<void> deliver_held(Intake& next, const SignalBatch& batch, std::vector<Held>& from, const Patience& patience) {
  if (is_planted(PlantedBug::held_records_forgotten)) {
    for (Held& held : from) held.pass_on();
    from.clear();
    return {};
  }
  for (;;) {
    const auto attempt = std::make_shared<Attempt>();
    const Result<void> delivered = next.deliver({}, batch.clone(), std::make_shared<Completion>(attempt, 0));
    if (delivered || delivered.error().is_final()) {
      pass_on_all(from, *attempt);
      return {};
    }
    if (wait_before_retry(next, patience)) continue;
    return patience.is_last ? deliver_last(next, batch, from) : delivered;
  }
}

Result<void> pass_at_once(Intake* next, HeldLedger* ledger, SignalBatch batch, const CompletionRef& completion) {
  const std::uint64_t records = batch.record_count();
  if (records == 0) return {};
  if (next != nullptr) {
    const Result<void> passed = pass_on(*next, std::move(batch), completion);
    const bool is_counted = !passed && passed.error().is_final() && completion;
    if (!passed && !is_counted) return passed;
  }
  if (!is_planted(PlantedBug::passed_at_once_uncounted)) Held(ledger, completion, records).pass_on();
  return {};
}

}  // namespace rankwire
