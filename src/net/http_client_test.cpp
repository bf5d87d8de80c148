// The client against servers that misbehave in every way we could think of.
#include "net/http_client.hpp"

#include <doctest/doctest.h>

#include <future>

#include "testing/fake_clock.hpp"
#include "testing/raw_server.hpp"

namespace {

using namespace rankwire;
using namespace rankwire::net;
using testing::RawConnection;
using testing::RawServer;
using namespace std::chrono_literals;

struct Fixture {
  SystemClock clock;
  std::unique_ptr<Network> network = make_system_network(clock);

  HttpClientOptions options_for(const RawServer& server) {
    HttpClientOptions options;
    options.base = *Url::parse(server.url());
    return options;
  }
  Result<HttpResponse> post(HttpClient& client, std::string_view body, Duration wait = 5s, std::stop_token stop = {}) {
    HttpRequest request;
    request.target = "/v1/logs";
    request.headers = {{"Content-Type", "text/plain"}};
    request.body = std::span(&body, 1);
    return client.send(request, Deadline::after(clock, wait), stop);
  }
};

void answer_everything(RawConnection& connection) {
  while (!connection.read_request().empty()) connection.answer(200, "fine");
}

TEST_CASE_FIXTURE(Fixture, "a request carries the head and every piece of the body in order") {
  std::string seen;
  RawServer server([&](RawConnection& c) {
    seen = c.read_request();
    c.answer(200, "fine", "X-Answer: yes\r\n");
  });
  HttpClient client(options_for(server), *network, clock);
  const std::string_view pieces[] = {"one ", "", "two ", "three"};
  HttpRequest request;
  request.target = "/v1/logs?x=1";
  request.headers = {{"X-Tenant", "a"}};
  request.body = pieces;
  const auto response = client.send(request, Deadline::after(clock, 5s), {});
  REQUIRE(response);
  CHECK(response->status == 200);
  CHECK(response->body == "fine");
  CHECK(response->header("x-answer") == "yes");
  CHECK(seen == "POST /v1/logs?x=1 HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
                    "\r\nUser-Agent: rankwire\r\nContent-Length: 13\r\nX-Tenant: a\r\n\r\none two three");
}

TEST_CASE_FIXTURE(Fixture, "requests one after another share a connection") {
  RawServer server(answer_everything);
  HttpClient client(options_for(server), *network, clock);
  for (int i = 0; i < 5; ++i) CHECK(post(client, "x"));
  CHECK(server.connection_count() == 1);
}

TEST_CASE_FIXTURE(Fixture, "without idle connections each request opens its own") {
  RawServer server(answer_everything);
  auto options = options_for(server);
  options.idle_connections_max = 0;
  HttpClient client(options, *network, clock);
  for (int i = 0; i < 3; ++i) CHECK(post(client, "x"));
  CHECK(server.connection_count() == 3);
}

TEST_CASE_FIXTURE(Fixture, "a chunked answer after interim answers is joined and the connection reused") {
  RawServer server([](RawConnection& c) {
    while (!c.read_request().empty())
      c.send(
          "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n"
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  });
  HttpClient client(options_for(server), *network, clock);
  for (int i = 0; i < 2; ++i) {
    const auto response = post(client, "x");
    REQUIRE(response);
    CHECK(response->body == "abcde");
    CHECK(response->header("link").empty());
  }
  CHECK(server.connection_count() == 1);
}

TEST_CASE_FIXTURE(Fixture, "an answer that ends with the connection is complete and not reused") {
  RawServer server([](RawConnection& c) {
    c.read_request();
    c.send("HTTP/1.0 200 OK\r\n\r\nuntil the end");
  });
  HttpClient client(options_for(server), *network, clock);
  for (int i = 0; i < 2; ++i) {
    const auto response = post(client, "x");
    REQUIRE(response);
    CHECK(response->body == "until the end");
  }
  CHECK(server.connection_count() == 2);
}

TEST_CASE_FIXTURE(Fixture, "the body of a streamed answer is told as it comes and may be longer than an answer") {
  std::promise<void> has_first;
  RawServer server([&](RawConnection& c) {
    c.read_request();
    c.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
    has_first.get_future().wait();
    c.send("6\r\nsecond\r\n0\r\n\r\n");
  });
  HttpClientOptions options = options_for(server);
  options.response_bytes_max = 4;
  HttpClient client(options, *network, clock);
  std::string told;
  const auto response = client.stream({.method = "GET", .target = "/", .headers = {}, .body = {}},
                                      [&](std::string_view piece) -> Result<void> {
                                        if (told.empty()) has_first.set_value();
                                        told += piece;
                                        return {};
                                      },
                                      5s, {});
  REQUIRE(response);
  CHECK(told == "firstsecond");
  CHECK(response->body.empty());
}

TEST_CASE_FIXTURE(Fixture,
                  "a streamed answer ends with an error of who reads it, a refusal is kept, silence is bounded") {
  RawServer server([&](RawConnection& c) {
    c.read_request();
    if (c.index() == 0) c.answer(200, "bytes");
    if (c.index() == 1) c.answer(403, "no right");
    c.drain();
  });
  HttpClient client(options_for(server), *network, clock);
  const HttpRequest request{.method = "GET", .target = "/", .headers = {}, .body = {}};
  const BodySink refuse = [](std::string_view) -> Result<void> { return Error(ErrorKind::corrupt, "mine"); };
  const auto ended = client.stream(request, refuse, 5s, {});
  REQUIRE_FALSE(ended);
  CHECK(ended.error().kind() == ErrorKind::corrupt);
  CHECK(ended.error().message() == "mine");
  const auto refused = client.stream(request, refuse, 5s, {});
  REQUIRE(refused);
  CHECK(refused->status == 403);
  CHECK(refused->body == "no right");
  const auto silent = client.stream(request, refuse, 20ms, {});
  REQUIRE_FALSE(silent);
  CHECK(silent.error().kind() == ErrorKind::unavailable);
}

TEST_CASE_FIXTURE(Fixture, "an idle connection that the server closed is replaced without the caller noticing") {
  // Closed only when the second request arrives, so that no check beforehand can tell.
  RawServer server([](RawConnection& c) {
    c.read_request();
    c.answer(200);
    if (c.index() == 0)
      c.read_request();
    else
      answer_everything(c);
  });
  HttpClient client(options_for(server), *network, clock);
  CHECK(post(client, "first"));
  CHECK(post(client, "second"));
  CHECK(server.connection_count() == 2);
}

TEST_CASE_FIXTURE(Fixture, "a fresh connection that closes without an answer is an error, not repeated") {
  RawServer server([](RawConnection& c) { c.read_request(); });
  HttpClient client(options_for(server), *network, clock);
  const auto response = post(client, "x");
  REQUIRE(!response);
  CHECK(response.error().kind() == ErrorKind::unavailable);
  CHECK(server.connection_count() == 1);
}

TEST_CASE_FIXTURE(Fixture, "once a byte of the answer came on a reused connection the request is not repeated") {
  RawServer server([](RawConnection& c) {
    c.read_request();
    c.answer(200);
    c.read_request();
    c.send("HTTP/1.1 200 OK\r\nContent-Le");
  });
  HttpClient client(options_for(server), *network, clock);
  CHECK(post(client, "first"));
  const auto response = post(client, "second");
  REQUIRE(!response);
  CHECK(response.error().message().find("middle of the answer") != std::string::npos);
  CHECK(server.connection_count() == 1);
}

TEST_CASE_FIXTURE(Fixture, "a connection with bytes after the answer is not reused") {
  RawServer server([](RawConnection& c) {
    while (!c.read_request().empty()) c.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nsurplus");
  });
  HttpClient client(options_for(server), *network, clock);
  CHECK(post(client, "first"));
  const auto second = post(client, "second");
  CHECK(second);
  CHECK(server.connection_count() == 2);
}

TEST_CASE_FIXTURE(Fixture, "a refusal before the body is read is returned and the rest is not sent") {
  RawServer server([](RawConnection& c) {
    c.read_head();
    c.answer(413, "too large");
    c.drain();
  });
  HttpClient client(options_for(server), *network, clock);
  const std::string body(64 << 20, 'x');
  const auto response = post(client, body);
  REQUIRE(response);
  CHECK(response->status == 413);
  CHECK(response->body == "too large");
}

TEST_CASE_FIXTURE(Fixture, "a refusal followed by a reset is still read") {
  RawServer server([](RawConnection& c) {
    c.read_head();
    c.answer(503, "busy", "Retry-After: 7\r\nConnection: close\r\n");
  });
  HttpClient client(options_for(server), *network, clock);
  const std::string body(32 << 20, 'x');
  const auto response = post(client, body);
  REQUIRE(response);
  CHECK(response->status == 503);
  CHECK(retry_after_of(*response, clock) == 7s);
}

TEST_CASE_FIXTURE(Fixture, "an acceptance before the body is read does not count until the rest is sent") {
  const std::string body(8 << 20, 'x');
  std::promise<std::size_t> received;
  RawServer server([&](RawConnection& c) {
    c.read_head();
    c.answer(200);
    received.set_value(c.read(body.size()).size());
  });
  HttpClient client(options_for(server), *network, clock);
  const auto response = post(client, body);
  REQUIRE(response);
  CHECK(response->status == 200);
  CHECK(received.get_future().get() == body.size());
}

TEST_CASE_FIXTURE(Fixture, "a body is resumed after an interim answer") {
  const std::string body(16 << 20, 'x');
  std::size_t received = 0;
  RawServer server([&](RawConnection& c) {
    c.read_head();
    c.send("HTTP/1.1 100 Continue\r\n\r\n");
    received = c.read(body.size()).size();
    c.answer(200);
  });
  HttpClient client(options_for(server), *network, clock);
  REQUIRE(post(client, body));
  CHECK(received == body.size());
}

TEST_CASE_FIXTURE(Fixture, "garbage and torn answers are unavailable") {
  for (const std::string_view answer :
       {"SSH-2.0-OpenSSH\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "HTTP/1.1 99999 Big\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    CAPTURE(answer);
    RawServer server([&](RawConnection& c) {
      c.read_request();
      c.send(answer);
    });
    HttpClient client(options_for(server), *network, clock);
    const auto response = post(client, "x");
    REQUIRE(!response);
    CHECK(response.error().kind() == ErrorKind::unavailable);
  }
}

TEST_CASE_FIXTURE(Fixture, "a reset in the middle of the answer is unavailable") {
  RawServer server([](RawConnection& c) {
    c.read_request();
    c.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    c.reset();
  });
  HttpClient client(options_for(server), *network, clock);
  const auto response = post(client, "x");
  REQUIRE(!response);
  CHECK(response.error().kind() == ErrorKind::unavailable);
}

TEST_CASE_FIXTURE(Fixture, "a refused connection names the destination") {
  HttpClientOptions options;
  {
    RawServer server(answer_everything);
    options = options_for(server);
  }
  HttpClient client(options, *network, clock);
  const auto response = post(client, "x");
  REQUIRE(!response);
  CHECK(response.error().kind() == ErrorKind::unavailable);
  CHECK(response.error().message().find(options.base.endpoint.text()) != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "a successful answer larger than allowed is invalid, a refusal is cut off") {
  RawServer server([](RawConnection& c) {
    const std::string request = c.read_request();
    c.answer(request.find("good") != std::string::npos ? 200 : 500, std::string(1000, 'x'));
  });
  auto options = options_for(server);
  options.response_bytes_max = 100;
  HttpClient client(options, *network, clock);
  const auto good = post(client, "good");
  REQUIRE(!good);
  CHECK(good.error().kind() == ErrorKind::invalid);
  const auto bad = post(client, "bad");
  REQUIRE(bad);
  CHECK(bad->body == std::string(100, 'x'));
}

TEST_CASE_FIXTURE(Fixture, "a silent server ends at the deadline and at the token") {
  RawServer server([](RawConnection& c) {
    c.read_request();
    c.read(1);
  });
  HttpClient client(options_for(server), *network, clock);
  const auto late = post(client, "x", 20ms);
  REQUIRE(!late);
  CHECK(late.error().kind() == ErrorKind::unavailable);
  CHECK(late.error().message().find("timed out") != std::string::npos);

  std::stop_source source;
  Result<HttpResponse> stopped = Error(ErrorKind::invalid, "not run");
  {
    Worker sender("sender", [&](std::stop_token) { stopped = post(client, "x", 1h, source.get_token()); });
    source.request_stop();
  }
  REQUIRE(!stopped);
  CHECK(stopped.error().kind() == ErrorKind::cancelled);
}

TEST_CASE_FIXTURE(Fixture, "a name that cannot be resolved ends at the deadline at the latest") {
  HttpClientOptions options;
  options.base = *Url::parse("http://nowhere.invalid");
  HttpClient client(options, *network, clock);
  const auto response = post(client, "x", 20ms);
  REQUIRE(!response);
  CHECK(response.error().kind() == ErrorKind::unavailable);
  CHECK(response.error().message().find("resolving nowhere.invalid") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "headers that would break the request are refused") {
  RawServer server(answer_everything);
  HttpClient client(options_for(server), *network, clock);
  HttpRequest request;
  request.target = "/";
  request.headers = {{"X-A", "secret\r\nX-B: 1"}};
  const auto response = client.send(request, Deadline::after(clock, 5s), {});
  REQUIRE(!response);
  CHECK(response.error().kind() == ErrorKind::invalid);
  CHECK(response.error().message().find("secret") == std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "a plain request through a proxy names the whole URL and carries the credentials") {
  std::string seen;
  RawServer proxy([&](RawConnection& c) {
    seen = c.read_request();
    c.answer(200);
  });
  HttpClientOptions options;
  options.base = *Url::parse("http://backend.example:9000");
  options.proxy_url = "http://user:p%40ss@127.0.0.1:" + std::to_string(proxy.port());
  HttpClient client(options, *network, clock);
  REQUIRE(post(client, "x"));
  CHECK(seen.starts_with("POST http://backend.example:9000/v1/logs HTTP/1.1\r\nHost: backend.example:9000\r\n"));
  CHECK(seen.find("Proxy-Authorization: Basic dXNlcjpwQHNz\r\n") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "many threads each get their own answer") {
  RawServer server([](RawConnection& c) {
    for (std::string request = c.read_request(); !request.empty(); request = c.read_request())
      c.answer(200, request.substr(request.find("\r\n\r\n") + 4));
  });
  HttpClient client(options_for(server), *network, clock);
  std::atomic<int> right{0};
  {
    std::vector<Worker> senders;
    for (int i = 0; i < 8; ++i)
      senders.emplace_back("sender", [&, i](std::stop_token) {
        for (int j = 0; j < 20; ++j) {
          const std::string body = std::to_string(i * 100 + j);
          const auto response = post(client, body);
          right += response && response->body == body;
        }
      });
  }
  CHECK(right == 160);
  CHECK(server.connection_count() <= 8);
}

TEST_CASE("Retry-After is read in seconds and as a date") {
  testing::FakeClock clock;  // 14 November 2023, 22:13:21.
  HttpResponse response;
  response.headers = {{"retry-after", "120"}};
  CHECK(retry_after_of(response, clock) == 120s);
  response.headers = {{"retry-after", "Tue, 14 Nov 2023 22:14:21 GMT"}};
  CHECK(retry_after_of(response, clock) == 60s);
  response.headers = {{"retry-after", "Tue, 14 Nov 2000 22:14:21 GMT"}};
  CHECK(retry_after_of(response, clock) == 0s);
  response.headers = {{"retry-after", "99999999999999999999"}};
  CHECK(retry_after_of(response, clock) == 24h);
  response.headers = {{"retry-after", "soon"}};
  CHECK(!retry_after_of(response, clock));
  response.headers.clear();
  CHECK(!retry_after_of(response, clock));
}

}  // namespace
