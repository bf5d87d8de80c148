"""Rankwire itself, started as any other peer: with a file of its own, and with the Collector's file as it is."""

import harness
from peers.peer import Peer, first_line


class Rankwire(Peer):
    name = "rankwire"
    title = "Rankwire"
    configurations = {
        "logs": "rankwire.yaml",
        "otlp-memory": "rankwire.otlp-memory.yaml",
        "otlp-disk": "rankwire.otlp-disk.yaml",
    }

    def version(self):
        return first_line([harness.RANKWIRE, "version"])

    def command(self, configuration, place):
        return [harness.RANKWIRE, "run", "--config", configuration]


class SameFile(Rankwire):
    name = "rankwire-same"
    title = "Rankwire, file of the durable Collector"
    configurations = {"logs": "collector-durable.yaml"}
