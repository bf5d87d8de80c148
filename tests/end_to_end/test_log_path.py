"""Container logs of a node, masked and enriched, at an OTLP destination."""

import os

import configs
import faults
import harness

POD = "shop_checkout-7d9f_6f1c0b4e-0000-4000-8000-000000000001"


def write_lines(directory, *lines, name="0.log"):
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, name), "a") as file:
        for line in lines:
            file.write(f"2026-11-22T10:00:00.123456789Z {line}\n")


def test_container_lines_arrive_masked_with_metadata(start_agent, destination, tmp_path):
    logs = tmp_path / "pods"
    write_lines(
        logs / POD / "app",
        "stdout F paid customer_id=4711 ok",
        "stderr P first ",
        "stdout F between",
        "stderr F second",
    )
    port = harness.free_port()
    start_agent(configs.log_path(logs, destination.url, metrics_port=port), port)
    harness.wait_until(lambda: len(destination.records()) == 3, 10, "three records")
    bodies = {record.body.string_value: (resource, record) for resource, record in destination.records()}
    assert set(bodies) == {"paid **** ok", "between", "first second"}
    resource, record = bodies["first second"]
    assert resource["k8s.namespace.name"] == "shop"
    assert resource["k8s.pod.name"] == "checkout-7d9f"
    assert resource["k8s.container.name"] == "app"
    assert resource["k8s.pod.uid"] == "6f1c0b4e-0000-4000-8000-000000000001"
    assert resource["job.name"] == "llm-70b"
    attributes = {a.key: a.value.string_value for a in record.attributes}
    assert attributes["log.iostream"] == "stderr"
    assert record.time_unix_nano == 1795341600123456789
    assert record.observed_time_unix_nano > 0


def test_a_line_written_is_at_the_destination_within_milliseconds(start_agent, start_writer, sink, tmp_path):
    logs = tmp_path / "pods"
    logs.mkdir()
    port = harness.free_port()
    start_agent(configs.log_path(logs, sink.url, metrics_port=port), port)
    faults.written_by(start_writer(logs, files=1, rate=100, seconds=3, chunk_ms=1))
    harness.wait_until(lambda: sink.report()["numbered"] == 300, 10, "300 lines")
    seen = sink.totals()
    assert seen["latency_p50_ms"] < 20  # The benchmark holds the real bound; this machine may be busy.
    assert seen["unmasked"] == 0


def test_a_directory_that_appears_later_and_links_into_it(start_agent, destination, tmp_path):
    logs, real = tmp_path / "pods", tmp_path / "elsewhere"
    port = harness.free_port()
    start_agent(configs.log_path(logs, destination.url, metrics_port=port), port)
    write_lines(real, "stdout F through two links")
    os.makedirs(logs / POD / "app")
    os.symlink(real / "0.log", tmp_path / "link.log")
    os.symlink(tmp_path / "link.log", logs / POD / "app" / "0.log")
    harness.wait_until(lambda: len(destination.records()) == 1, 15, "the record behind two links")
    write_lines(real, "stdout F appended")
    harness.wait_until(lambda: len(destination.records()) == 2, 15, "the line appended behind two links")


def test_garbage_and_endless_lines_do_not_stop_the_rest(start_agent, destination, tmp_path):
    logs = tmp_path / "pods"
    directory = logs / POD / "app"
    os.makedirs(directory)
    with open(directory / "0.log", "wb") as file:
        file.write(b"\x00\xff\xfe not a container line\n" + b"2026-11-22T10:00:00Z stdout F \xc3\x28 bad utf8\n")
        file.write(b"2026-11-22T10:00:00Z stdout F " + b"x" * 3_000_000 + b"\n")
        file.write(b"2026-11-22T10:00:00Z stdout F the end\n")
    port = harness.free_port()
    agent = start_agent(configs.log_path(logs, destination.url, metrics_port=port), port)
    harness.wait_until(
        lambda: any(r.body.string_value == "the end" for _, r in destination.records()), 10, "the last line"
    )
    assert sum(len(r.body.string_value) for _, r in destination.records() if "xxx" in r.body.string_value) >= 2_999_900
    assert agent.rss_mb() < 60


def test_the_identity_holds_once_it_is_quiet(start_agent, start_writer, sink, tmp_path):
    logs = tmp_path / "pods"
    logs.mkdir()
    port = harness.free_port()
    start_agent(configs.log_path(logs, sink.url, metrics_port=port), port)
    faults.written_by(start_writer(logs, rate=5000, seconds=2))
    harness.wait_until(lambda: sink.report()["numbered"] == 10_000, 15, "10,000 lines")

    def figures():
        values = harness.metrics(port)
        return [
            harness.total(values, f"rankwire_{name}")
            for name in [
                "accepted_records_total",
                "delivered_records_total",
                "queued_records",
                "dropped_records_total",
                "in_flight_records",
            ]
        ]

    harness.wait_until(lambda: figures()[3] + figures()[4] == 0, 5, "quiet")
    accepted, delivered, queued, dropped, in_flight = figures()
    assert accepted == delivered + queued + dropped + in_flight == 10_000
    values = harness.metrics(port)
    assert harness.total(values, "otelcol_receiver_accepted_log_records", receiver="file_log") == 10_000
    assert harness.total(values, "otelcol_exporter_sent_log_records", exporter="otlp_http") == 10_000


def test_one_destination_down_neither_stops_nor_duplicates_the_other(start_agent, start_writer, tmp_path):
    logs = tmp_path / "pods"
    up, down, port = harness.Sink(), harness.Sink(refusing=True), harness.free_port()
    config = (
        configs.log_path(logs, up.url, metrics_port=port)
        .replace("exporters: [otlp_http]", "exporters: [otlp_http, otlp_http/down]")
        .replace(
            "exporters:\n  otlp_http:",
            f"exporters:\n  otlp_http/down: {{endpoint: '{down.url}', compression: none, "
            "retry_on_failure: {initial_interval: 100ms, max_interval: 200ms, max_elapsed_time: 0s}}\n  otlp_http:",
        )
    )
    try:
        logs.mkdir()
        start_agent(config, port)
        faults.written_by(start_writer(logs, rate=2000, seconds=2))
        harness.wait_until(lambda: up.report()["numbered"] == 4000, 10, "all lines at the destination that is up")
        down.toggle_refusing()
        harness.wait_until(lambda: down.report()["numbered"] == 4000, 20, "all lines at the other, once it is back")
        assert up.totals()["repeated"] == 0
        assert down.totals()["repeated"] == 0
    finally:
        up.kill()
        down.kill()
