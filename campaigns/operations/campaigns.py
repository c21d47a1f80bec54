"""Making, changing and moving campaigns. Every function opens one transaction."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from campaigns import locks, refusals
from campaigns.models import Account, Call, Campaign, Member
from campaigns.operations import calls as call_operations
from campaigns.states import Api, CampaignState, Outcome, Reason

# What decides whether and when waiting calls may go: a change of one of these wakes them.
GATING = frozenset({"windows", "holidays", "timezone", "starts_at", "ends_at", "channels", "message", "flow", "state"})


@transaction.atomic
def create_campaign(
    *, account: Account, now: dt.datetime, api: str = Api.NATIVE, start: bool = False, **fields: Any
) -> Campaign:
    """Make a campaign, and start it if wanted. Raises InvalidValue naming the field, AlreadyThere for its uuid."""
    campaign = Campaign(account=account, api=api, created_at=now, changed_at=now, **fields)
    if start:
        campaign.move(CampaignState.RUNNING, at=now)
    _store(campaign)
    return campaign


@transaction.atomic
def update_campaign(*, campaign: Campaign, now: dt.datetime, by: str = "", **changes: Any) -> Campaign:
    """Change a campaign's fields; what its waiting calls waited for is looked at afresh. Raises InvalidValue."""
    fresh = _held(campaign)
    for name, value in changes.items():
        setattr(fresh, name, value)
    fresh.changed_at, fresh.changed_by = now, by
    _store(fresh)
    if GATING & changes.keys():
        call_operations.wake(Call.objects.filter(campaign=fresh), now=now)
    return fresh


@transaction.atomic
def move_campaign(*, campaign: Campaign, to: CampaignState, now: dt.datetime, by: str = "") -> Campaign:
    """Start, pause, resume, finish or delete a campaign. Raises IllegalMove.

    After this is committed no further call of a campaign that is not running is placed. To finish or delete ends
    every waiting call as cancelled; calls in progress end by themselves.
    """
    fresh = _held(campaign)
    fresh.move(to, at=now)
    fresh.changed_at, fresh.changed_by = now, by
    fresh.save()
    waiting = Call.objects.filter(campaign=fresh)
    if to in {CampaignState.FINISHED, CampaignState.DELETED}:
        call_operations.close_waiting(waiting, outcome=Outcome.CANCELLED, reason=Reason.FINISHED, now=now)
    elif to == CampaignState.RUNNING:
        call_operations.wake(waiting, now=now)
    return fresh


@transaction.atomic
def end_campaign(*, campaign: Campaign, now: dt.datetime) -> Campaign:
    """Finish a campaign whose last moment has passed: its waiting calls are too late. Does nothing twice."""
    fresh = _held(campaign)
    if fresh.ends_at is None or fresh.ends_at > now or not fresh.takes_calls():
        return fresh
    fresh.move(CampaignState.FINISHED, at=now)
    fresh.changed_at = now
    fresh.save()
    waiting = Call.objects.filter(campaign=fresh)
    call_operations.close_waiting(waiting, outcome=Outcome.EXPIRED, reason=Reason.LATE, now=now)
    return fresh


@transaction.atomic
def copy_campaign(*, campaign: Campaign, name: str, now: dt.datetime) -> Campaign:
    """Make a draft with the settings and members of another campaign, but none of its people."""
    kept = {"id", "uuid", "token", "state", "created_at", "started_at", "finished_at", "changed_at", "changed_by"}
    fields = {f.attname: getattr(campaign, f.attname) for f in Campaign._meta.fields if f.attname not in kept}
    fresh = Campaign(**fields | {"name": name, "created_at": now, "changed_at": now})
    _store(fresh)
    Member.objects.bulk_create(
        Member(campaign=fresh, code=member.code, display_name=member.display_name)
        for member in campaign.members.order_by("id")
    )
    return fresh


@transaction.atomic
def set_members(*, campaign: Campaign, codes: list[str]) -> None:
    """Make these the campaign's members, exactly; those who stay keep their names."""
    locks.account(campaign.account_id)
    locks.campaign(campaign.pk)
    campaign.members.exclude(code__in=codes).delete()
    there = set(campaign.members.values_list("code", flat=True))
    Member.objects.bulk_create(
        Member(campaign=campaign, code=code, display_name=code) for code in dict.fromkeys(codes) if code not in there
    )


def add_member(*, campaign: Campaign, code: str, display_name: str = "") -> bool:
    """Add a member; tell whether it was not one already."""
    _, made = Member.objects.get_or_create(
        campaign=campaign, code=code, defaults={"display_name": display_name or code}
    )
    return made


@transaction.atomic
def remove_member(*, campaign: Campaign, code: str) -> bool:
    """Remove a member; tell whether it was one. After this is committed he is given no call."""
    locks.account(campaign.account_id)
    gone, _ = Member.objects.filter(campaign=campaign, code=code).delete()
    return gone > 0


def _held(campaign: Campaign) -> Campaign:
    locks.account(campaign.account_id)
    locks.campaign(campaign.pk)
    return Campaign.objects.select_related("account").get(pk=campaign.pk)


def _store(campaign: Campaign) -> None:
    try:
        campaign.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise refusals.InvalidValue(f"{field}: {messages[0]}", field=field) from error
    try:
        with transaction.atomic():
            campaign.save()
    except IntegrityError as error:
        raise refusals.AlreadyThere("A campaign with this uuid exists already.", field="uuid") from error
