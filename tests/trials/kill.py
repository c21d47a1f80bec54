"""R1: kill -9 of random processes, at random instants, while calls come in and go out.

    DATABASE_URL=postgres://… python tests/trials/kill.py [--runs 200] [--calls 2000] [--kills 3] [--broker redis]

In each run calls are fed through HTTP, and three processes are killed: a worker's child, a worker, a beat, a web
process or the listener. What is dead is started again at once; nothing else is.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.trials import frame
from tests.trials.system import VICTIMS

# How long calls are fed, and processes killed, in a run; in seconds.
SPAN = 5.0
CAPACITIES = (250, 200)
# How long a callee's second takes, in seconds: so short that caps do not hold the load down.
SCALE = 0.05


def course(under_way: frame.Course) -> None:
    """Run after run, on a system that is never started anew; a run begins while the tail of the last is under way."""
    before: list[int] = []
    kept: list[int] = []
    for run in range(under_way.wanted.runs):
        began = time.monotonic()
        campaigns = one_run(under_way, run)
        kept = frame.retire(under_way, [*kept, *before])
        before = campaigns
        print(f"  run {run + 1}: {time.monotonic() - began:.1f} s", flush=True)
    frame.settle(under_way, *before)


def one_run(under_way: frame.Course, run: int) -> list[int]:
    """Feed two campaigns, and kill meanwhile; return them."""
    feeder, half = under_way.feeder, under_way.wanted.calls // 2
    campaigns = [feeder.campaign(f"Run {run} of {capacity}", capacity=capacity) for capacity in CAPACITIES]
    with ThreadPoolExecutor(len(campaigns)) as pool:
        feeding = [pool.submit(feeder.calls, pk, half, seconds=SPAN * 0.7) for pk in campaigns]
        kill_some(under_way, under_way.wanted.kills)
        for one in feeding:
            one.result()
    return campaigns


def kill_some(under_way: frame.Course, kills: int) -> None:
    """Kill processes at random instants of the next seconds."""
    began = time.monotonic()
    for instant in sorted(under_way.dice.uniform(0, SPAN) for _ in range(kills)):
        time.sleep(max(0.0, began + instant - time.monotonic()))
        victim = under_way.dice.choice(VICTIMS)
        print(f"  kill -9 {under_way.system.kill_one(victim, under_way.dice)}", flush=True)
        under_way.watch.fault()
        under_way.note("kills")


def main() -> None:
    words = frame.parser(__doc__, runs=200, calls=2000)
    words.add_argument("--kills", type=int, default=3, help="Kills of a run (default 3).")
    wanted: argparse.Namespace = words.parse_args()
    if wanted.small:
        wanted.runs, wanted.calls = 2, 300
    frame.main("R1 kill", wanted, course, scale=SCALE)


if __name__ == "__main__":
    main()
