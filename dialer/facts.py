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
    return frozenset(_rows(_SUPPRESSED + bulk.among("destination"), [account.pk, bulk.ids(destinations)]))


def tried(account: Account, destinations: list[str], now: dt.datetime) -> dict[str, gates.Tried]:
    """Return how often each destination was tried in the last 24 hours, where the account caps that."""
    if not account.attempts_per_number_per_day:
        return {}
    given, wanted = [account.pk, bulk.stored(now - DAY)], bulk.ids(destinations)
    if bulk.is_postgres():
        rows = _rows(_TRIED_EACH, [wanted, *given])
    else:
        rows = _rows(f"{_TRIED} AND {bulk.among('destination')} GROUP BY destination", [*given, wanted])
    return {destination: gates.Tried(count, bulk.moment(first)) for destination, count, first in rows}


# Written out: to have them said costs the ORM more than the database to answer, and every claim asks both.
_SUPPRESSED = "SELECT campaign_id, channel, destination FROM campaigns_suppression WHERE account_id = %s AND "
_TRIED = """SELECT destination, COUNT(*), MIN(claimed_at) FROM campaigns_callattempt
    WHERE account_id = %s AND claimed_at > %s AND counts"""
# Number by number: PostgreSQL may else go through all of an account's day where it knows little of it yet.
_TRIED_EACH = f"""SELECT tried.* FROM unnest(%s::text[]) AS wanted CROSS JOIN LATERAL (
    {_TRIED} AND destination = wanted GROUP BY destination) AS tried"""


def _rows(statement: str, given: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return list(cursor.fetchall())
