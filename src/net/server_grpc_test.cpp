// gRPC over real sockets, seen frame by frame.
#include <doctest/doctest.h>

#include "net/server.hpp"
#include "net/server_status.hpp"
#include "net/server_test_handler.hpp"
#include "testing/h2_client.hpp"
#include "testing/raw_client.hpp"

namespace rankwire::net {
namespace {

using rankwire::testing::framed;
using rankwire::testing::H2Answer;
using rankwire::testing::H2Client;
using rankwire::testing::RawClient;
using testing_support::RecordingHandler;

struct Fixture {
  explicit Fixture(ServerOptions options = {}) {
    options.protocol = Protocol::grpc;
    options.listen = {"127.0.0.1", 0};
    server = std::move(Server::start(std::move(options), handler, clock).value());
  }
  H2Answer call(const std::string& path, const std::string& data,
                std::vector<std::pair<std::string, std::string>> headers = {}) {
    H2Client client(server->port());
    return client.answer_to(client.start(path, data, true, std::move(headers)));
  }
  SystemClock clock;
  RecordingHandler handler;
  std::unique_ptr<Server> server;
};

TEST_CASE("a call is answered with a message and status 0 in the trailers") {
  Fixture fixture;
  H2Client client(fixture.server->port());
  for (const std::string& message : {std::string("hello"), std::string(), std::string(3'000'000, 'm')}) {
    const H2Answer answer = client.answer_to(client.start("/a.B/C", framed(message), true, {{"x-tenant", "one"}}));
    CHECK(answer.headers.at(":status") == "200");
    CHECK(answer.headers.at("content-type") == "application/grpc");
    CHECK(answer.code() == 0);
    CHECK(answer.body == framed(std::to_string(message.size()) + ":" + message.substr(0, 20)));
  }
  const RequestHead head = fixture.handler.last_head();
  CHECK(head.is_grpc);
  CHECK(head.path == "/a.B/C");
  CHECK(head.header("x-tenant") == "one");
  CHECK(head.body_size == Bytes{3'000'000});
  CHECK(fixture.handler.destroyed == 3);
}

TEST_CASE("calls on one connection run side by side") {
  Fixture fixture;
  H2Client client(fixture.server->port());
  std::vector<std::int32_t> ids;
  for (int i = 0; i < 50; ++i) ids.push_back(client.start("/a", framed(std::string(20'000, 'x'))));
  for (const std::int32_t id : ids) CHECK(client.answer_to(id).code() == 0);
}

TEST_CASE("an empty answer is an empty message, not none") {
  Fixture fixture;
  CHECK(fixture.call("/empty", framed("x")).body == std::string(5, '\0'));
}

TEST_CASE("a compressed message is handed over as it is, and said to be compressed") {
  Fixture fixture;
  CHECK(fixture.call("/a", framed("abc", 1), {{"grpc-encoding", "zstd"}}).body == framed("3c:abc"));
  CHECK(fixture.handler.last_head().encoding == Encoding::zstd);
  CHECK(fixture.call("/a", framed("abc", 0), {{"grpc-encoding", "zstd"}}).body == framed("3:abc"));
  CHECK(fixture.call("/a", framed("abc", 1)).code() == 13);
  CHECK(fixture.call("/a", framed("abc", 2)).code() == 13);
  const H2Answer unknown = fixture.call("/a", framed("abc", 1), {{"grpc-encoding", "br"}});
  CHECK(unknown.code() == 12);
  CHECK(unknown.headers.at("grpc-accept-encoding").find("zstd") != std::string::npos);
}

TEST_CASE("a refused call ends before its message is sent, with the time to come back") {
  Fixture fixture;
  H2Client client(fixture.server->port());
  const H2Answer answer =
      client.answer_to(client.start("/full", framed(std::string(4'000'000, 'x')).substr(0, 20), false));
  CHECK(answer.code() == 8);
  CHECK(answer.headers.at("grpc-message") == "queue is full");
  const Error expected(ErrorKind::refused, "queue is full", std::chrono::milliseconds(1500));
  CHECK(answer.headers.at("grpc-status-details-bin") == base64_unpadded(encode_status(expected)));
  CHECK(answer.is_closed);
  CHECK(answer.error == NGHTTP2_NO_ERROR);
  CHECK(fixture.handler.finished == 0);
  CHECK(client.answer_to(client.start("/a", framed("next"))).code() == 0);
}

TEST_CASE("a message above the limit is refused without asking the handler") {
  ServerOptions options;
  options.body_bytes_max = Bytes{1000};
  Fixture fixture(options);
  CHECK(fixture.call("/a", framed(std::string(1001, 'x'))).code() == 8);
  CHECK(fixture.call("/a", std::string("\0\xff\xff\xff\xff", 5)).code() == 8);
  CHECK(fixture.handler.opened == 0);
  CHECK(fixture.call("/a", framed(std::string(1000, 'x'))).code() == 0);
}

TEST_CASE("errors become gRPC statuses") {
  Fixture fixture;
  CHECK(fixture.call("/down", framed("x")).code() == 14);
  CHECK(fixture.call("/denied", framed("x")).code() == 7);
  CHECK(fixture.call("/invalid", framed("x")).code() == 3);
  const H2Answer special = fixture.call("/nothing", framed("x"));
  CHECK(special.code() == 12);
  CHECK(special.headers.at("grpc-message") == "100%25 nothing here");
}

TEST_CASE("a call that is not one whole message is an error") {
  Fixture fixture;
  CHECK(fixture.call("/a", "").code() == 13);
  CHECK(fixture.call("/a", std::string("\0\0", 2)).code() == 13);
  CHECK(fixture.call("/a", framed("hello").substr(0, 8)).code() == 13);
  CHECK(fixture.call("/a", framed("one") + framed("two")).code() == 13);
  CHECK(fixture.handler.finished == 0);
  CHECK(fixture.handler.destroyed == fixture.handler.opened);
}

TEST_CASE("clients that do not speak gRPC get an HTTP status") {
  Fixture fixture;
  CHECK(fixture.call("/a", "x", {{"content-type", "text/html"}}).headers.at(":status") == "415");
  RawClient plain(fixture.server->port());
  plain.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  plain.rest();
  CHECK(plain.is_closed_by_server());
}

TEST_CASE("headers larger than the limit refuse the call, not the connection") {
  ServerOptions options;
  options.header_bytes_max = Bytes{2000};
  Fixture fixture(options);
  H2Client client(fixture.server->port());
  CHECK(client.answer_to(client.start("/a", framed("x"), true, {{"x", std::string(3000, 'x')}})).code() == 8);
  CHECK(client.answer_to(client.start("/a", framed("x"))).code() == 0);
}

TEST_CASE("a cancelled call frees its exchange") {
  Fixture fixture;
  H2Client client(fixture.server->port());
  const std::int32_t id = client.start("/a", framed("hello").substr(0, 7), false);
  client.cancel(id);
  CHECK(client.answer_to(client.start("/a", framed("x"))).code() == 0);
  CHECK(fixture.handler.opened == 2);
  CHECK(fixture.handler.destroyed == 2);
}

TEST_CASE("a slow message times out and the connection lives on") {
  ServerOptions options;
  options.read_timeout = std::chrono::milliseconds(60);
  Fixture fixture(options);
  H2Client client(fixture.server->port());
  CHECK(client.answer_to(client.start("/a", framed("hello").substr(0, 7), false)).code() == 4);
  CHECK(client.answer_to(client.start("/a", framed("x"))).code() == 0);
  CHECK(fixture.handler.destroyed == 2);
  RawClient silent(fixture.server->port());
  silent.rest();
  CHECK(silent.is_closed_by_server());
}

TEST_CASE("an idle or old connection is told to go away") {
  ServerOptions idle, old;
  idle.idle_timeout = std::chrono::milliseconds(50);
  old.keepalive_max_connection_age = std::chrono::milliseconds(50);
  for (const ServerOptions& options : {idle, old}) {
    Fixture fixture(options);
    H2Client client(fixture.server->port());
    CHECK(client.answer_to(client.start("/a", framed("x"))).code() == 0);
    while (client.receive()) {}
    REQUIRE(client.goaways.size() == 1);
    CHECK(client.goaways[0] == NGHTTP2_NO_ERROR);
  }
}

TEST_CASE("a call in flight when the connection grows old is finished") {
  ServerOptions options;
  options.keepalive_max_connection_age = std::chrono::milliseconds(30);
  Fixture fixture(options);
  H2Client client(fixture.server->port());
  const std::int32_t id = client.start("/a", framed("hello").substr(0, 7), false);
  while (client.goaways.size() < 2 && client.receive()) {}
  CHECK(client.goaways.size() == 2);  // The notice, then the one that names the last call.
  CHECK_FALSE(client.answers[id].is_closed);
  client.cancel(id);
  CHECK_FALSE(client.receive());
}

TEST_CASE("a client that does not answer pings is dropped, one that does is kept") {
  ServerOptions options;
  options.keepalive_time = std::chrono::milliseconds(30);
  options.keepalive_timeout = std::chrono::milliseconds(30);
  Fixture fixture(options);
  H2Client answering(fixture.server->port());
  answering.answer_to(answering.start("/a", framed("x")));
  while (answering.pings < 4) REQUIRE(answering.receive());
  RawClient silent(fixture.server->port());
  silent.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + std::string("\0\0\0\x04\0\0\0\0\0", 9));
  silent.rest();
  CHECK(silent.is_closed_by_server());
}

TEST_CASE("clients that ping too often are sent away when the policy says so") {
  ServerOptions options;
  options.keepalive_min_time = std::chrono::minutes(5);
  Fixture fixture(options);
  H2Client client(fixture.server->port());
  for (int i = 0; i < 4; ++i) client.ping();
  while (client.receive()) {}
  REQUIRE(client.goaways.size() == 1);
  CHECK(client.goaways[0] == NGHTTP2_ENHANCE_YOUR_CALM);
}

TEST_CASE("stopping a gRPC server ends idle connections at once and stays within the deadline") {
  Fixture fixture;
  H2Client idle(fixture.server->port()), busy(fixture.server->port());
  idle.answer_to(idle.start("/a", framed("x")));
  const std::int32_t id = busy.start("/a", framed("hello").substr(0, 7), false);
  busy.ping();
  while (busy.pings < 1) REQUIRE(busy.receive());
  fixture.server->stop(Deadline::after(fixture.clock, std::chrono::milliseconds(50)));
  while (idle.receive()) {}
  CHECK(idle.goaways.size() == 1);
  CHECK_FALSE(busy.answer_to(id).is_closed);
  CHECK(fixture.handler.destroyed == 2);
}

}  // namespace
}  // namespace rankwire::net
