"""A worker whose machine's clock is wrong, beside a database whose clock is right: what it does by real ticks."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass

import time_machine
from django.db import connections

from campaigns.models import Account, Call, CallAttempt
from campaigns.operations import calls as call_operations
from campaigns.operations import campaigns as campaign_operations
from campaigns.phones import normalise
from campaigns.states import Api
from config.celery import app
from dialer import tasks
from tests.trials import databases

HOUR = dt.timedelta(hours=1)
# How far what is recorded may be from the true moment.
NEAR = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Step:
    """How far a machine's clock is off, how the window and the due time lie by the true one, and whether to call."""

    name: str
    off: dt.timedelta
    opens: dt.timedelta = -3 * HOUR
    shuts: dt.timedelta = 3 * HOUR
    due: dt.timedelta = dt.timedelta(0)
    ends: dt.timedelta | None = None
    is_called: bool = False


def all_steps() -> Iterator[Step]:
    """Yield clocks that are an hour off, either way, each before and after window and due time."""
    for off in (HOUR, -HOUR):
        half = HOUR / 2
        side = "ahead" if off > dt.timedelta(0) else "behind"
        yield Step(f"an hour {side}, the window opens in half an hour", off, opens=half, shuts=2 * HOUR)
        yield Step(f"an hour {side}, the window shut half an hour ago", off, opens=-2 * HOUR, shuts=-half)
        yield Step(f"an hour {side}, due in half an hour", off, due=half)
        yield Step(f"an hour {side}, due now", off, is_called=True)
        yield Step(f"an hour {side}, too late in half an hour", off, ends=half, is_called=True)


def judge(step: Step) -> list[str]:
    """Let a worker with the wrong clock tick, and one with the right clock after it; return what was wrong."""
    databases.wipe()
    true = dt.datetime.now(dt.UTC).replace(microsecond=0)
    _feed(step, true)
    _tick(true + step.off)
    attempts = list(CallAttempt.objects.all())
    found = [] if len(attempts) == int(step.is_called) else [f"{len(attempts)} attempts by the wrong clock"]
    _tick(None)
    attempts = list(CallAttempt.objects.all())
    if len(attempts) != int(step.is_called):
        found.append(f"{len(attempts)} attempts in all")
    found += [f"claimed at {one.claimed_at}, at {true}" for one in attempts if abs(one.claimed_at - true) > NEAR]
    if Call.objects.filter(state="done", outcome="expired").exists():
        found.append("a call was given up before its time")
    return found


def _feed(step: Step, true: dt.datetime) -> None:
    account = Account.objects.create(name="Acme", country="IT", timezone="UTC")
    # Windows know no date: one that lies over midnight is written so by itself.
    window = {"start": f"{true + step.opens:%H:%M}", "end": f"{true + step.shuts:%H:%M}"}
    campaign = campaign_operations.create_campaign(
        account=account, now=true, start=True, name="Dues", message="Hello.", timezone="UTC", windows=[window]
    )
    call = call_operations.NewCall(
        campaign=campaign,
        number="+393121000200",
        destination=normalise("+393121000200", "IT"),
        timezone="UTC",
        due_at=true + step.due,
        not_after=None if step.ends is None else true + step.ends,
    )
    intake = call_operations.take(account=account, api=Api.NATIVE, now=true)
    call_operations.add_calls(calls=[call], intake=intake, now=true)


def _tick(wrong: dt.datetime | None) -> None:
    """Tick in a process of its own, at a wrong moment if one is given."""
    connections.close_all()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            app.conf.task_always_eager = True
            if wrong is None:
                tasks.tick()
            else:
                with time_machine.travel(wrong):
                    tasks.tick()
            status = 0
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status:
        raise SystemExit("a tick failed")
    # The next one would be taken for a repeat.
    time.sleep(tasks.APART.total_seconds())
