"""One tree of processes: started together, started again where one ends, ended together.

Children must be started from the main thread: the kernel's "tell me when my parent dies" goes by thread.
"""

from __future__ import annotations

import ctypes
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

PR_SET_PDEATHSIG = 1
# Seconds between two looks at the children.
LOOK_SECONDS = 0.2
# How long children may take to end by themselves, in seconds, before they are killed.
GRACE_SECONDS = 10.0
# A child that lived this long, in seconds, starts again at once; one that did not waits, longer each time.
SETTLED_SECONDS = 60.0
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(slots=True)
class Program:
    """A program that is kept running."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    failures: int = 0

    def start(self, folder: str) -> None:
        """Start it in a process group of its own, which dies with us."""
        parent = os.getpid()
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            cwd=folder,
            env=os.environ | self.environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=lambda: _die_with(parent),
        )

    def ended(self) -> int | None:
        """Return how it ended, or None while it runs or waits for its start."""
        return self.process.poll() if self.process else None

    def rest(self) -> float:
        """Note that it ended, and return after how many seconds it starts again."""
        lived = time.monotonic() - self.started_at
        self.failures = 0 if lived >= SETTLED_SECONDS else self.failures + 1
        wait = min(math.ldexp(FIRST_WAIT_SECONDS, max(self.failures - 1, 0)), LONGEST_WAIT_SECONDS)
        self.signal_group(signal.SIGKILL)
        self.process, self.start_at = None, time.monotonic() + wait
        return wait

    def signal_group(self, number: int) -> None:
        """Send a signal to it and all that it started; what is gone is left alone."""
        if self.process:
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                return


class Tree:
    """Keeps programs running until SIGINT, SIGTERM or SIGHUP; a second signal ends them the hard way."""

    def __init__(self, programs: Sequence[Program], *, folder: str, say: Callable[[str], object]) -> None:
        self.programs = programs
        self.folder = folder
        self.say = say
        self.signals = 0

    def run(self, every_look: Callable[[], object]) -> None:
        """Run until told to end, calling `every_look` a few times a second; end with no child left."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._told_to_end)
        try:
            while not self.signals:
                self._look()
                every_look()
                time.sleep(LOOK_SECONDS)
        finally:
            self._end()

    def _told_to_end(self, number: int, frame: FrameType | None) -> None:
        self.signals += 1

    def _look(self) -> None:
        for program in self.programs:
            code = program.ended()
            if code is not None:
                wait = program.rest()
                self.say(f"{program.name} ended ({_words(code)}); it starts again in {wait:g} s.")
            elif program.process is None and time.monotonic() >= program.start_at:
                program.start(self.folder)

    def _end(self) -> None:
        self.say("Ending…")
        for program in self.programs:
            if program.process and program.ended() is None:
                program.process.send_signal(signal.SIGTERM)
        patient_until = time.monotonic() + GRACE_SECONDS
        while self._running() and time.monotonic() < patient_until and self.signals < 2:
            time.sleep(LOOK_SECONDS / 2)
        for program in self.programs:
            # The leader may be gone while something that it started is not.
            program.signal_group(signal.SIGKILL)
            if program.process:
                program.process.wait()

    def _running(self) -> bool:
        return any(program.process and program.ended() is None for program in self.programs)


def _die_with(parent: int) -> None:
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    # The parent may have died before the kernel was asked.
    if os.getppid() != parent:
        os._exit(1)


def _words(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
