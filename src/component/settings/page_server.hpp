// A few pages about the agent itself, for a person's browser: GET only, small requests, everything in memory.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "component/component.hpp"
#include "component/settings/server_settings.hpp"

namespace rankwire {

struct Page {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  net::Headers headers;
};

class PageServer final : private net::ServerHandler {
 public:
  // Nothing: 404. On the server's thread; quick.
  using Answer = std::function<std::optional<Page>(const net::RequestHead& head)>;

  explicit PageServer(Answer answer) : answer_(std::move(answer)) {}

  // `options` may have a gate. Logs where it listens, with `message`, a constant.
  Result<void> start(net::ServerOptions options, const std::optional<TlsServerConfig>& tls, Environment& environment,
                     std::string_view message);
  void stop(Deadline deadline);

 private:
  class Request;

  std::optional<net::ServerResponse> special_answer(const net::RequestHead& head) override;
  Result<std::unique_ptr<net::Exchange>> open(const net::RequestHead& head) override;

  const Answer answer_;
  std::unique_ptr<net::Server> server_;
};

// Text that is no markup.
std::string html_escaped(std::string_view text);

}  // namespace rankwire
