// Waiting, reading and writing. MSG_NOSIGNAL everywhere: a vanished peer is an error, never SIGPIPE.
#include "net/socket.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <system_error>

namespace rankwire::net {

namespace {

struct Wake {
  int event;
  void operator()() const noexcept {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t ignored = ::write(event, &one, sizeof one);
  }
};

// The time left as ppoll wants it; null: for ever.
const timespec* time_left(const Clock& clock, Deadline deadline, timespec& storage) {
  if (deadline.at == Instant::max()) return nullptr;
  const auto left = std::max(Duration{0}, Duration(deadline.at - clock.now()));
  storage.tv_sec = static_cast<time_t>(left.count() / 1'000'000'000);
  storage.tv_nsec = static_cast<long>(left.count() % 1'000'000'000);
  return &storage;
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Error system_error(std::string_view doing, int code) {
  return Error(ErrorKind::unavailable, std::generic_category().message(code)).during(doing);
}

Result<short> Waiter::wait(int fd, short events, Deadline deadline, const std::stop_token& stop) {
  pollfd polled[2] = {{fd, events, 0}, {-1, POLLIN, 0}};
  std::optional<std::stop_callback<Wake>> callback;
  if (stop.stop_possible()) {
    if (event_.get() < 0) event_ = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (event_.get() < 0) return system_error("making an eventfd", errno);
    polled[1].fd = event_.get();
    callback.emplace(stop, Wake{event_.get()});
  }
  for (;;) {
    if (stop.stop_requested()) return Error(ErrorKind::cancelled, "stopped while waiting for the network");
    timespec storage;
    const int ready = ::ppoll(polled, 2, time_left(clock_, deadline, storage), nullptr);
    if (ready < 0 && errno != EINTR) return system_error("waiting for the network", errno);
    if (stop.stop_requested()) continue;
    if (ready > 0 && polled[0].revents != 0) return polled[0].revents;
    if (ready > 0) {
      // A wake-up meant for an earlier wait with another token.
      std::uint64_t drained;
      [[maybe_unused]] const ssize_t ignored = ::read(event_.get(), &drained, sizeof drained);
    }
    if (deadline.has_passed(clock_)) return Error(ErrorKind::unavailable, "timed out");
  }
}

std::size_t PieceCursor::fill(iovec* into, std::size_t count) const {
  const std::size_t filled = std::min(count, pieces_.size());
  for (std::size_t i = 0; i < filled; ++i) {
    const std::string_view piece = i == 0 ? front() : pieces_[i];
    into[i] = {const_cast<char*>(piece.data()), piece.size()};
  }
  return filled;
}

void PieceCursor::advance(std::size_t bytes) {
  position_ += bytes;
  offset_ += bytes;
  while (!pieces_.empty() && offset_ >= pieces_.front().size()) {
    offset_ -= pieces_.front().size();
    pieces_ = pieces_.subspan(1);
  }
}

Result<std::size_t> SocketStream::read(char* into, std::size_t size, Deadline deadline, std::stop_token stop) {
  if (std::exchange(awaits_answer_, false)) {
    if (auto ready = wait(POLLIN, deadline, stop); !ready) return std::move(ready).error().during("waiting to read");
  }
  for (;;) {
    const ssize_t got = ::recv(socket_.get(), into, size, 0);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return system_error("reading", errno);
    if (auto ready = wait(POLLIN, deadline, stop); !ready) return std::move(ready).error().during("waiting to read");
  }
}

Result<std::size_t> SocketStream::send(PieceCursor cursor, bool yields, Deadline deadline,
                                       const std::stop_token& stop) {
  awaits_answer_ = true;
  constexpr std::size_t pieces_per_call = 128;
  iovec vector[pieces_per_call];
  while (!cursor.is_done()) {
    msghdr message{};
    message.msg_iov = vector;
    message.msg_iovlen = cursor.fill(vector, pieces_per_call);
    const ssize_t sent = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
    if (sent >= 0) {
      cursor.advance(static_cast<std::size_t>(sent));
      continue;
    }
    const int code = errno;
    if (code == EINTR) continue;
    const auto after = [&] { return "sending, after " + std::to_string(cursor.position()) + " bytes"; };
    if (code != EAGAIN && code != EWOULDBLOCK) return system_error(after(), code);
    const short events = yields ? POLLOUT | POLLIN : POLLOUT;
    auto ready = wait(events, deadline, stop);
    if (!ready) return std::move(ready).error().during(after());
    if (yields && (*ready & POLLIN) != 0) break;
  }
  return cursor.position();
}

Result<void> SocketStream::write(std::span<const std::string_view> pieces, Deadline deadline, std::stop_token stop) {
  RANKWIRE_TRY(send(PieceCursor(pieces, 0), false, deadline, stop));
  return {};
}

Result<std::size_t> SocketStream::write_unless_answered(std::span<const std::string_view> pieces, std::size_t from,
                                                        Deadline deadline, std::stop_token stop) {
  return send(PieceCursor(pieces, from), true, deadline, stop);
}

bool SocketStream::is_stale() {
  char byte;
  const ssize_t got = ::recv(socket_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

Result<std::size_t> Stream::write_unless_answered(std::span<const std::string_view> pieces, std::size_t from,
                                                  Deadline deadline, std::stop_token stop) {
  std::size_t total = 0;
  for (const auto piece : pieces) total += piece.size();
  std::vector<std::string_view> rest;
  for (PieceCursor cursor(pieces, from); !cursor.is_done(); cursor.advance(cursor.front().size()))
    rest.push_back(cursor.front());
  RANKWIRE_TRY(write(rest, deadline, std::move(stop)));
  return total;
}

}  // namespace rankwire::net
