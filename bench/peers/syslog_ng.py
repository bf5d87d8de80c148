"""syslog-ng from Debian: wildcard files to JSON lines over HTTP, with its reliable queue on disk."""

import os

from peers.peer import Peer, first_line, installed, library_path, unpack_debian


class SyslogNg(Peer):
    name = "syslog-ng"
    title = "syslog-ng"
    configurations = {"logs": "syslog-ng.conf"}
    root = installed("syslog-ng", "root")
    binary = os.path.join(root, "usr", "sbin", "syslog-ng")

    def is_installed(self):
        return os.path.exists(self.binary)

    def install(self):
        if not self.is_installed():
            unpack_debian(installed("syslog-ng"), ["syslog-ng-core", "syslog-ng-mod-http"])

    def modules(self):
        folder = os.path.join(self.root, "usr", "lib", "syslog-ng")
        return os.path.join(folder, next(d for d in os.listdir(folder) if d[0].isdigit()))

    def version(self):
        return first_line([self.binary, "--version"], env={**os.environ, **self.environment()})

    def environment(self):
        return {"LD_LIBRARY_PATH": library_path(self.root)}

    def command(self, configuration, place):
        own = {"-R": "persist", "-c": "control", "-p": "pid"}
        files = [part for option, name in own.items() for part in (option, os.path.join(place.state, name))]
        return [self.binary, "-F", "-e", "--no-caps", f"--module-path={self.modules()}", "-f", configuration, *files]

    def wait_ready(self, agent, place):
        agent.wait_logged("syslog-ng starting up")
