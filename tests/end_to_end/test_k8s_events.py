"""k8s_events before a stand-in for the API server: what is new and what is old, breaks, versions that are gone, 429,
restarts and destinations that refuse."""

import datetime

import harness
import pytest
from api_server import ApiServer, event

CONFIG = """
extensions:
  file_storage: {{directory: {state}, create_directory: true}}
receivers:
  k8s_events:
    service_account_directory: {account}
    {more}
exporters:
  otlp_http:
    endpoint: {destination}
    compression: none
    retry_on_failure: {{initial_interval: 50ms, max_interval: 200ms}}
service:
  extensions: [file_storage]
  pipelines:
    logs: {{receivers: [k8s_events], exporters: [otlp_http]}}
  telemetry: {{metrics: {{readers: [{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: {metrics}}}}}}}}}]}}}}
"""
# Times of events are whole seconds: what happens in the second of the start must not count as before it.
LATER = datetime.timedelta(minutes=10)


def new(uid, **more):
    return event(uid, when=datetime.datetime.now(datetime.timezone.utc) + LATER, **more)


@pytest.fixture
def api(tmp_path):
    running = ApiServer(tmp_path / "account")
    yield running
    running.close()


@pytest.fixture
def start(start_agent, api, destination, tmp_path):
    def start(more=""):
        metrics = harness.free_port()
        config = CONFIG.format(
            account=api.directory,
            destination=destination.url,
            state=tmp_path / "state",
            metrics=metrics,
            more=more,
        )
        environment = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(api.port)}
        agent = start_agent(config, metrics, environment=environment)
        start.count = lambda name: harness.total(harness.metrics(metrics), name)
        harness.wait_until(lambda: api.watches >= 1, 10, "the watch")
        return agent

    return start


@pytest.fixture
def arrive(destination):
    def arrive(*uids):
        wanted = sorted(f"back-off {uid}" for uid in uids)
        harness.wait_until(lambda: destination.bodies() == wanted, 20, lambda: str(destination.bodies()))

    return arrive


def test_new_events_are_records_with_what_they_are_about(api, start, arrive, destination):
    api.put(event("old", when=datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)))
    start()
    api.put(new("1"))
    arrive("1")
    resource, record = destination.records()[0]
    assert (resource["k8s.object.kind"], resource["k8s.object.name"]) == ("Pod", "web-1")
    assert (resource["k8s.node.name"], record.severity_text) == ("node-4", "Warning")
    attributes = {a.key: a.value.string_value or a.value.int_value for a in record.attributes}
    assert attributes["k8s.event.uid"] == "1" and attributes["k8s.event.count"] == 1
    assert [path for path, *_ in api.requests][:2] == ["/api/v1/events", "/api/v1/events"]
    assert start.count("rankwire_k8s_events_old_total") == 1
    api.remove("1")
    api.put(new("2"))
    arrive("1", "2")


def test_each_namespace_has_a_watch_of_its_own(api, start):
    start("namespaces: [shop, bank]")
    harness.wait_until(lambda: api.watches == 2, 10, "both watches")
    paths = {path for path, *_ in api.requests}
    assert paths == {"/api/v1/namespaces/shop/events", "/api/v1/namespaces/bank/events"}


def test_no_event_is_lost_or_repeated_over_breaks_and_versions_that_are_gone(api, start, arrive):
    start()
    api.put(new("1"))
    arrive("1")
    api.break_watches()
    api.put(new("2"))
    arrive("1", "2")
    # Only a list tells of what happened meanwhile, and of what was given before.
    with api.changed:
        api.version += 1
        api.pods["3"] = new("3")
        api.pods["3"]["metadata"]["resourceVersion"] = str(api.version)
    api.forget_history()
    api.break_watches()
    arrive("1", "2", "3")
    api.put(new("4"))
    arrive("1", "2", "3", "4")


def test_a_server_that_is_busy_is_asked_again(api, start, arrive):
    start()
    api.busy = 2
    api.break_watches()
    api.put(new("1"))
    arrive("1")


def test_what_happens_while_the_agent_is_away_is_given_by_the_next_one(api, start, arrive, destination):
    agent = start("storage: file_storage")
    api.put(new("1"))
    arrive("1")
    agent.stop()
    # It happened before the next start, and is not old even so.
    api.put(event("2", when=datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)))
    start("storage: file_storage")
    api.put(new("3"))
    arrive("1", "2", "3")


def test_what_a_destination_did_not_take_is_given_by_the_next_agent(api, start, arrive, destination):
    agent = start("storage: file_storage")
    api.put(new("1"))
    arrive("1")
    destination.is_refusing = True
    api.put(new("2"))
    harness.wait_until(lambda: len(destination.headers) > 2, 10, "attempts")
    agent.kill()
    destination.is_refusing = False
    start("storage: file_storage")
    arrive("1", "2")
