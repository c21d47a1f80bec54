"""Counts what is used of caps and speeds: attempts in progress, and those claimed a moment ago, by one statement.

What is counted is what happened, the attempts themselves: a count that is kept beside them can be wrong.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from campaigns import bulk
from campaigns.models import Account, Campaign
from dialer import pacing
from dialer.horizons import MARGIN, NEVER, Horizon


@dataclass(slots=True)
class Usage:
    """What an account uses at one moment: open attempts by campaign, and those within the span of each speed."""

    live: dict[int, int] = field(default_factory=dict)
    recent: int = 0
    # Only of campaigns that have a speed of their own.
    recent_of: dict[int, int] = field(default_factory=dict)
    open_since: dt.datetime | None = None


def of(account: Account, campaigns: Sequence[Campaign], *, now: dt.datetime, horizon: Horizon) -> Usage:
    """Return what an account uses. Requires the transaction that holds it: nothing changes before the commit."""
    since = horizon.open_since.get(account.pk, NEVER)
    _, seconds = pacing.burst(account.calls_per_second)
    lately = now - dt.timedelta(seconds=seconds)
    given: list[Any] = [account.pk, bulk.stored(since), account.pk, account.pk, bulk.stored(lately)]
    paced = {
        campaign.pk: now - dt.timedelta(seconds=pacing.burst(campaign.calls_per_second)[1])
        for campaign in campaigns
        if campaign.calls_per_second is not None
    }
    statement = _USED
    if paced:
        statement += _PACED.format(given=bulk.given({"id": "bigint", "since": "timestamptz"}, alias="w"))
        given.append(bulk.as_json([{"id": pk, "since": bulk.stored(moment)} for pk, moment in paced.items()]))
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        rows = cursor.fetchall()
    return _usage(rows)


# The oldest open attempt is found by the order of its index, which reads what has ended only once: a scan that gathers
# rows from all over the table does not mark the dead, and would read them again with each claim.
_USED = """
    WITH oldest AS MATERIALIZED (SELECT claimed_at FROM campaigns_callattempt
        WHERE account_id = %s AND NOT state = 'ended' AND claimed_at >= %s ORDER BY claimed_at, campaign_id LIMIT 1)
    SELECT 'live', campaign_id, COUNT(*), MIN(a.claimed_at) FROM campaigns_callattempt a, oldest
    WHERE account_id = %s AND NOT state = 'ended' AND a.claimed_at >= oldest.claimed_at GROUP BY campaign_id
    UNION ALL
    SELECT 'recent', 0, COUNT(*), NULL FROM campaigns_callattempt WHERE account_id = %s AND claimed_at > %s"""
_PACED = """
    UNION ALL
    SELECT 'paced', a.campaign_id, COUNT(*), NULL FROM {given}
    JOIN campaigns_callattempt a ON a.campaign_id = w.id AND a.claimed_at > w.since GROUP BY a.campaign_id"""


def _usage(rows: Sequence[tuple[Any, ...]]) -> Usage:
    used = Usage()
    for kind, campaign_id, number, first in rows:
        if kind == "live":
            used.live[campaign_id] = number
            used.open_since = min(filter(None, (used.open_since, bulk.moment(first))))
        elif kind == "recent":
            used.recent = number
        else:
            used.recent_of[campaign_id] = number
    return used


def oldest_open(used: Usage, now: dt.datetime) -> dt.datetime:
    """Return from when on attempts may be open, for the next count: with a margin, as clocks differ a little."""
    return (used.open_since or now) - MARGIN
