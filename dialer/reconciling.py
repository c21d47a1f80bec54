"""Compares what each carrier has in progress with the ledger, in both directions: every half minute, and on reconnect.

Events get lost: a hang-up of the carrier's that never came leaves an attempt open, one of ours leaves a call talking.
An attempt is committed before the wire is touched, so a key of ours that the ledger does not have open may be cut. No
transaction is open while a carrier is talked to.
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from campaigns import bulk
from campaigns.models import CallAttempt
from campaigns.states import AttemptState
from dialer import carriers, outcomes
from dialer.carriers.base import CarrierError

logger = logging.getLogger(__name__)

# What the carrier has told something of. One that was only placed may still be on its way there: its lease decides.
TOLD = (AttemptState.RINGING, AttemptState.ANSWERED)
KEYS_AT_ONCE = 500


@dataclass(slots=True)
class Compared:
    """What a comparison found: calls cut that the ledger does not have open, attempts to ask about at once."""

    cut: int = 0
    asked: int = 0


def reconcile(*, now: dt.datetime) -> Compared:
    """Compare every carrier that can list its calls with the ledger; one that cannot be talked to is left for later."""
    done = Compared()
    for alias in settings.CARRIERS:
        found = compare(alias, now=now)
        done.cut, done.asked = done.cut + found.cut, done.asked + found.asked
    return done


def compare(alias: str, *, now: dt.datetime) -> Compared:
    """Compare one carrier with the ledger: to be called when it is connected again."""
    carrier = carriers.get(alias)
    try:
        live = carrier.live()
        if live is None:
            return Compared()
        # Read after the list: whatever was on the wire then is in the ledger now.
        ours = _ours(live)
        strays = sorted(ours - _open(ours))
        if strays:
            logger.warning("%s: hangs up %d calls that are over here: %s", alias, len(strays), ", ".join(strays[:5]))
            carrier.hang_up(strays, now=now)
    except CarrierError as error:
        logger.warning("%s cannot be compared with the ledger: %s", alias, error)
        return Compared()
    return Compared(cut=len(strays), asked=_ask_soon(alias, live, now))


def _ours(keys: Iterable[str]) -> set[str]:
    """Return the keys that we may have given; a carrier may serve others beside us."""
    return {key for key in keys if _is_uuid(key)}


def _is_uuid(key: str) -> bool:
    try:
        return str(uuid.UUID(key)) == key
    except ValueError:
        return False


def _open(keys: Collection[str]) -> set[str]:
    """Return those of the keys whose attempts have not ended."""
    found: set[str] = set()
    wanted = sorted(keys)
    for start in range(0, len(wanted), KEYS_AT_ONCE):
        attempts = CallAttempt.objects.filter(key__in=wanted[start : start + KEYS_AT_ONCE]).exclude(
            state=AttemptState.ENDED
        )
        found |= {str(key) for key in attempts.values_list("key", flat=True)}
    return found


def _ask_soon(alias: str, live: set[str], now: dt.datetime) -> int:
    """Have the next tick ask about attempts that the carrier has told of and no longer lists; return how many."""
    told = CallAttempt.objects.filter(carrier=alias, state__in=TOLD, check_at__gt=now)
    gone = [str(key) for key in told.values_list("key", flat=True) if str(key) not in live]
    with transaction.atomic():
        late = [attempt for attempt in outcomes.held(gone) if attempt.state in TOLD and attempt.check_at > now]
        return bulk.update(CallAttempt, ("id", "check_at"), [(attempt.pk, now) for attempt in late])
