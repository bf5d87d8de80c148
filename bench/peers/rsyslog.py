"""rsyslog from Debian: imfile to the bulk requests of its Elasticsearch output, through a queue on disk."""

import os

from harness import wait_until
from peers.peer import Peer, first_line, installed, library_path, unpack_debian


class Rsyslog(Peer):
    name = "rsyslog"
    title = "rsyslog"
    configurations = {"logs": "rsyslog.conf"}
    root = installed("rsyslog", "root")
    binary = os.path.join(root, "usr", "sbin", "rsyslogd")

    def is_installed(self):
        return os.path.exists(self.binary)

    def install(self):
        if not self.is_installed():
            unpack_debian(installed("rsyslog"), ["rsyslog", "rsyslog-elasticsearch"])

    def modules(self):
        return next(d for d, _, names in os.walk(self.root) if "imfile.so" in names)

    def version(self):
        line = first_line([self.binary, "-v"], env={**os.environ, **self.environment()})
        return line.split(" (")[0]

    def environment(self):
        return {"LD_LIBRARY_PATH": library_path(self.root)}

    def command(self, configuration, place):
        return [self.binary, "-n", "-iNONE", "-f", configuration, "-M", self.modules()]

    def wait_ready(self, agent, place):
        """It says nothing and listens nowhere: it is ready when it watches the files."""
        descriptors = f"/proc/{agent.process.pid}/fd"

        def watches():
            return any("inotify" in os.readlink(os.path.join(descriptors, fd)) for fd in os.listdir(descriptors))

        wait_until(watches, 10, f"rsyslog does not watch the files:\n{agent.log_text()[-2000:]}")
