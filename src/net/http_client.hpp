// A blocking HTTP/1.1 client with a pool of connections. Thread-safe: each caller has its own
// connection while it waits. Plain or TLS; proxy by CONNECT or absolute form.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "net/network.hpp"
#include "net/tls.hpp"

namespace rankwire::net {

struct Url {
  std::string scheme;  // "http" or "https".
  Endpoint endpoint;
  std::string target;  // Path and query, at least "/".
  static Result<Url> parse(std::string_view text);
};

// For the query of a URL, or a form: all but letters, digits and "-_.~" as %XX, a space as "+".
std::string query_escaped(std::string_view text);

using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method = "POST";
  std::string target;                      // Path and query.
  Headers headers;                         // Host, Content-Length and User-Agent are added if absent.
  std::span<const std::string_view> body;  // Pieces, sent in order without being joined.
};

struct HttpResponse {
  int status = 0;
  Headers headers;   // Names in lower case.
  std::string body;  // At most HttpClientOptions::response_bytes_max.
  std::string_view header(std::string_view lower_case_name) const;
};

struct HttpClientOptions {
  Url base;
  std::shared_ptr<TlsClientContext> tls;  // Required when base.scheme is https.
  std::string proxy_url;                  // Empty: from HTTP_PROXY/HTTPS_PROXY/NO_PROXY.
  std::size_t idle_connections_max = 100;
  Duration idle_timeout = std::chrono::seconds(90);
  std::uint64_t response_bytes_max = 1 << 20;
  std::string user_agent = "rankwire";
  bool ignores_proxy_variables = false;  // HTTP_PROXY and the like say nothing about this destination.
};

// Gets what comes of a body, in order and in pieces of any size. An error ends the exchange.
using BodySink = std::function<Result<void>(std::string_view piece)>;

class HttpClient {
 public:
  HttpClient(HttpClientOptions options, Network& network, Clock& clock);
  ~HttpClient();
  // An answer of any status is a success here; `retry_after_of` reads its Retry-After. A reused
  // connection that turns out dead before a byte of the answer came is replaced once.
  Result<HttpResponse> send(const HttpRequest& request, Deadline deadline, std::stop_token stop);
  // For answers that go on for as long as the other side has something to tell. The body of a successful one goes to
  // `sink` and is not kept; that of any other status is part of the response, as in `send`. `silence_max` is the
  // longest wait for the next byte. Success: the answer is complete. On a connection of its own.
  Result<HttpResponse> stream(const HttpRequest& request, const BodySink& sink, Duration silence_max,
                              std::stop_token stop);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Retry-After in seconds or as a date; nullopt if absent or unreadable.
std::optional<std::chrono::milliseconds> retry_after_of(const HttpResponse& response, const Clock& clock);

}  // namespace rankwire::net
