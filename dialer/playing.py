"""Plays the engine on virtual time: turn by turn, jumping to the next moment at which something is due."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db.models import Min

from campaigns.models import Call, CallAttempt, Campaign
from campaigns.states import AttemptState, CallState, CampaignState
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
        if not done.did_something():
            return done.again_at
        building.build()


def next_moment(now: dt.datetime, again_at: dt.datetime | None = None) -> dt.datetime | None:
    """Return the next moment at which something is due, or None where time alone brings nothing."""
    open_states = [CampaignState.RUNNING, CampaignState.PAUSED]
    running = Campaign.objects.filter(state=CampaignState.RUNNING)
    waiting = Call.objects.filter(state=CallState.WAITING)
    moments = [
        CallAttempt.objects.exclude(state=AttemptState.ENDED).aggregate(at=Min("check_at"))["at"],
        waiting.filter(ready=False, campaign__in=running).aggregate(at=Min("next_look_at"))["at"],
        waiting.filter(campaign__state__in=open_states, not_after__isnull=False).aggregate(at=Min("not_after"))["at"],
        running.filter(starts_at__gt=now).aggregate(at=Min("starts_at"))["at"],
        Campaign.objects.filter(state__in=open_states, ends_at__isnull=False).aggregate(at=Min("ends_at"))["at"],
        again_at if waiting.filter(ready=True, campaign__in=running).exists() else None,
    ]
    return min((moment for moment in moments if moment is not None), default=None)


def refuse_real_carriers() -> None:
    """Raise NotVirtual unless every configured carrier runs on the engine's clock."""
    real = [alias for alias in settings.CARRIERS if not carriers.get(alias).is_virtual]
    if real:
        raise NotVirtual(f"{', '.join(real)}: a real carrier cannot be played on virtual time.")
