"""The same targets, pages and rules for a real Prometheus and for the agent: the same series with the same values."""

import math
import random

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
        return ours, theirs or {}

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
