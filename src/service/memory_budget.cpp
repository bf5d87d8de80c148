#include "service/memory_budget.hpp"

#include <algorithm>

namespace rankwire::service {
namespace {

// Near the limit the check interval is too coarse to hold a hard bound.
constexpr std::int64_t pressed_interval_nanos = 10'000'000;
// Walking the heap for pages to return takes milliseconds.
constexpr std::int64_t reclaim_interval_nanos = 200'000'000;
// Part of the soft limit that the process takes for itself beyond what it had at its start: one in this many.
constexpr std::uint64_t grown_share = 8;

}  // namespace

MemoryBudget::MemoryBudget(Clock& clock, RoomSignal& room, std::function<Bytes()> resident,
                           std::function<void()> reclaim)
    : clock_(clock), room_(room), resident_(std::move(resident)), reclaim_(std::move(reclaim)) {}

void MemoryBudget::set_limit(const MemoryLimit& limit) {
  hard_ = limit.limit.count;
  soft_ = limit.limit.count - std::min(limit.spike.count, limit.limit.count);
  base_ = std::min(base_.load(), resident_().count);
  if (limit.check_interval.count() > 0) check_interval_ = limit.check_interval.count();
  sampled_at_ = INT64_MIN / 2;
  room_.notify();
}

std::shared_ptr<void> MemoryBudget::add_holder(std::function<Bytes()> held) {
  const std::lock_guard lock(holders_mutex_);
  const std::uint64_t id = next_holder_++;
  holders_.push_back({id, std::move(held)});
  return std::shared_ptr<void>(nullptr, [this, id](void*) {
    const std::lock_guard guard(holders_mutex_);
    std::erase_if(holders_, [id](const Holder& holder) { return holder.id == id; });
  });
}

Bytes MemoryBudget::held_by_queues() const {
  const std::lock_guard lock(holders_mutex_);
  Bytes sum;
  for (const Holder& holder : holders_) sum += holder.held();
  return sum;
}

void MemoryBudget::sample(Instant now, std::uint64_t accounted) {
  sampled_at_ = now.time_since_epoch().count();
  const std::uint64_t resident = resident_().count;
  overhead_ = resident > accounted ? resident - accounted : 0;
}

void MemoryBudget::reclaim_sometimes(Instant now) {
  std::int64_t last = reclaimed_at_.load();
  const std::int64_t nanos = now.time_since_epoch().count();
  if (nanos - last < reclaim_interval_nanos || !reclaimed_at_.compare_exchange_strong(last, nanos)) return;
  reclaim_();
}

bool MemoryBudget::fits(std::uint64_t reserved, std::uint64_t more) {
  const std::uint64_t queued = held_by_queues().count;
  const std::uint64_t soft = soft_.load(std::memory_order_relaxed);
  const std::uint64_t accounted = reserved + queued;
  const Instant now = clock_.now();
  const bool is_pressed = accounted + more + overhead_.load() > soft / 2;
  const std::int64_t interval =
      is_pressed ? std::min(pressed_interval_nanos, check_interval_.load()) : check_interval_.load();
  if (now.time_since_epoch().count() - sampled_at_.load() >= interval) sample(now, accounted);
  if (accounted + more + overhead_.load() <= soft) return true;
  // Freed memory that the allocator keeps counts against us: return it, then look again.
  reclaim_sometimes(now);
  sample(now, accounted);
  return accounted + more + overhead_.load() <= soft;
}

bool MemoryBudget::try_reserve(Bytes more) {
  const std::uint64_t before = reserved_.fetch_add(more.count, std::memory_order_seq_cst);
  if (fits(before, more.count)) return true;
  reserved_.fetch_sub(more.count, std::memory_order_seq_cst);
  return false;
}

void MemoryBudget::release(Bytes held) {
  reserved_.fetch_sub(held.count, std::memory_order_seq_cst);
  room_.notify();
}

Bytes MemoryBudget::reserve_max() const {
  const std::uint64_t soft = soft_.load(std::memory_order_relaxed);
  const std::uint64_t base = base_.load(std::memory_order_relaxed);
  // A limit below what the process itself takes may be raised by a reload: nothing is refused for good then.
  if (soft == UINT64_MAX || base >= soft - soft / grown_share) return Bytes{UINT64_MAX};
  return Bytes{soft - soft / grown_share - base};
}

bool MemoryBudget::has_room(Bytes wanted) { return fits(reserved_.load(std::memory_order_seq_cst), wanted.count); }

}  // namespace rankwire::service
