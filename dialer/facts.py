"""Gathers what the gates need to know, for a whole batch in a few statements. Requires the caller's transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

from campaigns import bulk
from campaigns.models import Account, Campaign
from dialer import gates

DAY = dt.timedelta(days=1)


def gather(
    *,
    account: Account,
    campaigns: Iterable[Campaign],
    calls: Sequence[gates.Dialable],
    now: dt.datetime,
) -> gates.Facts:
    """Return the facts for the gates of these calls."""
    wanted = gates.destinations(calls)
    return gates.Facts(
        account=account,
        now=now,
        campaigns={campaign.pk: campaign for campaign in campaigns},
        suppressed=suppressed(account, wanted),
        tried=tried(account, wanted, now),
    )


def suppressed(account: Account, destinations: list[str]) -> frozenset[tuple[int | None, str, str]]:
    """Return what of the destinations must not be reached, and by whom and over which channel."""
    return frozenset(_rows(_SUPPRESSED, [account.pk], destinations))


def tried(account: Account, destinations: list[str], now: dt.datetime) -> dict[str, gates.Tried]:
    """Return how often each destination was tried in the last 24 hours, where the account caps that."""
    if not account.attempts_per_number_per_day:
        return {}
    rows = _rows(_TRIED, [account.pk, bulk.stored(now - DAY)], destinations, " GROUP BY destination")
    return {destination: gates.Tried(count, bulk.moment(first)) for destination, count, first in rows}


# Written out: to have them said costs the ORM more than the database to answer, and every claim asks both.
_SUPPRESSED = "SELECT campaign_id, channel, destination FROM campaigns_suppression WHERE account_id = %s AND "
_TRIED = """SELECT destination, COUNT(*), MIN(claimed_at) FROM campaigns_callattempt
    WHERE account_id = %s AND claimed_at > %s AND counts AND """


def _rows(statement: str, given: list[Any], destinations: list[str], grouped: str = "") -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement + bulk.among("destination") + grouped, [*given, bulk.ids(destinations)])
        return list(cursor.fetchall())
