#include "component/position.hpp"

#include <algorithm>

namespace rankwire {

void Position::open(std::uint64_t next, std::function<void(bool is_lost)> wake) {
  const std::lock_guard lock(mutex_);
  settled_ = next;
  wake_ = std::move(wake);
}

void Position::close() {
  const std::lock_guard lock(mutex_);
  wake_ = nullptr;
}

std::uint64_t Position::expect(std::uint64_t next) {
  const std::lock_guard lock(mutex_);
  pending_.push_back({++last_token_, next, false});
  return last_token_;
}

void Position::withdraw(std::uint64_t token) {
  const std::lock_guard lock(mutex_);
  std::erase_if(pending_, [token](const Pending& one) { return one.token == token; });
}

void Position::pass_over(std::uint64_t next) {
  const std::lock_guard lock(mutex_);
  pending_.push_back({0, next, true});
  advance();
}

void Position::advance() {
  while (!pending_.empty() && pending_.front().is_settled) {
    settled_ = std::max(settled_, pending_.front().next);
    pending_.pop_front();
  }
  if (pending_.empty()) changed_.notify_all();
}

void Position::batch_ended(std::uint64_t token, bool is_settled) noexcept {
  const std::lock_guard lock(mutex_);
  const auto found =
      std::find_if(pending_.begin(), pending_.end(), [token](const Pending& one) { return one.token == token; });
  if (found == pending_.end()) return;
  if (is_settled) {
    found->is_settled = true;
    advance();
  } else {
    is_lost_ = true;
    pending_.clear();  // What came behind comes again with it.
    changed_.notify_all();
  }
  if (wake_) wake_(!is_settled);
}

std::uint64_t Position::settled() const {
  const std::lock_guard lock(mutex_);
  return settled_;
}

bool Position::take_lost() {
  const std::lock_guard lock(mutex_);
  return std::exchange(is_lost_, false);
}

bool Position::wait_settled(Instant until) {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, until, [this] { return pending_.empty(); });
}

}  // namespace rankwire
