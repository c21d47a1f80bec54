"""R4: the broker is killed, loses everything, or delivers every message ten times, while calls come in and go out.

    DATABASE_URL=postgres://… python tests/trials/broker.py [--broker rabbitmq] [--kills 50] [--flushes 20]
        [--tenfold 20] [--calls 500]

A run feeds calls and hurts the broker once. A killed broker stays dead for up to twelve seconds; every other time its
disk is lost too. The broker is one of the trial's own, with every task that the engine sends.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.trials import frame
from tests.trials.processes import wait_for
from tests.trials.system import START_SECONDS

SPAN = 4.0
LONGEST_DEATH = 12.0
# Within this the engine ticks again once the broker is back, in seconds.
BEAT = 5.0


def course(under_way: frame.Course) -> None:
    """Kill the broker, then flush it, then have it deliver every message ten times, on one system."""
    for run in range(under_way.wanted.kills):
        one_run(under_way, f"Kill {run}", kill)
    for run in range(under_way.wanted.flushes):
        one_run(under_way, f"Flush {run}", flush)
    if under_way.wanted.tenfold:
        under_way.system.deliver_tenfold()
        changed = time.time()
        wait_for("the new workers tick", lambda: frame.last_tick() > changed, seconds=START_SECONDS)
    for run in range(under_way.wanted.tenfold):
        one_run(under_way, f"Tenfold {run}", lambda course: course.note("runs with every message ten times"))


def one_run(under_way: frame.Course, name: str, hurting: Callable[[frame.Course], None]) -> None:
    """Feed a campaign, hurt the broker at a random instant, and wait until the calls are done."""
    began = time.monotonic()
    feeder = under_way.feeder
    campaign = feeder.campaign(name, capacity=250)
    with ThreadPoolExecutor(1) as pool:
        feeding = pool.submit(feeder.calls, campaign, under_way.wanted.calls, seconds=SPAN * 0.7)
        time.sleep(under_way.dice.uniform(0.5, SPAN))
        hurting(under_way)
        feeding.result()
    frame.settle(under_way, campaign)
    print(f"  {name}: {time.monotonic() - began:.1f} s", flush=True)


def kill(under_way: frame.Course) -> None:
    """kill -9 the broker, start it again, and see how soon the engine ticks."""
    system, broker = under_way.system, under_way.system.broker
    system.keeper.hold(broker.part)
    time.sleep(under_way.dice.uniform(0, LONGEST_DEATH))
    if under_way.dice.random() < 0.5:
        broker.lose_disk()
    system.keeper.let_go(broker.part)
    wait_for("the broker answers", broker.answers, seconds=START_SECONDS)
    # What waits for a wake-up cannot recover while nothing carries one.
    under_way.watch.fault()
    under_way.note("kills of the broker")
    resume(under_way)


def flush(under_way: frame.Course) -> None:
    """Lose every message, and see how soon the engine ticks."""
    under_way.system.broker.flush()
    under_way.watch.fault()
    under_way.note("flushes")
    resume(under_way)


def resume(under_way: frame.Course) -> None:
    """Wait for a tick that began after now, and hold the time that it took to a beat."""
    began = time.time()
    took = wait_for("the engine ticks again", lambda: frame.last_tick() > began + 1, seconds=START_SECONDS)
    under_way.measure("wait for a tick", took)
    if took > BEAT:
        under_way.fault("ticks came back late", f"after {took:.1f} s")


def main() -> None:
    words = frame.parser(__doc__, calls=500)
    words.add_argument("--kills", type=int, default=50, help="Runs in which the broker is killed (default 50).")
    words.add_argument("--flushes", type=int, default=20, help="Runs in which it loses every message (default 20).")
    words.add_argument("--tenfold", type=int, default=20, help="Runs with every message ten times (default 20).")
    wanted = words.parse_args()
    if wanted.small:
        wanted.kills, wanted.flushes, wanted.tenfold, wanted.calls = 1, 1, 1, 50
    wanted.runs = wanted.kills + wanted.flushes + wanted.tenfold
    frame.main("R4 broker", wanted, course)


if __name__ == "__main__":
    main()
