"""`manage.py up` as a user runs it: a process tree on SQLite, in a folder of its own."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.config.running import ROOT, Running, environment


@pytest.fixture
def up(tmp_path):
    """A function that starts `up` and waits until it says that it runs."""
    started = []

    def start() -> Running:
        started.append(Running(tmp_path))
        return started[-1]

    yield start
    for running in started:
        running.end()


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
        env=environment(folder),
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
