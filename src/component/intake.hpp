// The one door into a pipeline, and all that a receiver knows of it.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "component/completion.hpp"
#include "signal/batch.hpp"

namespace rankwire {

// Who keeps account of admitted bytes (the service's memory budget). Any thread.
class AdmissionLedger {
 public:
  virtual ~AdmissionLedger() = default;
  virtual bool try_reserve(Bytes more) = 0;
  virtual void release(Bytes held) = 0;
  // The most that one request can be given while nothing else holds memory. More will never be had.
  virtual Bytes reserve_max() const { return Bytes{UINT64_MAX}; }
};

// Memory claimed before decoding; given back when destroyed. Move-only.
class Admission {
 public:
  Admission() = default;
  Admission(std::shared_ptr<AdmissionLedger> ledger, Bytes held) : ledger_(std::move(ledger)), held_(held) {}
  Admission(Admission&& other) noexcept : ledger_(std::move(other.ledger_)), held_(std::exchange(other.held_, {})) {}
  Admission& operator=(Admission&& other) noexcept {
    release();
    ledger_ = std::move(other.ledger_);
    held_ = std::exchange(other.held_, {});
    return *this;
  }
  ~Admission() { release(); }

  Bytes held() const { return held_; }
  // How large this one can ever grow.
  Bytes max() const { return ledger_ ? ledger_->reserve_max() : Bytes{UINT64_MAX}; }
  // Claims up to `total` in all, when the data turned out larger (decompression). False: refused.
  bool grow_to(Bytes total) {
    if (total <= held_ || !ledger_) return true;
    if (!ledger_->try_reserve(total - held_)) return false;
    held_ = total;
    return true;
  }

  // Why it could not grow to `total`: not now, or never.
  Error refusal(Bytes total) const {
    if (total > max()) return over_the_limit();
    return Error(ErrorKind::refused, "data refused due to high memory usage", std::chrono::milliseconds(1000));
  }
  static Error over_the_limit() {
    return Error(ErrorKind::too_large, "the request needs more memory than the memory limit can ever allow");
  }

 private:
  void release() {
    if (ledger_ && held_.count != 0) ledger_->release(held_);
    ledger_.reset();
    held_ = {};
  }

  std::shared_ptr<AdmissionLedger> ledger_;
  Bytes held_;
};

class Intake {
 public:
  virtual ~Intake() = default;

  // Claims room before the caller decodes. Never blocks. `refused` (with retry_after) means full:
  // stop reading, or ask the sender to wait.
  virtual Result<Admission> admit(Bytes estimate) = 0;

  // What `admit` and growing can ever give to one request.
  virtual Bytes admission_max() const { return Bytes{UINT64_MAX}; }

  // Whether all that is behind the door reads the records: who has a request's bytes then decodes them at once, where
  // counting them first would be a pass too many. A hint.
  virtual bool reads_records() const { return false; }

  // Whether a batch of about this size would be taken now. A hint.
  virtual bool has_room(Bytes, std::uint64_t /*records*/) const { return true; }

  // Waits until `admit` may succeed again, for sources that can simply stop reading. False when
  // stopped or past the deadline.
  virtual bool wait_for_room(std::stop_token stop, Deadline deadline) = 0;

  // Runs the processors on the caller's thread and returns when every queue has the batch; may wait
  // for a disk. On success the data is ours, and `completion` hears when it is settled everywhere.
  // On failure it is still the sender's: do not acknowledge, do not advance a checkpoint; unless the
  // error is final: then a batch with a completion has been counted as dropped where it was refused, to
  // deliver it again would fail again, and `completion` hears when the others that took it have settled.
  virtual Result<void> deliver(Admission admission, SignalBatch batch, CompletionRef completion = {}) = 0;

  // The last attempt of who is being stopped and has the batch in memory only: destinations that would refuse it go
  // without, and count that. False: there were such. On failure nobody took it.
  virtual Result<bool> deliver_last(SignalBatch batch, CompletionRef completion) {
    RANKWIRE_TRY(deliver({}, std::move(batch), std::move(completion)));
    return true;
  }

  // Records the receiver had to give up, with where and why ("unparsable", "too_long",
  // "file_vanished"); keeps the conservation identity whole. Labels beyond the standard ones
  // (namespace, pod) are bounded by the service.
  virtual void count_dropped(std::uint64_t records, std::string_view reason, std::string_view kubernetes_namespace = {},
                             std::string_view pod = {}) = 0;
};

// For who has a batch in hand: claims what it holds, then delivers it.
inline Result<void> pass_on(Intake& to, SignalBatch batch, CompletionRef completion) {
  auto admission = to.admit(batch.memory_bytes());
  if (!admission) return std::move(admission).error();
  return to.deliver(std::move(*admission), std::move(batch), std::move(completion));
}

// Doors to chosen pipelines, for connectors that route. They outlive the connector and stay the same over reloads.
class PipelineDoors {
 public:
  virtual ~PipelineDoors() = default;
  // Ids of the pipelines that have the connector as a receiver ("logs/a"), in the order of the configuration.
  virtual std::vector<std::string> pipelines(Signal signal) const = 0;
  // One door to all of these, which take a batch together or not at all. Only while the connector is created.
  // `invalid`: one of them does not have the connector as a receiver, or they are not all of one signal.
  virtual Result<Intake*> to(const std::vector<std::string>& pipelines) = 0;

  struct Part {
    Intake* door;  // From `to` of these.
    SignalBatch batch;
  };
  // Different batches through different doors, all of them or none: what the parts of one batch need, as
  // otherwise a refused part brings the others a second time. Admits by itself; otherwise as Intake::deliver. Any
  // thread.
  virtual Result<void> deliver(std::vector<Part> parts, const CompletionRef& completion) = 0;
};

class HeldLedger;

// The doors of a receiver or connector, by signal; null where no pipeline of that signal uses it.
// They outlive the component.
struct Intakes {
  Intake* logs = nullptr;
  Intake* metrics = nullptr;
  Intake* traces = nullptr;
  PipelineDoors* named = nullptr;  // Of connectors.
  HeldLedger* held = nullptr;      // Of processors that hold data back: see component/held.hpp.

  Intake* of(Signal signal) const {
    return signal == Signal::logs ? logs : signal == Signal::metrics ? metrics : traces;
  }
};

}  // namespace rankwire
