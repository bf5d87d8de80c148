"""The binary under test, and the pieces around it. Build first: ./dev build."""

import os
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "bench"))

import faults  # noqa: E402
import harness  # noqa: E402
from destination import Destination  # noqa: E402


@pytest.fixture
def sink():
    running = harness.Sink()
    yield running
    running.kill()


@pytest.fixture
def destination():
    running = Destination()
    yield running
    running.close()


@pytest.fixture
def start_agent(tmp_path):
    """start_agent(config, port): an agent that is ready; stopped and cleaned up after the test."""
    agents = []

    def start(config, port=None, **options):
        directory = tmp_path / f"agent-{len(agents)}"
        directory.mkdir()
        agent = harness.Agent(config, directory=str(directory), **options).start()
        agents.append(agent)
        if port is not None:
            agent.wait_ready(port)
        return agent

    yield start
    for agent in agents:
        agent.clean()


@pytest.fixture
def start_writer():
    """start_writer(logs, ...): a writer of numbered lines, see faults.py; ended with the test if not before."""
    writers = []

    def start(logs, **options):
        writers.append(faults.start_writer(logs, **options))
        return writers[-1]

    yield start
    for writer in writers:
        writer.kill()
        writer.communicate()
