// How a receiver learns what became of a batch it delivered. One Completion per batch; every queue
// that holds the batch holds a Settlement. The last one settled reports to the receiver.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace rankwire {

// Implemented by receivers with a replayable source. Called once per batch, from any thread, and
// must be quick: it may run inside an exporter's worker.
class CompletionListener {
 public:
  virtual ~CompletionListener() = default;
  // `is_settled`: every destination has the batch, or has it durably on disk, or dropped it on
  // purpose with a counted reason. False: some holder lost it; deliver it again or do not commit.
  virtual void batch_ended(std::uint64_t token, bool is_settled) noexcept = 0;
};

class Completion {
 public:
  Completion(std::shared_ptr<CompletionListener> listener, std::uint64_t token)
      : listener_(std::move(listener)), token_(token) {}
  Completion(const Completion&) = delete;
  ~Completion() { listener_->batch_ended(token_, !is_lost_.load(std::memory_order_acquire)); }

  void mark_lost() { is_lost_.store(true, std::memory_order_release); }

 private:
  const std::shared_ptr<CompletionListener> listener_;
  const std::uint64_t token_;
  std::atomic<bool> is_lost_{false};
};

// Null for batches nobody asks about (push receivers without wait_for_result).
using CompletionRef = std::shared_ptr<Completion>;

// One holder's promise. Destroyed unsettled, the batch counts as not delivered.
class Settlement {
 public:
  Settlement() = default;
  explicit Settlement(CompletionRef completion) : completion_(std::move(completion)) {}
  Settlement(Settlement&&) noexcept = default;
  Settlement& operator=(Settlement&& other) noexcept {
    lose();
    completion_ = std::move(other.completion_);
    return *this;
  }
  ~Settlement() { lose(); }

  // Delivered, durable, or dropped on purpose.
  void settle() { completion_.reset(); }

 private:
  void lose() {
    if (completion_) completion_->mark_lost();
    completion_.reset();
  }

  CompletionRef completion_;
};

}  // namespace rankwire
