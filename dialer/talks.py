"""What must never be between persons who answered and members, as queries that find it."""

from __future__ import annotations

import datetime as dt

from django.db.models import F, QuerySet, Value, Window
from django.db.models.functions import Coalesce, Lag

from campaigns.models import CallAttempt
from campaigns.states import AttemptState, Outcome
from dialer import tallies

DAY = dt.timedelta(days=1)


def _rows(found: QuerySet[CallAttempt]) -> list[str]:
    return [f"attempt {pk}" for pk in found.order_by("pk").values_list("pk", flat=True)[: tallies.SHOWN]]


def two_talks(now: dt.datetime, since: dt.datetime | None) -> list[str]:
    """Return the attempts whose member was given them while the call before was not over."""
    taken = tallies.attempts(since).filter(member__isnull=False, connected_at__isnull=False)
    ended_before = Window(
        Lag(Coalesce("ended_at", Value(now + DAY))),
        partition_by=[F("member_id")],
        order_by=[F("connected_at").asc(), F("pk").asc()],
    )
    return _rows(taken.annotate(ended_before=ended_before).filter(ended_before__gt=F("connected_at")))


def connected_and_abandoned(now: dt.datetime, since: dt.datetime | None) -> list[str]:
    """Return the attempts that a member took and that count as abandoned all the same."""
    return _rows(tallies.attempts(since).filter(connected_at__isnull=False, abandoned=True))


def abandoned_unanswered(now: dt.datetime, since: dt.datetime | None) -> list[str]:
    """Return the attempts that count as abandoned though nobody answered."""
    return _rows(tallies.attempts(since).filter(answered_at__isnull=True, abandoned=True))


def met_nobody(now: dt.datetime, since: dt.datetime | None) -> list[str]:
    """Return the attempts whose person answered for a member, met none, and is not counted as abandoned."""
    ended = tallies.attempts(since).filter(state=AttemptState.ENDED, outcome=Outcome.ANSWERED)
    return _rows(ended.filter(wants_member=True, connected_at__isnull=True, abandoned=False, answered_at__isnull=False))


def member_without_talk(now: dt.datetime, since: dt.datetime | None) -> list[str]:
    """Return the ended attempts that name a member who never took them."""
    ended = tallies.attempts(since).filter(state=AttemptState.ENDED, member__isnull=False)
    return _rows(ended.filter(connected_at__isnull=True))
