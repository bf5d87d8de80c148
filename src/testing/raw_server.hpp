// A TCP server on a free port of this machine whose every byte a test decides: garbage, early
// answers, resets. Each connection runs the given function on a thread of its own.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/worker.hpp"

namespace rankwire::testing {

class RawConnection {
 public:
  RawConnection(int fd, int index) : fd_(fd), index_(index) {}
  RawConnection(const RawConnection&) = delete;
  ~RawConnection() { close(); }

  int index() const { return index_; }  // Of the connection at its server, from 0.
  // Up to the end of the head, then as much body as Content-Length says. Empty: the client has gone.
  std::string read_request() {
    std::string request = read_head();
    const auto at = request.find("Content-Length: ");
    if (at == std::string::npos) return request;
    std::string body = read(std::strtoull(request.c_str() + at + 16, nullptr, 10));
    return request + body;
  }
  std::string read_head() {
    std::string head;
    char c;
    while (!head.ends_with("\r\n\r\n")) {
      if (::recv(fd_, &c, 1, 0) != 1) return {};
      head += c;
    }
    return head;
  }
  // Exactly `count` bytes, or fewer at the end of the stream.
  std::string read(std::size_t count) {
    std::string bytes(count, '\0');
    std::size_t have = 0;
    while (have < count) {
      const ssize_t got = ::recv(fd_, bytes.data() + have, count - have, 0);
      if (got <= 0) break;
      have += static_cast<std::size_t>(got);
    }
    bytes.resize(have);
    return bytes;
  }
  // Reads and forgets until the client hangs up.
  void drain() {
    char bytes[16 * 1024];
    while (::recv(fd_, bytes, sizeof bytes, 0) > 0) {}
  }
  void send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void answer(int status, std::string_view body = {}, std::string_view headers = {}) {
    std::string text = "HTTP/1.1 " + std::to_string(status) + " Said\r\n";
    text.append(headers);
    text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    text.append(body);
    send(text);
  }
  void close() {
    const int fd = fd_.exchange(-1);
    if (fd >= 0) ::close(fd);
  }
  // Closes with RST.
  void reset() {
    const linger hard{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close();
  }
  void interrupt() { ::shutdown(fd_, SHUT_RDWR); }

 private:
  std::atomic<int> fd_;
  const int index_;
};

class RawServer {
 public:
  using Script = std::function<void(RawConnection&)>;

  explicit RawServer(Script script) : script_(std::move(script)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(listener_, 64);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = Worker("raw-server", [this](std::stop_token stop) { accept_all(stop); });
  }
  ~RawServer() {
    acceptor_.request_stop();
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    for (auto& connection : connections_) connection->interrupt();
    workers_.clear();
    ::close(listener_);
  }

  std::uint16_t port() const { return port_; }
  std::string url(std::string_view target = "") const {
    return "http://127.0.0.1:" + std::to_string(port_) + std::string(target);
  }
  int connection_count() const { return connection_count_; }

 private:
  void accept_all(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      auto* connection = connections_.emplace_back(std::make_unique<RawConnection>(fd, connection_count_++)).get();
      workers_.emplace_back("raw-connection", [this, connection](std::stop_token) {
        script_(*connection);
        connection->close();
      });
    }
  }

  const Script script_;
  const int listener_;
  std::uint16_t port_ = 0;
  std::atomic<int> connection_count_{0};
  std::vector<std::unique_ptr<RawConnection>> connections_;  // Of the acceptor until it is joined.
  std::vector<Worker> workers_;
  Worker acceptor_;
};

}  // namespace rankwire::testing
