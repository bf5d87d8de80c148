// How far the kernel's records are settled, in memory and on disk. Sequence numbers hold for one boot of the machine.
// Format: docs/formats/kmsg_position.md.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/file_system.hpp"
#include "component/completion.hpp"

namespace rankwire::kmsg {

struct StoredPosition {
  std::string boot;
  std::uint64_t next = 0;  // Everything before it is settled.
  bool operator==(const StoredPosition&) const = default;
};

std::string encode_position(const StoredPosition& position);
// Nothing: it is damaged.
std::optional<StoredPosition> decode_position(std::string_view text);

// Every method from any thread. Outlives the receiver, because batches in flight hold it.
class Position final : public CompletionListener {
 public:
  // `wake` is called when something was lost or settled, until `close`.
  void open(std::uint64_t next, std::function<void()> wake);
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
  std::function<void()> wake_;
  std::uint64_t settled_ = 0;
  std::uint64_t last_token_ = 0;
  bool is_lost_ = false;
};

}  // namespace rankwire::kmsg
