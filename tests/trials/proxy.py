"""R6: the network between the program and its database fails, while calls come in and go out.

    DATABASE_URL=postgres://… python tests/trials/proxy.py [--runs 10] [--calls 200] [--broker redis]

Web, workers and listener reach PostgreSQL through a proxy. In each run it does one thing after another to their
connections (latency, a narrow line, resets, nobody there, a black hole, an end after some bytes, a late close, small
pieces), and all doors are asked meanwhile. Nothing is started again.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from django.conf import settings

from tests.trials import frame, outages
from tests.trials.between import Fault, Proxy

CAPACITY = 200
BACK_WITHIN = 10.0
# What is wrong, and for how many seconds.
FAULTS: dict[str, tuple[Fault, float]] = {
    "200 ms of latency": (Fault("slow", 0.2), 6.0),
    "a line of 20 kB/s": (Fault("trickle", 20_000), 6.0),
    "resets": (Fault("reset"), 3.0),
    "nobody listens": (Fault("refuse"), 3.0),
    "a black hole": (Fault("hole"), 30.0),
    "cut after 20 kB": (Fault("limit", 20_000), 5.0),
    "late ends of connections": (Fault("slow_close", 2.0), 5.0),
    "pieces of 64 bytes": (Fault("sliced", 64), 5.0),
}
SMALL = ("200 ms of latency", "resets", "cut after 20 kB")


def one_fault(under_way: frame.Course, proxy: Proxy, visitor: outages.Visitor, name: str) -> None:
    """Feed a campaign, let a fault strike meanwhile, and wait until the campaign's calls are done."""
    fault, seconds = FAULTS[name]
    feeder = under_way.feeder
    campaign = feeder.campaign(name, capacity=CAPACITY)
    with ThreadPoolExecutor(1) as pool:
        feeding = pool.submit(feeder.calls, campaign, under_way.wanted.calls, seconds=2.0, plain=True)
        time.sleep(under_way.dice.uniform(0, 2.0))
        visitor.broken_until = float("inf")
        proxy.strike(fault)
        time.sleep(seconds)
        proxy.heal()
        outages.ended(under_way, visitor, within=BACK_WITHIN)
        under_way.note(name)
        feeding.result()
    frame.settle(under_way, campaign)


def main() -> None:
    words = frame.parser(__doc__, runs=10, calls=200)
    words.add_argument("--faults", nargs="+", choices=FAULTS, default=list(FAULTS), metavar="FAULT")
    wanted = words.parse_args()
    if wanted.small:
        wanted.runs, wanted.calls, wanted.faults = 1, 60, SMALL
    proxy = Proxy(int(settings.DATABASES["default"]["PORT"] or 5432))

    def course(under_way: frame.Course) -> None:
        with outages.watched(under_way) as visitor:
            for run in range(wanted.runs):
                for name in wanted.faults:
                    began = time.monotonic()
                    one_fault(under_way, proxy, visitor, name)
                    print(f"  run {run + 1}, {name}: {time.monotonic() - began:.1f} s", flush=True)

    try:
        frame.main("R6 proxy", wanted, course, database_port=proxy.port)
    finally:
        proxy.end()


if __name__ == "__main__":
    main()
