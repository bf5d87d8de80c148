// Handshakes between a client and a server context over memory.
#include "net/tls.hpp"

#include <doctest/doctest.h>
#include <openssl/ssl.h>

#include <fstream>

#include "net/tls_context.hpp"
#include "testing/certificates.hpp"
#include "testing/fake_clock.hpp"
#include "testing/temporary_directory.hpp"

namespace rankwire::net {
namespace {

using testing::Certificate;
using testing::CertificateAuthority;
using testing::FakeClock;
using testing::TemporaryDirectory;

struct Handshake {
  bool is_done = false;
  std::string protocol;
  std::string client_sees;  // The subject alternative name's serial, to tell certificates apart.
};

Handshake shake(TlsClientContext& client_side, TlsServerContext& server_side, const std::string& name,
                const char* protocol = "h2") {
  const SslPointer client = client_side.make_connection(name);
  const SslPointer server = server_side.make_connection(protocol);
  BIO *near = nullptr, *far = nullptr;
  BIO_new_bio_pair(&near, 0, &far, 0);
  SSL_set_bio(client.get(), near, near);
  SSL_set_bio(server.get(), far, far);
  int client_result = 0, server_result = 0;
  for (int step = 0; step < 10; ++step) {
    client_result = SSL_do_handshake(client.get());
    server_result = SSL_do_handshake(server.get());
  }
  Handshake result;
  char byte = 0;
  // In TLS 1.3 a client learns only with the next read that its certificate was refused.
  const bool is_open = SSL_read(client.get(), &byte, 1) <= 0 && SSL_get_shutdown(client.get()) == 0;
  result.is_done = client_result == 1 && server_result == 1 && is_open;
  const unsigned char* chosen = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(client.get(), &chosen, &size);
  result.protocol.assign(reinterpret_cast<const char*>(chosen), size);
  if (X509* peer = SSL_get1_peer_certificate(client.get())) {
    result.client_sees = std::to_string(ASN1_INTEGER_get(X509_get_serialNumber(peer)));
    X509_free(peer);
  }
  take_tls_error();
  return result;
}

TlsServerOptions server_with(const Certificate& certificate) {
  TlsServerOptions options;
  options.cert_pem = certificate.certificate_pem;
  options.key_pem = certificate.key_pem;
  return options;
}

TlsClientOptions client_trusting(const CertificateAuthority& authority) {
  TlsClientOptions options;
  options.ca_pem = authority.pem();
  options.alpn_protocols = {"h2"};
  return options;
}

void write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

TEST_CASE("a client accepts a server whose certificate carries the name and refuses any other") {
  FakeClock clock;
  const CertificateAuthority authority;
  const auto server = *make_tls_server(server_with(authority.issue("DNS:localhost,IP:127.0.0.1")), clock);
  const auto client = *make_tls_client(client_trusting(authority), clock);
  CHECK(shake(*client, *server, "localhost").is_done);
  CHECK(shake(*client, *server, "localhost").protocol == "h2");
  CHECK(shake(*client, *server, "127.0.0.1").is_done);
  CHECK_FALSE(shake(*client, *server, "elsewhere").is_done);
  CHECK_FALSE(shake(*client, *server, "127.0.0.2").is_done);
}

TEST_CASE("a server of another authority is refused unless verification is off") {
  FakeClock clock;
  const CertificateAuthority authority, stranger;
  const auto server = *make_tls_server(server_with(authority.issue("DNS:localhost")), clock);
  TlsClientOptions options = client_trusting(stranger);
  CHECK_FALSE(shake(**make_tls_client(options, clock), *server, "localhost").is_done);
  options.insecure_skip_verify = true;
  CHECK(shake(**make_tls_client(options, clock), *server, "localhost").is_done);
}

TEST_CASE("server_name_override replaces the name that the certificate must carry") {
  FakeClock clock;
  const CertificateAuthority authority;
  const auto server = *make_tls_server(server_with(authority.issue("DNS:inside")), clock);
  TlsClientOptions options = client_trusting(authority);
  options.server_name_override = "inside";
  CHECK(shake(**make_tls_client(options, clock), *server, "outside").is_done);
}

TEST_CASE("a client that offers only other protocols is refused") {
  FakeClock clock;
  const CertificateAuthority authority;
  const auto server = *make_tls_server(server_with(authority.issue("DNS:localhost")), clock);
  const auto client = *make_tls_client(client_trusting(authority), clock);
  CHECK_FALSE(shake(*client, *server, "localhost", "http/1.1").is_done);
}

TEST_CASE("with client_ca_file a client must show a certificate of that authority") {
  FakeClock clock;
  TemporaryDirectory directory;
  const CertificateAuthority authority, clients;
  write(directory.file("clients.pem"), clients.pem());
  TlsServerOptions options = server_with(authority.issue("DNS:localhost"));
  options.client_ca_file = directory.file("clients.pem");
  const auto server = *make_tls_server(options, clock);

  TlsClientOptions bare = client_trusting(authority);
  CHECK_FALSE(shake(**make_tls_client(bare, clock), *server, "localhost").is_done);
  for (const auto* issuer : {&clients, &authority}) {
    const Certificate own = issuer->issue("DNS:client");
    bare.cert_pem = own.certificate_pem;
    bare.key_pem = own.key_pem;
    CHECK(shake(**make_tls_client(bare, clock), *server, "localhost").is_done == (issuer == &clients));
  }
}

TEST_CASE("certificates are re-read after the interval, and a broken new file keeps the old one") {
  FakeClock clock;
  TemporaryDirectory directory;
  const CertificateAuthority authority;
  const Certificate first = authority.issue("DNS:localhost"), second = authority.issue("DNS:localhost");
  write(directory.file("cert.pem"), first.certificate_pem);
  write(directory.file("key.pem"), first.key_pem);
  TlsServerOptions options;
  options.cert_file = directory.file("cert.pem");
  options.key_file = directory.file("key.pem");
  options.reload_interval = std::chrono::seconds(10);
  const auto server = *make_tls_server(options, clock);
  const auto client = *make_tls_client(client_trusting(authority), clock);
  const std::string before = shake(*client, *server, "localhost").client_sees;

  write(directory.file("cert.pem"), "broken");
  clock.advance(std::chrono::seconds(11));
  CHECK(shake(*client, *server, "localhost").client_sees == before);

  write(directory.file("cert.pem"), second.certificate_pem);
  write(directory.file("key.pem"), second.key_pem);
  CHECK(shake(*client, *server, "localhost").client_sees == before);
  clock.advance(std::chrono::seconds(11));
  CHECK(shake(*client, *server, "localhost").client_sees != before);
}

TEST_CASE("TLS settings that cannot work are named") {
  FakeClock clock;
  const CertificateAuthority authority;
  const auto message_of = [&](TlsServerOptions options) { return make_tls_server(options, clock).error().message(); };
  TlsServerOptions options = server_with(authority.issue("DNS:a"));
  CHECK(message_of({}).find("cert_file") != std::string::npos);
  options.min_version = "1.7";
  CHECK(message_of(options).find("1.7") != std::string::npos);
  options.min_version = "1.3";
  options.max_version = "1.2";
  CHECK(message_of(options).find("min_version") != std::string::npos);
  options.max_version.clear();
  options.cipher_suites = {"TLS_NOT_A_SUITE"};
  CHECK(message_of(options).find("TLS_NOT_A_SUITE") != std::string::npos);
  options.cipher_suites = {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256"};
  CHECK(make_tls_server(options, clock));
  options.key_pem = authority.issue("DNS:b").key_pem;
  CHECK(message_of(options).find("key_pem") != std::string::npos);
  options.key_pem.clear();
  options.key_file = "/nonexistent/key.pem";
  CHECK(message_of(options).find("/nonexistent/key.pem") != std::string::npos);
}

}  // namespace
}  // namespace rankwire::net
