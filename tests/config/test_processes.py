"""A tree of processes, run in a process of its own: signals go to main threads only."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Says its process id and that of a child, and sleeps; the stubborn one has no ear for SIGTERM.
SLEEPER = (
    "import os, subprocess, time; child = subprocess.Popen(['sleep', '600']); "
    "print('pids', os.getpid(), child.pid, flush=True); time.sleep(600)"
)
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEPER
SHORT = "print('pids 0 0', flush=True); raise SystemExit(3)"


@pytest.fixture
def grow(tmp_path):
    """A function that starts a tree of one program."""
    grown = []

    def start(program: str) -> Grown:
        grown.append(Grown(program, tmp_path / "said"))
        return grown[-1]

    yield start
    for tree in grown:
        tree.process.kill()
        tree.process.wait()
        for pid in tree.pids():
            if pid and _is_alive(pid):
                os.kill(pid, signal.SIGKILL)


class Grown:
    def __init__(self, program: str, said: Path) -> None:
        self.said = said
        script = (
            "import sys; from config.processes import Program, Tree; "
            f"Tree([Program('it', [sys.executable, '-c', {program!r}])], folder='/', say=print).run(sys.stdout.flush)"
        )
        with said.open("w") as out:
            self.process = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=out, stderr=out)
        self.wait_for(lambda: self.pids())

    def text(self) -> str:
        return self.said.read_text()

    def pids(self) -> list[int]:
        return [int(pid) for pair in re.findall(r"^pids (\d+) (\d+)$", self.text(), re.M) for pid in pair]

    def wait_for(self, what, seconds: float = 15.0) -> None:
        until = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < until, self.text()
            time.sleep(0.02)


def _is_alive(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_signal_ends_all_of_it(grow, number):
    tree = grow(SLEEPER)

    tree.process.send_signal(number)

    assert tree.process.wait(timeout=5) == 0
    tree.wait_for(lambda: not any(map(_is_alive, tree.pids())), 2)


def test_a_second_signal_ends_what_does_not_listen(grow):
    tree = grow(STUBBORN)

    tree.process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert tree.process.poll() is None
    tree.process.send_signal(signal.SIGINT)

    assert tree.process.wait(timeout=2) == 0
    tree.wait_for(lambda: not any(map(_is_alive, tree.pids())), 2)


def test_children_die_with_a_parent_that_was_killed(grow):
    tree = grow(SLEEPER)
    child = tree.pids()[0]

    tree.process.kill()

    tree.wait_for(lambda: not _is_alive(child), 3)


def test_a_program_that_ends_is_started_again_after_a_longer_wait_each_time(grow):
    tree = grow(SHORT)

    tree.wait_for(lambda: tree.text().count("it ended (exit code 3)") >= 3)

    assert re.findall(r"starts again in (\S+) s", tree.text())[:3] == ["0.5", "1", "2"]


def test_what_a_killed_program_left_behind_is_ended_before_it_starts_again(grow):
    tree = grow(SLEEPER)
    child, grandchild = tree.pids()

    os.kill(child, signal.SIGKILL)
    tree.wait_for(lambda: len(tree.pids()) == 4)

    assert not _is_alive(grandchild)
    assert "it ended (killed by SIGKILL); it starts again in 0.5 s." in tree.text()
