"""R3: PostgreSQL stopped hard, as by a power failure, and started again, while calls come in and go out.

    python tests/trials/database.py [--runs 50] [--calls 300] [--broker redis]

It makes a PostgreSQL of its own in a temporary folder. In each run calls are fed through HTTP, and all doors are asked;
meanwhile the server is stopped at a random instant and started up to three seconds later. Nothing else is started
again.
"""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.trials.brokers import free_port
from tests.trials.cluster import Cluster, url

PORT = free_port()
# The frame works on the database that is named when it is imported.
os.environ["DATABASE_URL"] = url(PORT, "trial")

from tests.trials import frame, outages  # noqa: E402

SPAN = 4.0
CAPACITY = 200
DOWN_AT_MOST = 3.0
# How soon the service is back after the database, in seconds.
BACK_WITHIN = 10.0


def one_run(under_way: frame.Course, cluster: Cluster, visitor: outages.Visitor, run: int) -> None:
    """Feed a campaign, stop and start the database meanwhile, and wait until the campaign's calls are done."""
    feeder, dice, wanted = under_way.feeder, under_way.dice, under_way.wanted
    campaign = feeder.campaign(f"Run {run}", capacity=CAPACITY)
    with ThreadPoolExecutor(1) as pool:
        feeding = pool.submit(feeder.calls, campaign, wanted.calls, seconds=SPAN, plain=wanted.small)
        time.sleep(dice.uniform(0.2, SPAN))
        visitor.broken_until = float("inf")
        cluster.stop()
        time.sleep(dice.uniform(0, DOWN_AT_MOST))
        cluster.start()
        outages.ended(under_way, visitor, within=BACK_WITHIN)
        under_way.note("restarts of PostgreSQL")
        feeding.result()
    frame.settle(under_way, campaign)


def main() -> None:
    words = frame.parser(__doc__, runs=50, calls=300)
    wanted = words.parse_args()
    if wanted.small:
        wanted.runs, wanted.calls = 2, 100
    cluster = Cluster(PORT)
    try:
        cluster.start()

        def course(under_way: frame.Course) -> None:
            with outages.watched(under_way) as visitor:
                for run in range(wanted.runs):
                    began = time.monotonic()
                    one_run(under_way, cluster, visitor, run)
                    print(f"  run {run + 1}: {time.monotonic() - began:.1f} s", flush=True)

        frame.main("R3 database", wanted, course)
    finally:
        cluster.end()


if __name__ == "__main__":
    main()
