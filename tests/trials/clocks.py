"""Clocks that change: daylight saving both ways in seven zones, odd days, and machines whose clock is an hour off.

A busy number is tried again and again through each night in question, on virtual time. Judged by the zones' own rules:
no attempt outside the called party's window, none before its retry is due, none later than it must be, none lost. The
machines with a wrong clock are processes of their own, and tick by the real clock; they need PostgreSQL.

python tests/trials/clocks.py [--database both|sqlite|postgres] [--year 2031] [--every N] [--small]
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import os
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.trials import databases
from tests.trials.clocking.cases import MINUTE, Case, of_switches, of_the_calendar

RETRY = dt.timedelta(minutes=20)
# The engine wakes once a second, and places what it has claimed.
PROMPTLY = dt.timedelta(seconds=61)


def night(case: Case) -> list[Any]:
    """Play one case; return the attempts of its call. Raises AssertionError where a call is lost."""
    from campaigns.models import Account, Call, CallAttempt
    from campaigns.operations import calls, campaigns
    from campaigns.phones import normalise
    from campaigns.states import Api
    from dialer import invariants, playing

    databases.wipe()
    now = case.starts_at
    account = Account.objects.create(name="Acme", country="IT", timezone="UTC")
    campaign = campaigns.create_campaign(
        account=account,
        now=now,
        start=True,
        name="Dues",
        message="Hello.",
        max_attempts=100,
        retry_minutes=RETRY // MINUTE,
        windows=case.windows,
        holidays=case.holidays,
    )
    intake = calls.take(account=account, api=Api.NATIVE, now=now)
    number = normalise("+393121000486", "IT")
    wanted = calls.NewCall(campaign=campaign, number="+393121000486", destination=number, timezone=case.zone)
    calls.add_calls(calls=[wanted], intake=intake, now=now)
    until = playing.play(now=now, until=now + dt.timedelta(hours=case.hours))
    if Call.objects.filter(state="live").exists():
        # The end came in the midst of a try.
        until = playing.play(now=until, until=until + MINUTE)
    broken = invariants.broken(until)
    assert broken == {}, broken
    call = Call.objects.get()
    assert call.state == "waiting", f"the call is {call.state} {call.outcome}"
    assert call.ready or (call.next_look_at and call.next_look_at > until), f"it waits for {call.next_look_at}"
    return list(CallAttempt.objects.order_by("n"))


def judged(case: Case) -> list[str]:
    """Return what was wrong in one case."""
    try:
        attempts = night(case)
    except AssertionError as fault:
        return [str(fault)]
    placed = [attempt.placed_at for attempt in attempts]
    found = [f"try {n} placed at {at} outside its window" for n, at in enumerate(placed, 1) if not case.is_open(at)]
    for before, after in itertools.pairwise(attempts):
        if after.claimed_at < before.ended_at + RETRY:
            found.append(f"try {after.n} at {after.claimed_at}, {after.claimed_at - before.ended_at} after the last")
        due = before.ended_at + RETRY
        if case.must_be_open(due) and after.claimed_at > due + PROMPTLY:
            found.append(f"try {after.n} was due at {due} and made at {after.claimed_at}")
    must = case.first_open(case.starts_at + dt.timedelta(hours=case.hours))
    if must and (not placed or placed[0] > must + PROMPTLY):
        found.append(f"it must be called by {must}, and was at {placed[:1]}")
    if case.is_shut and placed:
        found.append("nothing was to be placed")
    return found


def play(wanted: argparse.Namespace) -> tuple[int, int, int]:
    """Play all cases; return how many, the attempts that were judged, and the faults."""
    from campaigns.models import CallAttempt

    attempts, faults = 0, 0
    cases = [*of_the_calendar(), *of_switches(wanted.year)][:: wanted.every]
    for case in cases:
        found = judged(case)
        attempts += CallAttempt.objects.count()
        faults += bool(found)
        for fault in found:
            print(f"FAULT {case.name}: {fault}")
    steps = off_by_an_hour() if os.environ[databases.INSIDE] == "postgres" else {}
    for name, found in steps.items():
        faults += bool(found)
        for fault in found:
            print(f"FAULT {name}: {fault}")
    return len(cases) + len(steps), attempts, faults


def off_by_an_hour() -> dict[str, list[str]]:
    """Return what was wrong with each machine whose clock is off, by its name."""
    from tests.trials.clocking import stepping

    return {step.name: stepping.judge(step) for step in stepping.all_steps()}


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--database", choices=["both", *databases.KINDS], default="both")
    words.add_argument("--year", type=int, default=2031)
    words.add_argument("--every", type=int, default=1, metavar="N", help="only each Nth case (1)")
    words.add_argument("--small", action="store_true", help="as the continuous run has it: each 9th case")
    wanted = words.parse_args()
    if wanted.small:
        wanted.every = 9
    if not databases.is_inside():
        return databases.run_on(wanted.database, __file__, sys.argv[1:], DJANGO_SETTINGS_MODULE="config.settings")
    import django

    django.setup()
    started = time.monotonic()
    with databases.scratch():
        cases, attempts, faults = play(wanted)
    kind, seconds = os.environ[databases.INSIDE], time.monotonic() - started
    print(f"clocks on {kind}: {cases} cases, {attempts} attempts, {faults} faults, {seconds:.0f} s", flush=True)
    return 1 if faults or not attempts else 0


if __name__ == "__main__":
    sys.exit(main())
