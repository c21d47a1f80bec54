"""The processes of a system under trial: kept running whatever kills them, gone when the trial is."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PR_SET_PDEATHSIG = 1
LOOK_SECONDS = 0.05
_libc = ctypes.CDLL(None)


class Part:
    """One program. It is started again as soon as it is dead, unless it is held."""

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], folder: Path, *, cwd: Path = ROOT
    ) -> None:
        self.cwd = cwd
        self.name, self.command, self.environment = name, list(command), dict(environment)
        self.said = folder / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.is_held = False
        self.starts = 0

    def start(self) -> None:
        """Start it in a session of its own, which dies with this process."""
        self.starts += 1
        with self.said.open("ab") as said:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.cwd,
                env=os.environ | self.environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
                preexec_fn=lambda: _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL),
            )

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def pid(self) -> int | None:
        """Return its process id, or None while it is dead."""
        return self.process.pid if self.process is not None and self.is_running() else None

    def children(self) -> list[int]:
        """Return the process ids of what it has started, such as a worker's children."""
        pid = self.pid()
        if pid is None:
            return []
        try:
            return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        except OSError:
            return []

    def end(self) -> None:
        """Kill it and all that it has started."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Keeper:
    """Starts parts, and starts them again when they die, from a thread that lives as long as they do."""

    def __init__(self) -> None:
        self.parts: dict[str, Part] = {}
        self._is_over = threading.Event()
        self._turn = threading.Lock()
        # The kernel's word of a parent's death goes by thread, so one thread starts them all.
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    def add(self, part: Part) -> Part:
        """Have a part started and kept."""
        self.parts[part.name] = part
        return part

    def hold(self, part: Part) -> None:
        """Kill a part, and leave it dead until it is let go."""
        with self._turn:
            part.is_held = True
            part.end()

    def let_go(self, part: Part) -> None:
        """Start a part that was held."""
        part.is_held = False

    def end(self) -> None:
        """Kill all of them, the last first, and all that they have started."""
        self._is_over.set()
        self._thread.join()
        for part in reversed(self.parts.values()):
            part.end()

    def told(self, lines: int = 8) -> str:
        """Return the last that each part said."""
        said = {part.name: part.said.read_text(errors="replace") for part in self.parts.values() if part.said.exists()}
        return "\n".join("\n".join([f"-- {name}", *text.splitlines()[-lines:]]) for name, text in said.items() if text)

    def _keep(self) -> None:
        while not self._is_over.wait(LOOK_SECONDS):
            with self._turn:
                for part in list(self.parts.values()):
                    if not part.is_held and not part.is_running():
                        part.start()


def kill(pid: int) -> bool:
    """kill -9; return whether there was one to kill."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def wait_for(what: str, is_so: object, *, seconds: float) -> float:
    """Wait until something is so; return how long it took. Raises TimeoutError naming it."""
    began = time.monotonic()
    while not is_so():  # type: ignore[operator]
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(LOOK_SECONDS)
    return time.monotonic() - began
