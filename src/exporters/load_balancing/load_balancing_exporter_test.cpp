// The exporter before real gRPC servers, and the ring against what is known of the original's.
#include "exporters/load_balancing/load_balancing_exporter.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <set>

#include "config/load.hpp"
#include "exporters/load_balancing/hash_ring.hpp"
#include "net/server.hpp"
#include "otlp/otlp.hpp"
#include "testing/certificates.hpp"
#include "testing/extension_test.hpp"
#include "testing/fake_api_server.hpp"
#include "testing/log_batches.hpp"
#include "testing/metric_batches.hpp"
#include "testing/span_batches.hpp"
#include "testing/temporary_directory.hpp"

namespace rankwire::load_balancing {
namespace {

using testing::MetricBatchBuilder;
using testing::SpanBatchBuilder;

std::string text(const TraceId& id) { return {reinterpret_cast<const char*>(id.bytes), sizeof id.bytes}; }

// Keeps what it takes; refuses or rejects when told to.
class Gateway final : public net::ServerHandler {
 public:
  explicit Gateway(Clock& clock) : clock_(clock) { serve(0); }

  Result<std::unique_ptr<net::Exchange>> open(const net::RequestHead& opened) override {
    return std::make_unique<Kept>(*this, opened);
  }
  void serve(std::uint16_t port) {
    net::ServerOptions options;
    options.protocol = net::Protocol::grpc;
    options.listen = {"127.0.0.1", port};
    auto started = net::Server::start(options, *this, clock_);
    REQUIRE_MESSAGE(started, (started ? "" : started.error().message()));
    server_ = std::move(*started);
    port_ = server_->port();
  }
  void go() { server_.reset(); }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  std::set<std::string> traces, bodies, points;  // Of what was taken.
  std::size_t records = 0, requests = 0;
  std::optional<Error> refusal;

 private:
  class Kept final : public net::Exchange {
   public:
    Kept(Gateway& owner, const net::RequestHead& head) : owner_(owner), head_(head) {}
    Result<net::ServerResponse> finish(Buffer body, bool is_compressed) override {
      const std::lock_guard lock(owner_.mutex_);
      if (owner_.refusal) return *owner_.refusal;
      ++owner_.requests;
      std::string message(body.view());
      if (is_compressed) message = net::decompress(head_.encoding, body.view(), 16_MiB)->view();
      if (head_.path.find("trace") != std::string::npos)
        owner_.keep(*otlp::decode_traces(message));
      else if (head_.path.find("metrics") != std::string::npos)
        owner_.keep(std::move(*otlp::decode_metrics(message)));
      else
        owner_.keep(*otlp::decode_logs(message));
      return net::ServerResponse{};
    }

   private:
    Gateway& owner_;
    const net::RequestHead head_;
  };

  void keep(const TraceBatch& batch) {
    records += batch.record_count();
    for (const auto& resource : batch.resources)
      for (const auto& scope : resource.scopes)
        for (const Span& span : scope.records) traces.insert(text(span.trace_id));
  }
  void keep(const LogBatch& batch) {
    records += batch.record_count();
    for (const std::string& body : testing::bodies_of(batch)) bodies.insert(body);
  }
  void keep(MetricBatch batch) {
    records += batch.record_count();
    SignalBatch any(std::move(batch));
    for (const std::string& line : testing::point_lines(any)) points.insert(line);
  }

  Clock& clock_;
  std::mutex mutex_;
  std::unique_ptr<net::Server> server_;
  std::uint16_t port_ = 0;
};

// The API server at one port, the rest as it is.
class Cluster final : public net::Network {
 public:
  Cluster(testing::FakeApi& api, Clock& clock) : api_(api), rest_(net::make_system_network(clock)) {}
  Result<std::unique_ptr<net::Stream>> connect(const net::Endpoint& to, net::TlsClientContext* tls,
                                               const std::string& server_name, Deadline deadline,
                                               std::stop_token stop) override {
    if (to.host == "api.test") return api_.connect(to, tls, server_name, deadline, std::move(stop));
    return rest_->connect(to, tls, server_name, deadline, std::move(stop));
  }

 private:
  testing::FakeApi& api_;
  const std::unique_ptr<net::Network> rest_;
};

struct Fixture {
  SystemClock clock;
  testing::TestEnvironment test;
  testing::FakeApi api{R"({"metadata":{"name":"gw","namespace":"obs","resourceVersion":"4"},"subsets":[{"addresses":[
      {"ip":"127.0.0.1","hostname":"gw-0"}],"notReadyAddresses":[{"ip":"10.9.9.9"}]}]})"};
  Cluster network{api, clock};
  Environment environment{clock, *test.files, network, *test.random, test.log, test.counters, test.buffers};
  ExporterFactory factory = load_balancing_factory();
  std::deque<Gateway> gateways;
  std::unique_ptr<Exporter> exporter;
  testing::HostOf host{nullptr};

  ~Fixture() {
    if (exporter) exporter->stop(Deadline::never());
  }
  void add_gateways(int count) {
    for (int i = 0; i < count; ++i) gateways.emplace_back(clock);
  }
  std::string all_static() const {
    std::string names;
    for (const Gateway& gateway : gateways) names += (names.empty() ? "" : ", ") + ("'" + gateway.address() + "'");
    return "resolver: {static: {hostnames: [" + names + "]}}";
  }
  std::string problems(const std::string& yaml) {
    config::Diagnostics diagnostics;
    factory.parse(config::parse_yaml(yaml, "t", diagnostics), "load_balancing", diagnostics);
    return diagnostics.has_errors() ? diagnostics.text() : "";
  }
  void make(const std::string& settings) {
    const std::string yaml = "{protocol: {otlp: {tls: {insecure: true}}}, " + settings + "}";
    config::Diagnostics diagnostics;
    const AnyConfig config = factory.parse(config::parse_yaml(yaml, "t", diagnostics), "load_balancing", diagnostics);
    REQUIRE_MESSAGE(!diagnostics.has_errors(), (diagnostics.has_errors() ? diagnostics.text() : ""));
    exporter = std::move(*factory.create(config, {{"load_balancing", ""}, environment}));
    const auto started = exporter->start(host);
    REQUIRE_MESSAGE(started, (started ? "" : started.error().message()));
  }
  Result<Receipt> send(SignalBatch batch) {
    OutgoingBatch outgoing(batch);
    return exporter->send(outgoing, {});
  }
  std::size_t records() const {
    std::size_t all = 0;
    for (const Gateway& gateway : gateways) all += gateway.records;
    return all;
  }
};

// Two spans of each of so many traces.
TraceBatch spans_of(int traces, std::uint8_t from = 1) {
  SpanBatchBuilder batch;
  for (std::uint8_t turn = 0; turn < 2; ++turn)
    for (int i = 0; i < traces; ++i) batch.span("work").ids(static_cast<std::uint8_t>(from + i), turn + 1);
  return batch.take();
}

TraceId trace_of(std::initializer_list<std::uint8_t> bytes) {
  TraceId id;
  std::copy(bytes.begin(), bytes.end(), id.bytes);
  return id;
}

}  // namespace

TEST_CASE("the ring gives keys to the endpoints that the original gives them to") {
  const HashRing ring({"endpoint-1", "endpoint-2"});
  CHECK(ring.find(text(trace_of({1, 2, 0, 0})), {false, false}) == 0);
  CHECK(ring.find(text(trace_of({128, 128, 0, 0})), {false, false}) == 1);
  CHECK(ring.find(text(trace_of({1, 2, 0, 0})), {true, false}) == 1);
  CHECK(ring.find(text(trace_of({1, 2, 0, 0})), {true, true}) == 0);
}

TEST_CASE("an endpoint that goes moves its keys alone, and none has much more than its share") {
  const HashRing five({"a:1", "b:1", "c:1", "d:1", "e:1"}), four({"a:1", "b:1", "c:1", "d:1"});
  std::vector<int> shares(5);
  const std::vector<bool> none(5);
  for (int i = 0; i < 10'000; ++i) {
    const std::string key = "key-" + std::to_string(i);
    const std::size_t before = five.find(key, none);
    ++shares[before];
    if (before != 4) CHECK(four.find(key, none) == before);
  }
  for (const int share : shares) CHECK((share > 1200 && share < 3000));
}

TEST_CASE_FIXTURE(Fixture, "all spans of a trace go to one gateway, whichever batch they are in") {
  add_gateways(3);
  make(all_static());
  REQUIRE(send(spans_of(200)));
  REQUIRE(send(spans_of(200)));
  CHECK(records() == 800);
  std::size_t traces = 0;
  for (const Gateway& gateway : gateways) {
    CHECK(gateway.requests == 2);
    traces += gateway.traces.size();
  }
  CHECK(traces == 200);
}

TEST_CASE_FIXTURE(Fixture, "logs go by service, and metrics by what they are told to go by") {
  add_gateways(2);
  make(all_static());
  LogBatch logs = testing::log_batch({"a", "b", "c", "d"});
  set(logs.resources[0].resource.attributes, logs.arena(), "service.name", Value::of("shop"));
  REQUIRE(send(std::move(logs)));
  CHECK(std::max(gateways[0].bodies.size(), gateways[1].bodies.size()) == 4);

  const auto points = [] {
    MetricBatchBuilder batch;
    for (int i = 0; i < 40; ++i) batch.counter("m" + std::to_string(i % 2)).point(i, {{"i", i < 20 ? "x" : "y"}});
    return batch.take();
  };
  for (const std::string key : {"metric", "streamID", "resource", "service", "traceID"}) {
    CAPTURE(key);
    for (Gateway& gateway : gateways) gateway.records = 0;
    make(all_static() + ", routing_key: " + key);
    REQUIRE(send(points()));
    CHECK(records() == 40);
  }
  gateways[0].points.clear();
  gateways[1].points.clear();
  make(all_static() + ", routing_key: attributes, routing_attributes: [i]");
  REQUIRE(send(points()));
  for (const Gateway& gateway : gateways) {
    const auto of = [&](const char* value) {
      return std::count_if(gateway.points.begin(), gateway.points.end(),
                           [&](const std::string& line) { return line.find(value) != std::string::npos; });
    };
    CHECK(of("i=x") % 20 == 0);
    CHECK(of("i=y") % 20 == 0);
  }
}

TEST_CASE_FIXTURE(Fixture,
                  "what a gateway that is down would get goes to the others, and back when it is there again") {
  add_gateways(3);
  make(all_static());
  REQUIRE(send(spans_of(200)));
  const std::set<std::string> of_first = gateways[0].traces;
  gateways[0].go();
  REQUIRE(send(spans_of(200)));
  CHECK(records() == 800);
  CHECK(test.counters.counter("rankwire_load_balancing_rerouted_records_total", "", {{"exporter", "load_balancing"}})
            .value() == 2 * of_first.size());
  for (Gateway& gateway : gateways) gateway.requests = 0;
  REQUIRE(send(spans_of(200)));
  CHECK(gateways[1].requests + gateways[2].requests == 2);  // Nobody tries it again so soon.
}

TEST_CASE_FIXTURE(Fixture, "without fail_over a batch comes again for what was not taken, and for that alone") {
  add_gateways(2);
  make(all_static() + ", fail_over: false");
  gateways[1].refusal = Error(ErrorKind::unavailable, "not now");
  const auto refused = send(spans_of(100));
  REQUIRE(!refused);
  CHECK(refused.error().kind() == ErrorKind::unavailable);
  CHECK(gateways[0].requests == 1);
  gateways[1].refusal.reset();
  REQUIRE(send(spans_of(100)));
  CHECK(gateways[0].requests == 1);
  CHECK(records() == 200);
  REQUIRE(send(spans_of(100)));  // The same once more is another batch.
  CHECK(records() == 400);
}

TEST_CASE_FIXTURE(Fixture, "what a gateway has no room for is not given to others") {
  add_gateways(2);
  make(all_static());
  gateways[1].refusal = Error(ErrorKind::refused, "full", std::chrono::seconds(2));
  const auto refused = send(spans_of(100));
  REQUIRE(!refused);
  CHECK(refused.error().retry_after() == std::chrono::seconds(2));
  gateways[1].refusal.reset();
  REQUIRE(send(spans_of(100)));
  CHECK(records() == 200);
}

TEST_CASE_FIXTURE(Fixture, "what a gateway rejects for good is counted, and the rest is delivered") {
  add_gateways(2);
  make(all_static());
  gateways[1].refusal = Error(ErrorKind::invalid, "no such tenant");
  const auto receipt = send(spans_of(100));
  REQUIRE(receipt);
  CHECK(receipt->rejected == 200 - gateways[0].records);
  CHECK(receipt->reason.find("no such tenant") != std::string::npos);
  gateways[0].refusal = gateways[1].refusal;
  CHECK(send(spans_of(100)).error().kind() == ErrorKind::invalid);
}

TEST_CASE_FIXTURE(Fixture, "all gateways down: the batch waits, and goes when one is back") {
  add_gateways(2);
  make(all_static());
  for (Gateway& gateway : gateways) gateway.go();
  CHECK(send(spans_of(10)).error().kind() == ErrorKind::unavailable);
  gateways[1].serve(static_cast<std::uint16_t>(std::stoi(gateways[1].address().substr(10))));
  gateways[0].serve(static_cast<std::uint16_t>(std::stoi(gateways[0].address().substr(10))));
  REQUIRE(send(spans_of(10)));
  CHECK(records() == 20);
}

TEST_CASE_FIXTURE(Fixture, "the addresses of a name are the destinations") {
  add_gateways(1);
  make("resolver: {dns: {hostname: 127.0.0.1, port: '" + gateways[0].address().substr(10) + "'}}");
  while (exporter->unhealthy()) std::this_thread::yield();
  REQUIRE(send(spans_of(10)));
  CHECK(records() == 20);
}

TEST_CASE_FIXTURE(Fixture, "the endpoints of a Kubernetes service are the destinations, and follow its changes") {
  const testing::TemporaryDirectory directory;
  std::ofstream(directory.path() + "/token") << "t";
  std::ofstream(directory.path() + "/ca.crt") << testing::CertificateAuthority().pem();
  std::ofstream(directory.path() + "/namespace") << "obs";
  ::setenv("KUBERNETES_SERVICE_HOST", "api.test", 1);
  ::setenv("KUBERNETES_SERVICE_PORT", "6443", 1);
  add_gateways(1);
  make("resolver: {k8s: {service: gw, ports: [" + gateways[0].address().substr(10) + "], service_account_directory: '" +
       directory.path() + "'}}");
  while (exporter->unhealthy()) std::this_thread::yield();
  REQUIRE(send(spans_of(10)));
  CHECK(records() == 20);
  api.tell("MODIFIED", R"({"metadata":{"name":"gw","namespace":"obs","resourceVersion":"9"},"subsets":[]})");
  while (!exporter->unhealthy()) std::this_thread::yield();
  CHECK(send(spans_of(10)).error().kind() == ErrorKind::unavailable);
}

TEST_CASE_FIXTURE(Fixture, "configurations that cannot work are errors at their key") {
  const auto has = [](const std::string& text, const char* part) {
    CAPTURE(text);
    CHECK(text.find(part) != std::string::npos);
  };
  has(problems("{}"), "one of static, dns and k8s");
  has(problems("resolver: {static: {hostnames: [a]}, dns: {hostname: b}}"), "one of static, dns and k8s");
  has(problems("resolver: {static: {hostnames: []}}"), "must name a destination");
  has(problems("resolver: {static: {hostnames: [a, a]}}"), "twice");
  has(problems("resolver: {dns: {hostname: a, port: x}}"), "port");
  has(problems("resolver: {k8s: {service: a.b.c}}"), "name.namespace");
  has(problems("{routing_key: attributes, resolver: {static: {hostnames: [a]}}}"), "routing_attributes");
  has(problems("{routing_key: moon, resolver: {static: {hostnames: [a]}}}"), "streamID");
  has(problems("resolver: {aws_cloud_map: {namespace: a}}"), "aws_cloud_map");
  CHECK(problems("resolver: {static: {hostnames: [a, 'b:4317', 'https://c', '[::1]:4317']}}").empty());
}

}  // namespace rankwire::load_balancing
