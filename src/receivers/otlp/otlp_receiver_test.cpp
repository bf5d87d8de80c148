// The receiver over real sockets: what its pipelines get, and what its clients are told.
#include "receivers/otlp/otlp_receiver.hpp"

#include <doctest/doctest.h>

#include <mutex>

#include "config/load.hpp"
#include "net/compression.hpp"
#include "otlp/otlp.hpp"
#include "testing/h2_client.hpp"
#include "testing/log_batches.hpp"
#include "testing/raw_client.hpp"
#include "testing/test_environment.hpp"

namespace rankwire::otlp_receiver {
namespace {

using rankwire::testing::framed;
using rankwire::testing::H2Answer;
using rankwire::testing::H2Client;
using rankwire::testing::RawClient;
using rankwire::testing::TestEnvironment;

constexpr std::string_view logs_method = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";

class FakeLedger final : public AdmissionLedger {
 public:
  bool try_reserve(Bytes more) override {
    if (held.count + more.count > limit) return false;
    held += more;
    highest = std::max(highest, held.count);
    return true;
  }
  void release(Bytes bytes) override { held = held - bytes; }
  Bytes held;
  std::uint64_t highest = 0;
  Bytes reserve_max() const override { return Bytes{ever}; }
  std::uint64_t limit = 100 << 20, ever = UINT64_MAX;
};

class FakeIntake final : public Intake {
 public:
  Result<Admission> admit(Bytes estimate) override {
    const std::lock_guard lock(mutex);
    ++admissions;
    if (refusal) return *refusal;
    if (!ledger->try_reserve(estimate)) return Error(ErrorKind::refused, "full", std::chrono::milliseconds(2500));
    return Admission(ledger, estimate);
  }
  Bytes admission_max() const override { return ledger->reserve_max(); }
  bool wait_for_room(std::stop_token, Deadline) override { return true; }
  Result<void> deliver(Admission, SignalBatch batch, CompletionRef) override {
    const std::lock_guard lock(mutex);
    if (failure) return *failure;
    batches.push_back(std::move(batch));
    return {};
  }
  void count_dropped(std::uint64_t, std::string_view, std::string_view, std::string_view) override {}

  std::mutex mutex;
  std::shared_ptr<FakeLedger> ledger = std::make_shared<FakeLedger>();
  std::vector<SignalBatch> batches;
  std::optional<Error> refusal, failure;
  int admissions = 0;
};

class NoExtensions final : public Host {
  Extension* extension(const config::ComponentId&) override { return nullptr; }
};

constexpr const char* both_on_any_port =
    "protocols: {grpc: {endpoint: '127.0.0.1:0'}, http: {endpoint: '127.0.0.1:0'}}";

OtlpConfig parse(const std::string& yaml, std::string* problem = nullptr) {
  config::Diagnostics diagnostics;
  const config::Node node = config::parse_yaml(yaml, "test.yaml", diagnostics);
  OtlpConfig value = config::read<OtlpConfig>(node, "receivers::otlp", diagnostics);
  if (problem)
    *problem = diagnostics.has_errors() ? diagnostics.text() : "";
  else
    REQUIRE_MESSAGE(!diagnostics.has_errors(), diagnostics.text());
  return value;
}

struct Fixture {
  explicit Fixture(const std::string& yaml = both_on_any_port, bool has_traces = true)
      : receiver(parse(yaml), environment.context("otlp"),
                 {.logs = &logs, .metrics = &metrics, .traces = has_traces ? &traces : nullptr}) {
    const auto started = receiver.start(host);
    REQUIRE_MESSAGE(started, started.error().message());
  }
  ~Fixture() { receiver.stop({}); }

  std::string http(const std::string& path, const std::string& body, const std::string& headers,
                   const std::string& method = "POST") {
    RawClient client(receiver.http_port());
    client.send(method + " " + path + " HTTP/1.1\r\nHost: a\r\n" + headers +
                "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    return client.response();
  }
  H2Answer grpc(std::string_view method, const std::string& data,
                std::vector<std::pair<std::string, std::string>> headers = {}) {
    H2Client client(receiver.grpc_port());
    return client.answer_to(client.start(std::string(method), data, true, std::move(headers)));
  }

  TestEnvironment environment;
  FakeIntake logs, metrics, traces;
  NoExtensions host;
  OtlpReceiver receiver;
};

std::string request_of(const std::vector<std::string>& bodies) {
  Buffer buffer;
  otlp::encode(rankwire::testing::log_batch(bodies), buffer);
  return std::string(buffer.view());
}
std::vector<std::string> bodies_in(SignalBatch& batch) {
  if (!batch.is_wire()) return rankwire::testing::bodies_of(batch.logs());
  auto decoded = otlp::decode(batch.wire());
  REQUIRE(decoded);
  return rankwire::testing::bodies_of(decoded->logs());
}
int status(const std::string& response) { return response.size() < 12 ? 0 : std::stoi(response.substr(9, 3)); }
bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

const std::string protobuf = "Content-Type: application/x-protobuf\r\n";
const std::string json = "Content-Type: application/json\r\n";

TEST_CASE("a batch knows its transport and its sender's address, and the headers if they were asked for") {
  Fixture plain;
  REQUIRE(status(plain.http("/v1/logs", request_of({"a"}), protobuf + "X-Tenant: blue\r\n")) == 200);
  REQUIRE(plain.grpc(logs_method, framed(request_of({"b"})), {{"x-tenant", "blue"}}).code() == 0);
  REQUIRE(plain.logs.batches.size() == 2);
  CHECK(plain.logs.batches[0].client()->transport == std::string("http"));
  CHECK(plain.logs.batches[1].client()->transport == std::string("grpc"));
  CHECK(plain.logs.batches[0].client()->address == "127.0.0.1");
  CHECK(plain.logs.batches[0].client()->metadata.empty());

  Fixture asked(
      "protocols: {grpc: {endpoint: '127.0.0.1:0', include_metadata: true}, http: {endpoint: '127.0.0.1:0', "
      "include_metadata: true}}");
  REQUIRE(status(asked.http("/v1/logs", request_of({"a"}), protobuf + "X-Tenant: blue\r\n")) == 200);
  REQUIRE(asked.grpc(logs_method, framed(request_of({"b"})), {{"x-tenant", "green"}}).code() == 0);
  const auto has_header = [&](std::size_t batch, const std::pair<std::string, std::string>& header) {
    const auto& metadata = asked.logs.batches[batch].client()->metadata;
    return std::find(metadata.begin(), metadata.end(), header) != metadata.end();
  };
  CHECK(has_header(0, {"x-tenant", "blue"}));
  CHECK(has_header(1, {"x-tenant", "green"}));
}

TEST_CASE("protobuf over HTTP and gRPC arrives as the bytes that were sent") {
  Fixture fixture;
  const std::string request = request_of({"step 1", "step 2"});
  const std::string response = fixture.http("/v1/logs", request, protobuf);
  CHECK(status(response) == 200);
  CHECK(has(response, "Content-Type: application/x-protobuf\r\n"));
  CHECK(response.ends_with("\r\n\r\n"));
  const H2Answer answer = fixture.grpc(logs_method, framed(request));
  CHECK(answer.code() == 0);
  CHECK(answer.body == framed(""));
  REQUIRE(fixture.logs.batches.size() == 2);
  for (SignalBatch& batch : fixture.logs.batches) {
    REQUIRE(batch.is_wire());
    CHECK(batch.record_count() == 2);
    CHECK(batch.wire().chunks[0]->view() == request);
    CHECK(batch.wire().size.count == request.size());
  }
  CHECK(fixture.logs.ledger->held.count == 0);
}

TEST_CASE("JSON is decoded and answered in JSON") {
  Fixture fixture;
  const std::string body =
      R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"NCCL WARN"}}]}]}]})";
  const std::string response = fixture.http("/v1/logs", body, "content-type: Application/JSON; charset=utf-8\r\n");
  CHECK(status(response) == 200);
  CHECK(has(response, "Content-Type: application/json\r\n"));
  CHECK(response.ends_with("}"));
  REQUIRE(fixture.logs.batches.size() == 1);
  CHECK(bodies_in(fixture.logs.batches[0]) == std::vector<std::string>{"NCCL WARN"});
}

TEST_CASE("every content encoding is taken, by HTTP and where gRPC has it") {
  Fixture fixture;
  const std::string request = request_of({std::string(5000, 'z')});
  const std::string_view view(request);
  int expected = 0;
  for (const char* name : {"gzip", "zstd", "zlib", "snappy", "deflate", "lz4"}) {
    CAPTURE(name);
    const Buffer packed = *net::compress(*net::encoding_named(name), std::span(&view, 1), 0);
    CHECK(status(fixture.http("/v1/logs", std::string(packed.view()),
                              protobuf + "Content-Encoding: " + name + "\r\n")) == 200);
    CHECK(fixture.grpc(logs_method, framed(packed.view(), 1), {{"grpc-encoding", name}}).code() == 0);
    expected += 2;
  }
  REQUIRE(fixture.logs.batches.size() == static_cast<std::size_t>(expected));
  for (SignalBatch& batch : fixture.logs.batches) CHECK(batch.wire().chunks[0]->view() == request);
  CHECK(status(fixture.http("/v1/logs", "x", protobuf + "Content-Encoding: x-snappy-framed\r\n")) == 400);
}

TEST_CASE("an empty request is answered without troubling the pipeline") {
  Fixture fixture;
  CHECK(status(fixture.http("/v1/logs", "", protobuf)) == 200);
  CHECK(status(fixture.http("/v1/logs", "{}", json)) == 200);
  CHECK(fixture.grpc(logs_method, framed("")).code() == 0);
  CHECK(fixture.logs.batches.empty());
}

TEST_CASE("bytes that are not OTLP are 400 and INVALID_ARGUMENT") {
  Fixture fixture;
  CHECK(status(fixture.http("/v1/logs", "\xff\xff\xff", protobuf)) == 400);
  CHECK(status(fixture.http("/v1/logs", "{", json)) == 400);
  CHECK(status(fixture.http("/v1/logs", "not gzip", protobuf + "Content-Encoding: gzip\r\n")) == 400);
  CHECK(fixture.grpc(logs_method, framed("\xff\xff\xff")).code() == 3);
  CHECK(fixture.logs.batches.empty());
  CHECK(fixture.logs.ledger->held.count == 0);
}

TEST_CASE("a full pipeline says when to come back, before the body is read") {
  Fixture fixture;
  fixture.logs.refusal = Error(ErrorKind::refused, "queue is full", std::chrono::milliseconds(2500));
  RawClient client(fixture.receiver.http_port());
  client.send("POST /v1/logs HTTP/1.1\r\n" + protobuf + "Content-Length: 10000000\r\n\r\n");
  const std::string response = client.response();
  CHECK(status(response) == 429);
  CHECK(has(response, "Retry-After: 3\r\n"));
  const H2Answer answer = fixture.grpc(logs_method, framed(request_of({"a"})));
  CHECK(answer.code() == 8);
  CHECK(answer.headers.contains("grpc-status-details-bin"));
}

TEST_CASE("what the pipeline answers decides the status") {
  Fixture fixture;
  const std::string request = request_of({"a"});
  const auto check = [&](const Error& failure, int http_status, int code) {
    fixture.logs.failure = failure;
    CHECK(status(fixture.http("/v1/logs", request, protobuf)) == http_status);
    CHECK(fixture.grpc(logs_method, framed(request)).code() == code);
  };
  check(Error(ErrorKind::refused, "full", std::chrono::seconds(1)), 429, 8);
  check(Error(ErrorKind::unavailable, "down"), 503, 14);
  check(Error(ErrorKind::invalid, "no"), 500, 13);
  check(Error(ErrorKind::denied, "no"), 403, 7);
}

TEST_CASE("wrong paths, methods and types are told so in plain text") {
  Fixture fixture(both_on_any_port, false);
  const std::string request = request_of({"a"});
  CHECK(status(fixture.http("/v1/nothing", request, protobuf)) == 404);
  CHECK(status(fixture.http("/v1/traces", request, protobuf)) == 404);  // No pipeline takes traces.
  const std::string method = fixture.http("/v1/logs", "", protobuf, "GET");
  CHECK(status(method) == 405);
  CHECK(has(method, "Content-Type: text/plain"));
  const std::string type = fixture.http("/v1/logs", request, "Content-Type: text/html\r\n");
  CHECK(status(type) == 415);
  CHECK(has(type, "Content-Type: text/plain"));
  CHECK(status(fixture.http("/v1/logs", request, "")) == 415);
  CHECK(fixture.grpc("/opentelemetry.proto.collector.trace.v1.TraceService/Export", framed("")).code() == 12);
  CHECK(fixture.grpc("/other.Service/Export", framed("")).code() == 12);
  CHECK(fixture.logs.admissions == 0);
}

TEST_CASE("limits hold for the body as sent and as decompressed") {
  Fixture fixture(
      "protocols: {grpc: {endpoint: '127.0.0.1:0', max_recv_msg_size_mib: 1},"
      " http: {endpoint: '127.0.0.1:0', max_request_body_size: 1048576}}");
  const std::string large = request_of({std::string(2 << 20, 'x')});
  const std::string_view view(large);
  const std::string bomb(net::compress(net::Encoding::gzip, std::span(&view, 1), 0)->view());
  CHECK(status(fixture.http("/v1/logs", large, protobuf)) == 413);
  CHECK(status(fixture.http("/v1/logs", bomb, protobuf + "Content-Encoding: gzip\r\n")) == 400);
  CHECK(fixture.grpc(logs_method, framed(large)).code() == 8);
  CHECK(fixture.grpc(logs_method, framed(bomb, 1), {{"grpc-encoding", "gzip"}}).code() == 3);
  CHECK(fixture.logs.batches.empty());
  CHECK(fixture.logs.ledger->highest <= (1u << 20) + bomb.size());
}

TEST_CASE("decompressed and chunked bodies are admitted as they grow") {
  Fixture fixture;
  fixture.logs.ledger->limit = 100'000;
  const std::string large = request_of({std::string(500'000, 'x')});
  const std::string_view view(large);
  const std::string packed(net::compress(net::Encoding::zstd, std::span(&view, 1), 0)->view());
  const std::string refused = fixture.http("/v1/logs", packed, protobuf + "Content-Encoding: zstd\r\n");
  CHECK(status(refused) == 429);
  CHECK(has(refused, "Retry-After: 1\r\n"));
  RawClient client(fixture.receiver.http_port());
  client.send("POST /v1/logs HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + protobuf + "\r\n30000\r\n" +
              std::string(0x30000, 'x'));
  CHECK(status(client.response()) == 429);
  CHECK(fixture.logs.ledger->highest <= 100'000);
}

TEST_CASE("a request that can never be admitted is refused for good, at its head or while it grows") {
  Fixture fixture;
  fixture.logs.ledger->limit = fixture.logs.ledger->ever = 100'000;
  const auto is_refused_for_good = [&](const std::string& response) {
    return status(response) == 413 && !has(response, "Retry-After");
  };
  const std::string large = request_of({std::string(500'000, 'x')});
  const std::string_view view(large);
  const std::string packed(net::compress(net::Encoding::zstd, std::span(&view, 1), 0)->view());
  CHECK(is_refused_for_good(fixture.http("/v1/logs", large, protobuf)));
  CHECK(is_refused_for_good(fixture.http("/v1/logs", packed, protobuf + "Content-Encoding: zstd\r\n")));
  std::string nested = "{\"body\":{\"stringValue\":\"x\"}}";
  for (int i = 0; i < 1000; ++i) nested += ",{\"attributes\":[{},{},{},{},{},{},{},{}]}";
  const std::string json = "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[" + nested + "]}]}]}";
  REQUIRE(json.size() < 50'000);
  CHECK(is_refused_for_good(fixture.http("/v1/logs", json, "Content-Type: application/json\r\n")));
  const H2Answer answer = fixture.grpc(logs_method, framed(large));
  CHECK(answer.code() == 8);
  CHECK_FALSE(answer.headers.contains("grpc-status-details-bin"));
  CHECK(fixture.logs.batches.empty());
  CHECK(fixture.logs.ledger->held == Bytes{});
}

TEST_CASE("each signal has its path, which can be changed") {
  Fixture fixture("protocols: {http: {endpoint: '127.0.0.1:0', logs_url_path: in/logs}}");
  CHECK(status(fixture.http("/in/logs", request_of({"a"}), protobuf)) == 200);
  CHECK(status(fixture.http("/v1/logs", "", protobuf)) == 404);
  CHECK(status(fixture.http("/v1/metrics", "", protobuf)) == 200);
  CHECK(fixture.metrics.admissions == 1);
  CHECK(fixture.receiver.grpc_port() == 0);
}

TEST_CASE("a port that is taken stops the start and says which") {
  Fixture fixture;
  const std::string taken = std::to_string(fixture.receiver.http_port());
  OtlpReceiver second(
      parse("protocols: {grpc: {endpoint: '127.0.0.1:0'}, http: {endpoint: '127.0.0.1:" + taken + "'}}"),
      fixture.environment.context("otlp"), {.logs = &fixture.logs});
  const auto started = second.start(fixture.host);
  REQUIRE_FALSE(started);
  CHECK(has(started.error().message(), taken));
  CHECK(second.grpc_port() == 0);
}

TEST_CASE("a protocol present without a value listens where upstream does") {
  const OtlpConfig config = parse("protocols: {grpc: , http: }");
  REQUIRE(config.protocols.grpc);
  REQUIRE(config.protocols.http);
  CHECK(config.protocols.grpc->listen.endpoint == "localhost:4317");
  CHECK(config.protocols.http->listen.endpoint == "localhost:4318");
  CHECK(config.protocols.http->traces_url_path == "/v1/traces");
  CHECK(config.protocols.http->metrics_url_path == "/v1/metrics");
  CHECK(config.protocols.http->logs_url_path == "/v1/logs");
  CHECK(http_server_options(*config.protocols.http).body_bytes_max == Bytes{20u << 20});
  CHECK(grpc_server_options(*config.protocols.grpc).body_bytes_max == Bytes{4u << 20});
  CHECK_FALSE(parse("protocols: {http: }").protocols.grpc);
}

TEST_CASE("configurations that cannot work are refused with a reason") {
  const auto problem = [](const std::string& yaml) {
    std::string text;
    parse(yaml, &text);
    return text;
  };
  CHECK(has(problem("{}"), "at least one protocol"));
  CHECK(has(problem("protocols: {}"), "at least one protocol"));
  CHECK(has(problem("protocols: {grpc: {endpoint: localhost}}"), "host:port"));
  CHECK(has(problem("protocols: {grpc: {endpoint: 'localhost:99999'}}"), "port"));
  CHECK(has(problem("protocols: {http: {compression_algorithms: [brotli]}}"), "brotli"));
  CHECK(has(problem("protocols: {http: {auth: {}}}"), "must be set"));
  CHECK(has(problem("protocols: {grpc: {auth: {authenticator: a, request_params: [x]}}}"), "request_params"));
  CHECK(has(problem("protocols: {http: {tls: {}}}"), "cert_file"));
  CHECK(has(problem("protocols: {grpc: {max_recv_msg_sizemib: 1}}"), "max_recv_msg_size_mib"));
  CHECK(problem("protocols: {grpc: {endpoint: '[::]:4317', keepalive: {server_parameters: {max_connection_age: 1h}}}}")
            .empty());
}

// Knows "k" as "ann", and is busy for "later".
class Doorkeeper final : public Extension, public ServerAuthenticator {
 public:
  Result<net::Headers> authenticate(const net::RequestHead& head) override {
    const std::string_view key = head.header("x-key");
    if (key == "k") return net::Headers{{"username", "ann"}};
    if (key == "later") return Error(ErrorKind::refused, "try again");
    return Error(ErrorKind::denied, "who are you?");
  }
  std::string challenge() const override { return "Test"; }
};

class OneExtension final : public Host {
 public:
  Extension* extension(const config::ComponentId& id) override { return id.type == "door" ? &keeper : nullptr; }
  Doorkeeper keeper;
};

TEST_CASE("only those are let in whom the authenticator lets in, and what it found out travels with the batch") {
  TestEnvironment environment;
  FakeIntake logs;
  OneExtension host;
  OtlpReceiver receiver(parse("protocols: {grpc: {endpoint: '127.0.0.1:0', auth: {authenticator: door}}, http: "
                              "{endpoint: '127.0.0.1:0', auth: {authenticator: door, request_params: [X-Key]}}}"),
                        environment.context("otlp"), {.logs = &logs});
  REQUIRE(receiver.start(host));
  const std::string body = request_of({"hello"});
  const auto http = [&](const std::string& target, const std::string& headers) {
    RawClient client(receiver.http_port());
    client.send("POST " + target + " HTTP/1.1\r\nHost: a\r\n" + protobuf + headers +
                "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    return client.response();
  };
  const auto grpc = [&](std::vector<std::pair<std::string, std::string>> headers) {
    H2Client client(receiver.grpc_port());
    return client.answer_to(client.start(std::string(logs_method), framed(body), true, std::move(headers)));
  };
  const std::string stranger = http("/v1/logs", "");
  CHECK(status(stranger) == 401);
  CHECK(has(stranger, "WWW-Authenticate: Test"));
  CHECK(has(stranger, "who are you?"));
  CHECK(status(http("/v1/logs", "X-Key: wrong\r\n")) == 401);
  CHECK(status(http("/nothing/here", "")) == 401);
  const std::string later = http("/v1/logs", "X-Key: later\r\n");
  CHECK(status(later) == 429);
  CHECK(has(later, "Retry-After: 1"));
  CHECK(grpc({}).code() == 16);
  CHECK(grpc({{"x-key", "later"}}).code() == 14);
  CHECK(logs.admissions == 0);
  CHECK(status(http("/v1/logs", "X-Key: k\r\n")) == 200);
  CHECK(status(http("/v1/logs?a=b&X-Key=%6b", "")) == 200);
  CHECK(status(http("/v1/logs?X-Key=%6&x-key=k", "X-Key: k\r\n")) == 401);
  CHECK(grpc({{"x-key", "k"}}).code() == 0);
  REQUIRE(logs.batches.size() == 3);
  for (const SignalBatch& batch : logs.batches) CHECK(batch.client()->auth == net::Headers{{"username", "ann"}});
  const auto errors = [&](const char* answer) {
    return environment.counters.total("rankwire_otlp_error_answers_total", {{"status", answer}});
  };
  CHECK(errors("401") == 4);
  CHECK(errors("16") == 1);
  receiver.stop({});
}

TEST_CASE("a pipeline does not start without its authenticator") {
  TestEnvironment environment;
  FakeIntake logs;
  OneExtension host;
  for (const char* protocol : {"grpc", "http"}) {
    OtlpReceiver receiver(
        parse("protocols: {" + std::string(protocol) + ": {endpoint: '127.0.0.1:0', auth: {authenticator: other}}}"),
        environment.context("otlp"), {.logs = &logs});
    const auto started = receiver.start(host);
    REQUIRE(!started);
    CHECK(has(started.error().message(), "\"other\", which is not listed in service::extensions"));
  }
}

}  // namespace
}  // namespace rankwire::otlp_receiver
