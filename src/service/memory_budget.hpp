// The bound on the process's memory, enforced before decoding. What is admitted, what the queues
// hold and everything else that is resident (code, caches, freed but not returned memory) together
// stay below the soft limit; the spike between soft and hard is for estimates that were too low.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/buffer.hpp"
#include "base/clock.hpp"
#include "component/component.hpp"
#include "component/intake.hpp"
#include "service/room_signal.hpp"

namespace rankwire::service {

class MemoryBudget final : public AdmissionLedger {
 public:
  // `resident` reads the process's memory; it is asked only while something wants admission, so an
  // idle process never wakes for it. `reclaim` gives free memory back to the system.
  MemoryBudget(Clock& clock, RoomSignal& room, std::function<Bytes()> resident, std::function<void()> reclaim);

  void set_limit(const MemoryLimit& limit);
  // Memory that queues hold. Asked at each admission. Forgotten when the returned handle goes.
  std::shared_ptr<void> add_holder(std::function<Bytes()> held);

  bool try_reserve(Bytes more) override;
  void release(Bytes held) override;
  Bytes reserve_max() const override;
  // Whether a reservation of this size may succeed now.
  bool has_room(Bytes wanted);

  Bytes reserved() const { return Bytes{reserved_.load(std::memory_order_seq_cst)}; }
  Bytes limit() const { return Bytes{hard_.load(std::memory_order_relaxed)}; }
  Duration check_interval() const { return Duration(check_interval_.load(std::memory_order_relaxed)); }

 private:
  Bytes held_by_queues() const;
  bool fits(std::uint64_t reserved, std::uint64_t more);
  void sample(Instant now, std::uint64_t accounted);
  void reclaim_sometimes(Instant now);

  struct Holder {
    std::uint64_t id;
    std::function<Bytes()> held;
  };

  Clock& clock_;
  RoomSignal& room_;
  const std::function<Bytes()> resident_;
  const std::function<void()> reclaim_;
  std::atomic<std::uint64_t> soft_{UINT64_MAX}, hard_{UINT64_MAX};
  std::atomic<std::uint64_t> base_{UINT64_MAX};  // The least that was resident when a limit was set.
  std::atomic<std::int64_t> check_interval_{1'000'000'000};
  std::atomic<std::uint64_t> reserved_{0};
  // Resident memory that nothing above accounts for, as of the last sample.
  std::atomic<std::uint64_t> overhead_{0};
  std::atomic<std::int64_t> sampled_at_{INT64_MIN / 2}, reclaimed_at_{INT64_MIN / 2};
  mutable std::mutex holders_mutex_;
  std::vector<Holder> holders_;    // Guarded by holders_mutex_.
  std::uint64_t next_holder_ = 1;  // Guarded by holders_mutex_.
};

}  // namespace rankwire::service
