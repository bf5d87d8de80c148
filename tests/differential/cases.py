"""The cases: YAML files, each a list of configurations with what is sent through them, and the Collector configuration
that runs many of them in one process, each in pipelines of its own."""

import hashlib
import json
import os
import re

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = os.path.join(HERE, "cases")
KINDS = ("processors", "connectors")
KEYS = {"name", "signal", "processors", "connectors", "pipelines", "input", "differs", "unordered", "settle"}


class Case:
    """`input` is a list of requests in plain notation, sent one after the other; none: the configuration is only
    validated. `settle`: seconds to wait for output that comes by itself. `differs`: why our output is another one on
    purpose. `pipelines` name the receiver `in` and exporters as they like; without, everything is in one pipeline."""

    def __init__(self, family, number, plain):
        unknown = set(plain) - KEYS
        if unknown:
            raise ValueError(f"{family}: {plain.get('name')}: no key {sorted(unknown)}")
        self.family, self.tag = family, f"{family.replace('_', '')}{number}"
        self.name, self.signal = plain["name"], plain.get("signal", "logs")
        self.sections = {kind: plain.get(kind) or {} for kind in KINDS}
        self.pipelines = plain.get("pipelines")
        self.input = plain.get("input", [])
        if self.input and isinstance(self.input[0], dict):
            self.input = [self.input]
        self.differs = plain.get("differs", "")
        self.unordered, self.settle = plain.get("unordered", False), plain.get("settle", 0)

    def digest(self):
        """Changes with what is sent and how, so that an output recorded for another case is noticed."""
        asked = [self.signal, self.sections, self.pipelines, self.input, self.unordered]
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:8]

    @property
    def id(self):
        return f"{self.family}: {self.name}"

    def components(self):
        """(kind, type) of each component that the case is about."""
        return {(kind, name.split("/")[0]) for kind in KINDS for name in self.sections[kind]}

    def renamed(self, name):
        """The id of one of the case's own components or pipelines among those of all cases."""
        kind, _, rest = name.partition("/")
        return f"{kind}/{self.tag}" + (f"_{rest}" if rest else "")

    def own_pipelines(self):
        if self.pipelines:
            return self.pipelines
        processors = list(self.sections["processors"])
        return {self.signal: {"receivers": ["in"], "processors": processors, "exporters": ["out"]}}

    def add_to(self, config, address, sink):
        """Adds the case to a configuration of the Collector. `address`: where its receiver listens."""
        known = {name for kind in KINDS for name in self.sections[kind]} | set(self.own_pipelines())
        receiver = f"otlp/{self.tag}"
        config["receivers"][receiver] = {"protocols": {"http": {"endpoint": address}}}
        for kind in KINDS:
            for name, settings in self.sections[kind].items():
                config[kind][self.renamed(name)] = self.with_renamed_pipelines(settings)
        for name, pipeline in self.own_pipelines().items():
            added = {}
            for role, members in pipeline.items():
                ids = [receiver if m == "in" else self.renamed(m) if m in known else self.exporter(m) for m in members]
                added[role] = ids
                for member in set(members) - known - {"in"} if role == "exporters" else ():
                    config["exporters"][self.exporter(member)] = destination(f"{sink}/{self.tag}/{member}")
            config["service"]["pipelines"][self.renamed(name)] = added

    def exporter(self, name):
        return f"otlp_http/{self.tag}_{name}"

    def with_renamed_pipelines(self, settings):
        """Connectors name pipelines in their settings."""
        if isinstance(settings, dict):
            return {key: self.with_renamed_pipelines(value) for key, value in settings.items()}
        if isinstance(settings, list):
            return [self.with_renamed_pipelines(value) for value in settings]
        is_pipeline = isinstance(settings, str) and settings in self.own_pipelines() and self.sections["connectors"]
        return self.renamed(settings) if is_pipeline else settings


def destination(url):
    """An exporter that has sent, or failed, before the receiver answers."""
    return {
        "endpoint": url,
        "compression": "none",
        "sending_queue": {"enabled": False},
        "retry_on_failure": {"enabled": False},
    }


def configuration(cases, address_of, sink):
    """The YAML of one agent that runs `cases`."""
    config = {name: {} for name in ("receivers", "processors", "exporters", "connectors")}
    config["service"] = {
        "telemetry": {"metrics": {"level": "none"}, "logs": {"level": "warn"}},
        "pipelines": {},
    }
    for case in cases:
        case.add_to(config, address_of(case), sink)
    written = {key: value for key, value in config.items() if value}
    return yaml.dump(written, Dumper=WithoutAliases, sort_keys=False, width=1000)


class WithoutAliases(yaml.SafeDumper):
    def ignore_aliases(self, _):
        return True


def families():
    return sorted(re.sub(r"\.yaml$", "", name) for name in os.listdir(CASES) if name.endswith(".yaml"))


def values(by_name):
    """`values: {name: expression or list}` of a file: each becomes an attribute of a log record."""
    entries = []
    for name, expressions in by_name.items():
        listed = expressions if isinstance(expressions, list) else [expressions]
        statements = [f'set(log.attributes["r{number}"], {text})' for number, text in enumerate(listed)]
        entries.append({"name": name, "error_mode": "ignore", "statements": statements})
    return entries


def spelt_out(entry):
    """`statements` (with `error_mode`) of a case is a transform processor of its signal."""
    if "statements" not in entry:
        return {key: value for key, value in entry.items() if key != "error_mode"}
    key = {"logs": "log", "metrics": "metric", "traces": "trace"}[entry.get("signal", "logs")] + "_statements"
    transform = {key: entry["statements"]}
    if "error_mode" in entry:
        transform["error_mode"] = entry["error_mode"]
    kept = {name: value for name, value in entry.items() if name not in ("statements", "error_mode")}
    return {**kept, "processors": {"transform": transform, **entry.get("processors", {})}}


def load(family):
    with open(os.path.join(CASES, f"{family}.yaml")) as file:
        plain = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    defaults = plain.get("defaults", {})
    entries = [spelt_out({**defaults, **entry}) for entry in plain.get("cases", []) + values(plain.get("values", {}))]
    cases = [Case(family, number, entry) for number, entry in enumerate(entries, 1)]
    names = [case.name for case in cases]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"{family}: two cases named {sorted(twice)}")
    return cases
