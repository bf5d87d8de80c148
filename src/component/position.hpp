// How far what was read of a replayable source is settled, by numbers that grow.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

#include "base/clock.hpp"
#include "component/completion.hpp"

namespace rankwire {

// Every method from any thread. Outlives the receiver, because batches in flight hold it.
class Position final : public CompletionListener {
 public:
  // `wake` is called when something was lost or settled, until `close`; it must not call the position.
  void open(std::uint64_t next, std::function<void(bool is_lost)> wake);
  void close();

  // Before delivery of a batch, with which everything before `next` is delivered: its token.
  std::uint64_t expect(std::uint64_t next);
  // It was refused: as if it had never been expected.
  void withdraw(std::uint64_t token);
  // There was nothing to deliver in what came before `next`.
  void pass_over(std::uint64_t next);
  void batch_ended(std::uint64_t token, bool is_settled) noexcept override;

  std::uint64_t settled() const;
  // Whether a batch was lost since the last call. Then nothing is in flight any more: read again from `settled`.
  bool take_lost();
  // Waits until everything is settled; false past `until`.
  bool wait_settled(Instant until);

 private:
  struct Pending {
    std::uint64_t token = 0, next = 0;
    bool is_settled = false;
  };
  void advance();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::deque<Pending> pending_;
  std::function<void(bool is_lost)> wake_;
  std::uint64_t settled_ = 0;
  std::uint64_t last_token_ = 0;
  bool is_lost_ = false;
};

}  // namespace rankwire
