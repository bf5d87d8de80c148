// Bytes from memory in place of a socket, cut into pieces whose sizes the input chooses; what the
// server sends is thrown away, sometimes only after it had to wait.
#pragma once

#include <algorithm>
#include <string_view>

#include "net/server_session.hpp"

namespace rankwire::net {

class FuzzTransport final : public Transport {
 public:
  explicit FuzzTransport(std::string_view input) : input_(input) {}

  IoResult read(char* into, std::size_t size) override {
    if (input_.empty()) return {0, IoState::closed};
    const std::size_t wanted = 1 + (turn_++ % 3 == 0 ? static_cast<unsigned char>(input_.back()) : 4096u);
    const std::size_t count = std::min({size, wanted, input_.size()});
    std::copy_n(input_.data(), count, into);
    input_.remove_prefix(count);
    return {count, count == size ? IoState::ready : IoState::blocked};
  }
  IoResult write(std::string_view bytes) override {
    if (++turn_ % 5 == 0) return {bytes.size() / 2, IoState::blocked};
    return {bytes.size(), IoState::ready};
  }
  void finish_sending() override {}

 private:
  std::string_view input_;
  unsigned turn_ = 0;
};

// Accepts everything, within a small limit that it checks itself.
class FuzzHandler final : public ServerHandler {
 public:
  static constexpr std::size_t body_max = 4096;

  Result<std::unique_ptr<Exchange>> open(const RequestHead& head) override {
    if (head.path == "/full") return Error(ErrorKind::refused, "full", std::chrono::seconds(1));
    return std::make_unique<Taker>();
  }

 private:
  class Taker final : public Exchange {
    Result<ServerResponse> finish(Buffer body, bool) override {
      if (body.size() > body_max) std::abort();
      ServerResponse response;
      response.body.assign(body.view());
      return response;
    }
  };
};

inline ServerOptions fuzz_options() {
  ServerOptions options;
  options.body_bytes_max = Bytes{FuzzHandler::body_max};
  options.header_bytes_max = Bytes{2048};
  options.cors = CorsOptions{.allowed_origins = {"https://*.a"}, .allowed_headers = {"x"}, .exposed_headers = {}};
  return options;
}

// Lets a session live through its input, its timers and its drain.
inline void run_session(Session& session) {
  Instant now{std::chrono::seconds(1)};
  for (int i = 0; i < 100'000 && !session.is_closed(); ++i) {
    if (!session.wants_read() && !session.wants_write()) std::abort();  // Nothing would ever wake it.
    if (session.wants_write()) session.on_writable(now);
    if (!session.is_closed() && session.wants_read()) session.on_readable(now);
    if (i == 50) session.drain(now);
    now += std::chrono::milliseconds(100);
    if (!session.is_closed() && session.deadline() <= now) session.on_timer(now);
  }
  if (!session.is_closed()) std::abort();
}

}  // namespace rankwire::net
