"""Plays the engine on virtual time: turn by turn, jumping to the next moment at which something is due."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import connection

from campaigns import bulk
from dialer import carriers, turning
from reports import building

# As the real engine wakes once a second, so virtual time moves by a second at least.
STEP = dt.timedelta(seconds=1)


class NotVirtual(Exception):
    """A configured carrier reaches real people, whom no virtual time moves."""


def play(
    *,
    now: dt.datetime,
    until: dt.datetime,
    stop_when_idle: bool = False,
    step: dt.timedelta = STEP,
    limit: int = 500,
) -> dt.datetime:
    """Run the engine from one moment to another; return the moment reached.

    With `stop_when_idle` it ends as soon as nothing is left that time would bring. Raises NotVirtual where a
    carrier is real.
    """
    refuse_real_carriers()
    while True:
        again_at = _exhaust(now, limit)
        coming = next_moment(now, again_at)
        if coming is None and stop_when_idle:
            building.build_due(seconds=60)
            return now
        now = min(until, max(coming or until, now + step))
        if now >= until:
            _exhaust(until, limit)
            building.build_due(seconds=60)
            return until


def _exhaust(now: dt.datetime, limit: int) -> dt.datetime | None:
    """Turn until nothing more is due at this moment; return when caps leave room again."""
    while True:
        done = turning.turn_here(now=now, limit=limit)
        if done.looked:
            building.build()
        if not done.has_more:
            return done.again_at


def next_moment(now: dt.datetime, again_at: dt.datetime | None = None) -> dt.datetime | None:
    """Return the next moment at which something is due, or None where time alone brings nothing."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [str(bulk.stored(now))] * 2)
        *moments, some_ready, some_rest = cursor.fetchone()
    found = [bulk.moment(moment) for moment in moments if moment is not None]
    if some_ready and again_at is not None:
        found.append(again_at)
    if some_rest:
        found.append(now + STEP)
    return min(found, default=None)


# One statement of seven look-ups in indexes, as it is asked after every step.
_NEXT = """
    SELECT (SELECT MIN(check_at) FROM campaigns_callattempt WHERE state <> 'ended'),
        (SELECT MIN(k.next_look_at) FROM campaigns_call k JOIN campaigns_campaign c ON c.id = k.campaign_id
            WHERE k.state = 'waiting' AND NOT k.ready AND c.state = 'running'),
        (SELECT MIN(k.not_after) FROM campaigns_call k JOIN campaigns_campaign c ON c.id = k.campaign_id
            WHERE k.state = 'waiting' AND k.not_after IS NOT NULL AND c.state IN ('running', 'paused')),
        (SELECT MIN(starts_at) FROM campaigns_campaign WHERE state = 'running' AND starts_at > %s),
        (SELECT MIN(ends_at) FROM campaigns_campaign WHERE state IN ('running', 'paused')),
        EXISTS (SELECT 1 FROM campaigns_call k JOIN campaigns_campaign c ON c.id = k.campaign_id
            WHERE k.state = 'waiting' AND k.ready AND c.state = 'running'),
        EXISTS (SELECT 1 FROM campaigns_member m JOIN campaigns_campaign c ON c.id = m.campaign_id
            WHERE m.is_available AND c.state = 'running' AND c.pacing <> 'fixed'
            AND (m.busy_until > %s OR c.pacing = 'predictive' AND EXISTS (SELECT 1 FROM campaigns_callattempt a
                WHERE a.account_id = c.account_id AND a.campaign_id = c.id AND a.state <> 'ended'
                AND a.state IN ('placed', 'ringing')))
            AND EXISTS (SELECT 1 FROM campaigns_call k
                WHERE k.campaign_id = c.id AND k.state = 'waiting' AND k.ready))"""


def refuse_real_carriers() -> None:
    """Raise NotVirtual unless every configured carrier runs on the engine's clock."""
    real = [alias for alias in settings.CARRIERS if not carriers.get(alias).is_virtual]
    if real:
        raise NotVirtual(f"{', '.join(real)}: a real carrier cannot be played on virtual time.")
