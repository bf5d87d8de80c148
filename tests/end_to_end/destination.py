"""A destination that keeps the logs and spans it is sent, decoded by Google's protobuf."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Destination:
    def __init__(self):
        self.requests, self.trace_requests, self.is_refusing = [], [], False
        self.headers = []  # Of each request.
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.headers.append(dict(self.headers))
                if outer.is_refusing:
                    pass
                elif self.path == "/v1/traces":
                    outer.trace_requests.append(ExportTraceServiceRequest.FromString(body))
                else:
                    outer.requests.append(ExportLogsServiceRequest.FromString(body))
                self.send_response(503 if outer.is_refusing else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def batches(self):
        """Of each request: (the attributes of its resource, record) for each record."""
        return [
            [
                ({a.key: a.value.string_value for a in resource.resource.attributes}, record)
                for resource in request.resource_logs
                for scope in resource.scope_logs
                for record in scope.log_records
            ]
            for request in list(self.requests)
        ]

    def records(self):
        return [entry for batch in self.batches() for entry in batch]

    def bodies(self):
        return sorted(record.body.string_value for _, record in self.records())

    def spans(self):
        return [
            span
            for request in list(self.trace_requests)
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]
