#include "processors/tail_sampling/pending_store.hpp"

#include <atomic>
#include <utility>

namespace rankwire::tail_sampling {

// What is on disk is counted when it is pushed or found there, not when it is leased.
class PendingStore::Books final : public HeldLedger {
 public:
  explicit Books(HeldLedger* ledger) : ledger_(ledger) {}

  void held(std::uint64_t) override {}
  void passed_on(std::uint64_t records) override {
    if (take(records)) ledger_->passed_on(records);
  }
  void dropped(std::uint64_t records, std::string_view reason) override {
    if (take(records)) ledger_->dropped(records, reason);
  }
  void found(std::uint64_t records) override {
    if (add(records)) ledger_->found(records);
  }
  void left(std::uint64_t) override {}

  void pushed(std::uint64_t records) {
    if (add(records)) ledger_->held(records);
  }
  void leave() {
    if (is_left_.exchange(true) || ledger_ == nullptr) return;
    ledger_->left(static_cast<std::uint64_t>(std::max<std::int64_t>(records_.load(), 0)));
  }

 private:
  bool add(std::uint64_t records) {
    if (ledger_ == nullptr || is_left_.load()) return false;
    records_ += static_cast<std::int64_t>(records);
    return records != 0;
  }
  bool take(std::uint64_t records) {
    if (ledger_ == nullptr || is_left_.load()) return false;
    records_ -= static_cast<std::int64_t>(records);
    return true;
  }

  HeldLedger* const ledger_;
  std::atomic<bool> is_left_{false};
  std::atomic<std::int64_t> records_{0};
};

// One lease, until everything that was made of it has ended.
class PendingStore::Keeper final : public CompletionListener {
 public:
  Keeper(PendingStore& store, std::uint64_t number, std::unique_ptr<queue::Lease> lease)
      : store_(&store), number_(number), lease_(std::move(lease)) {}

  void batch_ended(std::uint64_t, bool is_settled) noexcept override {
    const std::lock_guard lock(mutex_);
    if (!lease_) return;
    if (is_settled) {
      lease_->done();
    } else {
      store_->books_->found(lease_->batch().record_count);  // Before another thread may lease it again.
    }
    lease_.reset();
    std::exchange(store_, nullptr)->ended(number_);  // Then the store may go.
  }
  // The lease goes back, whatever becomes of it.
  void abandon() {
    const std::lock_guard lock(mutex_);
    lease_.reset();
    store_ = nullptr;
  }

 private:
  std::mutex mutex_;
  PendingStore* store_;  // Guarded by mutex_. Null: the store is gone, or was told.
  const std::uint64_t number_;
  std::unique_ptr<queue::Lease> lease_;  // Guarded by mutex_.
};

PendingStore::PendingStore(std::unique_ptr<queue::Queue> queue, HeldLedger* ledger)
    : queue_(std::move(queue)), books_(std::make_unique<Books>(ledger)) {
  const queue::QueueStatus status = queue_->status();
  books_->found(status.records + status.lost_to_damage);
  count_damage();
}

void PendingStore::count_damage() {
  std::uint64_t lost = 0;
  {
    const std::lock_guard lock(mutex_);
    const std::uint64_t known = queue_->status().lost_to_damage;
    lost = known - damaged_;
    damaged_ = known;
  }
  if (lost != 0) books_->dropped(lost, "corrupt");
}

PendingStore::~PendingStore() {
  std::map<std::uint64_t, std::weak_ptr<Keeper>> under_way;
  {
    const std::lock_guard lock(mutex_);
    under_way.swap(under_way_);
  }
  for (const auto& [number, weak] : under_way)
    if (const auto keeper = weak.lock()) keeper->abandon();
}

Result<std::unique_ptr<PendingStore>> PendingStore::open(const Options& options, Environment& environment,
                                                         HeldLedger* ledger) {
  QueuePolicy policy;
  policy.num_consumers = 1;
  policy.sizer = Sizer::bytes;
  policy.queue_size = options.bytes_max.count;
  auto queue =
      queue::open_disk_queue(policy, Signal::traces, {options.directory, options.must_sync, options.disk_bytes_max},
                             environment.files, environment.clock, environment.log);
  if (!queue) return std::move(queue).error();
  return std::unique_ptr<PendingStore>(new PendingStore(std::move(*queue), ledger));
}

Result<void> PendingStore::push(WireBatch batch) {
  const std::uint64_t records = batch.record_count;
  RANKWIRE_TRY(queue_->push(std::move(batch), {}));
  books_->pushed(records);
  return {};
}

std::optional<PendingStore::Leased> PendingStore::pop(const std::stop_token& stop) {
  std::unique_ptr<queue::Lease> lease = queue_->pop(stop);
  count_damage();
  if (!lease) return {};
  WireBatch batch = lease->batch();
  std::shared_ptr<Keeper> keeper;
  {
    const std::lock_guard lock(mutex_);
    const std::uint64_t number = next_number_++;
    keeper = std::make_shared<Keeper>(*this, number, std::move(lease));
    under_way_.emplace(number, keeper);
  }
  const std::uint64_t records = batch.record_count;
  return Leased{std::move(batch), Held(books_.get(), std::make_shared<Completion>(std::move(keeper), 0), records)};
}

// Called with the keeper's mutex held.
void PendingStore::ended(std::uint64_t number) {
  count_damage();  // Reading on, behind this lease, may have found some.
  const std::lock_guard lock(mutex_);
  under_way_.erase(number);
  if (is_closing_ && under_way_.empty()) all_ended_.request_stop();
}

void PendingStore::leave() { books_->leave(); }

void PendingStore::close(const Clock& clock, Deadline deadline) {
  queue_->close();
  std::stop_token ended;
  {
    const std::lock_guard lock(mutex_);
    if (under_way_.empty()) return;
    is_closing_ = true;
    ended = all_ended_.get_token();
  }
  (void)clock.wait_until(deadline.at, ended);
}

}  // namespace rankwire::tail_sampling
