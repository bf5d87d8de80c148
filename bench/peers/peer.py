"""What the comparison asks of an agent: how to get it, how to start it, and when it is ready."""

import os
import subprocess
import tempfile
import urllib.request

import harness

HERE = os.path.dirname(os.path.abspath(__file__))
CONFIGURATIONS = os.path.join(HERE, "configurations")
INSTALLED = os.environ.get("RANKWIRE_PEERS", os.path.join(harness.ROOT, "build", "peers"))


def installed(*parts):
    return os.path.join(INSTALLED, *parts)


class Place:
    """Where one run happens. The configurations read these names from the environment."""

    def __init__(self, logs, state, sink, limit_mib=2000, compression="none"):
        self.logs, self.state, self.sink = logs, state, sink
        self.health_port, self.grpc_port, self.http_port = (harness.free_port() for _ in range(3))
        self.limit_mib, self.compression = limit_mib, compression

    def variables(self):
        return {
            "LOGS": self.logs,
            "STATE": self.state,
            "DESTINATION": self.sink.url,
            "DESTINATION_PORT": str(self.sink.port),
            "HEALTH_PORT": str(self.health_port),
            "GRPC_PORT": str(self.grpc_port),
            "HTTP_PORT": str(self.http_port),
            "LIMIT_MIB": str(self.limit_mib),
            "COMPRESSION": self.compression,
            # What the charts of the Collector set beside its memory_limiter; others do not look at it.
            "GOMEMLIMIT": f"{self.limit_mib * 8 // 10}MiB",
        }


class Peer:
    """One agent with one way to configure it. `configurations`: of a workload ("logs", "otlp-memory", "otlp-disk")."""

    name = ""
    title = ""
    configurations = {}

    def install(self):
        """Gets it from the package registries into build/peers, if it is not there."""

    def is_installed(self):
        return True

    def version(self):
        raise NotImplementedError

    def command(self, configuration, place):
        raise NotImplementedError

    def environment(self):
        return {}

    def wait_ready(self, agent, place):
        """Its health check says so: the port alone is open before the receivers are."""

        def is_healthy():
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{place.health_port}/", timeout=5) as answer:
                    return answer.status == 200
            except OSError:
                return False

        agent.wait_ready(place.health_port, timeout=30)
        harness.wait_until(is_healthy, 30, f"{self.title} is not healthy:\n{agent.log_text()[-2000:]}")

    def start(self, workload, place):
        configuration = os.path.join(CONFIGURATIONS, self.configurations[workload])
        agent = harness.Agent(
            None,
            directory=tempfile.mkdtemp(prefix="rankwire-peer-"),
            command=self.command(configuration, place),
            environment={**self.environment(), **place.variables()},
        )
        agent.start()
        try:
            self.wait_ready(agent, place)
        except BaseException:
            agent.clean()
            raise
        return agent


class DebianPeer(Peer):
    """From Debian's packages, unpacked into a folder of its own: `program` is its path there."""

    packages = ()
    folder = ""
    program = ""

    @property
    def root(self):
        return installed(self.folder, "root")

    @property
    def binary(self):
        return os.path.join(self.root, self.program)

    def is_installed(self):
        return os.path.exists(self.binary)

    def install(self):
        if not self.is_installed():
            unpack_debian(installed(self.folder), self.packages)

    def environment(self):
        return {"LD_LIBRARY_PATH": library_path(self.root)}

    def version_line(self, option):
        return first_line([self.binary, option], env={**os.environ, **self.environment()})


def go_install(module, version):
    """Builds a Go program into build/peers, on one core: it is not the build that is measured."""
    os.makedirs(INSTALLED, exist_ok=True)
    subprocess.run(
        ["nice", "go", "install", "-p", "1", f"{module}@{version}"],
        check=True,
        env={**os.environ, "GOBIN": INSTALLED, "CGO_ENABLED": "0"},
    )


def unpack_debian(directory, packages):
    """Unpacks packages and what they lack here into build/peers: nothing is installed, no service is started."""
    archives = os.path.join(directory, "archives")
    os.makedirs(os.path.join(archives, "partial"), exist_ok=True)
    download = ["apt-get", "-qq", "-y", "--no-install-recommends", "--download-only", "--reinstall"]
    subprocess.run([*download, "-o", f"Dir::Cache::archives={archives}/", "install", *packages], check=True)
    for name in sorted(os.listdir(archives)):
        if name.endswith(".deb"):
            subprocess.run(["dpkg", "-x", os.path.join(archives, name), os.path.join(directory, "root")], check=True)


def library_path(root):
    """The folders of an unpacked package that hold shared libraries."""
    found = {d for d, _, names in os.walk(root) if any(".so" in name for name in names)}
    return ":".join(sorted(found))


def first_line(command, **options):
    result = subprocess.run(command, capture_output=True, text=True, **options)
    return (result.stdout + result.stderr).strip().splitlines()[0]
