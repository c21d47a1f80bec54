"""`manage.py up` as a user runs it: a process tree on SQLite, in a folder of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.error import URLError

import pytest
from django.core.management import CommandError, call_command

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def up(tmp_path):
    """A function that starts `up` and waits until it says that it runs."""
    started = []

    def start(*argv: str) -> Running:
        started.append(Running(tmp_path, *argv))
        return started[-1]

    yield start
    for running in started:
        running.end()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "CELERY_BROKER_URL"}}
    return kept | {"TRUNKLINE_VAR": str(folder / "var"), "PYTHONUNBUFFERED": "1"}


class Running:
    def __init__(self, folder: Path, *argv: str) -> None:
        self.port, self.said = _free_port(), folder / "said"
        command = [sys.executable, "manage.py", "up", "--no-demo", "--port", str(self.port), *argv]
        with self.said.open("w") as out:
            # A session of its own, so that what it leaves behind can be found.
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=_environment(folder), stdout=out, stderr=out, start_new_session=True
            )
        self.wait_for(lambda: "Trunkline runs at" in self.text(), 60)

    def text(self) -> str:
        return self.said.read_text()

    def wait_for(self, what, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < until, self.text()
            time.sleep(0.05)

    def health(self) -> dict[str, object]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as answer:
                return json.load(answer)
        except URLError:
            return {}

    def survivors(self) -> list[str]:
        """Return the command lines of web servers and workers that know this port or this folder."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                environment = (process / "environ").read_bytes()
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ")
            except OSError:
                continue
            if str(self.said.parent / "var").encode() in environment and b"manage.py up" not in command:
                found.append(command.decode())
        return [line for line in found if "gunicorn" in line or "celery" in line]

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.wait_for(lambda: not self.survivors(), 20)


def test_it_runs_ticks_ends_with_one_signal_and_runs_again(up):
    running = up()
    first = running.text()
    running.wait_for(lambda: running.health().get("status") == "ok", 30)

    running.process.send_signal(signal.SIGINT)

    assert running.process.wait(timeout=15) == 0
    assert running.survivors() == []
    assert "Password" in first
    again = up()
    assert "Set-up was done before" in again.text()
    again.process.kill()
    again.process.wait()
    again.wait_for(lambda: not again.survivors(), 15)


def _refused(folder: Path, *argv: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", "up", "--no-demo", *argv],
        cwd=ROOT,
        env=_environment(folder),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode in {1, 2}
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_taken_port_is_named_with_what_to_do(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        said = _refused(tmp_path, "--port", str(port))

    assert f"Port {port} on 127.0.0.1 is taken by another program." in said
    assert f"--port {port + 1}" in said


def test_an_address_of_another_machine_is_refused(tmp_path):
    assert "Nobody can listen on 192.0.2.1" in _refused(tmp_path, "--host", "192.0.2.1")


def test_a_file_in_the_place_of_the_data_folder_is_named(tmp_path):
    (tmp_path / "var").touch()

    assert f"{tmp_path / 'var'} cannot be written" in _refused(tmp_path)


@pytest.mark.parametrize("port", ["0", "65536", "http", "٣"])
def test_what_is_no_port_is_refused(port):
    with pytest.raises(CommandError, match=f"'{port}' is no port; a number from 1 to 65535 is wanted"):
        call_command("up", "--port", port)
