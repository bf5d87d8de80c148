"""The release binary under faults of the machine and of its neighbours: nothing may be lost, and only what was in
flight at a kill may come twice. Every line has a number that the sink counts; nothing here believes the agent.

Thirty kills here. `RANKWIRE_KILLS=1000 ./dev end_to_end -k kills_at_random -s` is the long run, of four minutes;
RANKWIRE_SEED draws other moments.
"""

import itertools
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import time

import configs
import faults
import harness
import namespaces
import pytest

KILLS = int(os.environ.get("RANKWIRE_KILLS", "30"))
KILLS_PER_RUN = 10
# What may be under way at once: file_log's 4 MiB of text, in lines of at least 200 bytes.
IN_FLIGHT_LINES = 21_000
# Of a writer that the test ends.
LONG = 600
RETRIES = "retry_on_failure: {initial_interval: 100ms, max_interval: 200ms}, "


@pytest.fixture
def logs(tmp_path):
    (tmp_path / "pods").mkdir()
    return tmp_path / "pods"


def run_with_kills(start_agent, start_writer, sink, directory, draw, kills):
    """Kills at random moments, from the first milliseconds of a start on; returns (written, sink's totals)."""
    logs, state = directory / "pods", directory / "state"
    logs.mkdir(parents=True)
    port = harness.free_port()
    config = configs.log_path(logs, sink.url, storage=state, metrics_port=port)
    config = faults.through_a_disk_queue(config) if draw.random() < 0.5 else config
    how, rate = draw.choice(["rename", "rename", "gzip"]), draw.choice([2000, 10_000])
    agent = start_agent(config)
    writer = start_writer(logs, rate=rate, seconds=LONG, rotate=0.3, how=how)
    for _ in range(kills):
        if draw.random() < 0.5:
            # A time: nothing can be seen of an agent's first milliseconds, and no progress of it may choose the moment.
            time.sleep(draw.uniform(0, 0.02))
        else:
            faults.wait_for_more_lines(sink, int(rate * draw.uniform(0.02, 0.5)), agent)
        agent.kill()
        agent.start()
    written = faults.ended(writer)
    agent.wait_ready(port)
    return written, faults.totals_of_all(sink, written, agent, port)


@pytest.mark.timeout(120 + 3 * KILLS)
def test_kills_at_random_moments_lose_nothing(start_agent, start_writer, tmp_path):
    seed = int(os.environ.get("RANKWIRE_SEED", "11"))
    written = repeated = worst = 0
    for first in range(0, KILLS, KILLS_PER_RUN):
        kills, directory = min(KILLS_PER_RUN, KILLS - first), tmp_path / str(first)
        sink = harness.Sink()
        try:
            draw = random.Random(seed + first)
            lines, totals = run_with_kills(start_agent, start_writer, sink, directory, draw, kills)
        except AssertionError as error:
            raise AssertionError(f"RANKWIRE_SEED={seed + first}: {error}") from None
        finally:
            sink.kill()
        assert totals["numbered"] == lines, f"RANKWIRE_SEED={seed + first}"
        assert totals["unmasked"] == 0
        assert totals["repeated"] <= kills * IN_FLIGHT_LINES
        written, repeated = written + lines, repeated + totals["repeated"]
        worst = max(worst, totals["repeated"])
        shutil.rmtree(directory)
    print(f"\n{KILLS} kills: {written} lines, 0 lost, {repeated} twice, at most {worst} in {KILLS_PER_RUN} kills")


def turn(sink):
    """Refusing or not. The report shows that the signal has arrived: two that wait at the same time would be one."""
    sink.toggle_refusing()
    sink.report()


def be_refused(sink, port, lines):
    """Until the sink has refused something and the agent has taken so many lines more."""

    def accepted():
        return harness.total(harness.metrics(port), "rankwire_accepted_records_total")

    refused, before = sink.report()["refused"], accepted()
    harness.wait_until(lambda: sink.report()["refused"] > refused, 10, "the sink is not asked")
    harness.wait_until(lambda: accepted() >= before + lines, 10, "nothing is taken while the sink refuses")


@pytest.mark.parametrize("is_sink_up", [True, False], ids=["sink up", "sink down"])
def test_sigterm_under_load_ends_in_time_and_the_next_start_has_the_rest(
    is_sink_up, start_agent, start_writer, sink, logs, tmp_path
):
    port = harness.free_port()
    config = configs.log_path(logs, sink.url, storage=tmp_path / "state", metrics_port=port)
    agent = start_agent(faults.through_a_disk_queue(config))
    agent.command += ["--drain-timeout", "2s"]
    writer = start_writer(logs, rate=5000, seconds=LONG, rotate=0.5)
    for _ in range(3):
        agent.wait_ready(port)
        if is_sink_up:
            faults.wait_for_more_lines(sink, 2500, agent)
        else:
            turn(sink)
            be_refused(sink, port, 2500)
        begin = time.monotonic()
        agent.stop()
        assert agent.process.returncode == 0, agent.log_text()
        assert time.monotonic() - begin < 3.5
        if not is_sink_up:
            turn(sink)
        agent.start()
    assert faults.totals_of_all(sink, faults.ended(writer), agent, port)["repeated"] == 0


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 4 MiB. It is mounted where only its keeper sees it, reached through that, and ends with it."""
    directory = tmp_path / "disk"
    directory.mkdir()
    script = 'mount -t tmpfs -o size=4m none "$0" && echo mounted && exec cat'
    command = [*namespaces.unshared("--mount"), "sh", "-c", script, str(directory)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as keeper:
        assert keeper.stdout.readline() == "mounted\n"
        yield pathlib.Path(f"/proc/{keeper.pid}/root{directory}")


def fill(directory):
    """Takes what is free, to the last byte."""
    with open(directory / "ballast", "wb", buffering=0) as file:
        for size in (65536, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue


def test_a_full_disk_stops_the_reading_and_loses_nothing(start_agent, start_writer, sink, logs, small_disk):
    port = harness.free_port()
    config = configs.log_path(logs, sink.url, storage=small_disk / "state", metrics_port=port)
    agent = start_agent(faults.through_a_disk_queue(config), port)
    writer = start_writer(logs, rate=5000, seconds=LONG, rotate=0.5)
    faults.wait_for_more_lines(sink, 1000, agent)
    fill(small_disk)
    agent.wait_logged("No space left on device")
    agent.kill()  # Neither is what was stored before lost by that.
    agent.start().wait_ready(port)
    refused = "rankwire_receiver_refused_admissions_total"
    harness.wait_until(lambda: harness.total(harness.metrics(port), refused) >= 5, 10, "the disk is not full any more")
    os.remove(small_disk / "ballast")
    faults.wait_for_more_lines(sink, 1000, agent)
    assert faults.totals_of_all(sink, faults.ended(writer), agent, port)["repeated"] <= IN_FLIGHT_LINES


def everything_taken_arrives_once(sender, sink, agent, port):
    """After a shortage has ended: more is taken, and all that was taken arrives."""
    before = sender.taken
    harness.wait_until(lambda: sender.taken > before, 10, "nothing is taken after there is room")
    assert faults.totals_of_all(sink, sender.stop(), agent, port)["repeated"] == 0


def test_what_was_acknowledged_before_the_disk_was_full_arrives(start_agent, sink, small_disk):
    http, port = harness.free_port(), harness.free_port()
    config = configs.otlp_through(harness.free_port(), http, sink.url, metrics_port=port)
    config = config.replace("compression: none", "compression: none, sending_queue: {storage: file_storage}")
    config += f"  extensions: [file_storage]\nextensions: {{file_storage: {{directory: {small_disk}}}}}\n"
    sink.toggle_refusing()
    agent = start_agent(config.replace("compression: none", RETRIES + "compression: none"), http)
    sender = faults.Sender(f"http://127.0.0.1:{http}")
    harness.wait_until(lambda: sender.taken >= 1000, 10, "nothing is taken")
    fill(small_disk)
    harness.wait_until(lambda: sender.refused >= 5, 10, "senders are not told to wait")
    agent.wait_logged("No space left on device")
    os.remove(small_disk / "ballast")
    sink.toggle_refusing()
    everything_taken_arrives_once(sender, sink, agent, port)


def start_limited(start_agent, tmp_path, config, limits, port):
    path = tmp_path / "limited.yaml"
    path.write_text(config)
    return start_agent(None, port, command=[*faults.limited(*limits), str(path)])


def test_without_file_handles_connections_and_files_wait(start_agent, start_writer, sink, logs, tmp_path):
    http, port = harness.free_port(), harness.free_port()
    config = configs.log_path(logs, sink.url, storage=tmp_path / "state", metrics_port=port)
    config = config.replace(
        "receivers:\n", f"receivers:\n  otlp: {{protocols: {{http: {{endpoint: 127.0.0.1:{http}}}}}}}\n"
    ).replace("receivers: [file_log]", "receivers: [file_log, otlp]")
    agent = start_limited(start_agent, tmp_path, config, ["--nofile=40"], port)
    agent.wait_logged("everything is running")
    crowd = [faults.socket.create_connection(("127.0.0.1", http)) for _ in range(100)]
    agent.wait_logged("out of file descriptors")
    for _ in range(3):
        assert harness.metrics(port)  # Each server keeps a descriptor for one connection.
    writer = start_writer(logs, rate=5000, seconds=2, files=30, rotate=0.5)
    written = faults.written_by(writer)
    assert harness.metrics(port)
    for connection in crowd:
        connection.close()
    # Well before the scan of every ten seconds.
    assert faults.totals_of_all(sink, written, agent, port, seconds=8)["repeated"] == 0


FAULTS = ["stall", "reset", "torn", "garbage", "endless", "lost", "busy"]


def test_a_sink_that_stalls_resets_and_answers_garbage(start_agent, start_writer, sink, logs, tmp_path):
    draw, port = random.Random(3), harness.free_port()
    each = itertools.chain(FAULTS, iter(lambda: draw.choice([*FAULTS, *["pass"] * 12]), None))
    with faults.BadSink(sink, lambda: next(each)) as bad:
        config = configs.log_path(logs, bad.url, storage=tmp_path / "state", metrics_port=port)
        agent = start_agent(faults.retries_soon(config), port)
        written = faults.written_by(start_writer(logs, rate=5000, seconds=4, rotate=0.5))
        totals = faults.totals_of_all(sink, written, agent, port)
    assert all(bad.counts.get(kind, 0) >= 1 for kind in FAULTS)
    assert totals["repeated"] <= bad.explained


REJECTED = "the new configuration is not valid"


def marked(config, mark):
    return config.replace("value: p4d-east", f"value: '#mark={mark}#'")


def wait_for_reload(seen, mark, agent):
    harness.wait_until(lambda: b"%d" % mark in seen.noticed, 10, f"reload {mark}:\n{agent.log_text()[-3000:]}")


def edit(agent, text):
    with open(agent.config_path + ".new", "w") as file:
        file.write(text)
    os.rename(agent.config_path + ".new", agent.config_path)


def reload_a_hundred_times(agent, config, seen):
    broken = [
        marked(config, "never").replace("receivers:", "recievers:", 1),
        marked(config, "never") + "  pipelines: [\n",
        marked(config, "never").replace("file_storage:\n", "file_storage:\n    create_directory: maybe\n"),
    ]
    for number in range(0, 50, 2):
        rejected = agent.log_text().count(REJECTED)
        edit(agent, broken[number % 3])  # Noticed on its own: edits that follow each other closely are one reload.
        harness.wait_until(lambda: agent.log_text().count(REJECTED) > rejected, 10, f"{number} is not noticed")
        edit(agent, marked(config, number))
        wait_for_reload(seen, number, agent)
        for text in (broken[(number + 1) % 3], marked(config, number + 1)):
            edit(agent, text)
            agent.process.send_signal(signal.SIGHUP)
        wait_for_reload(seen, number + 1, agent)


def test_a_hundred_reloads_under_load(start_agent, start_writer, sink, logs, tmp_path):
    port = harness.free_port()
    with faults.BadSink(sink) as seen:
        seen.notice = re.compile(rb"#mark=(\w+)#")
        config = configs.log_path(logs, seen.url, storage=tmp_path / "state", metrics_port=port)
        config = config.replace("  telemetry:\n", "  telemetry:\n    logs: {sampling: {enabled: false}}\n")
        agent = start_agent(config, port)
        writer = start_writer(logs, rate=2000, seconds=LONG, rotate=0.5)
        reload_a_hundred_times(agent, config, seen)
        totals = faults.totals_of_all(sink, faults.ended(writer), agent, port)
    assert b"never" not in seen.noticed
    assert totals["repeated"] == 0


def test_a_second_agent_on_a_storage_directory_is_refused_and_disturbs_nothing(
    start_agent, start_writer, sink, logs, tmp_path
):
    port = harness.free_port()
    config = configs.log_path(logs, sink.url, storage=tmp_path / "state", metrics_port=port)
    agent = start_agent(faults.through_a_disk_queue(config), port)
    writer = start_writer(logs, rate=5000, seconds=2, rotate=0.5)
    other = tmp_path / "other.yaml"
    other.write_text(agent_text(agent).replace(f"port: {port}", f"port: {harness.free_port()}"))
    for _ in range(5):
        refused = run_refused(other)
        assert "state" in refused and ("another" in refused or "lock" in refused)
    assert faults.totals_of_all(sink, faults.written_by(writer), agent, port)["repeated"] == 0


def agent_text(agent):
    with open(agent.config_path) as file:
        return file.read()


def run_refused(config_path):
    """What an agent says that does not start."""
    command = [harness.RANKWIRE, "run", "--config", str(config_path)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert result.returncode == 1, result.stderr
    return result.stderr


def contents(directory):
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


# Of each format: how a newer version would begin. The queue's header also has another checksum then.
NEWER = {"*.segment": {8: 2, 33: 0xAA}, "positions.journal": {8: 2}}


@pytest.mark.parametrize("name", NEWER)
def test_storage_of_a_newer_version_is_refused_and_left_as_it_is(name, start_agent, start_writer, sink, logs, tmp_path):
    port, state = harness.free_port(), tmp_path / "state"
    config = configs.log_path(logs, sink.url, storage=state, metrics_port=port)
    sink.toggle_refusing()
    agent = start_agent(faults.through_a_disk_queue(config), port)
    written = faults.written_by(start_writer(logs, rate=5000, seconds=1))
    harness.wait_until(
        lambda: harness.total(harness.metrics(port), "rankwire_accepted_records_total") == written, 10, "nothing stored"
    )
    agent.kill()
    original = contents(state)
    (path,) = state.rglob(name)
    changed = bytearray(original[path])
    for at, value in NEWER[name].items():
        changed[at] = value
    path.write_bytes(changed)
    before = contents(path.parent)
    refused = run_refused(agent.config_path)
    assert "version" in refused and "2" in refused and "state" in refused
    assert contents(path.parent) == before  # The component's own directory; a queue of this version is recovered.
    path.write_bytes(original[path])  # The version that wrote it goes on.
    sink.toggle_refusing()
    agent.start().wait_ready(port)
    assert faults.totals_of_all(sink, written, agent, port)["repeated"] == 0


@pytest.mark.parametrize("limit_mib", [64, None], ids=["memory_limiter", "by default"])
def test_a_short_address_space_refuses_senders_and_loses_nothing(limit_mib, start_agent, sink, tmp_path):
    http, port = harness.free_port(), harness.free_port()
    config = configs.otlp_through(harness.free_port(), http, sink.url, metrics_port=port, limit_mib=limit_mib)
    config = config.replace("compression: none", RETRIES + "compression: none")
    agent = start_limited(start_agent, tmp_path, config, [f"--as={256 << 20}"], http)
    sink.toggle_refusing()
    sender = faults.Sender(f"http://127.0.0.1:{http}", per_request=2000)
    harness.wait_until(lambda: sender.refused >= 20, 30, "senders are not told to wait")
    assert agent.process.poll() is None, agent.log_text()
    sink.toggle_refusing()
    everything_taken_arrives_once(sender, sink, agent, port)
