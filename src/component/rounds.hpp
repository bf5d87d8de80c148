// For processors that gather records over an interval and then let one batch go: the round that is being gathered, and
// its delivery on a thread of its own while the next one begins.
#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "base/planted_bug.hpp"
#include "component/held.hpp"
#include "component/timer.hpp"

namespace rankwire {

// `Round` holds what is gathered: `Bytes bytes() const`, `bool empty() const`, and `SignalBatch finish(Clock&)`, which
// is called once, when it is let go.
template <class Round>
class Rounds {
 public:
  // `make` gives a new, empty round. `next` is null where nothing follows.
  Rounds(Clock& clock, Duration interval, Bytes bytes_max, Intake* next, std::function<std::unique_ptr<Round>()> make)
      : clock_(clock),
        interval_(interval),
        bytes_max_(bytes_max),
        next_(next),
        make_(std::move(make)),
        round_(make_()),
        timer_(clock, "rw-rounds", [this](const std::stop_token& stop) { return let_go(stop); }) {}

  Result<void> start() { return timer_.start(clock_.now() + interval_); }
  // Whether rounds go on at once.
  void hurry(bool is_hurried) {
    if (is_planted(PlantedBug::held_back_at_a_stop)) return;
    const std::lock_guard lock(mutex_);
    is_hurried_ = is_hurried;
    if (is_hurried) timer_.wake_at(clock_.now());
  }
  // What is left goes on, if it can by then.
  void stop(Deadline deadline) {
    timer_.stop();
    while (depart({.clock = clock_, .stop = {}, .deadline = deadline, .is_last = true})) {}
  }

  // Calls `gather(Round&, Held&)` and keeps what was held with the round. Ask has_room first: a batch that has come so
  // far is taken, whatever others brought meanwhile.
  template <class Gather>
  void gather(HeldLedger* ledger, CompletionRef completion, std::uint64_t records, Gather gather) {
    const std::lock_guard lock(mutex_);
    Held held(ledger, std::move(completion), records);
    gather(*round_, held);
    helds_.push_back(std::move(held));
    if (is_hurried_ || bytes() > bytes_max_) timer_.wake_at(clock_.now());
  }
  static Error full() {
    return {ErrorKind::refused, "what is gathered takes as much memory as it may", std::chrono::milliseconds(1000)};
  }
  bool has_room() const {
    const std::lock_guard lock(mutex_);
    return bytes() <= bytes_max_;
  }
  // Of the round and of the one that is being delivered.
  Bytes memory() const {
    const std::lock_guard lock(mutex_);
    return bytes() + leaving_;
  }

 private:
  struct Departure {
    SignalBatch batch;
    std::vector<Held> helds;
  };

  Bytes bytes() const { return round_->bytes() + Bytes{helds_.capacity() * sizeof(Held)}; }

  Instant let_go(const std::stop_token& stop) {
    depart({clock_, stop, Deadline::never()});
    return clock_.now() + interval_;
  }

  // One round goes; first the one that could not, if there is one. False: there was nothing, or it could not go.
  bool depart(const Patience& patience) {
    if (!departing_ && !take_round()) return false;
    const bool has_a_way = next_ != nullptr && departing_->batch.record_count() != 0;
    if (!has_a_way)
      for (Held& held : departing_->helds) held.pass_on();
    else if (!deliver_held(*next_, departing_->batch, departing_->helds, patience))
      return false;
    departing_.reset();
    const std::lock_guard lock(mutex_);
    leaving_ = {};
    return true;
  }

  bool take_round() {
    std::unique_ptr<Round> round = make_();
    std::vector<Held> helds;
    {
      const std::lock_guard lock(mutex_);
      if (round_->empty() && helds_.empty()) return false;
      leaving_ = bytes();
      round_.swap(round);
      helds_.swap(helds);
    }
    departing_.reset(new Departure{round->finish(clock_), std::move(helds)});
    return true;
  }

  Clock& clock_;
  const Duration interval_;
  const Bytes bytes_max_;
  Intake* const next_;
  const std::function<std::unique_ptr<Round>()> make_;
  mutable std::mutex mutex_;
  std::unique_ptr<Round> round_;          // Guarded by mutex_.
  std::vector<Held> helds_;               // Guarded by mutex_.
  Bytes leaving_;                         // Guarded by mutex_.
  bool is_hurried_ = false;               // Guarded by mutex_.
  std::unique_ptr<Departure> departing_;  // Used by the timer's thread, and once that has ended by `stop`.
  Timer timer_;                           // Last: its thread uses the rest.
};

}  // namespace rankwire
