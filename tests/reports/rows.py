"""Ledger rows for tests of reports: campaigns and ended attempts, made through the models."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from campaigns import bulk
from campaigns.models import Account, Call, CallAttempt, Campaign, Contact, Intake
from campaigns.states import CallState
from reports.models import AttemptReport

START = dt.datetime(2031, 3, 3, 10, tzinfo=dt.UTC)


def at(seconds: float) -> dt.datetime:
    """Return the moment so many seconds after Monday 2031-03-03 10:00 UTC."""
    return START + dt.timedelta(seconds=seconds)


def campaign(name: str = "Dues", *, account: Account | None = None, **fields: Any) -> Campaign:
    """Make a campaign, of an account of its own unless one is given."""
    account = account or Account.objects.create(name=f"Account of {name}", country="IT", timezone="Europe/Rome")
    return Campaign.objects.create(account=account, name=name, created_at=START, **fields)


def attempt(
    campaign: Campaign, *, call: dict[str, Any] | None = None, person: tuple[str, str] | None = None, **fields: Any
) -> CallAttempt:
    """Make an ended attempt; what is not given: claimed at 0 s, placed at 1 s, answered at 5 s, ended at 30 s."""
    contact = None
    if person:
        contact = Contact.objects.create(
            account=campaign.account, campaign=campaign, first_name=person[0], last_name=person[1], created_at=START
        )
    made = _call(campaign, contact=contact, **call or {})
    made.save()
    made_attempt = _attempt(made, **fields)
    made_attempt.save()
    return made_attempt


def attempts(campaign: Campaign, wanted: list[dict[str, Any]]) -> list[int]:
    """Make many attempts with two statements; return their ids."""
    calls = Call.objects.bulk_create([_call(campaign) for _ in wanted])
    made = [_attempt(call, **fields) for call, fields in zip(calls, wanted, strict=True)]
    return [attempt.pk for attempt in CallAttempt.objects.bulk_create(made)]


def intake(campaign: Campaign, api: str) -> Intake:
    """Make the request that calls came by."""
    return Intake.objects.create(account=campaign.account, api=api, created_at=START)


def reports(campaign: Campaign, count: int, *, apart: float = 0.001) -> None:
    """Store reports without a ledger behind them, so many seconds apart: for exports of many rows."""
    empty = {"contact_name": "", "api": "", "caller_id": "", "cause": "", "digits": "", "answered_at": None}
    common = empty | {
        "account_id": campaign.account_id,
        "campaign_id": campaign.pk,
        "campaign_name": campaign.name,
        "channel": "voice",
        "number": "0612345200",
        "destination": "+390612345200",
        "carrier": "voice",
        "n": 1,
        "counts": True,
        "outcome": "no_answer",
        "claimed_at": START,
        "placed_at": START,
        "ring_seconds": Decimal("12.5"),
        "talk_seconds": Decimal(0),
        "abandoned": False,
        "cost": Decimal(0),
    }
    own = ("attempt_id", "call_id", "external_id", "ended_at")
    same = tuple(common.values())
    made = ((n + 1, n + 1, f"n{n}", at(n * apart), *same) for n in range(count))
    bulk.insert(AttemptReport, [*own, *common], made)


def _call(campaign: Campaign, **fields: Any) -> Call:
    usual: dict[str, Any] = {
        "account_id": campaign.account_id,
        "campaign": campaign,
        "number": "06 12345200",
        "destination": "+390612345200",
        "zones": "Europe/Rome",
        "due_at": START,
        "created_at": START,
        "state": CallState.DONE,
        "outcome": "answered",
        "done_at": at(30),
    }
    return Call(**usual | fields)


def _attempt(call: Call, **fields: Any) -> CallAttempt:
    usual: dict[str, Any] = {
        "account_id": call.account_id,
        "campaign_id": call.campaign_id,
        "call": call,
        "n": 1,
        "carrier": "voice",
        "destination": call.destination,
        "state": "ended",
        "outcome": "answered",
        "claimed_at": START,
        "placed_at": at(1),
        "answered_at": at(5),
        "ended_at": at(30),
        "check_at": START,
    }
    return CallAttempt(**usual | fields)
