"""Asks carriers what became of open attempts whose time to be looked at has come.

Every open attempt has such a time: the simulator's next event, the end of a lease, the moment after a lost reply.
So an attempt can be forgotten by everybody and still comes to its end. A claimed attempt that nobody placed is
given to be placed again: the mark of placing lets only one do it.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence, Set

from django.conf import settings
from django.db import connection, transaction

from campaigns import bulk, locks
from campaigns.models import CallAttempt
from campaigns.states import AttemptState, Outcome
from dialer import carriers, outcomes, placing, plans, staffing
from dialer.carriers.base import Answer, CarrierError, CarrierEvent, Dial, EventType
from dialer.horizons import MARGIN, Horizon

logger = logging.getLogger(__name__)

# How long an attempt is somebody's to ask about before another may, who may have died; at most a lease. Longer than a
# carrier takes to answer.
ASKING_SECONDS = 15.0
# How many open attempts of a carrier one check looks at.
BATCH = 300


def check(*, now: dt.datetime, limit: int = BATCH, horizon: Horizon | None = None) -> tuple[int, list[int]]:
    """Look at up to `limit` open attempts of each carrier; return how many, and which are still to be placed."""
    seen = horizon or Horizon()
    aliases = list(settings.CARRIERS)
    virtual = [alias for alias in aliases if carriers.get(alias).is_virtual]
    looked, to_place = _check_virtual(virtual, now, limit, seen)
    for alias in aliases:
        if alias not in virtual:
            some, unplaced = _check_real(alias, now, limit, seen)
            looked += some
            to_place += unplaced
    return looked, to_place


def _check_virtual(aliases: list[str], now: dt.datetime, limit: int, seen: Horizon) -> tuple[int, list[int]]:
    """Look at attempts on simulators: no network lies between, so one transaction does it all."""
    since = seen.checked_since(aliases)
    if not (accounts := _accounts_due(aliases, since, now, limit, seen)):
        return 0, []
    with transaction.atomic():
        due = _due(aliases, accounts, since, now, limit)
        unplaced = _again(due, now)
        # In order: whoever meets another at the members of two campaigns comes to them in the same order.
        for alias in sorted({attempt.carrier for attempt in due}):
            asked = [attempt for attempt in due if attempt.carrier == alias and attempt.placed_at is not None]
            planned = plans.of(asked)
            _learn(asked, planned, carriers.get(alias).ask(_dials(asked, planned), now=now), now)
        return len(due), unplaced


def _check_real(alias: str, now: dt.datetime, limit: int, seen: Horizon) -> tuple[int, list[int]]:
    since = seen.checked_since([alias])
    if not (accounts := _accounts_due([alias], since, now, limit, seen)):
        return 0, []
    with transaction.atomic():
        due = _due([alias], accounts, since, now, limit)
        asking = now + dt.timedelta(seconds=min(ASKING_SECONDS, settings.ATTEMPT_LEASE_SECONDS))
        unplaced = _again(due, now)
        asked = [attempt for attempt in due if attempt.placed_at is not None]
        bulk.update(CallAttempt, ("id", "check_at"), [(attempt.pk, asking) for attempt in asked])
        dials = _dials(asked, plans.of(asked))
    if asked:
        try:
            answers = carriers.get(alias).ask(dials, now=now)
        except CarrierError as error:
            logger.warning("%s cannot be asked: %s", alias, error)
            return len(due), unplaced
        with transaction.atomic():
            fresh = outcomes.held([str(attempt.key) for attempt in asked])
            still = [attempt for attempt in fresh if attempt.state != AttemptState.ENDED]
            _learn(still, plans.of(still), answers, now)
        connect(alias, still, now)
    return len(due), unplaced


def _due(aliases: list[str], accounts: Set[int], since: dt.datetime, now: dt.datetime, limit: int) -> list[CallAttempt]:
    """Return attempts to look at, locked; those that somebody else looks at are left to them.

    Requires a transaction. Their accounts' decisions are kept first, as by everybody who locks attempts: else two might
    wait for each other.
    """
    locks.accounts_shared(accounts)
    opened = CallAttempt.objects.filter(carrier__in=aliases, check_at__gt=since, check_at__lte=now)
    opened = opened.filter(account__in=accounts).exclude(state=AttemptState.ENDED)
    locked = opened.select_for_update(of=("self",), skip_locked=connection.features.has_select_for_update_skip_locked)
    return list(locked.defer("evidence").order_by("check_at", "id")[:limit])


def _accounts_due(aliases: list[str], since: dt.datetime, now: dt.datetime, limit: int, seen: Horizon) -> set[int]:
    """Return the accounts that have attempts to look at: all that an idle system asks, without a transaction."""
    given = [bulk.ids(aliases), bulk.stored(since), bulk.stored(now), limit]
    with connection.cursor() as cursor:
        cursor.execute(_ACCOUNTS.format(among=bulk.among("carrier")), given)
        found = dict(cursor.fetchall())
    if sum(found.values()) < limit:
        seen.checked_until |= dict.fromkeys(aliases, now - MARGIN)
    return set(found)


# The order leads to the index made for it.
_ACCOUNTS = """SELECT account_id, COUNT(*) FROM (
    SELECT account_id FROM campaigns_callattempt
    WHERE {among} AND check_at > %s AND check_at <= %s AND NOT state = 'ended' ORDER BY check_at LIMIT %s) AS due
    GROUP BY account_id"""


def _again(due: Sequence[CallAttempt], now: dt.datetime) -> list[int]:
    """Return the claimed attempts that nobody has placed, to be placed once more; the mark decides who does."""
    unplaced = [attempt for attempt in due if attempt.state == AttemptState.CLAIMED]
    later = now + dt.timedelta(seconds=placing.DOUBT_SECONDS)
    bulk.update(CallAttempt, ("id", "check_at"), [(attempt.pk, later) for attempt in unplaced])
    return [attempt.pk for attempt in unplaced]


def _dials(attempts: Sequence[CallAttempt], planned: plans.Plans) -> list[Dial]:
    codes = staffing.codes_of(attempts)
    return [
        placing.dial_of(
            attempt,
            planned.calls[attempt.call_id],
            planned.campaigns[attempt.campaign_id],
            member=codes.get(attempt.member_id or 0, ""),
        )
        for attempt in attempts
    ]


def connect(alias: str, attempts: Sequence[CallAttempt], now: dt.datetime) -> None:
    """Tell a carrier which member takes which call, and whose wait is over; repeated until it confirms."""
    unsaid = [attempt for attempt in attempts if outcomes.is_to_connect(attempt)]
    if not unsaid:
        return
    dials = _dials(unsaid, plans.of(unsaid))
    try:
        carriers.get(alias).connect(dials, now=now)
    except CarrierError as error:
        logger.warning("%s cannot connect members: %s", alias, error)


def _learn(attempts: Sequence[CallAttempt], planned: plans.Plans, answers: Iterable[Answer], now: dt.datetime) -> None:
    """Record what was answered; what the carrier does not know ends as unknown. Requires the transaction."""
    by_key: dict[str, list[CarrierEvent]] = defaultdict(list)
    check_at: dict[str, dt.datetime] = {}
    for answer in answers:
        by_key[answer.key] += answer.events
        check_at[answer.key] = answer.check_at or now + dt.timedelta(seconds=settings.ATTEMPT_LEASE_SECONDS)
        if not answer.known:
            lost = CarrierEvent(
                key=answer.key,
                type=EventType.ENDED,
                happened_at=now,
                outcome=Outcome.UNKNOWN,
                cause="the carrier does not know it",
            )
            by_key[answer.key].append(lost)
    outcomes.record(attempts, by_key, now=now, check_at=check_at, planned=planned)
