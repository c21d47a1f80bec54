"""Moves calls whose time has come: late ones to their end, parked ones to the ready; and ends campaigns.

Requires the transaction of the claim, which holds the account.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import connection

from campaigns import bulk
from campaigns.models import Campaign
from campaigns.operations import campaigns as campaign_operations
from campaigns.states import CampaignState
from dialer.horizons import NEVER

# How many calls one sweep moves at most; the next turn goes on.
BATCH = 2000


def sweep(campaigns: Sequence[Campaign], *, now: dt.datetime, since: dt.datetime = NEVER) -> int:
    """Move what is due of an account's running and paused campaigns; return how many calls and campaigns moved.

    What was due until `since` has been moved before.
    """
    over = [campaign for campaign in campaigns if campaign.ends_at is not None and campaign.ends_at <= now]
    for campaign in over:
        campaign_operations.end_campaign(campaign=campaign, now=now)
    still = [campaign for campaign in campaigns if campaign not in over]
    running = [campaign.pk for campaign in still if campaign.state == CampaignState.RUNNING]
    late = _expire([campaign.pk for campaign in still], since, now)
    return len(over) + late + _make_ready(running, since, now)


def _expire(campaign_ids: list[int], since: dt.datetime, now: dt.datetime) -> int:
    """End calls whose last moment has passed, whether their campaign runs or is paused."""
    return _update(
        "state = 'done', ready = %s, outcome = 'expired', reason = 'late', next_look_at = NULL, done_at = %s",
        [False, bulk.stored(now)],
        "state = 'waiting' AND not_after IS NOT NULL AND not_after > %s AND not_after <= %s",
        [bulk.stored(since), bulk.stored(now)],
        campaign_ids,
    )


def _make_ready(campaign_ids: list[int], since: dt.datetime, now: dt.datetime) -> int:
    """Put parked calls whose next look is due among the ready."""
    return _update(
        "ready = %s, reason = '', next_look_at = NULL",
        [True],
        "state = 'waiting' AND NOT ready AND next_look_at > %s AND next_look_at <= %s",
        [bulk.stored(since), bulk.stored(now)],
        campaign_ids,
    )


def _update(sets: str, set_values: list[Any], where: str, where_values: list[Any], pks: list[int]) -> int:
    """Update at most a batch of calls of campaigns; written out, as the ORM takes ten times as long to say it."""
    if not pks:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE campaigns_call SET {sets} WHERE id IN "
            f"(SELECT id FROM campaigns_call WHERE {bulk.among('campaign_id')} AND {where} LIMIT {BATCH})",
            [*set_values, bulk.ids(pks), *where_values],
        )
        return int(cursor.rowcount)
