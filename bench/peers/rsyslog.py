"""rsyslog from Debian: imfile to the bulk requests of its Elasticsearch output, through a queue on disk."""

import os

from harness import wait_until
from peers.peer import DebianPeer


class Rsyslog(DebianPeer):
    name = "rsyslog"
    title = "rsyslog, polling"
    mode = "polling"
    configurations = {"logs": "rsyslog.conf"}
    packages = ("rsyslog", "rsyslog-elasticsearch")
    folder, program = "rsyslog", "usr/sbin/rsyslogd"

    def modules(self):
        return next(d for d, _, names in os.walk(self.root) if "imfile.so" in names)

    def version(self):
        return self.version_line("-v").split(" (")[0]

    def environment(self):
        return {**super().environment(), "IMFILE_MODE": self.mode}

    def command(self, configuration, place):
        return [self.binary, "-n", "-iNONE", "-f", configuration, "-M", self.modules()]

    def wait_ready(self, agent, place):
        """It says nothing and listens nowhere: it is ready when the thread runs that reads the files."""
        tasks = f"/proc/{agent.process.pid}/task"

        def reads():
            names = []
            for task in os.listdir(tasks):
                with open(os.path.join(tasks, task, "comm")) as file:
                    names.append(file.read().strip())
            return "in:imfile" in names

        wait_until(reads, 10, f"rsyslog does not read the files:\n{agent.log_text()[-2000:]}")


class Inotify(Rsyslog):
    """The mode that its documentation prefers: lines come at once, and some are lost at rotation."""

    name = "rsyslog-inotify"
    title = "rsyslog, inotify"
    mode = "inotify"
