"""Gathers what the gates need to know, for a whole batch in a few statements. Requires the caller's transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from django.db.models import Count, Min

from campaigns.models import Account, CallAttempt, Campaign, Suppression
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
    listed = Suppression.objects.filter(account=account, destination__in=destinations)
    return frozenset(listed.values_list("campaign_id", "channel", "destination"))


def tried(account: Account, destinations: list[str], now: dt.datetime) -> dict[str, gates.Tried]:
    """Return how often each destination was tried in the last 24 hours, where the account caps that."""
    if not account.attempts_per_number_per_day:
        return {}
    recent = CallAttempt.objects.filter(
        account=account, destination__in=destinations, claimed_at__gt=now - DAY, counts=True
    )
    rows = recent.values("destination").annotate(count=Count("id"), first_at=Min("claimed_at"))
    return {row["destination"]: gates.Tried(row["count"], row["first_at"]) for row in rows}
