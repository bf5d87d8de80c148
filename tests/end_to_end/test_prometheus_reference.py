"""The same targets, pages and rules for a real Prometheus and for the agent: the same series with the same values."""

import math
import random
import time

import harness
import pytest
import scraping
import yaml

WORDS = ["a", "b", "ab", "zone-1", "x_y", "10.0.0.1:9100", "GPU-3", "Ab", "a;b", "nccl", "rank=3", "é"]
NAMES = ["zone", "host", "rank", "model", "env", "gpu_uuid"]
REGEXES = ["(.*)", "(.+)", "a.*", "(a|b)(.*)", "([^:]+):(\\d+)", "zone-(\\d)", ".*_.*", "(?i)ab", "", "x_(.)"]
REGEXES += ["(?P<first>.)(.*)"]
OTHER_ACTIONS = ["keep", "drop", "keepequal", "dropequal", "labelmap", "labeldrop", "labelkeep", "hashmod"]
OTHER_ACTIONS += ["lowercase", "uppercase"]
REPLACEMENTS = ["$1", "${1}-x", "fixed", "", "$2$1", "$first", "$$1", "${3}", "a$1"]


def draw_rule(dice, is_of_series):
    action = dice.choice(["replace"] * 6 + OTHER_ACTIONS)
    sources = dice.sample(NAMES, dice.randint(1, 2)) + (["__name__"] if is_of_series and dice.random() < 0.3 else [])
    if action == "labeldrop":
        return {"action": action, "regex": dice.choice(["zone|env", "gpu.*", "[hr].*"])}
    if action == "labelkeep":
        # What names a series and its target stays.
        return {"action": action, "regex": dice.choice(["__.*|job|instance|quantile|le|zone|env", "__.*|[^g].*"])}
    if action == "labelmap":
        regex, replacement = dice.choice(["g(.+)", "(zone|env)", "__meta_(.*)"]), dice.choice(["new_$1", "m_${1}"])
        return {"action": action, "regex": regex, "replacement": replacement}
    rule = {"action": action, "source_labels": sources}
    if action in ("keepequal", "dropequal"):
        return {**rule, "source_labels": sources[:1], "target_label": dice.choice(NAMES)}
    if action in ("keep", "drop"):
        # Not so that nothing is left.
        regexes = {"keep": ["(.*)a(.*)|.*b.*|;?", ".*[0-9é].*", "[^x]*"], "drop": ["a;.*", "GPU.*", "Ab"]}
        return {**rule, "regex": dice.choice(regexes[action])}
    rule["target_label"] = dice.choice(NAMES + ["made"])
    if dice.random() < 0.3:
        rule["separator"] = dice.choice(["", "/", ":"])
    if action == "hashmod":
        return {**rule, "modulus": dice.choice([1, 2, 7, 1000, 2**40])}
    if action == "replace":
        rule["regex"] = dice.choice(REGEXES)
        if dice.random() < 0.7:
            rule["replacement"] = dice.choice(REPLACEMENTS)
        if dice.random() < 0.1:
            # This Prometheus (2.42) takes no label whose name is not of ASCII letters, digits and "_".
            rule.update(target_label="${1}_label", regex="(a|b|ab|Ab|nccl|x_y)")
    return rule


def draw_job(dice, number, address):
    labels = [{name: dice.choice(WORDS) for name in dice.sample(NAMES, 4)} for _ in range(4)]
    for one in labels:
        one["__meta_kind"] = dice.choice(WORDS)
    case = {"target_label": "case", "replacement": str(number), "action": "replace"}
    return {
        "job_name": f"job-{number}",
        "honor_labels": dice.random() < 0.3,
        "static_configs": [{"targets": [address], "labels": {**one, "n": str(i)}} for i, one in enumerate(labels)],
        "relabel_configs": [draw_rule(dice, False) for _ in range(dice.randint(1, 4))] + [case],
        "metric_relabel_configs": [draw_rule(dice, True) for _ in range(dice.randint(0, 4))] + [case],
    }


def escaped(text):
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


# One value for each name: rules may make one series of two, and then it is open whose value it has.
VALUES = {"load": 2.5, "a_temperature": -3, "x_y": 1e300, "up_b": 0}


def draw_page(dice, series):
    rows = set()
    while len(rows) < series:
        labels = {name: dice.choice(WORDS) for name in dice.sample(NAMES, dice.randint(0, 3))}
        text = ",".join(f'{k}="{escaped(v)}"' for k, v in sorted(labels.items()))
        rows.add(f"{dice.choice(list(VALUES))}{{{text}}}")
    return "".join(f"{row} {VALUES[row.partition('{')[0]]}\n" for row in sorted(rows))


def dollars_doubled(value):
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, list):
        return [dollars_doubled(item) for item in value]
    return {k: dollars_doubled(v) for k, v in value.items()} if isinstance(value, dict) else value


def agent_config(prometheus, out, port):
    reader = {"pull": {"exporter": {"prometheus": {"host": "127.0.0.1", "port": port}}}}
    return yaml.safe_dump(
        {
            "receivers": {"prometheus": {"config": dollars_doubled(prometheus)}},
            "exporters": {"file": {"path": out}},
            "service": {
                "pipelines": {"metrics": {"receivers": ["prometheus"], "exporters": ["file"]}},
                "telemetry": {"metrics": {"readers": [reader]}},
            },
        }
    )


def with_bounds(key):
    """OTLP has them as numbers."""
    is_bound = ("le", "quantile").__contains__
    return tuple((name, scraping.bound_text(float(text)) if is_bound(name) else text) for name, text in key)


def same(a, b):
    return a == b or (math.isnan(a) and math.isnan(b))


class Both:
    """Both scrape until each has seen every job that it will see."""

    def __init__(self, start_agent, directory, jobs):
        config = {"global": {"scrape_interval": "2s", "scrape_timeout": "2s"}, "scrape_configs": jobs}
        self.out, port = str(directory / "metrics.json"), harness.free_port()
        self.reference = scraping.Prometheus(str(directory / "prometheus"), yaml.safe_dump(config))
        self.agent = start_agent(agent_config(config, self.out, port), port)

    def series(self):
        """Of each: value by labels."""
        theirs = self.reference.series('{__name__=~".+",__name__!~"scrape_.*"}')
        ours = {}
        for labels, value, point, _ in scraping.otlp_points(self.out):
            if not labels["__name__"].startswith("scrape_") and not scraping.is_stale(point):
                ours[scraping.key_of(labels)] = value
        return ours, {with_bounds(key): value for key, value in (theirs or {}).items()}

    def differences(self):
        ours, theirs = self.series()
        wrong = [("only ours", k) for k in ours.keys() - theirs.keys()]
        wrong += [("only theirs", k) for k in theirs.keys() - ours.keys()]
        both = ours.keys() & theirs.keys()
        return wrong + [("other value", k, ours[k], theirs[k]) for k in both if not same(ours[k], theirs[k])]

    def check(self, at_least):
        last = []

        def is_same():
            last[:] = [len(self.series()[0]), self.differences()]
            return last[0] >= at_least and not last[1]

        try:
            harness.wait_until(is_same, 20, "the same", interval=0.5)
        except AssertionError:
            raise AssertionError(f"{last[0]} series, {len(last[1])} differ: {sorted(last[1])[:10]}") from None


@pytest.fixture
def pages():
    running = scraping.Pages()
    yield running
    running.close()


def test_a_hundred_relabelling_configurations_give_the_same_series(start_agent, tmp_path, pages):
    dice = random.Random(20261123)
    pages.put("/metrics", draw_page(dice, 40))
    jobs = [draw_job(dice, number, pages.address) for number in range(100)]
    both = Both(start_agent, tmp_path, jobs)
    try:
        both.check(at_least=5000)
    finally:
        both.reference.close()


SPACES = [" ", "  ", "\t", " \t "]
REALS = ["0", "1", "-2.5", "1e3", "1E-7", "+4", ".5", "3.", "NaN", "+Inf", "-Inf", "inf", "18446744073709551616"]
WIDE = ["line\nbreak", 'a "quote"', "back\\slash", "", "ü", "日本", "tab\there", "=,{}#"]
OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
NAMES_OF_SERIES = ["load", "a:rate", "_x", "http_requests", "DCGM_FI_DEV_GPU_UTIL", "queue_seconds", "node_info"]
# What neither takes: the target is down then.
BROKEN = ["a", "1a 2", "a 1x", "a 0x1p4", "é 1", "a{b} 1", "a{=} 1", "a{b=c} 1", 'a{b="c} 1', 'a{b="c" d="e"} 1']
BROKEN += ['a{b="c"} 1 2 3']


class Page:
    """A page of well-formed families in either format, now and then with one line that is not."""

    def __init__(self, dice, time):
        self.dice, self.time, self.is_open = dice, time, dice.random() < 0.4
        self.lines = []
        for name in dice.sample(NAMES_OF_SERIES, dice.randint(1, 5)):
            self.family(name, dice.choice(["counter", "gauge", "histogram", "summary", "unknown"]))
        if dice.random() < 0.1:
            self.lines.insert(dice.randint(0, len(self.lines)), dice.choice(BROKEN))
        if self.is_open and dice.random() < 0.95:
            self.lines.append("# EOF")
        self.text = "\n".join(self.lines) + "\n"
        self.content_type = OPEN_METRICS if self.is_open else "text/plain; version=0.0.4; charset=utf-8"

    def space(self):
        return " " if self.is_open else self.dice.choice(SPACES)

    def family(self, name, kind):
        if kind == "unknown" and not self.is_open:
            kind = self.dice.choice(["untyped", None])
        if kind and self.dice.random() < 0.9:
            self.lines.append(f"# TYPE {name} {kind}")
        else:
            kind = None
        if self.dice.random() < 0.5:
            self.lines.append(f"# HELP {name} What it \\\\ is\\n")
        if not self.is_open and self.dice.random() < 0.3:
            self.lines += ["", "# a remark", "#", "  "][: self.dice.randint(1, 4)]
        for number in range(self.dice.randint(1, 4)):
            labels = {"n": str(number)}
            for key in self.dice.sample(NAMES, self.dice.randint(0, 3)):
                labels[key] = self.dice.choice(WORDS + WIDE)
            getattr(self, kind if kind in ("histogram", "summary") else "number")(name, kind, labels)

    def sample(self, name, labels, value):
        pairs = [f'{key}="{escaped(text)}"' for key, text in labels.items()]
        self.dice.shuffle(pairs)
        if self.is_open:
            inside = ",".join(pairs)
        else:
            inside = self.dice.choice([",", " , ", ", "]).join(pairs) + self.dice.choice(["", ","])
        time = ""
        if labels.get("n") == "3":
            time = self.space() + (f"{self.time:.3f}" if self.is_open else str(int(self.time * 1000)))
        self.lines.append(f"{name}{{{inside}}}{self.space()}{value}{time}")

    def number(self, name, kind, labels):
        if kind == "counter":
            self.sample(name + "_total" if self.is_open else name, labels, self.dice.choice(["0", "7", "12.5", "1e9"]))
        else:
            self.sample(name, labels, self.dice.choice(REALS))

    def histogram(self, name, _, labels):
        bounds = sorted(self.dice.sample([-1, 0, 0.25, 1, 2.5, 10, 1000], self.dice.randint(0, 5))) + ["+Inf"]
        total = 0
        for bound in bounds:
            total += self.dice.randint(0, 9)
            self.sample(name + "_bucket", {**labels, "le": str(bound)}, total)
        self.sample(name + "_sum", labels, total * 1.5)
        self.sample(name + "_count", labels, total)

    def summary(self, name, _, labels):
        for quantile in sorted(self.dice.sample([0, 0.5, 0.9, 0.99, 1], self.dice.randint(0, 4))):
            self.sample(name, {**labels, "quantile": str(quantile)}, self.dice.choice(["NaN", "0.25", "4"]))
        self.sample(name + "_sum", labels, "8.5")
        self.sample(name + "_count", labels, self.dice.randint(0, 20))


def test_five_hundred_expositions_give_the_same_series(start_agent, tmp_path, pages):
    dice, now = random.Random(500), time.time()
    targets = []
    for number in range(500):
        page = Page(dice, now)
        pages.put(f"/{number}", page.text, page.content_type)
        targets.append({"targets": [pages.address], "labels": {"__metrics_path__": f"/{number}", "page": str(number)}})
    both = Both(start_agent, tmp_path, [{"job_name": "pages", "static_configs": targets}])
    try:
        both.check(at_least=7000)
        ups = [value for key, value in both.series()[0].items() if ("__name__", "up") in key]
        assert len(ups) == 500
        assert 20 < ups.count(0.0) < 100
    finally:
        both.reference.close()
