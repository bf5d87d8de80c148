// TLS between our own clients and servers over real sockets.
#include <doctest/doctest.h>

#include <fstream>

#include "net/http_client.hpp"
#include "net/server.hpp"
#include "net/server_test_handler.hpp"
#include "testing/certificates.hpp"
#include "testing/raw_client.hpp"
#include "testing/temporary_directory.hpp"

namespace rankwire::net {
namespace {

using rankwire::testing::CertificateAuthority;
using rankwire::testing::RawClient;
using testing_support::RecordingHandler;

struct Fixture {
  explicit Fixture(bool is_mutual = false) {
    const auto identity = authority.issue("DNS:localhost,IP:127.0.0.1");
    TlsServerOptions tls;
    tls.cert_pem = identity.certificate_pem;
    tls.key_pem = identity.key_pem;
    if (is_mutual) {
      std::ofstream(directory.file("ca.pem")) << authority.pem();
      tls.client_ca_file = directory.file("ca.pem");
    }
    ServerOptions options;
    options.listen = {"127.0.0.1", 0};
    options.tls = make_tls_server(tls, clock).value();
    options.read_timeout = std::chrono::milliseconds(500);
    server = std::move(Server::start(std::move(options), handler, clock).value());
  }
  // The status, or 0 where no answer came; `rounds` requests on one connection.
  int post(const std::string& body, bool has_certificate = false, int rounds = 1) {
    TlsClientOptions tls;
    tls.ca_pem = authority.pem();
    if (has_certificate) {
      const auto identity = authority.issue("DNS:client");
      tls.cert_pem = identity.certificate_pem;
      tls.key_pem = identity.key_pem;
    }
    HttpClientOptions options;
    options.base = Url::parse("https://127.0.0.1:" + std::to_string(server->port())).value();
    options.tls = make_tls_client(tls, clock).value();
    HttpClient client(std::move(options), *network, clock);
    int status = 0;
    for (int i = 0; i < rounds; ++i) {
      const std::string_view piece(body);
      const HttpRequest request{.method = "POST", .target = "/large", .headers = {}, .body = std::span(&piece, 1)};
      const auto response = client.send(request, Deadline::after(clock, std::chrono::seconds(5)), {});
      status = response && response->body.size() == 100'000 ? response->status : 0;
    }
    return status;
  }
  SystemClock clock;
  CertificateAuthority authority;
  rankwire::testing::TemporaryDirectory directory;
  RecordingHandler handler;
  std::unique_ptr<Network> network = make_system_network(clock);
  std::unique_ptr<Server> server;
};

TEST_CASE("requests of every size pass through TLS, several on one connection") {
  Fixture fixture;
  CHECK(fixture.post("small", false, 3) == 200);
  CHECK(fixture.post(std::string(3'000'000, 'x'), false, 2) == 200);
  CHECK(fixture.handler.finished == 5);
}

TEST_CASE("with client_ca_file only clients with a certificate are served") {
  Fixture fixture(true);
  CHECK(fixture.post("body", false) == 0);
  CHECK(fixture.post("body", true) == 200);
  CHECK(fixture.handler.finished == 1);
}

TEST_CASE("a client that never finishes its TLS handshake, or speaks plainly, is closed") {
  Fixture fixture;
  RawClient silent(fixture.server->port()), plain(fixture.server->port());
  plain.send("POST / HTTP/1.1\r\n\r\n");
  plain.rest();
  CHECK(plain.is_closed_by_server());
  CHECK(silent.is_closed_by_server());
  CHECK(fixture.handler.opened == 0);
}

}  // namespace
}  // namespace rankwire::net
