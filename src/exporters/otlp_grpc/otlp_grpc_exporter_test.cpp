// The exporter against our own gRPC server, and the table of what is retried.
#include "exporters/otlp_grpc/otlp_grpc_exporter.hpp"

#include <doctest/doctest.h>

#include "component/otlp_grpc_answer.hpp"
#include "config/load.hpp"
#include "net/server.hpp"
#include "otlp/otlp.hpp"
#include "testing/extension_test.hpp"
#include "testing/log_batches.hpp"
#include "testing/test_environment.hpp"

namespace rankwire::otlp_grpc {
namespace {

using namespace std::chrono_literals;

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

// Keeps the last request and answers what it is told to.
class Destination final : public net::ServerHandler {
 public:
  Result<std::unique_ptr<net::Exchange>> open(const net::RequestHead& opened) override {
    head = opened;
    return std::make_unique<Kept>(*this);
  }
  net::RequestHead head;
  std::string message;
  std::string answer;
  std::optional<Error> refusal;
  bool is_stranger = false;  // UNAUTHENTICATED.

  std::optional<net::ServerResponse> special_answer(const net::RequestHead&) override {
    if (!is_stranger) return {};
    return net::ServerResponse{.grpc_status = 16, .body = "who are you?"};
  }

 private:
  class Kept final : public net::Exchange {
   public:
    explicit Kept(Destination& owner) : owner_(owner) {}
    Result<net::ServerResponse> finish(Buffer body, bool is_compressed) override {
      if (owner_.refusal) return *owner_.refusal;
      owner_.message = body.view();
      if (is_compressed) {
        auto plain = net::decompress(owner_.head.encoding, body.view(), 1_MiB);
        if (!plain) return std::move(plain).error();
        owner_.message = plain->view();
      }
      net::ServerResponse response;
      response.body = owner_.answer;
      return response;
    }

   private:
    Destination& owner_;
  };
};

struct ExporterFixture {
  testing::TestEnvironment test;
  SystemClock clock;
  std::unique_ptr<net::Network> network = net::make_system_network(clock);
  Environment environment{clock, *test.files, *network, *test.random, test.log, test.counters, test.buffers};
  ExporterFactory factory = otlp_grpc_factory();
  std::unique_ptr<Exporter> exporter;
  std::string errors;
  Destination destination;
  std::unique_ptr<net::Server> server;

  AnyConfig parse(const std::string& yaml) {
    config::Diagnostics diagnostics;
    const auto config = factory.parse(config::parse_yaml(yaml, "test.yaml", diagnostics), "otlp_grpc", diagnostics);
    errors = diagnostics.has_errors() ? diagnostics.text() : "";
    return config;
  }
  void make(const std::string& yaml) {
    const auto config = parse(yaml);
    REQUIRE_MESSAGE(errors.empty(), errors);
    exporter = std::move(*factory.create(config, {{"otlp_grpc", ""}, environment}));
  }
  void serve() {
    net::ServerOptions options;
    options.protocol = net::Protocol::grpc;
    options.listen = {"127.0.0.1", 0};
    auto started = net::Server::start(options, destination, clock);
    REQUIRE_MESSAGE(started, started.error().message());
    server = std::move(*started);
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(server->port()); }
  Result<Receipt> send_logs() {
    const SignalBatch batch = testing::log_batch({"one", "two"});
    OutgoingBatch outgoing(batch);
    return exporter->send(outgoing, {});
  }
};

TEST_CASE_FIXTURE(ExporterFixture, "upstream's defaults hold") {
  make("endpoint: 'h:4317'");
  REQUIRE(exporter->delivery().queue);
  CHECK(exporter->delivery().queue->num_consumers == 10);
  const config::Node printed = factory.print(parse("endpoint: 'h:4317'"), false);
  CHECK(printed.find("timeout")->text() == "5s");
  CHECK(printed.find("compression")->text() == "gzip");
  CHECK(printed.find("tls")->find("insecure")->text() == "false");
}

TEST_CASE_FIXTURE(ExporterFixture, "a batch is a call of its signal's service with the metadata given") {
  serve();
  for (const std::string compression : {"gzip", "zstd", "snappy", "none"}) {
    CAPTURE(compression);
    make("{endpoint: '" + address() + "', tls: {insecure: true}, headers: {X-Scope: a}, compression: " + compression +
         "}");
    const auto receipt = send_logs();
    REQUIRE_MESSAGE(receipt, receipt.error().message());
    CHECK(destination.head.path == "/opentelemetry.proto.collector.logs.v1.LogsService/Export");
    CHECK(destination.head.header("x-scope") == "a");
    const auto decoded = otlp::decode_logs(destination.message);
    REQUIRE(decoded);
    CHECK(testing::bodies_of(*decoded) == std::vector<std::string>{"one", "two"});
  }
}

TEST_CASE_FIXTURE(ExporterFixture, "an authenticator's credentials go with each call, and never without TLS") {
  serve();
  testing::FakeCredentials credentials;
  testing::HostOf host(&credentials);
  make("{endpoint: 'http://" + address() + "', headers: {X-Scope: a}, auth: {authenticator: some}}");
  CHECK(has(exporter->start(host).error().message(), "not sent without TLS"));
  credentials.is_secret = false;
  REQUIRE(exporter->start(host));
  REQUIRE(send_logs());
  CHECK(destination.head.header("authorization") == "Bearer abc");
  CHECK(destination.head.header("x-scope") == "a");
  credentials.value = "Bearer def";
  REQUIRE(send_logs());
  CHECK(destination.head.header("authorization") == "Bearer def");
  destination.is_stranger = true;
  CHECK(send_logs().error().kind() == ErrorKind::denied);
  credentials.is_renewed = true;
  CHECK(send_logs().error().kind() == ErrorKind::unavailable);
}

TEST_CASE_FIXTURE(ExporterFixture, "a full destination's delay and a partial success come through") {
  serve();
  make("endpoint: 'http://" + address() + "'");
  destination.refusal = Error(ErrorKind::refused, "full", 1500ms);
  const auto refused = send_logs();
  REQUIRE(!refused);
  CHECK(refused.error().kind() == ErrorKind::refused);
  CHECK(refused.error().retry_after() == 1500ms);
  destination.refusal.reset();
  destination.answer = otlp::encode_response({.rejected = 1, .message = "too old"}, Signal::logs);
  const auto partial = send_logs();
  REQUIRE(partial);
  CHECK(partial->rejected == 1);
  CHECK(partial->reason == "too old");
}

TEST_CASE_FIXTURE(ExporterFixture, "a destination that is down is retried") {
  make("endpoint: 'http://127.0.0.1:1'");
  CHECK(send_logs().error().kind() == ErrorKind::unavailable);
}

TEST_CASE("what is retried and what is dropped follows the status") {
  const auto outcome = [](int status, std::optional<std::chrono::milliseconds> delay = {}) {
    const auto receipt =
        judge_otlp_grpc({.status = status, .message = "because\n", .body = "", .retry_delay = delay}, {});
    REQUIRE(!receipt);
    CHECK(has(receipt.error().message(), ": because"));
    return receipt.error();
  };
  for (const int status : {1, 4, 10, 11, 14, 15}) {
    CAPTURE(status);
    CHECK(outcome(status).kind() == ErrorKind::unavailable);
    CHECK(!outcome(status).retry_after());
    CHECK(outcome(status, 2s).retry_after() == 2s);
  }
  for (const int status : {2, 3, 5, 6, 8, 9, 12, 13, 99}) CHECK(outcome(status).kind() == ErrorKind::invalid);
  for (const int status : {7, 16}) CHECK(outcome(status).kind() == ErrorKind::denied);
  CHECK(outcome(8, 2s).kind() == ErrorKind::refused);
  CHECK(outcome(8, 2s).retry_after() == 2s);
  CHECK(has(outcome(14).message(), "UNAVAILABLE"));
}

TEST_CASE("an acceptance that cannot be read is for good") {
  const auto receipt =
      judge_otlp_grpc({.status = 0, .message = "", .body = "\xff\xff", .retry_delay = {}}, Signal::logs);
  REQUIRE(!receipt);
  CHECK(receipt.error().kind() == ErrorKind::invalid);
}

TEST_CASE_FIXTURE(ExporterFixture, "configurations that cannot work are errors at their key") {
  parse("{}");
  CHECK(has(errors, "endpoint"));
  parse("endpoint: collector");
  CHECK(has(errors, ":port"));
  parse("{endpoint: 'h:1', compression: lz4}");
  CHECK(has(errors, "lz4"));
  parse("{endpoint: 'h:1', wait_for_ready: true, balancer_name: round_robin, write_buffer_size: 524288}");
  CHECK(errors.empty());
}

}  // namespace
}  // namespace rankwire::otlp_grpc
