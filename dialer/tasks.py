"""What Celery wakes. Messages carry wake-ups and ids only: losing all of them costs a beat, repeating them nothing."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence

from celery import shared_task

from campaigns import outages
from dialer import clock, heartbeats, placing, reconciling, repeats, turning
from dialer.horizons import Horizon
from reports import building

# A tick goes on while there is work, up to this long; the next one follows a beat later, in seconds.
TICK_SECONDS = 0.9
# A tick that comes sooner after another began was left over from a time when nobody took them.
APART = dt.timedelta(seconds=0.5)
# Between two turns that found work, so that what is due in between waits no longer than this, in seconds.
PAUSE_SECONDS = 0.1
# How many attempts one task places: a carrier is given them one after the other, and other workers help.
PLACED_TOGETHER = 100
# The report builder works on while there is work, up to this long, in seconds.
BUILD_SECONDS = 5


@shared_task(ignore_result=True)
@outages.survived("The tick")
def tick(**kwargs: object) -> None:
    """Sweep, claim and check whatever is due, for about a second; of wake-ups that piled up, do one."""
    wall = heartbeats.begin("tick", apart=APART)
    if wall is None:
        return
    stop_at = time.monotonic() + TICK_SECONDS
    horizon = Horizon()
    while (done := turning.turn(now=clock.engine(wall), place=place_later, horizon=horizon)).did_something():
        if not done.has_more:
            time.sleep(PAUSE_SECONDS)
        if time.monotonic() >= stop_at:
            break
        wall = clock.wall()
    heartbeats.beat("tick")


@shared_task(ignore_result=True)
@outages.survived("The report builder")
def build_reports(**kwargs: object) -> None:
    """Build the reports that are due."""
    building.build_due(seconds=BUILD_SECONDS)
    heartbeats.beat("report")


@shared_task(ignore_result=True)
@outages.survived("The reconciler")
def reconcile(**kwargs: object) -> None:
    """Compare the carriers' calls in progress with the ledger."""
    done = reconciling.reconcile(now=clock.now())
    heartbeats.beat("reconcile", cut=done.cut, asked=done.asked)


@shared_task(ignore_result=True)
@outages.survived("Tidying")
def tidy(**kwargs: object) -> None:
    """Forget what nobody may ask for any more; the next beat goes on."""
    repeats.prune(now=clock.now())


@shared_task(ignore_result=True)
@outages.survived("Placing")
def place(*, attempt_ids: list[int], **kwargs: object) -> None:
    """Place claimed attempts."""
    placing.place_by(attempt_ids, clock=clock.now)


def place_later(attempt_ids: Sequence[int]) -> None:
    """Have attempts placed by whichever workers are free."""
    for start in range(0, len(attempt_ids), PLACED_TOGETHER):
        place.delay(attempt_ids=list(attempt_ids[start : start + PLACED_TOGETHER]))
