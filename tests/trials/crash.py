"""Breaks every operation off at every point: each statement, COPY, commit, word on the wire and rename.

At each point in turn the process dies, just before it and just after it; then, in another round, the database fails
there instead. The engine goes on, and it is judged by the ledger's invariants and by the witness's log: nothing half
done, nothing that was committed undone, no call lost, no attempt originated twice. Where one transaction does it all,
the engine goes on once from each of the two ledgers that there can be; --thorough lets it go on after every run.

python tests/trials/crash.py [--database both|sqlite|postgres] [--every N] [--rounds 2|4]
    [--only NAME …] [--thorough] [--small]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.trials import databases

ROUNDS = (("die", "before"), ("die", "after"), ("fail", "before"), ("fail", "after"))


@dataclass(slots=True)
class Tally:
    """What was done, and the faults that were found."""

    operations: int = 0
    points: int = 0
    runs: int = 0
    faults: int = 0


@contextmanager
def witness(folder: Path) -> Iterator[tuple[str, Path]]:
    """Have a witness whose lines are never full and whose calls do not end by themselves; yield its address and log."""
    log = folder / "witness.log"
    command = [sys.executable, "-m", "tests.trials.witness", "--log", str(log), "--scale", "1e6", "--congestion", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=databases.ROOT)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip(), log
    finally:
        process.kill()
        process.wait()


def run(wanted: argparse.Namespace, folder: Path, log: Path) -> Tally:
    """Break off each operation at each of its points."""
    from tests.trials.crashing.operations import OPERATIONS
    from tests.trials.crashing.running import Trial

    tally = Tally()
    for operation in OPERATIONS:
        if wanted.only and operation.name not in wanted.only:
            continue
        started, before = time.monotonic(), tally.faults
        trial = Trial(operation, folder / "scene", log, thorough=wanted.thorough)
        points = _run_operation(trial, wanted, tally)
        said = f"{operation.name:<28} {points:>4} points {time.monotonic() - started:>6.1f} s"
        print(f"{said}  {tally.faults - before} faults", flush=True)
    return tally


def _run_operation(trial: Any, wanted: argparse.Namespace, tally: Tally) -> int:
    from tests.trials.crashing.points import COMMIT, Points

    clean = trial.clean()
    tally.operations += 1
    tally.points += len(clean.names)
    for number, name in enumerate(clean.names, start=1):
        decides = name == COMMIT or name.startswith("wire")
        for turn, (mode, side) in enumerate(ROUNDS[: wanted.rounds]):
            # Just after one statement is just before the next, but for what others see: commits and the wire.
            if side == "after" and not decides and number < len(clean.names):
                continue
            # Of what does not decide, a smaller trial takes a share, another one in each round.
            if not decides and (number + turn) % wanted.every:
                continue
            found = trial.broken_off(clean, Points(at=number, side=side, mode=mode))
            tally.runs += 1
            tally.faults += bool(found)
            for fault in found:
                print(f"FAULT {trial.operation.name}, {mode} {side} point {number} ({name}): {fault}"[:1500])
    return len(clean.names)


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--database", choices=["both", *databases.KINDS], default="both")
    words.add_argument("--every", type=int, default=1, metavar="N", help="only each Nth point of a round (1)")
    words.add_argument("--rounds", type=int, default=4, help="deaths before and after (2), then failures as well (4)")
    words.add_argument("--only", nargs="+", default=[], metavar="NAME", help="only these operations")
    words.add_argument("--thorough", action="store_true", help="let the engine go on after every run")
    small = "as the continuous run has it: deaths alone, at commits, wire and each 40th"
    words.add_argument("--small", action="store_true", help=small)
    wanted = words.parse_args()
    if wanted.small:
        wanted.every, wanted.rounds = 40, 2
    if not databases.is_inside():
        return databases.run_on(wanted.database, __file__, sys.argv[1:])
    return inside(wanted)


def inside(wanted: argparse.Namespace) -> int:
    """Run on this process's one database, and print the tally."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="crash-") as folder, witness(Path(folder)) as (url, log):
        os.environ |= {"DJANGO_SETTINGS_MODULE": "tests.trials.crashing.settings", "WITNESS_URL": url}
        import django

        django.setup()
        with databases.scratch():
            tally = run(wanted, Path(folder), log)
    kind = os.environ[databases.INSIDE]
    print(
        f"crash on {kind}: {tally.operations} operations, {tally.points} points, {tally.runs} runs, "
        f"{tally.faults} faults, {time.monotonic() - started:.0f} s",
        flush=True,
    )
    return 1 if tally.faults or not tally.runs else 0


if __name__ == "__main__":
    sys.exit(main())
