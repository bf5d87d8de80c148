"""Transforming, connecting and sampling beside a real Collector: the same YAML, requests and sink for both. And
statements beside the same work written by hand in C++."""

import json
import os
import statistics
import subprocess

from harness import BUILD, ROOT, Agent, Sink, free_port, metrics, program, run_measured, total, wait_until

PEERS = os.environ.get("RANKWIRE_PEERS", os.path.join(ROOT, "build", "peers"))
SENT = {"logs": "log_records", "traces": "spans", "metrics": "metric_points"}


class Case:
    """`kept`: the part of the records that goes on; None: what comes out are other records. `binary`: of the Collector
    that has the component. Records a second: what is offered; 0: as much as the agent takes."""

    def __init__(self, title, load, records, *, kept=1.0, signal="logs", binary="otelcol-contrib", rate=0, **sections):
        self.title, self.load, self.records, self.kept = title, load, records, kept
        self.signal, self.binary, self.rate, self.sections = signal, binary, rate, sections


MASK = 'transform: {log_statements: [\'replace_pattern(log.body, "customer_id=\\\\d+", "customer_id=REDACTED")\']}'
SET = 'transform: {log_statements: [\'set(log.attributes["cluster.name"], "p4d-east")\']}'
REDACTION = "redaction: {allow_all_keys: true, blocked_values: ['customer_id=\\d+']}"
FILTER = "filter: {logs: {log_record: ['severity_number < SEVERITY_NUMBER_ERROR']}}"
JSON = "transform: {log_statements: ['merge_maps(log.attributes, ParseJSON(log.body), \"upsert\")']}"
TAIL = """tail_sampling:
    decision_wait: 5s
    num_traces: 500000
    expected_new_traces_per_sec: 5000
    policies:
      - {name: errors, type: status_code, status_code: {status_codes: [ERROR]}}
      - {name: slow, type: latency, latency: {threshold_ms: 850}}
      - {name: some, type: probabilistic, probabilistic: {sampling_percentage: 5}}"""
SPAN_METRICS = "span_metrics: {metrics_flush_interval: 5s, histogram: {explicit: {}}, dimensions: [{name: http.route}]}"

CASES = [
    Case("passed on, nothing changed", "logs", 3_000_000),
    Case("OTTL: body masked", "logs", 2_000_000, processors=MASK),
    Case("the same by redaction, attributes too", "logs", 2_000_000, processors=REDACTION),
    Case("OTTL: attribute set", "logs", 2_000_000, processors=SET),
    Case("condition filter, 97 % dropped", "logs", 3_000_000, kept=1 - 969 / 1000, processors=FILTER),
    Case("OTTL: JSON body to attributes", "json", 1_000_000, processors=JSON),
    Case("span metrics, 1,000 series and more", "spans", 1_000_000, kept=None, signal="traces",
         binary="otelcol-connectors", connectors=SPAN_METRICS),
    Case("tail sampling, 20,000 spans/s", "spans", 600_000, kept=None, signal="traces", rate=20_000, processors=TAIL),
]  # fmt: skip


def configuration(case, http, telemetry, sink, old_names):
    lines = [f"receivers: {{otlp: {{protocols: {{http: {{endpoint: '127.0.0.1:{http}'}}}}}}}}"]
    names = []
    for section, text in case.sections.items():
        lines += [f"{section}:", f"  {text}"]
        names.append(text.partition(":")[0])
    lines.append(f"exporters: {{otlp_http: {{endpoint: '{sink}', compression: none}}}}")
    if "connectors" in case.sections:
        pipelines = [f"traces: {{receivers: [otlp], exporters: {names}}}"]
        pipelines.append(f"metrics: {{receivers: {names}, exporters: [otlp_http]}}")
    else:
        pipelines = [f"{case.signal}: {{receivers: [otlp], processors: {names}, exporters: [otlp_http]}}"]
    reader = f"{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: {telemetry}}}}}}}}}"
    lines.append(f"service: {{telemetry: {{metrics: {{readers: [{reader}]}}}}, pipelines: {{{', '.join(pipelines)}}}}}")
    text = "\n".join(lines).replace("'otlp", "otlp")
    return text.replace("span_metrics", "spanmetrics").replace("otlp_http", "otlphttp") if old_names else text


def sent(port, signal):
    """A Collector's counters may end in _total."""
    values, name = metrics(port), f"otelcol_exporter_sent_{SENT[signal]}"
    return total(values, name) + total(values, name + "_total")


def run(case, command, old_names):
    """(CPU-seconds for a million records, without those of the start, peak MB, refusals)"""
    sink, http, telemetry = Sink(scan=False), free_port(), free_port()
    agent = Agent(configuration(case, http, telemetry, sink.url, old_names))
    agent.command = [*command, "--config", agent.config_path]
    try:
        agent.start().wait_ready(http, timeout=30)
        at_start = agent.cpu_seconds()
        load = [program("otlp_load"), str(http), "4", "1000", str(case.records), "http", case.load, str(case.rate)]
        _, out = run_measured(load)
        wanted = 1 if case.kept is None else round(case.records * case.kept)
        wait_until(lambda: sent(telemetry, "metrics" if "connectors" in case.sections else case.signal) >= wanted, 60,
                   f"{case.title}: not all was sent:\n{agent.log_text()[-2000:]}", 0.2)  # fmt: skip
        usage = agent.stop()
        refusals = int(out.split('"refusals": ')[1].split("}")[0])
        return (usage.cpu - at_start) / case.records * 1e6, usage.peak_rss_mb, refusals
    finally:
        agent.clean()
        sink.kill()


def main(rounds, table):
    rows = []
    for case in CASES:
        ours, theirs = [], []
        collector = os.path.join(PEERS, case.binary)
        for _ in range(rounds):
            ours.append(run(case, [os.path.join(BUILD, "rankwire"), "run"], old_names=False))
            if os.path.exists(collector):
                theirs.append(run(case, [collector], old_names=True))
        rows.append([case.title, *figures(ours), *(figures(theirs) if theirs else ["–", "–"]), ratio(ours, theirs)])
    table(
        "OTLP/HTTP in, 1,000 a request, OTLP/HTTP out: CPU-seconds for a million records, beside the Collector "
        "(./dev differential --install builds it)",
        ["case", "rankwire", "peak MB", "Collector", "peak MB", "times less"],
        rows,
    )
    statements(rounds, table)


def statements(rounds, table):
    """Between decoding and encoding a request of 1,000 records, in one process."""
    options = ["--benchmark_format=json", f"--benchmark_repetitions={2 * rounds + 1}"]
    options += ["--benchmark_enable_random_interleaving=true", "--benchmark_min_time=0.2"]
    done = subprocess.run([os.path.join(BUILD, "ottl_bench"), *options], capture_output=True, check=True, text=True)
    nanos = {
        one["run_name"].removeprefix("bench_"): 1e9 / one["items_per_second"]
        for one in json.loads(done.stdout)["benchmarks"]
        if one.get("aggregate_name") == "median"
    }
    titles = {"mask": "replace_pattern over the body", "set": "an attribute set", "filter": "filter by severity"}
    rows = [
        [title, f"{nanos[name + '_floor']:.0f}", f"{nanos[name]:.0f}", f"{nanos[name] / nanos[name + '_floor']:.2f}"]
        for name, title in titles.items()
    ]
    table(
        "Decoded, changed, encoded: nanoseconds of CPU a record, beside the change written by hand; nothing changed: "
        f"{nanos['nothing']:.0f}",
        ["statement", "by hand", "rankwire", "ratio"],
        rows,
    )


def cpu(runs):
    return statistics.median(seconds for seconds, _, _ in runs)


def figures(runs):
    return [f"{cpu(runs):.2f}", f"{max(peak for _, peak, _ in runs):.0f}"]


def ratio(ours, theirs):
    return f"{cpu(theirs) / cpu(ours):.1f}" if theirs else "–"
