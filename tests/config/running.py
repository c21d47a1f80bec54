"""`manage.py up` as a user runs it: a process tree with a folder of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Return our environment with a data folder of its own, and the embedded peers unless others are named."""
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "CELERY_BROKER_URL"}}
    return kept | {"TRUNKLINE_VAR": str(folder / "var"), "PYTHONUNBUFFERED": "1"} | more


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """A running `up`; comes back once it says that it runs."""

    def __init__(self, folder: Path, *, demo: bool = False, **more: str) -> None:
        self.folder, self.port, self.said = folder, free_port(), folder / "said"
        command = [sys.executable, "manage.py", "up", "--port", str(self.port), *([] if demo else ["--no-demo"])]
        with self.said.open("w") as out:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment(folder, **more), stdout=out, stderr=out, start_new_session=True
            )
        try:
            self.wait_for(lambda: "Trunkline runs at" in self.text(), 60)
        except BaseException:
            self.end()
            raise

    def text(self) -> str:
        """Return all that it said."""
        return self.said.read_text()

    def wait_for(self, what, seconds: float) -> None:
        """Wait until something is true; fail with all that was said where it does not become so."""
        until = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < until, self.text()
            time.sleep(0.05)

    def health(self) -> dict[str, object]:
        """Return what /healthz says, or nothing where it does not say that all is well."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as answer:
                return json.load(answer)
        except OSError:
            return {}

    def _children(self) -> dict[int, str]:
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            try:
                theirs = (process / "environ").read_bytes()
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
            except OSError:
                continue
            if str(self.folder / "var").encode() in theirs and ("gunicorn" in command or "celery" in command):
                found[int(process.name)] = command
        return found

    def survivors(self) -> list[str]:
        """Return the command lines of its web servers, workers and beats that are alive."""
        return list(self._children().values())

    def pids(self, *words: str) -> list[int]:
        """Return the process ids of those whose command line has these words."""
        return [pid for pid, command in self._children().items() if set(words) <= set(command.split())]

    def end(self) -> None:
        """Kill it, and wait until what it started is gone too."""
        self.process.kill()
        self.process.wait()
        self.wait_for(lambda: not self.survivors(), 20)
