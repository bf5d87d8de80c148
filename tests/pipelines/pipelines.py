"""The cases of this folder: what the Collector of the differential test does not have, or what depends on where an
agent runs. What must come out is written in the case itself, not recorded."""

import os
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "differential"))

import agents  # noqa: E402
import cases  # noqa: E402
import compare  # noqa: E402
import machine  # noqa: E402

FOLDER = os.path.join(HERE, "cases")
OWN_KEYS = ("expects", "answers", "refused", "warns", "environment", "stand_in", "extensions", "patient")
FINDING = re.compile(r"^.*?:(\d+):(\d+): (error|warning): (.*)$")
NO_MOMENT = 2**62  # Nanoseconds: `normal` takes nothing of a case for a time of the run.


def spelt_out(plain, number=None):
    """A list's item {$times: count, of: item} stands for so many items, with their number for $n in texts; {$long:
    count} for a text of so many letters."""
    if isinstance(plain, dict) and "$long" in plain:
        return "x" * plain["$long"]
    if isinstance(plain, dict):
        return {key: spelt_out(value, number) for key, value in plain.items()}
    if isinstance(plain, str):
        return plain if number is None else plain.replace("$n", str(number))
    items = []
    for item in plain if isinstance(plain, list) else ():
        repeated = isinstance(item, dict) and "$times" in item
        items += [spelt_out(item["of"], i) for i in range(item["$times"])] if repeated else [spelt_out(item, number)]
    return items if isinstance(plain, list) else plain


class Case(cases.Case):
    """Keys are those of a differential case and: `expects` (what comes out, by exporter/signal, or only that of
    out/<signal>), `answers` to the requests if not all are accepted, `refused` and `warns` (a list of {at: what stands
    at the place, says: part of the message}), `environment` of the agent, `stand_in` (texts by path that a server at
    $STAND_IN answers, and one at the Unix socket $STAND_IN_SOCKET), `extensions`, `patient` (a request that is refused
    comes again until it is taken). In what is expected $HOST and the like stand for what machine.py finds."""

    def __init__(self, family, number, plain):
        plain = spelt_out(plain)
        super().__init__(family, number, {key: value for key, value in plain.items() if key not in OWN_KEYS})
        expects = plain.get("expects", {})
        self.expects = {f"out/{self.signal}": expects} if isinstance(expects, list) else expects
        self.answers = plain.get("answers", [])
        self.refused, self.warns = plain.get("refused", []), plain.get("warns", [])
        self.environment, self.stand_in = plain.get("environment"), plain.get("stand_in")
        self.extensions, self.patient = plain.get("extensions", {}), plain.get("patient", False)

    def runs_alone(self):
        return bool(self.environment or self.extensions)

    def add_to(self, config, address, sink):
        super().add_to(config, address, sink)
        for name, settings in self.extensions.items():
            config.setdefault("extensions", {})[name] = settings
            config["service"].setdefault("extensions", []).append(name)


def families():
    return sorted(name.removesuffix(".yaml") for name in os.listdir(FOLDER) if name.endswith(".yaml"))


def load(family):
    with open(os.path.join(FOLDER, f"{family}.yaml")) as file:
        plain = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    entries = [{**plain.get("defaults", {}), **entry} for entry in plain["cases"]]
    found = [Case(family, number, entry) for number, entry in enumerate(entries, 1)]
    assert len({case.name for case in found}) == len(found), f"{family}: two cases of one name"
    return found


def all_cases():
    return [case for family in families() for case in load(family)]


class Run(agents.Run):
    """One agent for all cases, or for one in an environment of its own."""

    environment = None

    def started_agent(self, some, addresses, sink_url):
        path = self.written(some, addresses, sink_url)
        command = [self.binary, "run", "--config", path]
        directory = os.path.join(self.directory, "agent")
        os.makedirs(directory, exist_ok=True)
        return agents.harness.Agent(None, directory, command, self.environment).start()

    def answer(self, agent, address, case, groups):
        def taken():
            answer = super(Run, self).answer(agent, address, case, groups)
            return None if case.patient and answer == "refused" else answer

        return agents.harness.wait_until(taken, 60, f"{case.id}: a request was refused again and again")

    def written(self, some, addresses, sink_url):
        path = super().written(some, addresses, sink_url)
        with open(path) as file:
            text = file.read()
        with open(path, "w") as file:
            file.write(text.replace("$DIRECTORY", self.directory))
        return path


def results(some, binary):
    """{id: {refused} or {answers, output}} of cases that have input."""
    found = run([case for case in some if case.input and not case.runs_alone()], binary, {})
    for case in some:
        if case.input and case.runs_alone():
            found.update(run_alone(case, binary))
    return found


def run(some, binary, environment):
    agent = Run(binary)
    agent.environment = environment
    try:
        return agent.run(some, lambda case: compare.count_entries(case.expects) if case.settle else 0)
    finally:
        agent.close()


def run_alone(case, binary):
    container = machine.text_of("/etc/hostname")
    texts = {path.replace("$CONTAINER", container): text for path, text in (case.stand_in or {}).items()}
    with StandIn(texts) as server:
        environment = {
            name: value.replace("$STAND_IN_SOCKET", server.socket_path).replace("$STAND_IN", server.url)
            for name, value in (case.environment or {}).items()
        }
        return run([case], binary, environment)


def with_facts(plain, facts):
    """With what is true of this machine for $HOST and the like; entries of which there is nothing are left out."""
    if isinstance(plain, dict):
        replaced = {key: with_facts(value, facts) for key, value in plain.items()}
        return {key: value for key, value in replaced.items() if value is not None or plain[key] is None}
    if isinstance(plain, list):
        return [with_facts(item, facts) for item in plain]
    return facts.get(plain, plain) if isinstance(plain, str) else plain


def difference(case, result):
    """Between what a case expects and what came, in words; empty: none."""
    if "refused" in result:
        return f"refused: {result['refused']}"
    if case.answers != result["answers"]:
        return f"answered {result['answers'] or 'accepted'}, not {case.answers or 'accepted'}"
    expected = agents.normal(case, with_facts(case.expects, machine.facts()), NO_MOMENT)
    return compare.first_difference(expected, result["output"], "")


def findings(case, binary):
    """{"error": [(what stands at the place, message)], "warning": [...]} of `validate`."""
    agent = Run(binary)
    found = {"error": [], "warning": []}
    try:
        path = agent.written([case], agents.Addresses(), "http://127.0.0.1:9")
        text = agents.subprocess.run([binary, "validate", "--config", path], capture_output=True, text=True)
        with open(path) as file:
            lines = file.read().splitlines()
    finally:
        agent.close()
    for line in (text.stdout + text.stderr).splitlines():
        if match := FINDING.match(line):
            place, column = lines[int(match[1]) - 1], int(match[2])
            found[match[3]].append((place[column - 1 :], match[4]))
    return found


def not_as_said(told, found):
    """Of `refused` or `warns` what is not in the findings, and what is there beyond."""
    left = list(found)
    missing = []
    for wanted in told:
        is_it = [one for one in left if one[0].startswith(str(wanted["at"])) and wanted["says"] in one[1]]
        missing += [] if is_it else [wanted]
        left = [one for one in left if one not in is_it[:1]]
    return [f"missing: {missing}" if missing else "", f"beyond: {left}" if left else ""]


class StandIn:
    """Answers paths with texts, at an address and at a Unix socket: a metadata service, a Docker daemon."""

    def __init__(self, texts):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                known = self.path in texts
                body = (texts[self.path] if known else "there is no such thing").encode()
                self.send_response(200 if known else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_PUT = do_GET

            def address_string(self):
                return "a client"  # Of a Unix socket there is no address.

            def log_message(self, *_):
                pass

        class UnixServer(ThreadingHTTPServer):
            address_family = agents.socket.AF_UNIX

            def server_bind(self):
                agents.socket.socket.bind(self.socket, self.server_address)

        self.directory = agents.tempfile.mkdtemp(prefix="rankwire-stand-in-")
        self.socket_path = os.path.join(self.directory, "socket")
        self.servers = [ThreadingHTTPServer(("127.0.0.1", 0), Handler), UnixServer(self.socket_path, Handler)]
        self.url = f"http://127.0.0.1:{self.servers[0].server_port}"

    def __enter__(self):
        for server in self.servers:
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.shutdown()
            server.server_close()
        agents.shutil.rmtree(self.directory, ignore_errors=True)
