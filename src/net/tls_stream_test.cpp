// HTTP over TLS against our own server, and through a proxy's tunnel.
#include <doctest/doctest.h>

#include "net/http_client.hpp"
#include "net/server.hpp"
#include "net/server_test_handler.hpp"
#include "testing/certificates.hpp"
#include "testing/raw_server.hpp"

namespace {

using namespace rankwire;
using namespace rankwire::net;
using namespace std::chrono_literals;
using rankwire::net::testing_support::RecordingHandler;
using testing::RawConnection;
using testing::RawServer;

struct TlsFixture {
  SystemClock clock;
  std::unique_ptr<Network> network = make_system_network(clock);
  RecordingHandler handler;
  testing::CertificateAuthority authority;
  std::unique_ptr<Server> server;
  HttpClientOptions options;

  TlsFixture() {
    const auto certificate = authority.issue("DNS:localhost");
    TlsServerOptions server_tls;
    server_tls.cert_pem = certificate.certificate_pem;
    server_tls.key_pem = certificate.key_pem;
    ServerOptions server_options;
    server_options.listen = {"127.0.0.1", 0};
    server_options.tls = *make_tls_server(server_tls, clock);
    server = std::move(*Server::start(server_options, handler, clock));
    TlsClientOptions client_tls;
    client_tls.ca_pem = authority.pem();
    options.tls = *make_tls_client(client_tls, clock);
    options.base = *Url::parse("https://localhost:" + std::to_string(server->port()));
  }
  Result<HttpResponse> post(HttpClient& client, std::span<const std::string_view> pieces) {
    HttpRequest request;
    request.target = "/x";
    request.body = pieces;
    return client.send(request, Deadline::after(clock, 10s), {});
  }
};

TEST_CASE_FIXTURE(TlsFixture, "pieces of every size arrive whole over TLS, on one connection") {
  HttpClient client(options, *network, clock);
  const std::string large(100'000, 'b');
  const std::string_view pieces[] = {"a", large, "", "c", large, "d"};
  for (int i = 0; i < 3; ++i) {
    const auto response = post(client, pieces);
    REQUIRE_MESSAGE(response, response.error().message());
    CHECK(response->body == "200003:abbbbbbbbbbbbbbbbbbb");
  }
}

TEST_CASE_FIXTURE(TlsFixture, "a server without TLS behind an https URL is unavailable") {
  RawServer plain([](RawConnection& c) {
    c.read(1);
    c.send("HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  options.base.endpoint.port = plain.port();
  HttpClient client(options, *network, clock);
  const std::string_view piece = "x";
  const auto response = post(client, {&piece, 1});
  REQUIRE(!response);
  CHECK(response.error().kind() == ErrorKind::unavailable);
}

// Passes bytes both ways until either side ends.
void relay(RawConnection& client, int to) {
  RawConnection server(to, 0);
  Worker back("relay", [&](std::stop_token) {
    for (std::string byte = server.read(1); !byte.empty(); byte = server.read(1)) client.send(byte);
    client.interrupt();
  });
  for (std::string byte = client.read(1); !byte.empty(); byte = client.read(1)) server.send(byte);
  server.interrupt();
}

TEST_CASE_FIXTURE(TlsFixture, "https goes through a proxy by CONNECT, and the proxy never sees the request") {
  std::string asked;
  RawServer proxy([&](RawConnection& c) {
    asked = c.read_head();
    c.send("HTTP/1.1 200 Connection established\r\n\r\n");
    const int to = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(server->port());
    REQUIRE(::connect(to, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    relay(c, to);
  });
  options.proxy_url = "http://u:p@127.0.0.1:" + std::to_string(proxy.port());
  HttpClient client(options, *network, clock);
  const std::string_view piece = "hello";
  const auto response = post(client, {&piece, 1});
  REQUIRE_MESSAGE(response, response.error().message());
  CHECK(response->body == "5:hello");
  const std::string to = "localhost:" + std::to_string(server->port());
  CHECK(asked == "CONNECT " + to + " HTTP/1.1\r\nHost: " + to + "\r\nProxy-Authorization: Basic dTpw\r\n\r\n");
}

TEST_CASE_FIXTURE(TlsFixture, "a proxy that refuses the tunnel is named with its status") {
  RawServer proxy([](RawConnection& c) {
    c.read_head();
    c.answer(407);
  });
  options.proxy_url = proxy.url();
  HttpClient client(options, *network, clock);
  const std::string_view piece = "hello";
  const auto response = post(client, {&piece, 1});
  REQUIRE(!response);
  CHECK(response.error().message().find("407") != std::string::npos);
}

}  // namespace
