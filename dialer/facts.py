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
    claimed: bool = False,
) -> gates.Facts:
    """Return the facts for the gates of these calls; where they are `claimed`, of the gates that are asked then."""
    wanted = gates.destinations(calls)
    return gates.Facts(
        account=account,
        now=now,
        campaigns={campaign.pk: campaign for campaign in campaigns},
        suppressed=suppressed(account, wanted),
        tried={} if claimed else tried(account, wanted, now),
    )


def suppressed(account: Account, destinations: list[str]) -> frozenset[tuple[int | None, str, str]]:
    """Return what of the destinations must not be reached, and by whom and over which channel."""
    return frozenset(_rows(_SUPPRESSED, [account.pk, account.pk], destinations))


def tried(account: Account, destinations: list[str], now: dt.datetime) -> dict[str, gates.Tried]:
    """Return how often each destination was tried in the last 24 hours, where the account caps that."""
    if not account.attempts_per_number_per_day:
        return {}
    rows = _rows(_TRIED, [account.pk, bulk.stored(now - DAY)], destinations)
    return {destination: gates.Tried(count, bulk.moment(first)) for destination, count, first in rows}


# Written out: to have them said costs the ORM more than the database to answer, and every claim asks both.
# The two kinds of suppressions stand in an index each.
_SUPPRESSED = " UNION ALL ".join(
    "SELECT campaign_id, channel, destination FROM campaigns_suppression"
    f" WHERE account_id + 0 = %s AND campaign_id IS {kind} AND {{among}}"
    for kind in ("NULL", "NOT NULL")
)
_TRIED = """SELECT destination, COUNT(*), MIN(claimed_at) FROM (
        SELECT destination, claimed_at FROM campaigns_callattempt
        WHERE account_id + 0 = %s AND counts AND {among} LIMIT 1000000000) AS ever
    WHERE claimed_at > %s GROUP BY destination"""
# Number by number, and with nothing else that an index can be entered by (hence the sum and the limit): PostgreSQL may
# else go through the whole list, or all attempts of a day of which it knows little yet.
_EACH = """SELECT known.* FROM unnest(%s::text[]) AS wanted CROSS JOIN LATERAL ({one} OFFSET 0) AS known"""
_ALL = "WITH wanted AS (SELECT value FROM json_each(%s)) {of}"


def _rows(statement: str, given: list[Any], destinations: list[str]) -> list[tuple[Any, ...]]:
    if bulk.is_postgres():
        statement = _EACH.format(one=statement.format(among="destination = wanted"))
    else:
        statement = _ALL.format(of=statement.format(among="destination IN wanted"))
    with connection.cursor() as cursor:
        cursor.execute(statement, [bulk.ids(destinations), *given])
        return list(cursor.fetchall())
