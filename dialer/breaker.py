"""The circuit breaker of each carrier: when most of what it is given fails, nothing is placed for a while, then one
call tries.

A failure is carrier trouble (congestion, a carrier that cannot be talked to), not a called party's outcome. A few
unreachable destinations among many that work do not open it.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q

from campaigns.models import CallAttempt
from campaigns.states import AttemptState, Outcome
from dialer.models import CarrierHealth

# It opens when this many failed within the window, and they are at least half of what was tried in it.
FAILURES_TO_OPEN = 10
WINDOW = dt.timedelta(seconds=60)
FIRST_PAUSE = dt.timedelta(seconds=15)
LONGEST_PAUSE = dt.timedelta(minutes=5)
EVIDENCE_KEPT = 20
# What says nothing of whether the carrier works.
UNTOLD = frozenset({Outcome.FAILED, Outcome.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Look:
    """What a claim needs to know: shut until when, or open for one call on trial."""

    opens_again_at: dt.datetime | None = None
    # Calls claimed from then on are on trial: one at a time.
    trial_since: dt.datetime | None = None


def look(alias: str, *, hold: bool, now: dt.datetime) -> Look:
    """Tell whether a carrier takes calls; with `hold` nobody else counts its calls until the transaction ends."""
    if hold:
        CarrierHealth.objects.get_or_create(alias=alias)
        return seen(_held(alias), now)
    return seen(CarrierHealth.objects.filter(alias=alias).first(), now)


def look_to_claim(alias: str, *, capped: bool, now: dt.datetime) -> Look:
    """Look, and hold what is to be counted: the calls of a carrier with a cap, or of one that is on trial.

    Requires a transaction. Accounts do not wait for each other, so the trial's one call is held here.
    """
    found = look(alias, hold=capped, now=now)
    return seen(_held(alias), now) if found.trial_since and not capped else found


def _held(alias: str) -> CarrierHealth | None:
    return CarrierHealth.objects.filter(alias=alias).select_for_update(no_key=True).first()


def seen(health: CarrierHealth | None, now: dt.datetime) -> Look:
    """Return what a carrier's health means for a claim. Pure."""
    if health is None or health.open_until is None:
        return Look()
    if now < health.open_until:
        return Look(opens_again_at=health.open_until)
    return Look(trial_since=health.open_until)


@transaction.atomic
def failed(alias: str, *, accounts: Collection[int], evidence: Sequence[dict[str, Any]], now: dt.datetime) -> None:
    """Note failures of a carrier, with what failed; opens the breaker where most of what these accounts tried fails."""
    CarrierHealth.objects.get_or_create(alias=alias)
    health = CarrierHealth.objects.select_for_update(no_key=True).get(alias=alias)
    health.failures += len(evidence)
    health.evidence = [*health.evidence, *evidence][-EVIDENCE_KEPT:]
    health.changed_at = now
    on_trial = health.open_until is not None and health.open_until <= now
    if on_trial or (health.open_until is None and _mostly_fails(alias, accounts, now)):
        health.opened_at = health.opened_at or now
        health.open_until = now + pause(health.failures)
    health.save()


def pause(failures: int) -> dt.timedelta:
    """Return for how long a breaker opens after so many failures in a row. Pure."""
    return min(FIRST_PAUSE * (1 + failures // FAILURES_TO_OPEN), LONGEST_PAUSE)


def mostly(trouble: int, tried: int) -> bool:
    """Tell whether so much trouble, of what was tried within the window, opens a breaker. Pure."""
    return trouble >= FAILURES_TO_OPEN and trouble * 2 >= tried


def _mostly_fails(alias: str, accounts: Collection[int], now: dt.datetime) -> bool:
    recent = CallAttempt.objects.filter(
        account_id__in=accounts, claimed_at__gt=now - WINDOW, carrier=alias, placed_at__isnull=False
    )
    return mostly(recent.filter(outcome=Outcome.CONGESTION).count(), recent.count())


def worked(alias: str, *, claimed_at: dt.datetime, now: dt.datetime) -> None:
    """Note that a carrier took a call: the row of failures is over. Writes nothing where there was none.

    `claimed_at` is the call's. One that was claimed before the breaker opened tells nothing of the carrier since.
    """
    told = CarrierHealth.objects.filter(Q(open_until__isnull=True) | Q(open_until__lte=claimed_at))
    told.filter(alias=alias, failures__gt=0).update(failures=0, open_until=None, opened_at=None, changed_at=now)


def reset(alias: str, *, now: dt.datetime) -> bool:
    """Close the breaker because somebody says that the carrier is well; tell whether there was anything to close."""
    noted = CarrierHealth.objects.filter(alias=alias).exclude(failures=0, open_until=None)
    return noted.update(failures=0, open_until=None, opened_at=None, evidence=[], changed_at=now) > 0


def hear(changed: Sequence[CallAttempt], ended: Sequence[CallAttempt], *, now: dt.datetime) -> None:
    """Take what became of attempts as what their carriers can do. Requires the transaction that records it."""
    in_trouble: dict[str, list[CallAttempt]] = defaultdict(list)
    for attempt in ended:
        if attempt.outcome == Outcome.CONGESTION:
            in_trouble[attempt.carrier].append(attempt)
    # In one order everywhere, for each is held until the transaction ends.
    for alias, attempts in sorted(in_trouble.items()):
        evidence = [
            {"attempt": attempt.pk, "cause": attempt.cause, "at": (attempt.ended_at or now).isoformat()}
            for attempt in attempts
        ]
        failed(alias, accounts={attempt.account_id for attempt in attempts}, evidence=evidence, now=now)
    taken: dict[str, dt.datetime] = {}
    for attempt in changed:
        if attempt.carrier not in in_trouble and was_taken(attempt):
            taken[attempt.carrier] = max(attempt.claimed_at, taken.get(attempt.carrier, attempt.claimed_at))
    for alias, claimed_at in sorted(taken.items()):
        worked(alias, claimed_at=claimed_at, now=now)


def was_taken(attempt: CallAttempt) -> bool:
    """Tell whether the carrier has shown that it carries a call: nobody knows that of one that is lost."""
    if attempt.state == AttemptState.ENDED:
        return attempt.placed_at is not None and attempt.outcome not in UNTOLD
    return attempt.state in {AttemptState.RINGING, AttemptState.ANSWERED}
