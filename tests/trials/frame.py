"""What all trials share: a scratch database, a whole system on it, the judgement, and a tally in one line.

A trial is a script. It calls `main` with its course, which feeds and hurts the system; all else is done here.
"""

from __future__ import annotations

import argparse
import atexit
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import django

VAR = tempfile.mkdtemp(prefix="trial-")
atexit.register(shutil.rmtree, VAR, ignore_errors=True)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.trials.settings")
os.environ["TRUNKLINE_VAR"] = VAR
django.setup()

from django.db import connection  # noqa: E402

from campaigns.models import Call  # noqa: E402
from campaigns.states import CallState, Reason  # noqa: E402
from dialer import clock, credentials, invariants  # noqa: E402
from dialer.models import Heartbeat  # noqa: E402
from reports import recounts  # noqa: E402
from reports.models import DueReport  # noqa: E402
from tests.benchmarks.ledger import scratch  # noqa: E402
from tests.trials import judging, system  # noqa: E402
from tests.trials.brokers import BROKERS  # noqa: E402
from tests.trials.feeding import Feeder  # noqa: E402
from tests.trials.processes import wait_for  # noqa: E402
from tests.trials.system import LEASE_SECONDS, System, Watch  # noqa: E402
from tests.trials.tidying import Tidier  # noqa: E402

MAX_LIVE, PER_NUMBER, MAX_ATTEMPTS = 400, 3, 3
# What may pass between the end of a lease and the ledger's news of it: a beat, a tick that is under way, the question.
SWEEP_SECONDS = 3.0
SHOWN = 5


@dataclass(slots=True)
class Course:
    """A trial under way: the system, who feeds it, who watches it, and the dice."""

    wanted: argparse.Namespace
    system: System
    feeder: Feeder
    watch: Watch
    dice: random.Random
    # What the trial did, for its tally, in words.
    did: dict[str, int] = field(default_factory=dict)
    # The longest of anything it measured itself, in seconds; and what it found wrong itself.
    measured: dict[str, float] = field(default_factory=dict)
    faults: dict[str, list[str]] = field(default_factory=dict)

    def note(self, what: str, times: int = 1) -> None:
        """Count something that was done."""
        self.did[what] = self.did.get(what, 0) + times

    def measure(self, what: str, seconds: float) -> None:
        """Keep the longest of something."""
        self.measured[what] = max(self.measured.get(what, 0.0), seconds)

    def fault(self, kind: str, told: str) -> None:
        """Note something that must not be."""
        self.faults.setdefault(kind, []).append(told)


def parser(about: str | None, *, calls: int, runs: int | None = None) -> argparse.ArgumentParser:
    """Return the words that all trials take; a trial adds its own."""
    words = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    if runs is not None:
        words.add_argument("--runs", type=int, default=runs, help=f"How many runs (default {runs}).")
    words.add_argument("--calls", type=int, default=calls, help=f"Calls of a run (default {calls}).")
    words.add_argument("--seed", type=int, default=None, help="What the dice go by; printed where none is given.")
    words.add_argument("--broker", choices=BROKERS, default="redis")
    words.add_argument("--small", action="store_true", help="The size of continuous integration.")
    return words


def main(name: str, wanted: argparse.Namespace, course: Callable[[Course], None], **ways: Any) -> None:
    """Run a trial; print its tally, or its faults with what the processes said, and exit with 1 where there are any.

    `ways` are what `system.start` takes.
    """
    began = time.monotonic()
    # Whoever ends a trial ends it in order, so that nothing is left over.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    seed = random.SystemRandom().randrange(10**6) if wanted.seed is None else wanted.seed
    print(f"{name}: {wanted.runs} runs of {wanted.calls} calls over {wanted.broker}, seed {seed}", flush=True)
    with scratch(), _course(wanted, seed, ways) as under_way:
        said = _run(under_way, course)
        tally, faults = _judge(under_way)
    print(f"{name}: {tally}; {time.monotonic() - began:.0f} s", flush=True)
    for kind, found in faults.items():
        print(f"!! {kind}: {len(found)}", *found[:SHOWN], sep="\n   ")
    if faults:
        print(said)
        sys.exit(1)


@contextmanager
def _course(wanted: argparse.Namespace, seed: int, ways: dict[str, Any]) -> Iterator[Course]:
    secrets = credentials.open_account(
        name="Trial",
        country="IT",
        timezone="UTC",
        max_live_calls=MAX_LIVE,
        calls_per_second=5000,
        attempts_per_number_per_day=PER_NUMBER,
    )
    folder = Path(VAR)
    broker = BROKERS[wanted.broker](folder)
    running = system.start(folder, broker, seed=str(seed), congestion=0.005, **ways)
    watch, tidier = Watch(system.database_url(connection)), Tidier(system.database_url(connection))
    feeder = Feeder(running.url, secrets["api_key"], seed=seed, deadline=25 if wanted.small else None)
    try:
        yield Course(wanted, running, feeder, watch, random.Random(seed))
    finally:
        watch.end()
        tidier.end()
        running.keeper.end()


def _run(course: Course, steps: Callable[[Course], None]) -> str:
    """Run a course to its end, when every call is done and every report built; return what the processes said last."""
    try:
        steps(course)
        wait_for("every call is done", lambda: not unfinished(), seconds=400)
        wait_for("every report is built", lambda: not DueReport.objects.exists(), seconds=60)
    except (TimeoutError, AssertionError) as error:
        course.fault("stopped", str(error))
    course.watch.end()
    return course.system.keeper.told()


def unfinished(*campaigns: int, but_congested: bool = False) -> int:
    """Return how many calls are not done, of some campaigns or of all."""
    calls = Call.objects.exclude(state=CallState.DONE)
    if campaigns:
        calls = calls.filter(campaign_id__in=campaigns)
    return calls.exclude(reason=Reason.CONGESTION).count() if but_congested else calls.count()


def last_tick() -> float:
    """Return when the engine last ticked, in seconds since the epoch."""
    beat = Heartbeat.objects.filter(part="tick").first()
    return beat.beat_at.timestamp() if beat else 0.0


def settle(course: Course, *campaigns: int, seconds: float = 180) -> None:
    """Wait until campaigns have nothing left to do but what waits for a network that was full."""
    wait_for("the run's calls are done", lambda: not unfinished(*campaigns, but_congested=True), seconds=seconds)


def retire(course: Course, campaigns: list[int]) -> list[int]:
    """Wait until campaigns have settled, and finish those whose calls are all done; return the others."""
    if campaigns:
        settle(course, *campaigns)
    left = [pk for pk in campaigns if unfinished(pk)]
    for pk in campaigns:
        if pk not in left:
            course.feeder.post(f"/api/v1/campaigns/{pk}/finish/", {})
    return left


def _judge(course: Course) -> tuple[str, dict[str, list[str]]]:
    """Return the tally in a line, and the faults by kind."""
    seen, ledger, fed = judging.evidence(course.system.log), judging.tries(), course.feeder.fed
    campaign = {one.ref: int(one.ref.partition("-")[0]) for one in seen.originations}
    found = {
        "duplicate originations": judging.duplicates(seen) + judging.side_by_side(seen),
        "calls lost": _lost(),
        "caps exceeded": judging.over_cap(seen, lambda one: campaign[one.ref], fed.capacities, "campaign")
        + judging.over_cap(seen, lambda one: "Trial", {"Trial": MAX_LIVE}, "account")
        + judging.too_often(seen, tries_at_most=MAX_ATTEMPTS)
        + judging.over_number_cap(seen, PER_NUMBER),
        "calls outside a window": judging.outside_window(seen, fed.windows),
        "acknowledged requests lost": _unkept(course),
    }
    told = ", ".join(f"{len(wrong)} {kind}" for kind, wrong in found.items())
    disagreements = judging.strangers(seen, ledger) + judging.pretended(seen, ledger) + judging.misheard(seen, ledger)
    late, longest = _recovery(course, seen)
    found |= {
        "disagreements of ledger and carrier": disagreements + judging.still_in_progress(seen),
        "invariants broken": [f"{name}: {rows}" for name, rows in invariants.broken(clock.now()).items()],
        "sums unequal to their detail": [str(difference) for difference in recounts.recount()],
        f"recovered later than {LEASE_SECONDS + SWEEP_SECONDS:g} s": late,
    }
    for kind, wrong in course.faults.items():
        found[kind] = found.get(kind, []) + wrong
    did = ", ".join(f"{times:,} {what}" for what, times in course.did.items())
    unknown = sum(row.outcome == "unknown" for row in ledger)
    sizes = f"{len(fed.sent):,} calls, {len(seen.originations):,} originations ({unknown:,} attempts unknown)"
    course.measure("recovery", longest)
    longest_of = ", ".join(f"longest {what} {seconds:.1f} s" for what, seconds in course.measured.items())
    others = sum(len(wrong) for wrong in list(found.values())[5:])
    tally = f"{did}, {sizes}: {told}, {others} other faults; {longest_of}"
    return tally, {kind: wrong for kind, wrong in found.items() if wrong}


def _lost() -> list[str]:
    left = Call.objects.exclude(state=CallState.DONE).values_list("id", "state", "reason", "next_look_at")
    return [f"call {pk} is {state} {reason} until {look}" for pk, state, reason, look in left]


def _unkept(course: Course) -> list[str]:
    """Calls that were acknowledged and are not there as they were told, or there twice."""
    fed = course.feeder.fed
    there: dict[str, list[int]] = {}
    for ref, pk in Call.objects.values_list("external_id", "id"):
        there.setdefault(ref, []).append(pk)
    wrong: list[Any] = [ref for ref, pk in fed.acknowledged.items() if there.get(ref) != [pk]]
    return [f"call {ref} is stored as {there.get(ref)}" for ref in wrong + sorted(there.keys() - fed.sent)]


def _recovery(course: Course, seen: judging.Evidence) -> tuple[list[str], float]:
    """Return attempts of which the ledger heard too late, and the longest time that it took to hear.

    It counts from the fault that met the attempt, or from the end of the call where that was later.
    """
    ends = {one.key: one.ended_at for one in seen.originations if one.ended_at is not None}
    took = {
        key: course.watch.ended[key] - max(met, ends.get(key, met))
        for key, met in course.watch.met.items()
        if key in course.watch.ended
    }
    bound = LEASE_SECONDS + SWEEP_SECONDS
    return [f"attempt {key}: {seconds:.1f} s" for key, seconds in took.items() if seconds > bound], max(
        took.values(), default=0.0
    )
