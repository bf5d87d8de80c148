"""Pages to scrape, and what became of them: series of the agent's OTLP, and of a real Prometheus."""

import json
import math
import os
import subprocess
import threading
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import harness

STALE = 1  # The flag of a point without a recorded value.


class Pages:
    """Serves texts by path; `requests` are the paths and headers that came."""

    def __init__(self):
        self.pages, self.requests, self.status = {}, [], 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.requests.append((self.path, dict(self.headers)))
                without_query = outer.pages.get(self.path.partition("?")[0], (None, None))
                text, content_type = outer.pages.get(self.path, without_query)
                status = outer.status if text is not None else 404
                body = (text or "").encode()
                self.send_response(status)
                if content_type:
                    self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        self.address = f"127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def put(self, path, text, content_type="text/plain; version=0.0.4"):
        self.pages[path] = (text, content_type)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def value_of(any_value):
    return str(next(iter(any_value.values())))


def labels_of(attributes):
    return {a["key"]: value_of(a["value"]) for a in attributes}


def bound_text(bound):
    if math.isinf(bound):
        return "+Inf" if bound > 0 else "-Inf"
    return repr(bound)


def rows_of(metric):
    """(name, further labels, value, point) of each series that a metric stands for."""
    name = metric["name"]
    for kind in ("gauge", "sum"):
        for point in metric.get(kind, {}).get("dataPoints", []):
            value = point["asInt"] if "asInt" in point else point.get("asDouble", math.nan)
            yield name, {}, float(value), point
    for point in metric.get("histogram", {}).get("dataPoints", []):
        bounds = [float(b) for b in point.get("explicitBounds", [])] + [math.inf]
        counts, total = [int(c) for c in point.get("bucketCounts", [])], 0
        for bound, count in zip(bounds, counts):
            total += count
            yield name + "_bucket", {"le": bound_text(bound)}, float(total), point
        yield name + "_count", {}, float(point.get("count", 0)), point
        if "sum" in point:
            yield name + "_sum", {}, float(point["sum"]), point
    for point in metric.get("summary", {}).get("dataPoints", []):
        for quantile in point.get("quantileValues", []):
            labels = {"quantile": bound_text(float(quantile.get("quantile", 0)))}
            yield name, labels, float(quantile.get("value", 0)), point
        yield name + "_count", {}, float(point.get("count", 0)), point
        yield name + "_sum", {}, float(point.get("sum", 0)), point


def otlp_resources(path):
    """resourceMetrics of each whole line of a file."""
    if not os.path.exists(path):
        return
    with open(path) as file:
        for line in file:
            if line.endswith("\n"):
                yield from json.loads(line)["resourceMetrics"]


def otlp_metrics(path):
    for resource in otlp_resources(path):
        for scope in resource["scopeMetrics"]:
            yield from scope["metrics"]


def otlp_points(path):
    """(labels with __name__, job and instance; value; point; resource attributes) of every point in a file."""
    for resource in otlp_resources(path):
        of_resource = labels_of(resource["resource"].get("attributes", []))
        for scope in resource["scopeMetrics"]:
            for metric in scope["metrics"]:
                for name, further, value, point in rows_of(metric):
                    labels = {"__name__": name, **labels_of(point.get("attributes", [])), **further}
                    labels["job"] = of_resource.get("service.name", "")
                    labels["instance"] = of_resource.get("service.instance.id", "")
                    yield labels, value, point, of_resource


def key_of(labels):
    return tuple(sorted((k, v) for k, v in labels.items() if v != ""))


def is_stale(point):
    return int(point.get("flags", 0)) & STALE != 0


class Prometheus:
    """A real one, with the configuration given."""

    def __init__(self, directory, config, flags=()):
        os.makedirs(directory, exist_ok=True)
        self.port = harness.free_port()
        with open(os.path.join(directory, "prometheus.yml"), "w") as file:
            file.write(config)
        self.log = open(os.path.join(directory, "log"), "a")
        self.command = [
            "prometheus", f"--config.file={directory}/prometheus.yml", f"--storage.tsdb.path={directory}/data",
            f"--web.listen-address=127.0.0.1:{self.port}", *flags]  # fmt: skip
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=self.log, stderr=self.log)

    def log_text(self):
        with open(self.log.name) as file:
            return file.read()

    def query(self, path, **parameters):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            return json.load(urllib.request.urlopen(url, timeout=10))["data"]
        except OSError:
            return None

    def series(self, selector):
        """Value by labels."""
        data = self.query("query", query=selector)
        if data is None:
            return None
        return {key_of(row["metric"]): float(row["value"][1]) for row in data["result"]}

    def close(self):
        self.process.kill()
        self.process.wait()
