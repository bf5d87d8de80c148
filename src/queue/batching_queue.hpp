// What queues in memory and on disk share: waiting for a batch that is worth sending, leases, and
// the books. One consumer at a time collects; the others sleep until it has left something.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "queue/batching.hpp"
#include "queue/queue.hpp"

namespace rankwire::queue {

class BatchingQueue : public Queue {
 public:
  // While a lease is younger than this, a small remainder waits for company.
  static constexpr Duration company_wait = std::chrono::milliseconds(10);
  static constexpr Bytes worth_sending{batch_bytes_max.count / 4};

  BatchingQueue(const QueuePolicy& policy, Signal signal, Clock& clock)
      : policy_(policy), signal_(signal), clock_(clock), ready_(policy.batch) {}
  ~BatchingQueue() override;

  bool has_room(Bytes size, std::uint64_t records) const override;
  void on_room(std::function<void()> callback) override;
  std::unique_ptr<Lease> pop(std::stop_token stop) override;
  void close() override;
  QueueStatus status() const override;

 protected:
  using Lock = std::unique_lock<std::mutex>;

  // Reads more into `ready_`, from wherever else elements are; may unlock meanwhile. Returns how
  // long to wait before trying again if that is not possible now.
  virtual std::optional<Duration> refill(Lock&) { return {}; }
  // Elements that are not in `ready_` yet. Called with the mutex held, as all below.
  virtual bool has_unread() const { return false; }
  virtual Bytes disk_bytes() const { return {}; }
  // Room besides the policy's.
  virtual bool has_space(Bytes) const { return true; }
  // Before the books change; no lock held. Every part of these elements is settled.
  virtual void finished(std::vector<std::shared_ptr<Origin>>& origins) = 0;
  // As `finished`, after the books changed.
  virtual void after_finished(std::vector<std::shared_ptr<Origin>>&) {}

  // `invalid` if it can never fit, `refused` if it does not fit now.
  Result<void> check_room(const WireBatch& batch) const;
  void add_ready(Part part);
  // Something may be leased: wakes whoever has to know.
  void wake_consumer();
  void mark_full() const { was_full_.store(true); }
  // Tells those who wait for room. No lock held.
  void announce_room();
  bool is_closed() const { return is_closed_; }
  Instant now() const { return clock_.now(); }

  const QueuePolicy policy_;
  const Signal signal_;
  Clock& clock_;
  mutable std::mutex mutex_;
  // Guarded by mutex_, as all below up to the private part.
  ReadyParts ready_;
  std::uint64_t size_ = 0;
  std::uint64_t records_ = 0;
  Bytes memory_;
  std::uint64_t records_corrupt_ = 0;
  std::uint64_t lost_to_damage_ = 0;

 private:
  class PartsLease;

  bool has_work() const { return !ready_.empty() || has_unread(); }
  // The moment at which what is ready should be sent, if nothing more comes.
  Instant ripe_at() const;
  void collect(Lock& lock, const std::stop_token& stop);
  std::unique_ptr<Lease> lease_ready();
  void settle(std::vector<Part>& parts);
  void give_back(std::vector<Part> parts);

  std::condition_variable_any work_;  // There is work and nobody collects, or the queue is closed.
  std::condition_variable_any ripe_;  // For the one who collects.
  // Guarded by mutex_:
  bool is_collecting_ = false;
  bool is_closed_ = false;
  std::uint64_t leases_ = 0;
  Instant newest_lease_;
  std::vector<Part> given_up_;  // Given back after close: not leased again.
  std::mutex callback_mutex_;
  std::function<void()> callback_;  // Guarded by callback_mutex_, also while it runs.

  mutable std::atomic<bool> was_full_{false};
};

}  // namespace rankwire::queue
