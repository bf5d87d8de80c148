#include "component/settings/page_server.hpp"

#include "net/network.hpp"

namespace rankwire {

namespace {
constexpr std::uint32_t connections_max = 64;
}

class PageServer::Request final : public net::Exchange {
 public:
  explicit Request(net::ServerResponse response) : response_(std::move(response)) {}
  Result<net::ServerResponse> finish(Buffer, bool) override { return std::move(response_); }

 private:
  net::ServerResponse response_;
};

Result<void> PageServer::start(net::ServerOptions options, const std::optional<TlsServerConfig>& tls,
                               Environment& environment, std::string_view message) {
  options.body_bytes_max = 4_KiB;
  options.connections_max = connections_max;
  options.log = &environment.log;
  if (tls) {
    auto made = net::make_tls_server(tls_server_options(*tls), environment.clock, &environment.log);
    if (!made) return std::move(made).error();
    options.tls = std::move(*made);
  }
  const std::string where = options.unix_path.empty() ? options.listen.text() : options.unix_path;
  auto server = environment.network.serve(std::move(options), *this, environment.clock);
  if (!server) return std::move(server).error().during("listening on " + where);
  server_ = std::move(*server);
  environment.log.info(message, {{"endpoint", where}, {"port", server_->port()}});
  return {};
}

void PageServer::stop(Deadline deadline) {
  if (server_) server_->stop(deadline);
  server_.reset();
}

std::optional<net::ServerResponse> PageServer::special_answer(const net::RequestHead& head) {
  if (head.method == "GET" || head.method == "HEAD") return {};
  return net::ServerResponse{.status = 405, .content_type = "text/plain", .body = "use GET\n"};
}

Result<std::unique_ptr<net::Exchange>> PageServer::open(const net::RequestHead& head) {
  net::ServerResponse response;
  if (std::optional<Page> page = answer_(head)) {
    response.status = page->status;
    response.content_type = std::move(page->content_type);
    response.body = std::move(page->body);
    response.headers = std::move(page->headers);
  } else {
    response.status = 404;
    response.content_type = "text/plain";
    response.body = "there is no such page\n";
  }
  return std::make_unique<Request>(std::move(response));
}

std::string html_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '&': out += "&amp;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

}  // namespace rankwire
