// The gRPC client against our own server.
#include "net/grpc_client.hpp"

#include <doctest/doctest.h>

#include "base/worker.hpp"
#include "net/server.hpp"
#include "net/server_test_handler.hpp"
#include "testing/certificates.hpp"

namespace {

using namespace rankwire;
using namespace rankwire::net;
using namespace std::chrono_literals;
using rankwire::net::testing_support::RecordingHandler;

struct GrpcFixture {
  SystemClock clock;
  std::unique_ptr<Network> network = make_system_network(clock);
  RecordingHandler handler;
  ServerOptions server_options;
  GrpcClientOptions client_options;
  std::unique_ptr<Server> server;
  std::unique_ptr<GrpcClient> client;

  void start() {
    server_options.protocol = Protocol::grpc;
    server_options.listen = {"127.0.0.1", 0};
    auto started = Server::start(server_options, handler, clock);
    REQUIRE_MESSAGE(started, started.error().message());
    server = std::move(*started);
    connect_to(server->port());
  }
  void connect_to(std::uint16_t port) {
    client_options.endpoint = {"127.0.0.1", port};
    client = std::make_unique<GrpcClient>(client_options, *network, clock);
  }
  Result<GrpcResponse> call(const std::string& path, std::vector<std::string_view> pieces,
                            Encoding encoding = Encoding::identity, Duration wait = 10s, std::stop_token stop = {}) {
    return client->call(path, pieces, encoding, 0, Deadline::after(clock, wait), stop);
  }
};

TEST_CASE_FIXTURE(GrpcFixture, "a call carries the message's pieces and metadata and returns the answer") {
  client_options.metadata = {{"x-tenant", "a"}};
  client_options.authority = "collector.example";
  start();
  const auto response = call("/test.Service/Echo", {"hello ", "", "world"});
  REQUIRE_MESSAGE(response, response.error().message());
  CHECK(response->status == 0);
  CHECK(response->body == "11:hello world");
  CHECK(handler.last_head().path == "/test.Service/Echo");
  CHECK(handler.last_head().header("x-tenant") == "a");
}

TEST_CASE_FIXTURE(GrpcFixture, "calls one after another share a connection, also when idle frames came between") {
  start();
  for (int i = 0; i < 20; ++i) {
    const auto response = call("/s/Echo", {"x"});
    REQUIRE_MESSAGE(response, response.error().message());
    CHECK(response->body == "1:x");
  }
}

TEST_CASE_FIXTURE(GrpcFixture, "messages larger than every window arrive whole") {
  server_options.body_bytes_max = 64_MiB;
  start();
  const std::string half(9 << 20, 'a');
  const auto response = call("/s/Echo", {half, "b", half});
  REQUIRE_MESSAGE(response, response.error().message());
  CHECK(response->body.starts_with(std::to_string(2 * half.size() + 1) + ":aaaa"));
}

TEST_CASE_FIXTURE(GrpcFixture, "an answer of many frames is joined; an empty answer and an empty message are fine") {
  start();
  CHECK(call("/s/large", {"x"})->body.size() == 100'000);
  CHECK(call("/s/empty", {"x"})->body.empty());
  CHECK(call("/s/Echo", {})->body == "0:");
}

TEST_CASE_FIXTURE(GrpcFixture, "messages are compressed with the encoding asked for") {
  start();
  const std::string text(10'000, 'a');
  for (const Encoding encoding : {Encoding::gzip, Encoding::zstd, Encoding::snappy}) {
    const auto response = call("/s/Echo", {text}, encoding);
    REQUIRE(response);
    CHECK(response->body.find("c:") != std::string::npos);
    CHECK(handler.last_head().encoding == encoding);
  }
}

TEST_CASE_FIXTURE(GrpcFixture, "a refusal brings its status, message and delay, and the connection lives on") {
  start();
  const auto full = call("/s/full", {"x"});
  REQUIRE(full);
  CHECK(full->status == 8);
  CHECK(full->message == "queue is full");
  CHECK(full->retry_delay == 1500ms);
  const auto denied = call("/s/denied", {"x"});
  REQUIRE(denied);
  CHECK(denied->status == 7);
  CHECK(denied->message == "not for \"you\"");
  CHECK(call("/s/nothing", {"x"})->message == "100% nothing here");
  CHECK(call("/s/Echo", {"x"})->status == 0);
}

TEST_CASE_FIXTURE(GrpcFixture, "a message too large for the server is refused without being sent whole") {
  server_options.body_bytes_max = 1_MiB;
  start();
  const std::string large(32 << 20, 'x');
  const auto response = call("/s/Echo", {large});
  REQUIRE_MESSAGE(response, response.error().message());
  CHECK(response->status == 8);
  CHECK(!response->retry_delay);
  CHECK(call("/s/Echo", {"x"})->status == 0);
}

TEST_CASE_FIXTURE(GrpcFixture, "a server that restarts is reached again without an error") {
  start();
  REQUIRE(call("/s/Echo", {"x"}));
  const std::uint16_t port = server->port();
  server->stop(Deadline::after(clock, 1s));
  server.reset();
  server_options.listen = {"127.0.0.1", port};
  auto again = Server::start(server_options, handler, clock);
  REQUIRE(again);
  server = std::move(*again);
  const auto response = call("/s/Echo", {"x"});
  REQUIRE_MESSAGE(response, response.error().message());
  CHECK(response->status == 0);
}

TEST_CASE_FIXTURE(GrpcFixture, "many threads each get their own answer") {
  start();
  std::atomic<int> right{0};
  {
    std::vector<Worker> senders;
    for (int i = 0; i < 6; ++i)
      senders.emplace_back("sender", [&, i](std::stop_token) {
        for (int j = 0; j < 20; ++j) {
          const std::string body = std::to_string(i * 100 + j);
          const auto response = call("/s/Echo", {body});
          right += response && response->body == std::to_string(body.size()) + ":" + body;
        }
      });
  }
  CHECK(right == 120);
}

TEST_CASE_FIXTURE(GrpcFixture, "TLS verifies the server, and plaintext is not TLS") {
  const testing::CertificateAuthority authority;
  const auto certificate = authority.issue("DNS:collector.example");
  TlsServerOptions server_tls;
  server_tls.cert_pem = certificate.certificate_pem;
  server_tls.key_pem = certificate.key_pem;
  server_options.tls = *make_tls_server(server_tls, clock);
  TlsClientOptions client_tls;
  client_tls.ca_pem = authority.pem();
  client_tls.alpn_protocols = {"h2"};
  client_options.tls = *make_tls_client(client_tls, clock);
  client_options.server_name = "collector.example";
  start();
  const std::string large(3 << 20, 'x');
  const auto response = call("/s/Echo", {"a", large});
  REQUIRE_MESSAGE(response, response.error().message());
  CHECK(response->body.starts_with(std::to_string(large.size() + 1) + ":axx"));
  CHECK(call("/s/Echo", {"x"})->status == 0);

  client_options.server_name = "impostor.example";
  connect_to(server->port());
  const auto impostor = call("/s/Echo", {"x"});
  REQUIRE(!impostor);
  CHECK(impostor.error().kind() == ErrorKind::unavailable);
  CHECK(impostor.error().message().find("impostor.example") != std::string::npos);

  client_options.tls = nullptr;
  connect_to(server->port());
  const auto plain = call("/s/Echo", {"x"});
  REQUIRE(!plain);
  CHECK(plain.error().kind() == ErrorKind::unavailable);
}

}  // namespace
