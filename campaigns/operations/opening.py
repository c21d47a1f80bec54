"""Campaigns of clients that know only "paused or not": opened, revised, reopened. Every function opens one transaction.

Such a client moves a campaign's end by sending its dates again. So a campaign that its end date has finished, and
nothing else, comes back to life when that date moves on; one that a person finished stays finished.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from campaigns import bulk, locks, refusals
from campaigns.models import Account, Call, Campaign
from campaigns.operations import calls as call_operations
from campaigns.operations import campaigns as campaign_operations
from campaigns.states import CallState, CampaignState, Outcome, Reason

# Calls that the end of their campaign closed: waiting ones as too late, those in progress when their try had failed.
CLOSED_BY_END = Q(outcome=Outcome.EXPIRED, reason=Reason.LATE) | Q(outcome=Outcome.CANCELLED, reason=Reason.FINISHED)
BATCH = 5000


@transaction.atomic
def open_campaign(*, account: Account, now: dt.datetime, api: str, paused: bool, **fields: Any) -> Campaign:
    """Make a campaign that runs, or is paused, from the start. Raises InvalidValue, AlreadyThere for its uuid."""
    campaign = campaign_operations.create_campaign(account=account, now=now, api=api, start=True, **fields)
    if not paused:
        return campaign
    return campaign_operations.move_campaign(campaign=campaign, to=CampaignState.PAUSED, now=now)


@transaction.atomic
def revise_campaign(*, campaign: Campaign, now: dt.datetime, paused: bool, by: str = "", **changes: Any) -> Campaign:
    """Change a campaign's fields and whether it is paused, at once; reopen it where its end has moved on.

    A draft that is to be paused stays a draft. Raises InvalidValue, and CampaignClosed where a person finished it.
    """
    locks.account(campaign.account_id)
    locks.campaign(campaign.pk)
    before = Campaign.objects.get(pk=campaign.pk)
    over = ended_by_date(before)
    if not before.takes_calls() and not over:
        raise refusals.CampaignClosed(f"The campaign is {before.state} and cannot be changed.", field="state")
    fresh = campaign_operations.update_campaign(campaign=campaign, now=now, by=by, **changes)
    if over:
        return _still_over(fresh) if is_past(fresh, now) else _reopen(fresh, paused=paused, now=now)
    to = CampaignState.PAUSED if paused else CampaignState.RUNNING
    if fresh.state == to or (paused and fresh.state == CampaignState.DRAFT):
        return fresh
    return campaign_operations.move_campaign(campaign=fresh, to=to, now=now, by=by)


def is_past(campaign: Campaign, now: dt.datetime) -> bool:
    """Tell whether a campaign's last moment has passed, finished already or not."""
    return campaign.ends_at is not None and campaign.ends_at <= now


def ended_by_date(campaign: Campaign) -> bool:
    """Tell whether it was its end date that finished a campaign."""
    if campaign.state != CampaignState.FINISHED or campaign.ends_at is None or campaign.finished_at is None:
        return False
    return campaign.finished_at >= campaign.ends_at


def _still_over(campaign: Campaign) -> Campaign:
    """Keep the mark by which `ended_by_date` knows a campaign, where its end was moved to another past day."""
    if campaign.finished_at and campaign.ends_at and campaign.finished_at < campaign.ends_at:
        campaign.finished_at = campaign.ends_at
        campaign.save(update_fields=["finished_at"])
    return campaign


def _reopen(campaign: Campaign, *, paused: bool, now: dt.datetime) -> Campaign:
    """Let a campaign run on, or be paused, that its end date had finished. Requires account and campaign held.

    The life cycle has no arrow out of "finished", for a person's decision is final. An end date is none: no one
    decided anything when it passed.
    """
    campaign.state = CampaignState.PAUSED if paused else CampaignState.RUNNING
    campaign.finished_at = None
    campaign.save(update_fields=["state", "finished_at"])
    _revive(campaign, now=now)
    return campaign


def _revive(campaign: Campaign, *, now: dt.datetime) -> None:
    """Let the calls wait again that the end of their campaign closed, if they have tries left."""
    closed = Call.objects.filter(
        CLOSED_BY_END,
        Q(not_after__isnull=True) | Q(not_after__gt=now),
        campaign=campaign,
        state=CallState.DONE,
        attempts_made__lt=Coalesce(F("max_attempts"), Value(campaign.max_attempts)),
    )
    pks = list(closed.order_by("id").values_list("pk", flat=True))
    for start in range(0, len(pks), BATCH):
        calls = Call.objects.filter(pk__in=pks[start : start + BATCH])
        _mark_armed(calls.filter(attempts_total__gt=0))
        calls.update(state=CallState.WAITING, ready=True, outcome="", reason=Reason.NONE, done_at=None)
        call_operations.wake(calls, now=now)


def _mark_armed(calls: QuerySet[Call]) -> None:
    """Note on calls that they start afresh after the tries made so far."""
    rows = [
        (pk, {**extra, "armed_at": tries}) for pk, extra, tries in calls.values_list("pk", "extra", "attempts_total")
    ]
    bulk.update(Call, ("id", "extra"), rows)
