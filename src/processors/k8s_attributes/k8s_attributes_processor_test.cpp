#include "processors/k8s_attributes/k8s_attributes_processor.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

#include "testing/connector_test.hpp"
#include "testing/fake_api_server.hpp"
#include "testing/log_batches.hpp"

namespace {

using namespace rankwire;
using namespace std::chrono_literals;
using testing::bodies_of;
using testing::ConnectorFixture;
using testing::FakeApi;
using testing::log_batch;

std::string pod(const std::string& uid, const std::string& ip, const std::string& more = "",
                const std::string& name = "web-5d8f-x") {
  return R"({"metadata":{"uid":")" + uid + R"(","name":")" + name +
         R"(","namespace":"shop","resourceVersion":"7","creationTimestamp":"2026-01-02T03:04:05Z",
    "labels":{"app":"web","tier":"front","pod-template-hash":"5d8f"},)" +
         more + R"("ownerReferences":[{"kind":"ReplicaSet","name":"web-5d8f","uid":"r-1"}]},
    "spec":{"nodeName":"node-4","containers":[{"name":"app","image":"registry/web:1.2"}]},
    "status":{"podIP":")" +
         ip + R"(","containerStatuses":[{"name":"app","restartCount":1,"containerID":"containerd://now",
      "imageID":"registry/web@sha256:12","lastState":{"terminated":{"containerID":"containerd://before"}}}]}})";
}

// A connector between doors that record, before an API server.
struct Fixture : ConnectorFixture {
  explicit Fixture(std::string items = pod("u-1", "10.0.0.7"))
      : ConnectorFixture(k8s_attributes::k8s_attributes_factory()), api(std::move(items)) {
    ::setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1", 1);
    ::setenv("KUBERNETES_SERVICE_PORT", "6443", 1);
  }
  ~Fixture() {
    if (under_test) under_test->stop(soon());
  }

  std::unique_ptr<Connector> make_with(const std::string& yaml) {
    const ProcessorFactory factory = k8s_attributes::k8s_attributes_factory();
    config::Diagnostics diagnostics;
    const AnyConfig config = factory.parse(config::parse_yaml(yaml, "t", diagnostics), "k8s_attributes", diagnostics);
    REQUIRE_MESSAGE(!diagnostics.has_errors(), (diagnostics.has_errors() ? diagnostics.as_error().message() : ""));
    auto made =
        factory.create_holding(config, {{"k8s_attributes", ""}, world}, {&logs, &metrics, &traces, nullptr, &ledger});
    REQUIRE(made);
    return std::move(*made);
  }
  void start(const std::string& yaml) {
    under_test = make_with(yaml);
    const auto started = under_test->start(host);
    REQUIRE_MESSAGE(started, (started ? "" : started.error().message()));
  }
  // With the resource's attributes; what went on for it.
  LogBatch batch(std::initializer_list<KeyValue> attributes, const std::string& body = "a") {
    LogBatch made = log_batch({body});
    for (const KeyValue& entry : attributes) made.resources[0].resource.attributes.push(made.arena(), entry);
    return made;
  }
  std::string through(std::initializer_list<KeyValue> attributes, const std::string& sender = "") {
    SignalBatch sent = batch(attributes);
    if (!sender.empty()) {
      auto client = std::make_shared<Client>();
      client->address = sender;
      sent.set_client(std::move(client));
    }
    const std::size_t before = logs.taken().size();
    REQUIRE(under_test->consume(std::move(sent), nullptr));
    REQUIRE(logs.wait_for(before + 1));
    return testing::text_of(logs.taken().back().batch.logs().resources[0].resource.attributes);
  }

  FakeApi api;
  Environment world{environment.clock,    *environment.files, api, *environment.random, environment.log,
                    environment.counters, environment.buffers};
  std::unique_ptr<Connector> under_test;
};

// Starts with the first list read.
const std::string base = "auth_type: none, wait_for_metadata: true, wait_for_metadata_timeout: 1h";

TEST_CASE("a record of a known pod gets the default attributes, by the uid of a log file's path") {
  Fixture f;
  f.start("{" + base + "}");
  CHECK(f.through({{"k8s.pod.uid", Value::of("u-1")}}) ==
        "{k8s.pod.uid=u-1,k8s.namespace.name=shop,k8s.pod.name=web-5d8f-x,k8s.pod.start_time=2026-01-02T03:04:05Z,"
        "k8s.node.name=node-4,k8s.deployment.name=web,container.image.name=registry/web,container.image.tag=1.2}");
}

TEST_CASE("what a resource says itself stays, what is empty is filled in") {
  Fixture f;
  f.start("{" + base + ", extract: {metadata: [k8s.pod.name, k8s.node.name]}}");
  CHECK(f.through({{"k8s.pod.uid", Value::of("u-1")},
                   {"k8s.pod.name", Value::of("mine")},
                   {"k8s.node.name", Value::of("")}}) == "{k8s.pod.uid=u-1,k8s.pod.name=mine,k8s.node.name=node-4}");
}

TEST_CASE("a pod is told by the address in an attribute, by that of the sender and by a host name that is one") {
  Fixture f;
  f.start("{" + base + ", extract: {metadata: [k8s.pod.name]}}");
  CHECK(f.through({{"k8s.pod.ip", Value::of("10.0.0.7")}}) == "{k8s.pod.ip=10.0.0.7,k8s.pod.name=web-5d8f-x}");
  CHECK(f.through({{"ip", Value::of("10.0.0.7")}}) == "{ip=10.0.0.7,k8s.pod.ip=10.0.0.7,k8s.pod.name=web-5d8f-x}");
  CHECK(f.through({}, "10.0.0.7") == "{k8s.pod.ip=10.0.0.7,k8s.pod.name=web-5d8f-x}");
  CHECK(f.through({}, "[::ffff:10.0.0.7]") == "{k8s.pod.ip=10.0.0.7,k8s.pod.name=web-5d8f-x}");
  CHECK(f.through({{"host.name", Value::of("10.0.0.7")}}) ==
        "{host.name=10.0.0.7,k8s.pod.ip=10.0.0.7,k8s.pod.name=web-5d8f-x}");
  CHECK(f.through({{"host.name", Value::of("node-4")}}) == "{host.name=node-4}");
}

TEST_CASE("the first association whose sources are all there tells the pod, and no other") {
  Fixture f;
  f.start("{" + base + R"(, extract: {metadata: [k8s.pod.uid]}, max_hold: 0s, pod_association: [
    {sources: [{from: resource_attribute, name: k8s.namespace.name}, {from: resource_attribute, name: k8s.pod.name}]},
    {sources: [{from: resource_attribute, name: container.id}]}, {sources: [{from: connection}]}]})");
  CHECK(f.through({{"k8s.namespace.name", Value::of("shop")}, {"k8s.pod.name", Value::of("web-5d8f-x")}}) ==
        "{k8s.namespace.name=shop,k8s.pod.name=web-5d8f-x,k8s.pod.uid=u-1}");
  CHECK(f.through({{"k8s.namespace.name", Value::of("shop")}, {"container.id", Value::of("before")}}) ==
        "{k8s.namespace.name=shop,container.id=before,k8s.pod.uid=u-1}");
  CHECK(f.through({{"container.id", Value::of("other")}}, "10.0.0.7") == "{container.id=other}");
  CHECK(f.through({}, "10.0.0.7") == "{k8s.pod.ip=10.0.0.7,k8s.pod.uid=u-1}");
}

TEST_CASE("a pod on its node's network is not told by the address that it shares") {
  std::string shared = pod("u-1", "10.0.0.7");
  shared.insert(shared.find("\"nodeName\""), "\"hostNetwork\":true,");
  Fixture f(shared);
  f.start("{" + base + ", max_hold: 0s}");
  CHECK(f.through({}, "10.0.0.7") == "{k8s.pod.ip=10.0.0.7}");
}

TEST_CASE("an address that a finished pod had tells the pod that has it now") {
  std::string finished = pod("u-9", "10.0.0.7");
  finished.insert(finished.find("\"podIP\""), "\"phase\":\"Succeeded\",");
  Fixture f(pod("u-1", "10.0.0.7") + "," + finished);
  f.start("{" + base + ", extract: {metadata: [k8s.pod.uid]}}");
  CHECK(f.through({}, "10.0.0.7") == "{k8s.pod.ip=10.0.0.7,k8s.pod.uid=u-1}");
}

TEST_CASE("labels and annotations become attributes by key, by pattern and by OpenTelemetry's own prefix") {
  Fixture f(pod("u-1", "10.0.0.7", R"("annotations":{"team":"red","resource.opentelemetry.io/ml.job.id":"j7"},)"));
  f.start("{" + base + R"(, extract: {metadata: [k8s.pod.uid], otel_annotations: true,
    labels: [{key: app}, {tag_name: level, key: tier}, {key_regex: 'ti.*'}, {tag_name: 'x.$1', key_regex: '(a).p'}],
    annotations: [{key: team, from: pod}, {key: nothing}]}})");
  CHECK(f.through({{"k8s.pod.uid", Value::of("u-1")}}) ==
        "{k8s.pod.uid=u-1,k8s.pod.labels.app=web,level=front,k8s.pod.labels.tier=front,x.a=web,"
        "k8s.pod.annotations.team=red,ml.job.id=j7}");
}

TEST_CASE("a container's attributes are those of its name, and of the run that a log file's path tells") {
  Fixture f;
  f.start(
      "{" + base +
      ", extract: {metadata: [container.id, container.image.tag, container.image.repo_digests, k8s.container.name]}}");
  CHECK(f.through({{"k8s.pod.uid", Value::of("u-1")}}) ==
        "{k8s.pod.uid=u-1,k8s.container.name=app,container.image.tag=1.2,container.id=now,"
        "container.image.repo_digests=[registry/web@sha256:12]}");
  CHECK(f.through({{"k8s.pod.uid", Value::of("u-1")}, {"k8s.container.restart_count", Value::of("0")}}) ==
        "{k8s.pod.uid=u-1,k8s.container.restart_count=0,k8s.container.name=app,container.image.tag=1.2,"
        "container.id=before}");
  CHECK(f.through({{"k8s.pod.uid", Value::of("u-1")}, {"k8s.container.name", Value::of("other")}}) ==
        "{k8s.pod.uid=u-1,k8s.container.name=other}");
}

TEST_CASE("a service is named after labels, else after what owns the pod") {
  Fixture f;
  f.start("{" + base +
          ", extract: {metadata: [service.name, service.namespace, service.version, service.instance.id]}}");
  CHECK(f.through({{"k8s.pod.uid", Value::of("u-1")}}) ==
        "{k8s.pod.uid=u-1,service.namespace=shop,service.name=web,service.version=1.2,"
        "service.instance.id=shop.web-5d8f-x.app}");
}

TEST_CASE("excluded pods, and those that ask for it, are left alone at once") {
  Fixture f(pod("u-1", "10.0.0.7") + "," + pod("u-2", "10.0.0.8", "", "jaeger-agent-x") + "," +
            pod("u-3", "10.0.0.9", R"("annotations":{"opentelemetry.io/k8s-processor/ignore":"true"},)", "quiet"));
  f.start("{" + base + ", exclude: {pods: [{name: '^jaeger'}]}}");
  CHECK(f.through({{"k8s.pod.uid", Value::of("u-2")}}) == "{k8s.pod.uid=u-2}");
  CHECK(f.through({{"k8s.pod.uid", Value::of("u-3")}}) == "{k8s.pod.uid=u-3}");
}

TEST_CASE("passthrough notes the sender's address and asks nobody") {
  Fixture f;
  f.start("{passthrough: true}");
  CHECK(f.through({}, "10.0.0.7") == "{k8s.pod.ip=10.0.0.7}");
  CHECK(f.api.lists() == 0);
}

TEST_CASE("the first record of a new pod waits until the pod is known, and is not overtaken") {
  Fixture f;
  f.start("{" + base + ", extract: {metadata: [k8s.node.name]}}");
  REQUIRE(f.under_test->consume(f.batch({{"k8s.pod.uid", Value::of("u-2")}}, "first"), f.completion(1)));
  REQUIRE(f.under_test->consume(f.batch({{"k8s.pod.uid", Value::of("u-2")}}, "second"), f.completion(2)));
  CHECK(f.ledger.held() == 2);
  CHECK(f.under_test->held_memory().count > 0);
  CHECK(f.logs.records() == 0);
  f.api.tell("ADDED", pod("u-2", "10.0.0.8"));
  REQUIRE(f.logs.wait_for(2));
  CHECK(bodies_of(f.logs.taken()[0].batch.logs())[0] == "first");
  CHECK(bodies_of(f.logs.taken()[1].batch.logs())[0] == "second");
  for (const auto& taken : f.logs.taken())
    CHECK(testing::text_of(taken.batch.logs().resources[0].resource.attributes) ==
          "{k8s.pod.uid=u-2,k8s.node.name=node-4}");
  f.under_test->stop(f.soon());
  CHECK(f.ledger.held() == 0);
  f.logs.settle();
  CHECK(f.listener->settled() == 2);
  f.under_test.reset();
}

TEST_CASE("a pod that nobody knows is waited for half a second, and not again") {
  Fixture f;
  f.start("{" + base + "}");
  REQUIRE(f.under_test->consume(f.batch({{"k8s.pod.uid", Value::of("nobody")}}), nullptr));
  f.environment.clock.advance(499ms);
  CHECK(f.logs.records() == 0);
  f.environment.clock.advance(1ms);
  REQUIRE(f.logs.wait_for(1));
  CHECK(f.through({{"k8s.pod.uid", Value::of("nobody")}}) == "{k8s.pod.uid=nobody}");
  CHECK(f.environment.counters.total("rankwire_k8s_attributes_resources_total", {{"result", "unknown"}}) == 2);
}

TEST_CASE("what is held goes on at once when the agent stops or reloads") {
  Fixture f;
  f.start("{" + base + "}");
  REQUIRE(f.under_test->consume(f.batch({{"k8s.pod.uid", Value::of("nobody")}}), nullptr));
  f.under_test->hurry(true);
  REQUIRE(f.logs.wait_for(1));
  f.under_test->hurry(false);
  REQUIRE(f.under_test->consume(f.batch({{"k8s.pod.uid", Value::of("nor this")}}), nullptr));
  f.under_test->stop(f.soon());
  CHECK(f.logs.records() == 2);
  f.under_test.reset();
}

TEST_CASE("a deleted pod is known for its grace period") {
  Fixture f;
  f.start("{" + base + ", pod_delete_grace_period: 1m, max_hold: 0s, extract: {metadata: [k8s.node.name]}}");
  f.api.tell("DELETED", pod("u-1", "10.0.0.7"));
  f.api.tell("ADDED", pod("u-2", "10.0.0.8"));
  while (f.through({{"k8s.pod.uid", Value::of("u-2")}}).find("node-4") == std::string::npos) {}
  CHECK(f.through({{"k8s.pod.uid", Value::of("u-1")}}) == "{k8s.pod.uid=u-1,k8s.node.name=node-4}");
  f.environment.clock.advance(61s);
  CHECK(f.through({{"k8s.pod.uid", Value::of("u-1")}}) == "{k8s.pod.uid=u-1}");
}

TEST_CASE("the processors of several pipelines share one watch") {
  Fixture f;
  f.start("{" + base + "}");
  const auto other = f.make_with("{" + base + "}");
  REQUIRE(other->start(f.host));
  CHECK(f.api.lists() == 1);
  other->stop(f.soon());
}

TEST_CASE("without an API server the start fails where metadata is waited for, and otherwise says that it is missing") {
  Fixture f;
  f.api.set_down();
  const auto failing = f.make_with("{auth_type: none, wait_for_metadata: true, wait_for_metadata_timeout: 0s}");
  const auto started = failing->start(f.host);
  REQUIRE_FALSE(started);
  CHECK(started.error().message().find("wait_for_metadata_timeout") != std::string::npos);
  f.start("{auth_type: none}");
  CHECK(f.under_test->unhealthy() == "the Kubernetes API has not told any pods yet");
}

TEST_CASE("what is not supported, or makes no sense, is refused by name") {
  Fixture f;
  f.check_refused("{auth_type: kubeConfig}", "kubeConfig and tls are not supported yet");
  f.check_refused("{context: dev}", "not supported yet");
  f.check_refused("{extract: {metadata: [k8s.deployment.uid]}}", "\"k8s.deployment.uid\" is not supported yet");
  f.check_refused("{extract: {metadata: [k8s.pod.nam]}}", "\"k8s.pod.nam\" is no metadata field");
  f.check_refused("{extract: {labels: [{key: a, from: node}]}}", "labels and annotations of other objects");
  f.check_refused("{extract: {labels: [{key: a, key_regex: b}]}}", "exactly one of key and key_regex");
  f.check_refused("{extract: {labels: [{key_regex: '('}]}}", "missing");
  f.check_refused("{exclude: {pods: [{name: '['}]}}", "missing");
  f.check_refused("{filter: {fields: [{key: a, op: exists}]}}", "fields can only be compared");
  f.check_refused("{pod_association: [{sources: []}]}", "at least one source");
  f.check_refused("{pod_association: [{sources: [{from: resource_attribute}]}]}", "must be set");
  f.check_refused(
      "{pod_association: [{sources: [{from: connection}, {from: connection}, {from: connection}, {from: "
      "connection}, {from: connection}]}]}",
      "at most four");
}

}  // namespace
