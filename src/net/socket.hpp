// Non-blocking sockets with bounded waits: what system streams are made of. Private to this room.
#pragma once

#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "net/network.hpp"

struct iovec;

namespace rankwire::net {

// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();
  int get() const { return fd_; }

 private:
  int fd_ = -1;
};

// `errno` as an error of the other side: "sending: Connection reset by peer".
Error system_error(std::string_view doing, int code);

// Waits for a descriptor, the deadline or the token, whichever comes first, without polling in
// slices: the token's callback writes an eventfd that is made on the first wait and reused.
class Waiter {
 public:
  explicit Waiter(Clock& clock) : clock_(clock) {}
  // What is ready of `events` (or POLLERR, POLLHUP).
  Result<short> wait(int fd, short events, Deadline deadline, const std::stop_token& stop);

 private:
  Clock& clock_;
  Descriptor event_;
};

// Walks over pieces without joining them.
class PieceCursor {
 public:
  PieceCursor(std::span<const std::string_view> pieces, std::size_t from) : pieces_(pieces) { advance(from); }
  bool is_done() const { return pieces_.empty(); }
  std::size_t position() const { return position_; }
  // The rest of the piece under the cursor.
  std::string_view front() const { return pieces_.front().substr(offset_); }
  // Fills at most `count` entries; how many it filled.
  std::size_t fill(iovec* into, std::size_t count) const;
  void advance(std::size_t bytes);

 private:
  std::span<const std::string_view> pieces_;  // The first is never used up.
  std::size_t offset_ = 0;                    // In the first.
  std::size_t position_ = 0;
};

class SocketStream final : public Stream {
 public:
  SocketStream(Descriptor socket, Clock& clock) : socket_(std::move(socket)), waiter_(clock) {}

  Result<std::size_t> read(char* into, std::size_t size, Deadline deadline, std::stop_token stop) override;
  Result<void> write(std::span<const std::string_view> pieces, Deadline deadline, std::stop_token stop) override;
  Result<std::size_t> write_unless_answered(std::span<const std::string_view> pieces, std::size_t from,
                                            Deadline deadline, std::stop_token stop) override;
  bool is_stale() override;

  int descriptor() const { return socket_.get(); }
  Result<short> wait(short events, Deadline deadline, const std::stop_token& stop) {
    return waiter_.wait(socket_.get(), events, deadline, stop);
  }

 private:
  Result<std::size_t> send(PieceCursor cursor, bool yields, Deadline deadline, const std::stop_token& stop);

  Descriptor socket_;
  Waiter waiter_;
  bool awaits_answer_ = false;  // The last thing done was a write: reading at once would only say "not yet".
};

}  // namespace rankwire::net
