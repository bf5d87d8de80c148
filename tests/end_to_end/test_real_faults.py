"""The release binary under faults of the machine and of its neighbours: nothing may be lost, and only what was in
flight at a kill may come twice. Every line has a number that the sink counts; nothing here believes the agent.

Thirty kills here. `RANKWIRE_KILLS=1000 ./dev end_to_end -k kills_at_random -s` is the long run, of four minutes;
RANKWIRE_SEED draws other moments.
"""

import itertools
import os
import random
import re
import shutil
import signal
import subprocess
import time

import configs
import faults
import harness
import pytest

KILLS = int(os.environ.get("RANKWIRE_KILLS", "30"))
KILLS_PER_RUN = 10
# What may be under way at once: file_log's 4 MiB of text, in lines of at least 200 bytes.
IN_FLIGHT_LINES = 21_000
RETRIES = "retry_on_failure: {initial_interval: 100ms, max_interval: 200ms}, "


@pytest.fixture
def logs(tmp_path):
    (tmp_path / "pods").mkdir()
    return tmp_path / "pods"


def run_with_kills(start_agent, sink, directory, draw, kills):
    """Kills at random moments, from the first milliseconds of a start on; returns (written, sink's totals)."""
    logs, state = directory / "pods", directory / "state"
    logs.mkdir(parents=True)
    port = harness.free_port()
    config = configs.log_path(logs, sink.url, storage=state, metrics_port=port)
    config = faults.through_a_disk_queue(config) if draw.random() < 0.5 else config
    how = draw.choice(["rename", "rename", "gzip"])
    agent = start_agent(config)
    seconds = kills * 0.2 + 0.3
    writer = faults.start_writer(logs, rate=draw.choice([2000, 10_000]), seconds=seconds, rotate=0.3, how=how)
    for _ in range(kills):
        # The moment of the kill is what is drawn: no condition may decide it.
        time.sleep(draw.choice([draw.uniform(0, 0.02), draw.uniform(0.02, 0.5)]))
        agent.kill()
        agent.start()
    written = faults.written_by(writer)
    agent.wait_ready(port)
    faults.wait_for_lines(sink, written, agent)
    faults.check_conservation(port)
    agent.stop()
    assert agent.process.returncode == 0
    return written, sink.totals()


@pytest.mark.timeout(120 + 3 * KILLS)
def test_kills_at_random_moments_lose_nothing(start_agent, tmp_path):
    seed = int(os.environ.get("RANKWIRE_SEED", "11"))
    written = repeated = worst = 0
    for first in range(0, KILLS, KILLS_PER_RUN):
        kills, directory = min(KILLS_PER_RUN, KILLS - first), tmp_path / str(first)
        sink = harness.Sink()
        try:
            lines, totals = run_with_kills(start_agent, sink, directory, random.Random(seed + first), kills)
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


@pytest.mark.parametrize("is_sink_up", [True, False], ids=["sink up", "sink down"])
def test_sigterm_under_load_ends_in_time_and_the_next_start_has_the_rest(is_sink_up, start_agent, sink, logs, tmp_path):
    port = harness.free_port()
    config = configs.log_path(logs, sink.url, storage=tmp_path / "state", metrics_port=port)
    agent = start_agent(faults.through_a_disk_queue(config))
    agent.command += ["--drain-timeout", "2s"]
    writer = faults.start_writer(logs, rate=5000, seconds=4, rotate=0.5)
    for _ in range(3):
        agent.wait_ready(port)
        if not is_sink_up:
            sink.toggle_refusing()
        time.sleep(0.5)  # Under load for a while, whatever state that leaves it in.
        begin = time.monotonic()
        agent.stop()
        assert agent.process.returncode == 0, agent.log_text()
        assert time.monotonic() - begin < 3.5
        if not is_sink_up:
            sink.toggle_refusing()
        agent.start()
    written = faults.written_by(writer)
    faults.wait_for_lines(sink, written, agent)
    faults.check_conservation(port)
    agent.stop()
    assert sink.totals()["repeated"] == 0


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 4 MiB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    directory = tmp_path / "disk"
    directory.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(directory)], capture_output=True)
    if done.returncode != 0:
        pytest.skip(f"a tmpfs cannot be mounted here: {done.stderr.decode().strip()}")
    yield directory
    subprocess.run(["umount", "-l", str(directory)], check=True)


def fill(directory):
    """Takes what is free, to the last byte."""
    with open(directory / "ballast", "wb", buffering=0) as file:
        for size in (65536, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue


def test_a_full_disk_stops_the_reading_and_loses_nothing(start_agent, sink, logs, small_disk):
    port = harness.free_port()
    config = configs.log_path(logs, sink.url, storage=small_disk / "state", metrics_port=port)
    agent = start_agent(faults.through_a_disk_queue(config), port)
    writer = faults.start_writer(logs, rate=5000, seconds=4, rotate=0.5)
    harness.wait_until(lambda: sink.report()["numbered"] > 1000, 10, "nothing arrives")
    fill(small_disk)
    agent.wait_logged("No space left on device")
    agent.kill()  # Neither is what was stored before lost by that.
    agent.start()
    time.sleep(0.5)  # The disk stays full for a while after the start; that shows nowhere.
    os.remove(small_disk / "ballast")
    written = faults.written_by(writer)
    faults.wait_for_lines(sink, written, agent)
    faults.check_conservation(port)
    agent.stop()
    assert sink.totals()["repeated"] <= IN_FLIGHT_LINES


def everything_taken_arrives_once(sender, sink, agent, port):
    """After a shortage has ended: more is taken, and all that was taken arrives."""
    before = sender.taken
    harness.wait_until(lambda: sender.taken > before, 10, "nothing is taken after there is room")
    taken = sender.stop()
    faults.wait_for_lines(sink, taken, agent)
    faults.check_conservation(port)
    agent.stop()
    assert sink.totals()["repeated"] == 0


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


def test_without_file_handles_connections_and_files_wait(start_agent, sink, logs, tmp_path):
    http, port = harness.free_port(), harness.free_port()
    config = configs.log_path(logs, sink.url, storage=tmp_path / "state", metrics_port=port)
    config = config.replace(
        "receivers:\n", f"receivers:\n  otlp: {{protocols: {{http: {{endpoint: 127.0.0.1:{http}}}}}}}\n"
    ).replace("receivers: [file_log]", "receivers: [file_log, otlp]")
    agent = start_limited(start_agent, tmp_path, config, ["--nofile=40"], port)
    crowd = [faults.socket.create_connection(("127.0.0.1", http)) for _ in range(100)]
    agent.wait_logged("out of file descriptors")
    for _ in range(3):
        assert harness.metrics(port)  # Each server keeps a descriptor for one connection.
    writer = faults.start_writer(logs, rate=5000, seconds=2, files=30, rotate=0.5)
    written = faults.written_by(writer)
    assert harness.metrics(port)
    for connection in crowd:
        connection.close()
    faults.wait_for_lines(sink, written, agent, seconds=8)  # Well before the scan of every ten seconds.
    faults.check_conservation(port)
    agent.stop()
    assert sink.totals()["repeated"] == 0


FAULTS = ["stall", "reset", "torn", "garbage", "endless", "lost", "busy"]


def test_a_sink_that_stalls_resets_and_answers_garbage(start_agent, sink, logs, tmp_path):
    draw, port = random.Random(3), harness.free_port()
    each = itertools.chain(FAULTS, iter(lambda: draw.choice([*FAULTS, *["pass"] * 12]), None))
    bad = faults.BadSink(sink, lambda: next(each))
    config = configs.log_path(logs, bad.url, storage=tmp_path / "state", metrics_port=port)
    agent = start_agent(faults.retries_soon(config), port)
    writer = faults.start_writer(logs, rate=5000, seconds=4, rotate=0.5)
    try:
        written = faults.written_by(writer)
        faults.wait_for_lines(sink, written, agent)
        faults.check_conservation(port)
    finally:
        bad.close()
    agent.stop()
    assert all(bad.counts.get(kind, 0) >= 1 for kind in FAULTS)
    assert sink.totals()["repeated"] <= bad.explained


def marked(config, mark):
    return config.replace("value: p4d-east", f"value: '#mark={mark}#'")


def test_a_hundred_reloads_under_load(start_agent, sink, logs, tmp_path):
    port = harness.free_port()
    seen = faults.BadSink(sink)
    seen.notice = re.compile(rb"#mark=(\w+)#")
    config = configs.log_path(logs, seen.url, storage=tmp_path / "state", metrics_port=port)
    agent = start_agent(config, port)
    writer = faults.start_writer(logs, rate=2000, seconds=30, rotate=0.5)
    broken = [
        marked(config, "never").replace("receivers:", "recievers:", 1),
        marked(config, "never") + "  pipelines: [\n",
        marked(config, "never").replace("file_storage:\n", "file_storage:\n    create_directory: maybe\n"),
    ]
    try:
        for turn in range(50):
            for text in (broken[turn % 3], marked(config, turn)):
                with open(agent.config_path + ".new", "w") as file:
                    file.write(text)
                os.rename(agent.config_path + ".new", agent.config_path)
                if turn % 2:
                    agent.process.send_signal(signal.SIGHUP)
                else:
                    time.sleep(0.12)  # Longer than changes are gathered for: each edit is a reload of its own.
            harness.wait_until(lambda: b"%d" % turn in seen.noticed, 10, f"reload {turn}:\n{agent.log_text()[-3000:]}")
        writer.terminate()
        faults.wait_for_lines(sink, faults.written_by(writer), agent)
        faults.check_conservation(port)
    finally:
        seen.close()
    assert b"never" not in seen.noticed
    agent.stop()
    assert sink.totals()["repeated"] == 0


def test_a_second_agent_on_a_storage_directory_is_refused_and_disturbs_nothing(start_agent, sink, logs, tmp_path):
    port = harness.free_port()
    config = configs.log_path(logs, sink.url, storage=tmp_path / "state", metrics_port=port)
    agent = start_agent(faults.through_a_disk_queue(config), port)
    writer = faults.start_writer(logs, rate=5000, seconds=2, rotate=0.5)
    other = tmp_path / "other.yaml"
    other.write_text(agent_text(agent).replace(f"port: {port}", f"port: {harness.free_port()}"))
    for _ in range(5):
        refused = run_refused(other)
        assert "state" in refused and ("another" in refused or "lock" in refused)
    written = faults.written_by(writer)
    faults.wait_for_lines(sink, written, agent)
    faults.check_conservation(port)
    agent.stop()
    assert sink.totals()["repeated"] == 0


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
def test_storage_of_a_newer_version_is_refused_and_left_as_it_is(name, start_agent, sink, logs, tmp_path):
    port, state = harness.free_port(), tmp_path / "state"
    config = configs.log_path(logs, sink.url, storage=state, metrics_port=port)
    sink.toggle_refusing()
    agent = start_agent(faults.through_a_disk_queue(config), port)
    written = faults.written_by(faults.start_writer(logs, rate=5000, seconds=1))
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
    faults.wait_for_lines(sink, written, agent)
    faults.check_conservation(port)
    agent.stop()
    assert sink.totals()["repeated"] == 0


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
