// Plain and TLS sockets as non-blocking byte streams. A short read from a plain socket means that it
// is empty, which saves the system call that would say so.
#include "net/server_transport.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace rankwire::net {

namespace {

class SocketTransport final : public Transport {
 public:
  explicit SocketTransport(int descriptor) : descriptor_(descriptor) {}
  ~SocketTransport() override { ::close(descriptor_); }

  IoResult read(char* into, std::size_t size) override {
    const ssize_t count = ::recv(descriptor_, into, size, 0);
    if (count > 0)
      return {static_cast<std::size_t>(count),
              static_cast<std::size_t>(count) < size ? IoState::blocked : IoState::ready};
    return {0, count < 0 && is_temporary() ? IoState::blocked : IoState::closed};
  }

  IoResult write(std::string_view bytes) override {
    const ssize_t count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0) return {0, is_temporary() ? IoState::blocked : IoState::closed};
    return {static_cast<std::size_t>(count),
            static_cast<std::size_t>(count) < bytes.size() ? IoState::blocked : IoState::ready};
  }

  void finish_sending() override { ::shutdown(descriptor_, SHUT_WR); }

 private:
  static bool is_temporary() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

  const int descriptor_;
};

class TlsTransport final : public Transport {
 public:
  TlsTransport(int descriptor, SslPointer ssl) : descriptor_(descriptor), ssl_(std::move(ssl)) {
    SSL_set_fd(ssl_.get(), descriptor);
  }
  ~TlsTransport() override {
    if (!is_broken_) SSL_shutdown(ssl_.get());
    ERR_clear_error();
    ::close(descriptor_);
  }

  IoResult read(char* into, std::size_t size) override {
    if (is_broken_) return {0, IoState::closed};
    ERR_clear_error();
    std::size_t count = 0;
    const int result = SSL_read_ex(ssl_.get(), into, size, &count);
    return settle(result, count);
  }

  IoResult write(std::string_view bytes) override {
    if (is_broken_) return {0, IoState::closed};
    std::size_t total = 0;
    while (total < bytes.size()) {
      ERR_clear_error();
      std::size_t count = 0;
      const int result = SSL_write_ex(ssl_.get(), bytes.data() + total, bytes.size() - total, &count);
      total += count;
      const IoResult step = settle(result, total);
      if (step.state != IoState::ready) return step;
    }
    return {total, IoState::ready};
  }

  void finish_sending() override {
    if (!is_broken_) SSL_shutdown(ssl_.get());
    ERR_clear_error();
    ::shutdown(descriptor_, SHUT_WR);
  }
  bool has_buffered() const override { return SSL_pending(ssl_.get()) > 0; }
  bool needs_write() const override { return needs_write_; }

 private:
  IoResult settle(int result, std::size_t count) {
    needs_write_ = false;
    if (result == 1) return {count, IoState::ready};
    switch (SSL_get_error(ssl_.get(), result)) {
      case SSL_ERROR_WANT_READ: return {count, IoState::blocked};
      case SSL_ERROR_WANT_WRITE: needs_write_ = true; return {count, IoState::blocked};
      case SSL_ERROR_ZERO_RETURN: return {count, IoState::closed};
      default: is_broken_ = true; return {count, IoState::closed};
    }
  }

  const int descriptor_;
  const SslPointer ssl_;
  bool needs_write_ = false;
  bool is_broken_ = false;
};

}  // namespace

std::unique_ptr<Transport> make_socket_transport(int descriptor) {
  return std::make_unique<SocketTransport>(descriptor);
}

std::unique_ptr<Transport> make_tls_transport(int descriptor, SslPointer ssl) {
  return std::make_unique<TlsTransport>(descriptor, std::move(ssl));
}

}  // namespace rankwire::net
