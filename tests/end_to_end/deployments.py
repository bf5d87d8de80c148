"""What the configurations of deployments/ are fed with, and where what comes out of them is kept."""

import gzip
import json
import os
import threading
import time
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
from google.protobuf.json_format import MessageToJson
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

REQUESTS = {
    "logs": ExportLogsServiceRequest,
    "metrics": ExportMetricsServiceRequest,
    "traces": ExportTraceServiceRequest,
}
COUNTED = {"logs": "logRecords", "metrics": "dataPoints", "traces": "spans"}

POD = "pods/training_train-0_11111111-2222-3333-4444-555555555555/worker/0.log"
FILES = {
    POD: """2024-05-01T10:00:00.000000001Z stdout F {"level":"info","msg":"step 10","loss":0.25,"customer_id":"4711"}
2024-05-01T10:00:01.000000001Z stderr F Traceback (most recent call last):
2024-05-01T10:00:01.000000002Z stderr F   File "train.py", line 3, in <module>
2024-05-01T10:00:01.000000003Z stderr F ValueError: bad customer_id=4711 card 4111111111111111
2024-05-01T10:00:02.000000001Z stdout F level=debug msg="heartbeat"
2024-05-01T10:00:03.000000001Z stdout P part one 
2024-05-01T10:00:03.000000002Z stdout F part two
2024-05-01T10:00:04.000000001Z stderr F E0501 10:00:04.678901 1 main.go:42] cannot reach api
2024-05-01T10:00:05.000000001Z stdout F epoch 1 done
2024-05-01T10:00:06.000000001Z stdout F epoch 2 done
""",
    "pods/kube-system_coredns-0_99999999-2222-3333-4444-555555555555/coredns/0.log": (
        "2024-05-01T10:00:00.000000001Z stdout F [INFO] plugin/reload\n"
    ),
    "app/java.log": """2024-05-01 10:00:00,123 INFO  [main] started
2024-05-01 10:00:01,456 ERROR [http-1] cannot serve
java.lang.IllegalStateException: no cart
\tat com.example.Shop.main(Shop.java:42)
Caused by: java.io.IOException: closed
""",
    "nginx/access.log": """192.0.2.1 - - [01/May/2024:10:00:00 +0000] "GET /index.html HTTP/1.1" 200 512 "-" "curl"
192.0.2.2 - ann [01/May/2024:10:00:01 +0000] "GET /missing HTTP/1.1" 404 12 "-" "curl"
192.0.2.3 - - [01/May/2024:10:00:02 +0000] "POST /pay HTTP/1.1" 502 0 "-" "curl"
""",
    "nginx/error.log": "2024/05/01 10:00:02 [error] 7#7: *1 upstream timed out (110: Connection timed out)\n",
    "syslog": """May  1 10:00:00 host-a kubelet[812]: Started container worker
May  1 10:00:01 host-a kernel: Out of memory: Killed process 4242
not a line of syslog
""",
    "kube-apiserver/audit.log": "".join(
        json.dumps({"stage": stage, "verb": verb, "objectRef": {"resource": "secrets"}, "user": {"username": "ann"},
                    "requestReceivedTimestamp": "2024-05-01T10:00:00.000000Z"}) + "\n"
        for verb, stage in [("watch", "Complete"), ("delete", "Complete"), ("delete", "RequestReceived")]
    ),
    "train/llama-8b/rank0.log": "step=10 loss=0.25\nNCCL WARN Connect to 10.0.0.2 failed\n",
    "train/llama-8b/rank1.log": "step=10 loss=0.5\n",
}


def write_files(directory):
    for name, text in FILES.items():
        path = os.path.join(directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)


def attributes(**named):
    def value(v):
        if isinstance(v, bool):
            return {"boolValue": v}
        return {"intValue": str(v)} if isinstance(v, int) else {"doubleValue": v} if isinstance(v, float) else {
            "stringValue": v
        }

    return [{"key": key.replace("__", "."), "value": value(v)} for key, v in named.items()]


SHOP = {"attributes": attributes(service__name="checkout", k8s__namespace__name="shop", deployment__environment="prod",
                                 k8s__pod__uid="0-1")}
ML = {"attributes": attributes(service__name="trainer", k8s__namespace__name="ml")}


def logs(now):
    def record(body, severity, **named):
        return {"timeUnixNano": str(now), "severityNumber": severity, "body": {"stringValue": body},
                "attributes": attributes(**named)}

    shop = [
        record("order 1 customer_id=4711", 9, user__email="a@example.com", credit_card="4111111111111111", amount=12.5,
               http__route="/cart", session__id="s1"),
        record("health check ok", 5, session__id="s2"),
        record('{"level":"error","msg":"payment failed","amount":12.5}', 17, http__route="/pay", session__id="s3"),
    ]
    ml = [record("step 1", 9, session__id="s4"), record("step 1", 9, session__id="s4")]
    return {"resourceLogs": [{"resource": SHOP, "scopeLogs": [{"scope": {"name": "app"}, "logRecords": shop}]},
                             {"resource": ML, "scopeLogs": [{"logRecords": ml}]}]}


def traces(now, number):
    def span(identity, parent, name, kind, millis, code=0, **named):
        trace = f"{number:02x}" * 16 if name != "GET /healthz" else f"{number + 16:02x}" * 16
        parent_id = f"{parent:016x}" if parent else ""
        return {"traceId": trace, "spanId": f"{identity:016x}", "parentSpanId": parent_id, "name": name,
                "kind": kind, "startTimeUnixNano": str(now), "endTimeUnixNano": str(now + millis * 1_000_000),
                "status": {"code": code}, "attributes": attributes(**named)}

    shop = [
        span(1, 0, "GET /cart/42", 2, 120, http__route="/cart/{id}", http__response__status_code=200,
             user__email="a@example.com", url__full="https://shop/cart/42?token=abc", credit_card="4111111111111111"),
        span(2, 1, "pay", 3, 80, db__query__text="select * from cards", peer__service="payment"),
        span(4, 0, "GET /healthz", 2, 1, url__path="/healthz"),
    ]
    payment = [span(3, 2, "POST /pay", 2, 60, 2, http__response__status_code=500, gen_ai__request__model="m",
                    gen_ai__usage__input_tokens=7, gen_ai__usage__output_tokens=5, gen_ai__prompt="tell me")]
    other = {"attributes": attributes(service__name="payment", k8s__namespace__name="shop")}
    return {"resourceSpans": [{"resource": SHOP, "scopeSpans": [{"spans": shop}]},
                              {"resource": other, "scopeSpans": [{"spans": payment}]}]}


def metrics(now, number):
    def point(value, **named):
        return {"timeUnixNano": str(now), "asInt": str(value), "attributes": attributes(**named)}

    found = [
        {"name": "http.server.requests", "unit": "1", "sum": {
            "aggregationTemporality": 2, "isMonotonic": True,
            "dataPoints": [point(10 * number, http__route="/cart", pod="pod-0"),
                           point(4, http__route="/cart", pod="pod-1")]}},
        {"name": "jobs.running", "sum": {"aggregationTemporality": 2, "isMonotonic": False, "dataPoints": [point(3)]}},
        {"name": "http.server.duration", "unit": "ms", "histogram": {"aggregationTemporality": 2, "dataPoints": [
            {"timeUnixNano": str(now), "count": str(3 * number), "sum": 9.5 * number, "explicitBounds": [1.0],
             "bucketCounts": [str(number), str(2 * number)]}]}},
    ]
    if number == 1:
        found.append({"name": "gpu.utilization", "gauge": {"dataPoints": [
            {"timeUnixNano": str(now), "asDouble": 0.5, "attributes": attributes(gpu="0", pod="pod-0")}]}})
    else:
        found = found[:2]
    return {"resourceMetrics": [{"resource": SHOP, "scopeMetrics": [{"scope": {"name": "app"}, "metrics": found}]}]}


def requests():
    """What a sender sends: [(signal, OTLP/JSON)], twice of each signal."""
    now = time.time_ns()
    return [(signal, json.dumps(make)) for number in (1, 2) for signal, make in (
        ("logs", logs(now)), ("traces", traces(now, number)), ("metrics", metrics(now + number * 10**9, number)))]


class Back:
    """Every back end there is, over HTTP and gRPC. Keeps by deployment and exporter."""

    def __init__(self):
        self.found = {}  # (deployment, exporter): [(signal, OTLP/JSON text)]
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                _, deployment, exporter, _, signal = self.path.split("/")
                is_json = "json" in self.headers["Content-Type"]
                outer.keep(deployment, exporter, signal, body.decode() if is_json else body)
                self.send_response(200)
                self.send_header("Content-Type", self.headers["Content-Type"])
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads, request_queue_size = True, 256

        self.http = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()
        self.grpc = grpc.server(futures.ThreadPoolExecutor(8))
        self.grpc.add_generic_rpc_handlers((self.handler(),))
        self.grpc_port = self.grpc.add_insecure_port("127.0.0.1:0")
        self.grpc.start()

    def handler(self):
        outer = self

        class Exports(grpc.GenericRpcHandler):
            def service(self, details):
                named = dict(details.invocation_metadata)
                deployment, exporter = named["x-deployment"].split("/")
                signal = next(s for s in REQUESTS if s[:5] in details.method.lower())

                def export(request, _):
                    outer.keep(deployment, exporter, signal, request)
                    return b""

                return grpc.unary_unary_rpc_method_handler(export)

        return Exports()

    def keep(self, deployment, exporter, signal, body):
        text = body if isinstance(body, str) else MessageToJson(REQUESTS[signal].FromString(body), indent=None)
        self.found.setdefault((deployment, exporter), []).append((signal, text))

    def of(self, deployment):
        """{exporter: [(signal, text)]}"""
        return {exporter: list(kept) for (of, exporter), kept in list(self.found.items()) if of == deployment}

    def close(self):
        self.http.shutdown()
        self.http.server_close()
        self.grpc.stop(None)


def count(signal, text):
    """Log records, spans or data points in an export request."""

    def within(value):
        if isinstance(value, dict):
            return sum(len(v) if key == COUNTED[signal] else within(v) for key, v in value.items())
        return sum(within(item) for item in value) if isinstance(value, list) else 0

    return within(json.loads(text))
