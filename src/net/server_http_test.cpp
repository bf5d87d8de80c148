// HTTP/1.1 over real sockets: what a client sees, and what the handler never gets to see.
#include <doctest/doctest.h>

#include "base/worker.hpp"
#include "net/server.hpp"
#include "net/server_test_handler.hpp"
#include "testing/raw_client.hpp"

namespace rankwire::net {
namespace {

using rankwire::testing::RawClient;
using testing_support::RecordingHandler;

struct Fixture {
  explicit Fixture(ServerOptions options = {}) {
    options.listen = {"127.0.0.1", 0};
    server = std::move(Server::start(std::move(options), handler, clock).value());
  }
  std::string answer(const std::string& request) {
    RawClient client(server->port());
    client.send(request);
    return client.response();
  }
  SystemClock clock;
  RecordingHandler handler;
  std::unique_ptr<Server> server;
};

std::string post(const std::string& path, const std::string& body, const std::string& headers = "") {
  return "POST " + path + " HTTP/1.1\r\nHost: a\r\n" + headers + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}
bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }
int status(const std::string& response) { return response.size() < 12 ? 0 : std::stoi(response.substr(9, 3)); }

TEST_CASE("a request is answered and the connection is used again") {
  Fixture fixture;
  RawClient client(fixture.server->port());
  for (const std::string& body : {std::string("hello"), std::string(), std::string(3'000'000, 'b')}) {
    client.send(post("/v1/logs?a=b", body, "X-Tenant: One\r\nContent-Encoding: GZIP\r\n"));
    const std::string response = client.response();
    CHECK(status(response) == 200);
    CHECK(response.ends_with("\r\n\r\n" + std::to_string(body.size()) + "c:" + body.substr(0, 20)));
  }
  const RequestHead head = fixture.handler.last_head();
  CHECK(head.method == "POST");
  CHECK(head.path == "/v1/logs");
  CHECK(head.query == "a=b");
  CHECK(head.header("x-tenant") == "One");
  CHECK(head.encoding == Encoding::gzip);
  CHECK(head.body_size == Bytes{3'000'000});
  CHECK(head.peer.starts_with("127.0.0.1:"));
  CHECK(fixture.handler.destroyed == 3);
}

TEST_CASE("requests sent in one go are answered in order") {
  Fixture fixture;
  RawClient client(fixture.server->port());
  client.send(post("/a", "1") + post("/b", "22") + post("/c", "") + post("/d", "4444"));
  for (const char* expected : {"1:1", "2:22", "0:", "4:4444"}) CHECK(client.response().ends_with(expected));
}

TEST_CASE("a client that pipelines without reading does not make us hold all answers") {
  Fixture fixture;
  RawClient client(fixture.server->port());
  std::string requests;
  for (int i = 0; i < 200; ++i) requests += post("/large", "x");
  REQUIRE(client.send(requests));
  for (int i = 0; i < 200; ++i) REQUIRE(client.response().size() > 100'000);
}

TEST_CASE("a request that arrives byte by byte is the same request") {
  Fixture fixture;
  RawClient client(fixture.server->port());
  for (const char c : post("/slow", "body", "Accept: x\r\n")) client.send({&c, 1});
  CHECK(client.response().ends_with("4:body"));
  CHECK(fixture.handler.last_head().header("accept") == "x");
}

TEST_CASE("chunked bodies are joined, with the handler asked as they grow") {
  Fixture fixture;
  RawClient client(fixture.server->port());
  const std::string request =
      "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nTrailer: ignored\r\n\r\n";
  client.send(request + request);
  CHECK(client.response().ends_with("11:hello world"));
  CHECK(client.response().ends_with("11:hello world"));
  CHECK(fixture.handler.largest_asked == 11);
  CHECK_FALSE(fixture.handler.last_head().body_size.has_value());
  CHECK(fixture.handler.last_head().header("trailer").empty());
}

TEST_CASE("a chunked body is ended when the handler allows no more, or at the limit") {
  ServerOptions options;
  options.body_bytes_max = Bytes{1000};
  Fixture fixture(options);
  const std::string head = "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string too_large = fixture.answer(head + "3e8\r\n" + std::string(1000, 'x') + "\r\n1\r\nx\r\n");
  CHECK(status(too_large) == 413);
  CHECK(has(too_large, "Connection: close"));
  fixture.handler.growth_max = 100;
  const std::string refused = fixture.answer(head + "c8\r\n" + std::string(200, 'x') + "\r\n");
  CHECK(status(refused) == 429);
  CHECK(has(refused, "Retry-After: 7\r\n"));
  CHECK(fixture.handler.finished == 0);
  CHECK(fixture.handler.largest_asked <= 1000);
}

TEST_CASE("a refused request is answered before its body is sent, and the body is not taken") {
  Fixture fixture;
  RawClient client(fixture.server->port());
  client.send("POST /full HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 20000000\r\n\r\n");
  const std::string response = client.response();
  CHECK(status(response) == 429);
  CHECK(has(response, "Retry-After: 2\r\n"));
  CHECK(has(response, "Connection: close\r\n"));
  CHECK(response.ends_with("{\"code\":8,\"message\":\"queue is full\"}"));
  CHECK(fixture.handler.finished == 0);
  // The server reads on for a moment, so that the answer is not lost to a reset, but not for ever.
  const std::string body(100'000'000, 'x');
  CHECK_FALSE(client.send(body));
}

TEST_CASE("after refusing a small request the connection lives on") {
  Fixture fixture;
  RawClient client(fixture.server->port());
  client.send(post("/full", std::string(3000, 'x')) + post("/a", "next"));
  CHECK(status(client.response()) == 429);
  CHECK(client.response().ends_with("4:next"));
}

TEST_CASE("a declared size above the limit is 413 without asking the handler") {
  ServerOptions options;
  options.body_bytes_max = Bytes{1000};
  Fixture fixture(options);
  CHECK(status(fixture.answer("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n")) == 413);
  CHECK(status(fixture.answer("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999\r\n\r\n")) == 413);
  CHECK(fixture.handler.opened == 0);
  CHECK(status(fixture.answer(post("/a", std::string(1000, 'x')))) == 200);
}

TEST_CASE("Expect: 100-continue is answered once the handler agrees, and not when it refuses") {
  Fixture fixture;
  const std::string rest = " HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
  RawClient agreed(fixture.server->port());
  agreed.send("POST /a" + rest);
  CHECK(agreed.response(false) == "HTTP/1.1 100 Continue\r\n\r\n");
  agreed.send("body");
  CHECK(agreed.response().ends_with("4:body"));
  CHECK(status(fixture.answer("POST /full" + rest)) == 429);
}

TEST_CASE("errors become statuses, in the format of the request") {
  Fixture fixture;
  CHECK(status(fixture.answer(post("/down", ""))) == 503);
  CHECK(fixture.answer(post("/denied", "")).ends_with("{\"code\":7,\"message\":\"not for \\\"you\\\"\"}"));
  CHECK(status(fixture.answer(post("/invalid", "x"))) == 400);
  const std::string binary = fixture.answer(post("/invalid", "x", "Content-Type: application/x-protobuf\r\n"));
  CHECK(has(binary, "Content-Type: application/x-protobuf\r\n"));
  CHECK(
      binary.ends_with("\r\n\r\n\x08\x03\x12\x09"
                       "bad bytes"));
  const std::string special = fixture.answer(post("/nothing", ""));
  CHECK(status(special) == 404);
  CHECK(has(special, "Content-Type: text/plain\r\n"));
}

TEST_CASE("requests that could be understood in two ways are refused and the connection closed") {
  Fixture fixture;
  for (const std::string& request : {
           std::string("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc"),
           std::string("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc"),
           std::string("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"),
           std::string("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
           std::string("POST /a HTTP/1.1\r\nHost : a\r\n\r\n"),
           std::string("\x16\x03\x01 a TLS hello on a plain port\r\n\r\n"),
           std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
       }) {
    CAPTURE(request);
    RawClient client(fixture.server->port());
    client.send(request);
    const std::string response = client.response();
    CHECK(status(response) == 400);
    CHECK(has(response, "Connection: close"));
    client.finish_sending();
    CHECK(client.is_closed_by_server());
  }
  const std::string coded = fixture.answer("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n");
  CHECK(status(coded) == 501);
  CHECK(status(fixture.answer(post("/a", "x", "Content-Encoding: br\r\n"))) == 400);
  CHECK(fixture.handler.finished == 0);
}

TEST_CASE("headers larger than the limit are 431") {
  ServerOptions options;
  options.header_bytes_max = Bytes{2000};
  Fixture fixture(options);
  CHECK(status(fixture.answer(post("/a", "x", "X: " + std::string(1500, 'x') + "\r\n"))) == 200);
  CHECK(status(fixture.answer(post("/a", "x", "X: " + std::string(2500, 'x') + "\r\n"))) == 431);
  CHECK(status(fixture.answer("GET /" + std::string(200'000, 'x'))) == 431);
}

TEST_CASE("Connection: close and HTTP/1.0 close after the answer") {
  Fixture fixture;
  for (const std::string& request :
       {post("/a", "x", "Connection: close\r\n"), std::string("POST /a HTTP/1.0\r\nContent-Length: 1\r\n\r\nx")}) {
    RawClient client(fixture.server->port());
    client.send(request);
    CHECK(client.rest().ends_with("1:x"));
  }
  RawClient kept(fixture.server->port());
  kept.send("POST /a HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx" + post("/a", "y"));
  CHECK(has(kept.response(), "Connection: keep-alive"));
  CHECK(kept.response().ends_with("1:y"));
}

TEST_CASE("a client that closes its side after the request still gets its answer") {
  Fixture fixture;
  RawClient client(fixture.server->port());
  client.send(post("/large", "x"));
  client.finish_sending();
  CHECK(client.rest().size() > 100'000);
}

TEST_CASE("slow senders get 408 and idle connections are closed") {
  ServerOptions options;
  options.read_timeout = std::chrono::milliseconds(60);
  options.idle_timeout = std::chrono::milliseconds(60);
  Fixture fixture(options);
  for (const std::string& part : {std::string("POST /a HT"), post("/a", "xxxx").substr(0, 50),
                                  std::string("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab")}) {
    RawClient client(fixture.server->port());
    client.send(part);
    CHECK(status(client.rest()) == 408);
  }
  RawClient silent(fixture.server->port()), idle(fixture.server->port());
  idle.send(post("/a", "x"));
  CHECK(idle.response().ends_with("1:x"));
  CHECK(idle.is_closed_by_server());
  CHECK(silent.is_closed_by_server());
  CHECK(fixture.handler.destroyed == fixture.handler.opened);
}

TEST_CASE("a client that goes away in the middle frees its exchange") {
  Fixture fixture;
  {
    RawClient client(fixture.server->port());
    client.send("POST /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 50\r\n\r\n");
    client.response(false);
    client.send("some");
  }
  fixture.server->stop({});
  CHECK(fixture.handler.opened == 1);
  CHECK(fixture.handler.destroyed == 1);
  CHECK(fixture.handler.finished == 0);
}

TEST_CASE("connections beyond the limit are closed at once") {
  ServerOptions options;
  options.connections_max = 1;
  Fixture fixture(options);
  RawClient first(fixture.server->port());
  first.send(post("/a", "x"));
  CHECK(first.response().ends_with("1:x"));
  RawClient second(fixture.server->port());
  CHECK(second.is_closed_by_server());
  first.send(post("/a", "x"));
  CHECK(first.response().ends_with("1:x"));
}

TEST_CASE("stopping finishes requests in flight, closes idle connections and refuses new ones") {
  Fixture fixture;
  RawClient idle(fixture.server->port()), busy(fixture.server->port());
  idle.send(post("/a", "x"));
  idle.response();
  busy.send("POST /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  busy.response(false);
  Worker stopper("stopper", [&](const std::stop_token&) {
    fixture.server->stop(Deadline::after(fixture.clock, std::chrono::seconds(5)));
  });
  CHECK(idle.is_closed_by_server());
  busy.send("body");
  const std::string response = busy.rest();
  CHECK(response.ends_with("4:body"));
  CHECK(has(response, "Connection: close"));
  stopper.join();
  CHECK_FALSE(RawClient(fixture.server->port()).is_connected());
}

TEST_CASE("stopping does not wait for a request beyond the deadline") {
  Fixture fixture;
  RawClient client(fixture.server->port());
  client.send("POST /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  client.response(false);
  fixture.server->stop(Deadline::after(fixture.clock, std::chrono::milliseconds(30)));
  CHECK(client.is_closed_by_server());
  CHECK(fixture.handler.destroyed == 1);
}

TEST_CASE("browsers from allowed origins may call, others get no permission") {
  ServerOptions options;
  options.cors = CorsOptions{.allowed_origins = {"https://*.bank.example"},
                             .allowed_headers = {"X-Key"},
                             .exposed_headers = {},
                             .max_age_seconds = 600};
  Fixture fixture(options);
  const auto preflight = [&](const std::string& origin, const std::string& headers) {
    return fixture.answer("OPTIONS /v1/logs HTTP/1.1\r\nHost: a\r\nOrigin: " + origin +
                          "\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: " + headers +
                          "\r\n\r\n");
  };
  const std::string allowed = preflight("https://ui.bank.example", "x-key");
  CHECK(status(allowed) == 204);
  CHECK(has(allowed, "Access-Control-Allow-Origin: https://ui.bank.example\r\n"));
  CHECK(has(allowed, "Access-Control-Max-Age: 600\r\n"));
  CHECK_FALSE(has(preflight("https://evil.example", "x-key"), "Allow-Origin"));
  CHECK_FALSE(has(preflight("https://ui.bank.example", "x-other"), "Allow-Origin"));
  CHECK(has(fixture.answer(post("/a", "", "Origin: https://ui.bank.example\r\n")), "Access-Control-Allow-Origin"));
  CHECK(fixture.handler.opened == 1);
}

TEST_CASE("a port in use is an error that names the address") {
  Fixture fixture;
  ServerOptions options;
  options.listen = {"127.0.0.1", fixture.server->port()};
  const auto second = Server::start(options, fixture.handler, fixture.clock);
  REQUIRE_FALSE(second.has_value());
  CHECK(has(second.error().message(), "127.0.0.1:" + std::to_string(fixture.server->port())));
}

}  // namespace
}  // namespace rankwire::net
