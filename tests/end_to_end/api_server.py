"""A stand-in for the API server of Kubernetes: pods, and what else there is, by list and watch over TLS, for those who
have the right token."""

import datetime
import json
import ssl
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from test_tls_faults import Authority


def pod(uid, name, namespace="shop", node="node-4", ip="10.0.0.7", labels=None, **more):
    """As much of a pod as a real one says to an agent, and some that agents do not care about."""
    return {
        "kind": "Pod",
        "metadata": {
            "uid": uid,
            "name": name,
            "namespace": namespace,
            "creationTimestamp": "2026-01-02T03:04:05Z",
            "labels": {"pod-template-hash": "5d8f", **(labels or {})},
            "ownerReferences": [{"kind": "ReplicaSet", "name": "web-5d8f", "uid": "r-1", "controller": True}],
            "managedFields": [{"manager": "kubelet", "fieldsV1": {"f:status": {'k:{"type":"Ready"}': {".": {}}}}}],
            **more,
        },
        "spec": {"nodeName": node, "containers": [{"name": "app", "image": "registry/web:1.2"}]},
        "status": {
            "podIP": ip,
            "containerStatuses": [{"name": "app", "restartCount": 0, "containerID": "containerd://c"}],
        },
    }


API_VERSIONS = {"EndpointSlice": "discovery.k8s.io/v1", "Ingress": "networking.k8s.io/v1"}
COLLECTIONS = {
    "Pod": "pods", "Service": "services", "Endpoints": "endpoints", "EndpointSlice": "endpointslices",
    "Node": "nodes", "Ingress": "ingresses", "Namespace": "namespaces", "Event": "events",
}  # fmt: skip


def is_in(path, value):
    """Whether an object is of the collection at a path, which may be of one namespace."""
    *before, collection = path.strip("/").split("/")
    in_namespace = before[-1] if len(before) > 2 and before[-2] == "namespaces" else None
    of_object = value["metadata"].get("namespace")
    return COLLECTIONS[value["kind"]] == collection and in_namespace in (None, of_object)


def event(uid, version_of_pod="90", when=None, **more):
    """As a kubelet tells of a pod."""
    now = (when or datetime.datetime.now(datetime.timezone.utc)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "kind": "Event",
        "metadata": {"uid": uid, "name": f"web-1.{uid}", "namespace": "shop", "creationTimestamp": now},
        "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "web-1", "resourceVersion": version_of_pod},
        "reason": "BackOff",
        "message": f"back-off {uid}",
        "source": {"component": "kubelet", "host": "node-4"},
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
        "type": "Warning",
        **more,
    }


class ApiServer:
    def __init__(self, directory):
        """Writes the directory of a service account: token and ca.crt."""
        self.directory = directory
        directory.mkdir()
        authority = Authority("kubernetes")
        authority.trust(directory / "ca.crt")
        authority.issue(directory)
        self.token = None
        self.change_token("first")
        self.pods, self.others, self.events, self.version = {}, {}, [], 100
        self.oldest = 0  # Versions before this one are gone.
        self.is_broken = False
        self.busy = 0  # So many requests are answered with 429.
        self.requests = []  # (path, query, token)
        self.watches = 0  # Open now.
        self.epoch = 0  # Watches of an earlier one end.
        self.changed = threading.Condition()
        self._serve()

    def _serve(self):
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                url = urllib.parse.urlsplit(self.path)
                query = dict(urllib.parse.parse_qsl(url.query))
                token = self.headers.get("Authorization", "").removeprefix("Bearer ")
                with outer.changed:
                    outer.requests.append((url.path, query, token))
                    outer.changed.notify_all()
                if outer.is_broken:
                    self.close_connection = True
                elif outer.busy > 0:
                    outer.busy -= 1
                    self.answer(429, {"kind": "Status", "code": 429, "message": "too many requests"})
                elif token != outer.token:
                    self.answer(401, {"kind": "Status", "code": 401, "message": "Unauthorized"})
                elif "sendInitialEvents" in query:
                    self.answer(422, {"kind": "Status", "apiVersion": "v1", "code": 422, "reason": "Invalid"})
                elif "watch" in query:
                    self.watch(url.path, query)
                else:
                    self.answer(200, outer.listed(query, url.path))

            def answer(self, status, value):
                body = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def chunk(self, event):
                body = json.dumps(event).encode() + b"\n"
                self.wfile.write(b"%x\r\n%s\r\n" % (len(body), body))

            def watch(self, path, query):
                version = int(query["resourceVersion"])
                self.send_response(200)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                self.close_connection = True
                with outer.changed:
                    epoch = outer.epoch
                    outer.watches += 1
                    outer.changed.notify_all()
                try:
                    if version < outer.oldest:
                        self.chunk({"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired"}})
                        self.wfile.write(b"0\r\n\r\n")
                        return
                    while outer.epoch == epoch:
                        with outer.changed:
                            new = [(at, event) for at, event in outer.events if at > version]
                            if not new:
                                outer.changed.wait(0.5)
                        for version, event in new:
                            if event["type"] == "BOOKMARK" or is_in(path, event["object"]):
                                self.chunk(event)
                finally:
                    with outer.changed:
                        outer.watches -= 1
                        outer.changed.notify_all()

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_):
                pass  # Agents go away without a word.

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.directory / "tls.crt", self.directory / "tls.key")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def listed(self, query, path="/api/v1/pods"):
        """Page by page, as `limit` says; a page's token is where it begins."""
        with self.changed:
            of_node = query.get("fieldSelector", "").removeprefix("spec.nodeName=")
            every = [*self.pods.values(), *self.others.values()]
            found = [o for o in every if is_in(path, o) and (not of_node or o["spec"]["nodeName"] == of_node)]
            begin = int(query.get("continue", 0))
            end = len(found) if query.get("resourceVersion") == "0" else begin + int(query["limit"])
            more = {"continue": str(end)} if end < len(found) else {}
            kind = {collection: kind for kind, collection in COLLECTIONS.items()}[path.rpartition("/")[2]]
            return {
                "kind": kind + "List",
                "apiVersion": API_VERSIONS.get(kind, "v1"),
                "metadata": {"resourceVersion": str(self.version), **more},
                "items": found[begin:end],
            }

    def _event(self, kind, value):
        self.version += 1
        value["metadata"]["resourceVersion"] = str(self.version)
        self.events.append((self.version, {"type": kind, "object": value}))
        self.changed.notify_all()

    def put(self, value):
        with self.changed:
            value.setdefault("apiVersion", API_VERSIONS.get(value["kind"], "v1"))
            uid = value["metadata"]["uid"]
            of_kind = self.pods if value["kind"] == "Pod" else self.others
            kind = "MODIFIED" if uid in of_kind else "ADDED"
            of_kind[uid] = value
            self._event(kind, value)

    def remove(self, uid):
        with self.changed:
            self._event("DELETED", (self.pods if uid in self.pods else self.others).pop(uid))

    def bookmark(self):
        with self.changed:
            self._event("BOOKMARK", {"kind": "Pod", "apiVersion": "v1", "metadata": {}})

    def forget_history(self):
        """What happened up to now cannot be watched any more, only listed."""
        with self.changed:
            self.version += 1
            self.oldest, self.events = self.version, []

    def break_watches(self):
        with self.changed:
            self.epoch += 1
            self.changed.notify_all()

    def change_token(self, token):
        (self.directory / "token").write_text(token + "\n")
        self.token = token

    def asked(self, **of):
        """Requests so far whose query has all of these."""
        return [r for r in list(self.requests) if all(r[1].get(k) == v for k, v in of.items())]

    def close(self):
        self.break_watches()
        self.server.shutdown()
        self.server.server_close()
