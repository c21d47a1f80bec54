"""Runs all trials one after another, and prints their tallies as rows of a table.

    DATABASE_URL=postgres://… python -m tests.trials [--small] [--only NAME …]

Full sizes take hours; --small takes each as continuous integration does. Exits with 1 where a trial has found a fault.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

TALLY = re.compile(r"\S.*\b[\d,]+ (other )?faults\b.*\b[\d,.]+ s")
HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Trial:
    """A script, under the name that its figures are asked for by, and the words that it takes at its full size."""

    name: str
    script: str
    words: tuple[str, ...] = ()

    def command(self, *, small: bool) -> list[str]:
        """Return its command."""
        return [sys.executable, str(HERE / self.script), *self.words, *(["--small"] if small else [])]

    def told(self, *, small: bool) -> str:
        """Return its command as people write it."""
        return " ".join(["python", f"tests/trials/{self.script}", *self.command(small=small)[2:]])


TRIALS = (
    Trial("R1", "kill.py"),
    Trial("R2", "crash.py"),
    Trial("R3", "database.py"),
    Trial("R4", "broker.py"),
    Trial("R4", "broker.py", ("--broker", "rabbitmq")),
    Trial("R5", "carrier_faults.py"),
    Trial("R6", "proxy.py"),
    Trial("R7", "machine.py"),
    Trial("R8", "idempotence.py"),
    Trial("R11", "clocks.py"),
)


def run(trial: Trial, *, small: bool) -> tuple[int, str]:
    """Run a trial, showing what it says; return its exit status and its tally."""
    said = []
    with subprocess.Popen(trial.command(small=small), stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            said.append(line.rstrip())
    return process.returncode, tally_of(said)


def tally_of(said: list[str]) -> str:
    """Return the lines that count faults and end with a time; where there is none, the last that was said."""
    found = [line for line in said if TALLY.fullmatch(line)]
    return "; ".join(found) or next((line for line in reversed(said) if line), "said nothing")


def main() -> None:
    names = sorted({trial.script.removesuffix(".py") for trial in TRIALS})
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--small", action="store_true", help="The sizes of continuous integration.")
    words.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names))
    wanted = words.parse_args()
    rows, failed = [], []
    for trial in TRIALS:
        if trial.script.removesuffix(".py") not in wanted.only:
            continue
        command = trial.told(small=wanted.small)
        print(f"== {trial.name}: {command}", flush=True)
        began = time.monotonic()
        status, tally = run(trial, small=wanted.small)
        rows.append(f"| {trial.name} | `{command}` | {tally} | {time.monotonic() - began:.0f} |")
        if status:
            failed.append(command)
    print("", "| trial | command | tally | seconds |", "|---|---|---|---|", *rows, "", sep="\n")
    print("failed:", *(failed or ["none"]), sep="\n  ")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
