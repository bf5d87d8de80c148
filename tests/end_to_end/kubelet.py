"""A stand-in for a kubelet: /stats/summary and /pods over TLS, for those who have the right token."""

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from test_tls_faults import Authority


def summary(pods):
    """As much of a kubelet's page as figures are made of, and some that nobody asks for."""
    used = {"time": "2026-01-02T03:04:05Z", "usageNanoCores": 250_000_000, "usageCoreNanoSeconds": 4_000_000_000}
    memory = {"time": "2026-01-02T03:04:05Z", "usageBytes": 512, "workingSetBytes": 300, "rssBytes": 200}
    times = {"startTime": "2026-01-02T03:04:05Z", "cpu": used, "memory": memory}
    return {
        "node": {
            "nodeName": "node-4",
            **times,
            "fs": {"availableBytes": 60, "capacityBytes": 100, "usedBytes": 40},
            "runtime": {"imageFs": {"usedBytes": 7}},
            "systemContainers": [{"name": "kubelet", **times}],
        },
        "pods": [
            {
                "podRef": {"name": f"web-{number}", "namespace": "shop", "uid": f"u-{number}"},
                **times,
                "network": {"name": "eth0", "rxBytes": number, "txBytes": 2 * number, "rxErrors": 0, "txErrors": 0},
                "containers": [{"name": "app", **times, "rootfs": {"usedBytes": 4}}],
            }
            for number in range(1, pods + 1)
        ],
    }


def listed(pods):
    return {
        "kind": "PodList",
        "items": [
            {
                "metadata": {"uid": f"u-{number}", "name": f"web-{number}", "namespace": "shop"},
                "spec": {"containers": [{"name": "app", "resources": {"limits": {"cpu": "500m", "memory": "1Ki"}}}]},
                "status": {"containerStatuses": [{"name": "app", "containerID": f"containerd://c-{number}"}]},
            }
            for number in range(1, pods + 1)
        ],
    }


class Kubelet:
    def __init__(self, directory):
        """Writes the directory of a service account: token and ca.crt."""
        self.directory = directory
        directory.mkdir()
        authority = Authority("kubelet")
        authority.trust(directory / "ca.crt")
        authority.issue(directory)
        self.token, self.pods, self.port = None, 1, 0
        self.change_token("first")
        self.requests = []  # (path, token)
        self.breaks_off = False
        self.is_silent = threading.Event()  # Answers nothing until it is cleared.
        self.has_spoken = threading.Event()
        self.start()

    def start(self):
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                token = self.headers.get("Authorization", "").removeprefix("Bearer ")
                outer.requests.append((self.path, token))
                if outer.is_silent.is_set():
                    outer.has_spoken.wait()
                if token != outer.token:
                    return self.answer(401, b"Unauthorized")
                pages = {"/stats/summary": summary, "/pods": listed}
                body = json.dumps(pages[self.path](outer.pods)).encode()
                return self.answer(200, body)

            def answer(self, status, body):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: len(body) // 2] if outer.breaks_off else body)
                self.close_connection = outer.breaks_off

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_):
                pass  # Agents go away without a word.

        self.server = Server(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_port
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.directory / "tls.crt", self.directory / "tls.key")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def change_token(self, token):
        (self.directory / "token.new").write_text(token + "\n")
        (self.directory / "token.new").rename(self.directory / "token")
        self.token = token

    def stop(self):
        self.has_spoken.set()
        self.server.shutdown()
        self.server.server_close()
