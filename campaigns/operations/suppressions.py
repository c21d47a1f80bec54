"""Destinations that must not be reached. Every function opens one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from campaigns import locks
from campaigns.models import Account, Call, Campaign, Suppression
from campaigns.operations import calls as call_operations

BATCH = 1000


@transaction.atomic
def suppress(
    *,
    account: Account,
    destinations: Iterable[str],
    now: dt.datetime,
    campaign: Campaign | None = None,
    channel: str = "",
    source: str = "",
    sources: Mapping[str, str] | None = None,
) -> int:
    """List destinations that must not be reached; return how many were not listed already.

    `sources` says whence for single destinations, in place of `source`.

    After this is committed none of them is placed again; waiting calls to them end at the engine's next look.
    """
    locks.account(account.pk)
    wanted = sorted(set(destinations))
    where: dict[str, Any] = {"account": account, "campaign": campaign, "channel": channel}
    added = 0
    for start in range(0, len(wanted), BATCH):
        some = wanted[start : start + BATCH]
        listed = Suppression.objects.filter(**where, destination__in=some)
        there = set(listed.values_list("destination", flat=True))
        Suppression.objects.bulk_create(
            Suppression(
                **where, destination=destination, source=(sources or {}).get(destination, source), created_at=now
            )
            for destination in some
            if destination not in there
        )
        added += len(some) - len(there)
        scope = campaign.calls if campaign else Call.objects.filter(campaign__account=account)
        call_operations.wake_now(scope.filter(destination__in=some))
    return added


@transaction.atomic
def lift(*, suppression: Suppression) -> None:
    """Take a destination off the list; calls that it has closed stay closed."""
    locks.account(suppression.account_id)
    suppression.delete()
