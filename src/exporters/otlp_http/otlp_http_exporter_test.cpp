// The exporter against a server whose answers the test decides.
#include "exporters/otlp_http/otlp_http_exporter.hpp"

#include <doctest/doctest.h>

#include "config/load.hpp"
#include "net/compression.hpp"
#include "otlp/otlp.hpp"
#include "testing/extension_test.hpp"
#include "testing/log_batches.hpp"
#include "testing/raw_server.hpp"
#include "testing/test_environment.hpp"

namespace rankwire::otlp_http {
namespace {

using namespace std::chrono_literals;
using testing::RawConnection;
using testing::RawServer;

class WarningCounter final : public Logger {
 public:
  void write(LogLevel, std::string_view message, std::initializer_list<LogField>) override { last = message; }
  bool is_enabled(LogLevel) const override { return true; }
  std::string last;
};

struct ExporterFixture {
  testing::TestEnvironment test;
  SystemClock clock;
  std::unique_ptr<net::Network> network = net::make_system_network(clock);
  WarningCounter log;
  Environment environment{clock, *test.files, *network, *test.random, log, test.counters, test.buffers};
  ExporterFactory factory = otlp_http_factory();
  std::unique_ptr<Exporter> exporter;
  std::string errors;

  AnyConfig parse(const std::string& yaml) {
    config::Diagnostics diagnostics;
    const auto config = factory.parse(config::parse_yaml(yaml, "test.yaml", diagnostics), "otlp_http", diagnostics);
    errors = diagnostics.has_errors() ? diagnostics.text() : "";
    return config;
  }
  void make(const std::string& yaml) {
    const auto config = parse(yaml);
    REQUIRE_MESSAGE(errors.empty(), errors);
    exporter = std::move(*factory.create(config, {{"otlp_http", ""}, environment}));
  }
  Result<Receipt> send(const SignalBatch& batch) {
    OutgoingBatch outgoing(batch);
    return exporter->send(outgoing, {});
  }
  Result<Receipt> send_logs() { return send(testing::log_batch({"one", "two"})); }
};

std::string body_of(const std::string& request) { return request.substr(request.find("\r\n\r\n") + 4); }
bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

TEST_CASE_FIXTURE(ExporterFixture, "upstream's defaults hold") {
  make("endpoint: http://h:4318");
  const DeliveryPolicy policy = exporter->delivery();
  REQUIRE(policy.queue);
  CHECK(policy.queue->num_consumers == 10);
  CHECK(policy.queue->queue_size == 1000);
  CHECK(policy.retry.enabled);
  const config::Node printed = factory.print(parse("endpoint: http://h:4318"), false);
  CHECK(printed.find("timeout")->text() == "30s");
  CHECK(printed.find("compression")->text() == "gzip");
  CHECK(printed.find("encoding")->text() == "proto");
}

TEST_CASE_FIXTURE(ExporterFixture, "a batch is posted as gzip-compressed protobuf to the signal's path") {
  std::string request;
  RawServer server([&](RawConnection& c) {
    request = c.read_request();
    c.answer(200);
  });
  make("{endpoint: '" + server.url("/base/") + "', headers: {X-Scope: tenant}}");
  const auto receipt = send_logs();
  REQUIRE_MESSAGE(receipt, receipt.error().message());
  CHECK(receipt->rejected == 0);
  CHECK(request.starts_with("POST /base/v1/logs HTTP/1.1\r\n"));
  CHECK(has(request, "\r\nContent-Type: application/x-protobuf\r\n"));
  CHECK(has(request, "\r\nContent-Encoding: gzip\r\n"));
  CHECK(has(request, "\r\nX-Scope: tenant\r\n"));
  const auto plain = net::decompress(net::Encoding::gzip, body_of(request), 1_MiB);
  REQUIRE(plain);
  const auto decoded = otlp::decode_logs(plain->view());
  REQUIRE(decoded);
  CHECK(testing::bodies_of(*decoded) == std::vector<std::string>{"one", "two"});
}

TEST_CASE_FIXTURE(ExporterFixture, "cookies come back to the destination when they are enabled, and not otherwise") {
  for (const bool is_enabled : {true, false}) {
    std::vector<std::string> requests;
    RawServer server([&](RawConnection& c) {
      for (std::string request = c.read_request(); !request.empty(); request = c.read_request()) {
        requests.push_back(request);
        c.answer(200, "", "Set-Cookie: server=7; Path=/\r\n");
      }
    });
    make("{endpoint: '" + server.url() + "', cookies: {enabled: " + (is_enabled ? "true" : "false") + "}}");
    REQUIRE(send_logs());
    REQUIRE(send_logs());
    REQUIRE(requests.size() == 2);
    CHECK_FALSE(has(requests[0], "\r\nCookie:"));
    CHECK(has(requests[1], "\r\nCookie: server=7\r\n") == is_enabled);
  }
}

TEST_CASE_FIXTURE(ExporterFixture, "an uncompressed batch of several chunks is the chunks one after another") {
  std::string request;
  RawServer server([&](RawConnection& c) {
    request = c.read_request();
    c.answer(200);
  });
  make("{endpoint: '" + server.url() + "', compression: none}");
  WireBatch wire = otlp::encode(SignalBatch(testing::log_batch({"one"})), nullptr);
  WireBatch more = otlp::encode(SignalBatch(testing::log_batch({"two"})), nullptr);
  wire.chunks.push_back(more.chunks[0]);
  wire.record_count += more.record_count;
  wire.size += more.size;
  REQUIRE(send(SignalBatch(wire)));
  CHECK(!has(request, "Content-Encoding"));
  CHECK(testing::bodies_of(*otlp::decode_logs(body_of(request))) == std::vector<std::string>{"one", "two"});
}

TEST_CASE_FIXTURE(ExporterFixture, "json is OTLP's JSON") {
  std::string request;
  RawServer server([&](RawConnection& c) {
    request = c.read_request();
    c.answer(200, "{\"partialSuccess\":{}}", "Content-Type: application/json; charset=utf-8\r\n");
  });
  make("{endpoint: '" + server.url() + "', compression: none, encoding: json}");
  const auto receipt = send_logs();
  REQUIRE_MESSAGE(receipt, receipt.error().message());
  CHECK(has(request, "\r\nContent-Type: application/json\r\n"));
  const auto decoded = otlp::decode_json(Signal::logs, body_of(request));
  REQUIRE(decoded);
  CHECK(testing::bodies_of(decoded->logs()) == std::vector<std::string>{"one", "two"});
}

TEST_CASE_FIXTURE(ExporterFixture, "a signal's own endpoint is used as it stands; another signal has none") {
  std::string request;
  RawServer server([&](RawConnection& c) {
    request = c.read_request();
    c.answer(200);
  });
  make("logs_endpoint: '" + server.url("/ingest?x=1") + "'");
  REQUIRE(send_logs());
  CHECK(request.starts_with("POST /ingest?x=1 HTTP/1.1\r\n"));
  TraceBatch traces;
  Arena& arena = traces.arena();
  traces.resources.push(arena, {}).scopes.push(arena, {}).records.push(arena, {});
  const auto refused = send(SignalBatch(std::move(traces)));
  REQUIRE(!refused);
  CHECK(refused.error().kind() == ErrorKind::invalid);
  CHECK(has(refused.error().message(), "traces_endpoint"));
}

TEST_CASE_FIXTURE(ExporterFixture, "what is retried and what is dropped follows the status") {
  struct Case {
    int status;
    ErrorKind kind;
  };
  std::atomic<int> status{0};
  RawServer server([&](RawConnection& c) {
    while (!c.read_request().empty()) c.answer(status, "because", "Retry-After: 3\r\nX-Key: hush\r\n");
  });
  make("endpoint: '" + server.url() + "'");
  for (const Case& expected :
       {Case{429, ErrorKind::refused}, Case{502, ErrorKind::unavailable}, Case{503, ErrorKind::unavailable},
        Case{504, ErrorKind::unavailable}, Case{400, ErrorKind::invalid}, Case{401, ErrorKind::denied},
        Case{403, ErrorKind::denied}, Case{404, ErrorKind::invalid}, Case{413, ErrorKind::invalid},
        Case{500, ErrorKind::invalid}, Case{501, ErrorKind::invalid}, Case{301, ErrorKind::invalid}}) {
    CAPTURE(expected.status);
    status = expected.status;
    const auto receipt = send_logs();
    REQUIRE(!receipt);
    CHECK(receipt.error().kind() == expected.kind);
    CHECK(has(receipt.error().message(), std::to_string(expected.status) + ": because"));
    CHECK(!has(receipt.error().message(), "hush"));
    CHECK(receipt.error().retry_after().has_value() == receipt.error().is_retryable());
    if (receipt.error().is_retryable()) CHECK(*receipt.error().retry_after() == 3s);
  }
}

TEST_CASE_FIXTURE(ExporterFixture, "a refusal's message is read from protobuf and is bounded") {
  std::string body =
      "\x08\x03\x12\x07"
      "no\nroom";
  RawServer server([&](RawConnection& c) {
    while (!c.read_request().empty()) c.answer(400, body, "Content-Type: application/x-protobuf\r\n");
  });
  make("endpoint: '" + server.url() + "'");
  CHECK(has(send_logs().error().message(), "status 400: no room"));
  RawServer verbose([&](RawConnection& c) {
    c.read_request();
    c.answer(400, std::string(100'000, 'x'));
  });
  make("endpoint: '" + verbose.url() + "'");
  CHECK(send_logs().error().message().size() < 1000);
}

TEST_CASE_FIXTURE(ExporterFixture, "partial success counts what was rejected and is no error") {
  RawServer server([&](RawConnection& c) {
    c.read_request();
    c.answer(200, otlp::encode_response({.rejected = 1, .message = "too old"}, Signal::logs),
             "Content-Type: application/x-protobuf\r\n");
  });
  make("endpoint: '" + server.url() + "'");
  const auto receipt = send_logs();
  REQUIRE(receipt);
  CHECK(receipt->rejected == 1);
  CHECK(receipt->reason == "too old");
}

TEST_CASE_FIXTURE(ExporterFixture, "an acceptance that cannot be read is for good") {
  RawServer server([](RawConnection& c) {
    c.read_request();
    c.answer(200, "\xff\xff\xff", "Content-Type: application/x-protobuf\r\n");
  });
  make("endpoint: '" + server.url() + "'");
  const auto receipt = send_logs();
  REQUIRE(!receipt);
  CHECK(receipt.error().kind() == ErrorKind::invalid);
}

TEST_CASE_FIXTURE(ExporterFixture, "a destination that is down or silent is retried") {
  RawServer server([](RawConnection& c) {
    c.read_request();
    c.read(1);
  });
  make("{endpoint: '" + server.url() + "', timeout: 20ms}");
  CHECK(send_logs().error().kind() == ErrorKind::unavailable);
  make("endpoint: 'http://127.0.0.1:1'");
  CHECK(send_logs().error().kind() == ErrorKind::unavailable);
}

TEST_CASE_FIXTURE(ExporterFixture, "nothing is sent for an empty batch") {
  make("endpoint: 'http://127.0.0.1:1'");
  CHECK(send(SignalBatch(LogBatch())));
}

TEST_CASE_FIXTURE(ExporterFixture, "a missing certificate stops the start") {
  class NoHost final : public Host {
    Extension* extension(const config::ComponentId&) override { return nullptr; }
  } host;
  make("{endpoint: 'https://h', tls: {ca_file: /does/not/exist}}");
  CHECK(!exporter->start(host));
  make("endpoint: 'https://h'");
  CHECK(exporter->start(host));
}

TEST_CASE_FIXTURE(ExporterFixture, "an authenticator's credentials go with each attempt and win over the headers") {
  std::vector<std::string> requests;
  std::vector<int> answers = {200, 401, 401, 403};
  RawServer server([&](RawConnection& c) {
    while (!answers.empty()) {
      const std::string request = c.read_request();
      if (request.empty()) return;
      requests.push_back(request);
      const int status = answers.front();
      answers.erase(answers.begin());
      c.answer(status);
    }
  });
  testing::FakeCredentials credentials;
  testing::HostOf host(&credentials);
  make("{endpoint: '" + server.url("/") + "', auth: {authenticator: some}, headers: {authorization: 'Basic old'}}");
  REQUIRE(exporter->start(host));
  CHECK(has(log.last, "use https"));
  REQUIRE(send_logs());
  CHECK(has(requests[0], "Authorization: Bearer abc\r\n"));
  CHECK_FALSE(has(requests[0], "old"));
  CHECK(send_logs().error().kind() == ErrorKind::denied);
  credentials.is_renewed = true;
  CHECK(send_logs().error().kind() == ErrorKind::unavailable);
  CHECK(send_logs().error().kind() == ErrorKind::denied);
  CHECK(credentials.denials == 2);
  credentials.lacking = Error(ErrorKind::unavailable, "no token yet");
  CHECK(send_logs().error().message() == "no token yet");
}

TEST_CASE_FIXTURE(ExporterFixture, "an extension that is not there, or is none for clients, stops the start") {
  make("{endpoint: 'https://h', auth: {authenticator: some/one}}");
  testing::HostOf nobody(nullptr);
  CHECK(has(exporter->start(nobody).error().message(), "\"some/one\", which is not listed in service::extensions"));
  Extension other;
  testing::HostOf wrong(&other);
  CHECK(has(exporter->start(wrong).error().message(), "has no credentials for requests that go out"));
}

TEST_CASE_FIXTURE(ExporterFixture, "configurations that cannot work are errors at their key") {
  parse("{}");
  CHECK(has(errors, "endpoint"));
  parse("endpoint: 'h:4318'");
  CHECK(has(errors, "http://"));
  parse("{endpoint: 'http://h', encoding: xml}");
  CHECK(has(errors, "xml"));
  parse("{endpoint: 'http://h', auth: {}}");
  CHECK(has(errors, "auth"));
  parse("{endpoint: 'http://h', sending_queu: {}}");
  CHECK(has(errors, "sending_queue"));
  parse("{endpoint: 'http://h', sending_queue: {enabled: false}, retry_on_failure: {enabled: false}}");
  CHECK(errors.empty());
}

}  // namespace
}  // namespace rankwire::otlp_http
