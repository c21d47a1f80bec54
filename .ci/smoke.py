"""Starts a fresh clone as a newcomer does, twice, and does what it says: standard library only.

python3 .ci/smoke.py FOLDER
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any, ClassVar

FIRST_START_SECONDS, NEXT_START_SECONDS, END_SECONDS = 300, 60, 15


class Up:
    """`python3 manage.py up` in a folder, with what it says in a file."""

    started: ClassVar[list[subprocess.Popen[bytes]]] = []

    def __init__(self, folder: Path, seconds: float) -> None:
        self.folder, self.said = folder, folder.parent / "said"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        kept = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
        began = time.monotonic()
        with self.said.open("w") as out:
            # In a group of its own, to which Ctrl-C goes as from a terminal.
            self.process = subprocess.Popen(
                ["python3", "manage.py", "up", "--port", str(self.port)],
                cwd=folder,
                env=kept,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.started.append(self.process)
        self.wait_for("it runs", lambda: "Trunkline runs at" in self.text(), seconds)
        print(f"started in {time.monotonic() - began:.1f} s")

    def text(self) -> str:
        return self.said.read_text()

    def wait_for(self, what: str, is_true: Any, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not is_true():
            if self.process.poll() is not None or time.monotonic() > until:
                sys.exit(f"waited in vain until {what}; it said:\n{self.text()}")
            time.sleep(0.1)

    def get(self, path: str, key: str = "") -> dict[str, Any]:
        request = urllib.request.Request(self.address + path, headers={"Authorization": f"Bearer {key}"} if key else {})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return dict(json.load(answer))
        except OSError:
            return {}

    def end(self) -> None:
        """Press Ctrl-C, and see that nothing is left."""
        started = time.monotonic()
        os.killpg(self.process.pid, signal.SIGINT)
        try:
            code = self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            sys.exit(f"it did not end within {END_SECONDS} s; it said:\n{self.text()}")
        if code != 0 or self.survivors():
            sys.exit(f"it ended with {code} and left {self.survivors()}; it said:\n{self.text()}")
        print(f"ended in {time.monotonic() - started:.1f} s")

    def survivors(self) -> list[str]:
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if str(self.folder / ".venv") in command:
                found.append(command)
        return found


def main(folder: Path) -> None:
    try:
        first_run(folder)
        second_run(folder)
    finally:
        # Where something was wrong it may still run; its children die with it.
        for process in Up.started:
            process.kill()


def first_run(folder: Path) -> None:
    up = Up(folder, FIRST_START_SECONDS)
    said = up.text()
    if "Traceback" in said or not re.search(r"^  Password  \S+$", said, re.M):
        sys.exit(f"the first run did not say what it should:\n{said}")
    up.wait_for("the engine ticks", lambda: up.get("/healthz").get("status") == "ok", 60)
    lines = re.findall(r"^  (curl -s .*)$", said, re.M)
    for line in lines:
        send(line)
    print(f"{len(lines)} curl lines were answered")
    key = found.group(1) if (found := re.search(r"Bearer (\S+?)'", said)) else ""
    up.wait_for("calls were made", lambda: len(up.get("/api/v1/attempts/", key).get("results", [])) >= 10, 90)
    up.end()


def second_run(folder: Path) -> None:
    again = Up(folder, NEXT_START_SECONDS)
    if "Set-up was done before" not in again.text() or "Password" in again.text():
        sys.exit(f"the second run did not say what it should:\n{again.text()}")
    again.wait_for("the engine ticks", lambda: again.get("/healthz").get("status") == "ok", 60)
    again.end()


def send(line: str) -> None:
    done = subprocess.run([*shlex.split(line), "--fail-with-body"], capture_output=True, text=True, check=False)
    if done.returncode or re.search(r'"success": ?false|"ErrorCode": ?[1-9-]', done.stdout):
        sys.exit(f"{line}\nwas answered with {done.returncode}: {done.stdout}{done.stderr}")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
