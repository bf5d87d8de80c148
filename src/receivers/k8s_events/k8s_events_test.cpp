// What becomes of an event, and of repetitions, lists and versions. Before an API server: tests/end_to_end.
#include <doctest/doctest.h>

#include "receivers/k8s_events/event_record.hpp"
#include "receivers/k8s_events/k8s_events_receiver.hpp"
#include "testing/connector_test.hpp"
#include "testing/log_batches.hpp"
#include "text/json_value.hpp"

namespace rankwire::k8s_events {
namespace {

using namespace std::chrono_literals;

std::string refusal(const std::string& yaml) {
  config::Diagnostics diagnostics;
  (void)config::read<K8sEventsConfig>(config::parse_yaml(yaml, "test", diagnostics), "t", diagnostics);
  return diagnostics.text();
}

// By uid and version; the fixture's clock begins in 2023.
std::string event_json(const std::string& uid, int version, const std::string& time = "2026-01-02T03:05:05Z") {
  return R"({"metadata":{"name":"web-1.17","namespace":"shop","uid":")" + uid + R"(","resourceVersion":")" +
         std::to_string(version) + R"(","creationTimestamp":"2026-01-02T03:04:05Z"},"involvedObject":{"kind":"Pod",
    "namespace":"shop","name":"web-1","uid":"u-1","apiVersion":"v1","resourceVersion":"90",
    "fieldPath":"spec.containers{app}"},"reason":"BackOff","message":")" +
         uid + R"(","source":{"component":"kubelet","host":"node-4"},"eventTime":null,
    "lastTimestamp":")" +
         time + R"(","count":3,"type":"Warning"})";
}

// Events as a watch tells them, without an API server: its thread is never started.
struct Fixture {
  explicit Fixture(Duration dedup_interval = {})
      : client({}, {environment.clock, *environment.files, environment.network, environment.log}),
        watch({.dedup_interval = dedup_interval, .begin_nanos = environment.clock.unix_nanos()}, client,
              environment.context("k8s_events"), logs, [] {}) {}

  void tell(const std::string& json, bool is_change = false) {
    Arena arena;
    Value event;
    REQUIRE(text::read_json_object(json, text::NumberForm::integer_where_exact, arena, event));
    is_change ? watch.changed(event) : watch.put(event);
  }
  std::string bodies() {
    std::string all;
    for (const auto& taken : logs.taken())
      for (const std::string& body : testing::bodies_of(taken.batch.logs())) all += body + " ";
    return all;
  }

  testing::TestEnvironment environment;
  testing::RecordingIntake logs;
  kubernetes::ApiClient client;
  EventWatch watch;
};

TEST_CASE("an event is a log record with upstream's attributes") {
  Fixture f;
  f.tell(event_json("e-1", 101));
  REQUIRE(f.logs.taken().size() == 1);
  const LogResource& resource = f.logs.taken()[0].batch.logs().resources[0];
  CHECK(testing::text_of(resource.resource.attributes) ==
        "{k8s.node.name=node-4,k8s.object.kind=Pod,k8s.object.name=web-1,k8s.object.uid=u-1,"
        "k8s.object.fieldpath=spec.containers{app},k8s.object.api_version=v1,k8s.object.resource_version=90}");
  const LogRecord& record = resource.scopes[0].records[0];
  CHECK(testing::text_of(record.attributes) ==
        "{k8s.event.reason=BackOff,k8s.event.action=,k8s.event.start_time=2026-01-02 03:04:05 +0000 UTC,"
        "k8s.event.name=web-1.17,k8s.event.uid=e-1,k8s.namespace.name=shop,k8s.event.count=3}");
  CHECK(record.severity_number == 13);
  CHECK(record.severity_text == "Warning");
  CHECK(record.time_unix_nanos == 1'767'323'105'000'000'000);
  CHECK(record.body.text() == "e-1");
}

TEST_CASE("events from before the start are not given, and counted") {
  Fixture f;
  f.tell(event_json("old", 101, "2020-01-02T03:05:05Z"));
  f.tell(event_json("new", 102));
  CHECK(f.bodies() == "new ");
  CHECK(f.environment.counters.total("rankwire_k8s_events_old_total") == 1);
}

TEST_CASE("of a list that is read again only what was not given yet is given") {
  Fixture f;
  f.tell(event_json("a", 101));
  f.watch.listing_begins();
  f.tell(event_json("c", 103));
  f.tell(event_json("a", 101));
  f.tell(event_json("b", 102));
  CHECK(f.bodies() == "a c b ");
}

TEST_CASE("an event that happens again is given as dedup_interval says") {
  Fixture throttled(10s);
  throttled.tell(event_json("a", 101));
  throttled.tell(event_json("a", 102), true);
  throttled.environment.clock.advance(10s);
  throttled.tell(event_json("a", 103), true);
  throttled.tell(event_json("b", 104), true);
  CHECK(throttled.bodies() == "a a b ");
  CHECK(throttled.environment.counters.total("rankwire_k8s_events_repeated_total") == 1);
  Fixture never(-1s);
  never.tell(event_json("a", 101));
  never.tell(event_json("a", 102), true);
  CHECK(never.bodies() == "a ");
  Fixture always;
  always.tell(event_json("a", 101));
  always.tell(event_json("a", 102), true);
  CHECK(always.bodies() == "a a ");
}

TEST_CASE("what a pipeline will never take is counted, and the next event goes on") {
  Fixture f;
  f.logs.set_failure(Error(ErrorKind::too_large, "larger than a batch may be"));
  f.tell(event_json("a", 101));
  f.logs.set_failure({});
  f.tell(event_json("b", 102));
  CHECK(f.bodies() == "b ");
}

TEST_CASE("what cannot work is refused with what to do instead") {
  CHECK(refusal("{auth_type: kubeConfig}").find("serviceAccount, or none") != std::string::npos);
  CHECK(refusal("{namespaces: ['a/b']}").find("no name of a namespace") != std::string::npos);
  CHECK(refusal("{namespaces: [a, a]}").find("twice") != std::string::npos);
  CHECK(refusal("{k8s_leader_elector: x}").find("run one replica") != std::string::npos);
}

}  // namespace
}  // namespace rankwire::k8s_events
