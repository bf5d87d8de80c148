// A blocking TCP client for tests of servers: sends exactly the bytes it is given, with a time
// limit on every read so that a broken server fails a test instead of hanging it.
#pragma once

#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace rankwire::testing {

class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval limit{.tv_sec = 5, .tv_usec = 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    const int on = 1;
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    is_connected_ = ::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  }
  RawClient(const RawClient&) = delete;
  ~RawClient() { ::close(descriptor_); }

  bool is_connected() const { return is_connected_; }
  int descriptor() const { return descriptor_; }
  // Whether everything could be sent.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  void finish_sending() { ::shutdown(descriptor_, SHUT_WR); }
  // One HTTP response: head, and body by Content-Length. What comes after it is kept.
  std::string response(bool is_body_expected = true) {
    std::size_t end = std::string::npos;
    while ((end = held_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive()) return take(held_.size());
    }
    end += 4;
    const std::size_t field = held_.substr(0, end).find("Content-Length: ");
    if (is_body_expected && field != std::string::npos) end += std::stoul(held_.substr(field + 16));
    while (held_.size() < end && receive()) {}
    return take(std::min(end, held_.size()));
  }
  // Everything until the server closes.
  std::string rest() {
    while (receive()) {}
    return take(held_.size());
  }
  // Whether the server closed, cleanly or not, with nothing more to read.
  bool is_closed_by_server() { return held_.empty() && !receive() && !is_timed_out_; }

 private:
  bool receive() {
    char bytes[4096];
    const ssize_t count = ::recv(descriptor_, bytes, sizeof(bytes), 0);
    is_timed_out_ = count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    if (count <= 0) return false;
    held_.append(bytes, static_cast<std::size_t>(count));
    return true;
  }
  std::string take(std::size_t count) {
    std::string taken = held_.substr(0, count);
    held_.erase(0, count);
    return taken;
  }

  const int descriptor_;
  bool is_connected_ = false;
  bool is_timed_out_ = false;
  std::string held_;
};

}  // namespace rankwire::testing
