#include "processors/resource_detection/unix_http.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace rankwire::resource_detection {
namespace {

constexpr std::size_t answer_bytes_max = 1 << 20;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }

 private:
  int number_;
};

Error failed(const char* step) {
  return Error(ErrorKind::unavailable, std::string(step) + ": " + std::strerror(errno));
}

Result<void> wait_for(int socket, short event, const Clock& clock, Deadline deadline, const std::stop_token& stop) {
  constexpr int slice_ms = 50;
  for (;;) {
    if (stop.stop_requested()) return Error(ErrorKind::cancelled, "stopped");
    if (deadline.has_passed(clock)) return Error(ErrorKind::unavailable, "no answer in time");
    pollfd waiting{socket, event, 0};
    const int ready = ::poll(&waiting, 1, slice_ms);
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return failed("waiting");
  }
}

}  // namespace

Result<UnixAnswer> parse_unix_answer(std::string_view text) {
  constexpr std::size_t status_at = 9;  // Behind "HTTP/1.0 ".
  constexpr std::size_t digits = 3;
  const std::size_t head_end = text.find("\r\n\r\n");
  UnixAnswer answer;
  bool is_http = text.starts_with("HTTP/1.") && head_end != std::string_view::npos && head_end >= status_at + digits;
  for (std::size_t i = status_at; is_http && i < status_at + digits; ++i) {
    is_http = text[i] >= '0' && text[i] <= '9';
    answer.status = answer.status * 10 + (text[i] - '0');
  }
  if (!is_http) return Error(ErrorKind::unavailable, "the answer is not HTTP");
  answer.body = text.substr(head_end + 4);
  return answer;
}

Result<UnixAnswer> get_over_unix_socket(const std::string& socket_path, const std::string& target, const Clock& clock,
                                        Deadline deadline, const std::stop_token& stop) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof address.sun_path)
    return Error(ErrorKind::invalid, "the path of the socket is too long: " + socket_path);
  std::memcpy(address.sun_path, socket_path.data(), socket_path.size());
  const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.number() < 0) return failed("making a socket");
  if (::connect(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return failed("connecting").during(socket_path);
  const std::string request = "GET " + target + " HTTP/1.0\r\nHost: docker\r\n\r\n";
  RANKWIRE_TRY(wait_for(socket.number(), POLLOUT, clock, deadline, stop));
  if (::send(socket.number(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
    return failed("sending");
  std::string text;
  for (;;) {
    RANKWIRE_TRY(wait_for(socket.number(), POLLIN, clock, deadline, stop));
    char bytes[16 * 1024];
    const ssize_t count = ::recv(socket.number(), bytes, sizeof bytes, 0);
    if (count == 0) return parse_unix_answer(text);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (count < 0) return failed("receiving");
    text.append(bytes, static_cast<std::size_t>(count));
    if (text.size() > answer_bytes_max) return Error(ErrorKind::unavailable, "the answer is too large");
  }
}

}  // namespace rankwire::resource_detection
