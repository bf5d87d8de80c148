// A pool of connections, newest used first, and one exchange at a time on each.
#include "net/http_client.hpp"

#include <strings.h>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <mutex>

#include "net/http_response_parser.hpp"
#include "net/proxy.hpp"

namespace rankwire::net {

namespace {

// Scratch memory lives with its connection, so that a request allocates next to nothing.
struct Connection {
  std::unique_ptr<Stream> stream;
  Instant idle_since{};
  bool was_used = false;
  std::string head;
  std::vector<std::string_view> pieces;
  char input[8 * 1024];
};
using ConnectionPointer = std::unique_ptr<Connection>;

bool is_same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

bool has(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers)
    if (is_same_name(key, name)) return true;
  return false;
}

bool is_token(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) <= ' ' || c == ':' || c == 0x7f) return false;
  return !text.empty();
}

bool is_one_line(std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) == text.npos; }

Result<void> check(const HttpRequest& request) {
  if (!is_token(request.method)) return Error(ErrorKind::invalid, "the request's method is not valid");
  if (request.target.find_first_of(std::string_view(" \r\n\0", 4)) != std::string::npos)
    return Error(ErrorKind::invalid, "the request's target contains a space or line break");
  for (const auto& [name, value] : request.headers)
    if (!is_token(name) || !is_one_line(value))
      return Error(ErrorKind::invalid, "header " + name + " contains a character that HTTP does not allow");
  return {};
}

std::string host_header(const Url& url) {
  const bool is_default = url.endpoint.port == (url.scheme == "https" ? 443 : 80);
  std::string text = url.endpoint.text();
  if (is_default) text.resize(text.rfind(':'));
  return text;
}

void append_header(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ").append(value).append("\r\n");
}

// Reads until the answer is there.
Result<void> receive(Connection& connection, HttpResponseParser& parser, Deadline deadline,
                     const std::stop_token& stop) {
  while (!parser.is_complete()) {
    auto got = connection.stream->read(connection.input, sizeof connection.input, deadline, stop);
    if (!got) return std::move(got).error();
    if (*got == 0) return parser.end();
    RANKWIRE_TRY(parser.feed({connection.input, *got}));
  }
  return {};
}

// Sends the pieces and reads the answer; whether all was sent. A server may refuse before it has read
// everything: then its answer counts and the rest is not sent.
Result<bool> converse(Connection& connection, HttpResponseParser& parser, Deadline deadline,
                      const std::stop_token& stop) {
  std::size_t total = 0, sent = 0;
  for (const auto piece : connection.pieces) total += piece.size();
  while (sent < total && !(parser.has_head() && parser.response().status >= 300)) {
    auto reached = connection.stream->write_unless_answered(connection.pieces, sent, deadline, stop);
    if (!reached) {
      if (reached.error().kind() == ErrorKind::cancelled) return std::move(reached).error();
      // The answer that explains the broken connection may already be here.
      if (!receive(connection, parser, deadline, stop) || parser.response().status < 300)
        return std::move(reached).error();
      return false;
    }
    sent = *reached;
    if (sent == total) break;
    auto got = connection.stream->read(connection.input, sizeof connection.input, deadline, stop);
    if (!got) return std::move(got).error();
    if (*got == 0) {
      RANKWIRE_TRY(parser.end());
      break;
    }
    RANKWIRE_TRY(parser.feed({connection.input, *got}));
  }
  RANKWIRE_TRY(receive(connection, parser, deadline, stop));
  if (sent < total && parser.response().status < 300)
    return Error(ErrorKind::unavailable, "the server answered before it had read the request");
  return sent == total;
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::string no_variable(const char*) { return {}; }

}  // namespace

struct HttpClient::State {
  State(HttpClientOptions given, Network& with_network, Clock& with_clock)
      : options(std::move(given)),
        network(with_network),
        clock(with_clock),
        host(host_header(options.base)),
        proxy(proxy_for(options.base, options.proxy_url, options.ignores_proxy_variables ? no_variable : variable)) {}

  const HttpClientOptions options;
  Network& network;
  Clock& clock;
  const std::string host;
  const Result<std::optional<Proxy>> proxy;
  std::mutex mutex;
  std::vector<ConnectionPointer> idle;  // Guarded by mutex; the longest idle first.

  bool is_https() const { return options.base.scheme == "https"; }

  ConnectionPointer take_idle() {
    const Instant oldest = clock.now() - options.idle_timeout;
    for (;;) {
      ConnectionPointer taken;
      {
        const std::lock_guard lock(mutex);
        if (idle.empty()) return nullptr;
        taken = std::move(idle.back());
        idle.pop_back();
      }
      if (taken->idle_since >= oldest && !taken->stream->is_stale()) return taken;
    }
  }

  void give_back(ConnectionPointer connection) {
    const Instant now = clock.now();
    connection->idle_since = now;
    connection->was_used = true;
    std::vector<ConnectionPointer> closed;  // Destroyed after the lock is released.
    const std::lock_guard lock(mutex);
    idle.push_back(std::move(connection));
    while (!idle.empty() &&
           (idle.size() > options.idle_connections_max || now - idle.front()->idle_since > options.idle_timeout)) {
      closed.push_back(std::move(idle.front()));
      idle.erase(idle.begin());
    }
  }

  Result<void> open_tunnel(Connection& connection, Deadline deadline, const std::stop_token& stop) {
    const std::string to = options.base.endpoint.text();
    connection.head = "CONNECT " + to + " HTTP/1.1\r\nHost: " + to + "\r\n";
    if (!(*proxy)->authorization.empty())
      append_header(connection.head, "Proxy-Authorization", (*proxy)->authorization);
    connection.head += "\r\n";
    connection.pieces.assign(1, connection.head);
    HttpResponseParser parser(ResponseTo::connect, options.response_bytes_max);
    RANKWIRE_TRY(converse(connection, parser, deadline, stop));
    const int status = parser.response().status;
    if (status / 100 != 2)
      return Error(ErrorKind::unavailable, "the proxy answered CONNECT with status " + std::to_string(status));
    auto secured =
        network.secure(std::move(connection.stream), *options.tls, options.base.endpoint.host, deadline, stop);
    if (!secured) return std::move(secured).error();
    connection.stream = std::move(*secured);
    return {};
  }

  Result<ConnectionPointer> open(Deadline deadline, const std::stop_token& stop) {
    if (!proxy) return proxy.error();
    if (is_https() && options.tls == nullptr) return Error(ErrorKind::invalid, "an https URL needs TLS settings");
    const bool is_proxied = proxy->has_value();
    auto connection = std::make_unique<Connection>();
    auto stream = network.connect(is_proxied ? (*proxy)->endpoint : options.base.endpoint,
                                  is_https() && !is_proxied ? options.tls.get() : nullptr, options.base.endpoint.host,
                                  deadline, stop);
    if (!stream) return std::move(stream).error().during(is_proxied ? "connecting to the proxy" : "connecting");
    connection->stream = std::move(*stream);
    if (is_https() && is_proxied) {
      if (auto opened = open_tunnel(*connection, deadline, stop); !opened)
        return std::move(opened).error().during("opening a tunnel through the proxy");
    }
    return connection;
  }

  void write_head(const HttpRequest& request, Connection& connection) const {
    std::string& head = connection.head;
    const bool is_absolute = proxy->has_value() && !is_https();
    head.clear();
    head.append(request.method).append(" ");
    if (is_absolute) head.append("http://").append(host);
    head.append(request.target.empty() ? "/" : request.target).append(" HTTP/1.1\r\n");
    if (!has(request.headers, "host")) append_header(head, "Host", host);
    if (!has(request.headers, "user-agent")) append_header(head, "User-Agent", options.user_agent);
    if (is_absolute && !(*proxy)->authorization.empty())
      append_header(head, "Proxy-Authorization", (*proxy)->authorization);
    std::size_t size = 0;
    for (const auto piece : request.body) size += piece.size();
    const bool has_body = size != 0 || request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
    if (has_body && !has(request.headers, "content-length"))
      append_header(head, "Content-Length", std::to_string(size));
    for (const auto& [name, value] : request.headers) append_header(head, name, value);
    head += "\r\n";
    connection.pieces.assign(1, head);
    connection.pieces.insert(connection.pieces.end(), request.body.begin(), request.body.end());
  }
};

HttpClient::HttpClient(HttpClientOptions options, Network& network, Clock& clock)
    : state_(std::make_unique<State>(std::move(options), network, clock)) {}

HttpClient::~HttpClient() = default;

Result<HttpResponse> HttpClient::send(const HttpRequest& request, Deadline deadline, std::stop_token stop) {
  RANKWIRE_TRY(check(request));
  ConnectionPointer connection = state_->take_idle();
  for (;;) {
    if (!connection) {
      auto opened = state_->open(deadline, stop);
      if (!opened) return std::move(opened).error();
      connection = std::move(*opened);
    }
    state_->write_head(request, *connection);
    HttpResponseParser parser(request.method == "HEAD" ? ResponseTo::head : ResponseTo::other,
                              state_->options.response_bytes_max);
    auto sent_all = converse(*connection, parser, deadline, stop);
    if (sent_all) {
      if (*sent_all && parser.is_reusable()) state_->give_back(std::move(connection));
      return std::move(parser.response());
    }
    // The server closed the idle connection as we began to use it: nothing is wrong yet. The body is
    // in memory, so it can be sent again.
    const bool was_stale =
        connection->was_used && !parser.has_begun() && !stop.stop_requested() && !deadline.has_passed(state_->clock);
    if (!was_stale) return std::move(sent_all).error();
    connection.reset();
  }
}

Result<HttpResponse> HttpClient::stream(const HttpRequest& request, const BodySink& sink, Duration silence_max,
                                        std::stop_token stop) {
  RANKWIRE_TRY(check(request));
  const Clock& clock = state_->clock;
  const Deadline deadline = Deadline::after(clock, silence_max);
  auto opened = state_->open(deadline, stop);
  if (!opened) return std::move(opened).error();
  Connection& connection = **opened;
  state_->write_head(request, connection);
  RANKWIRE_TRY(connection.stream->write(connection.pieces, deadline, stop));
  HttpResponseParser parser(ResponseTo::other, state_->options.response_bytes_max);
  parser.stream_to(&sink);
  while (!parser.is_complete()) {
    auto got =
        connection.stream->read(connection.input, sizeof connection.input, Deadline::after(clock, silence_max), stop);
    if (!got) return std::move(got).error();
    if (*got == 0) {
      RANKWIRE_TRY(parser.end());
      break;
    }
    RANKWIRE_TRY(parser.feed({connection.input, *got}));
  }
  return std::move(parser.response());
}

std::string_view HttpResponse::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers)
    if (name == lower_case_name) return value;
  return {};
}

namespace {

// "Sun, 06 Nov 1994 08:49:37 GMT", as seconds since 1970. Of the three forms HTTP once had, only this
// one is still sent.
std::optional<std::int64_t> parse_http_date(const std::string& text) {
  static constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  char month[4] = {};
  std::tm parts{};
  if (std::sscanf(text.c_str(), "%*3s, %2d %3s %4d %2d:%2d:%2d GMT", &parts.tm_mday, month, &parts.tm_year,
                  &parts.tm_hour, &parts.tm_min, &parts.tm_sec) != 6)
    return {};
  const auto at = months.find(month);
  if (at == std::string_view::npos || at % 3 != 0) return {};
  parts.tm_mon = static_cast<int>(at / 3);
  parts.tm_year -= 1900;
  return ::timegm(&parts);
}

}  // namespace

std::optional<std::chrono::milliseconds> retry_after_of(const HttpResponse& response, const Clock& clock) {
  constexpr std::int64_t wait_seconds_max = 24 * 3600;
  const std::string value(response.header("retry-after"));
  if (value.empty()) return {};
  std::int64_t seconds = 0;
  if (value.find_first_not_of("0123456789") == std::string::npos) {
    seconds = value.size() > 9 ? wait_seconds_max : std::atoll(value.c_str());
  } else {
    const auto date = parse_http_date(value);
    if (!date) return {};
    seconds = *date - static_cast<std::int64_t>(clock.unix_nanos() / 1'000'000'000);
  }
  return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, wait_seconds_max));
}

}  // namespace rankwire::net
