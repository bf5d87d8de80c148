"""syslog-ng from Debian: wildcard files to JSON lines over HTTP, with its reliable queue on disk."""

import os

from peers.peer import DebianPeer


class SyslogNg(DebianPeer):
    name = "syslog-ng"
    title = "syslog-ng"
    configurations = {"logs": "syslog-ng.conf"}
    packages = ("syslog-ng-core", "syslog-ng-mod-http")
    folder, program = "syslog-ng", "usr/sbin/syslog-ng"

    def modules(self):
        folder = os.path.join(self.root, "usr", "lib", "syslog-ng")
        return os.path.join(folder, next(d for d in os.listdir(folder) if d[0].isdigit()))

    def version(self):
        return self.version_line("--version")

    def command(self, configuration, place):
        own = {"-R": "persist", "-c": "control", "-p": "pid"}
        files = [part for option, name in own.items() for part in (option, os.path.join(place.state, name))]
        return [self.binary, "-F", "-e", "--no-caps", f"--module-path={self.modules()}", "-f", configuration, *files]

    def wait_ready(self, agent, place):
        agent.wait_logged("syslog-ng starting up")
