"""Adds numbers to a campaign. Requires the transaction of the caller, who keeps the answer with the calls."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

from campaigns import locks, refusals
from campaigns.models import Call, Campaign
from campaigns.operations import calls as call_operations
from campaigns.operations.calls import NewCall
from campaigns.states import Api
from dialer.vendors.jaicp import errors, items, numbers

# How a number added one by one is marked in its intake, for the rule against repeats.
SINGLE = {"method": "addPhone"}


def read_single(campaign: Campaign, fields: Mapping[str, Any], now: dt.datetime) -> NewCall:
    """Return the call that addPhone asks for: all fields but phone and gmtZone are its payload. Raises Fault."""
    phone = fields.get("phone")
    if phone is None or phone == "":
        raise errors.invalid("phone is missing.")
    items.check_open(campaign)
    reader = items.Reader(campaign, now)
    number, destination = reader.plan.read(phone)
    payload = {name: _text(value) for name, value in fields.items() if name not in {"phone", "gmtZone"}}
    item = {"phone": phone, "gmtZone": fields.get("gmtZone") or None, "payload": payload}
    return reader.call(item, number, destination)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def add(
    *,
    campaign: Campaign,
    calls: Sequence[NewCall],
    key: str,
    now: dt.datetime,
    marks: Mapping[str, Any] | None = None,
) -> list[str]:
    """Store calls, and return the ids of their jobs in the same order. Raises Fault."""
    intake = call_operations.take(
        account=campaign.account, api=Api.JAICP, request_id=key, now=now, extra=dict(marks or {})
    )
    try:
        return [str(pk) for pk in call_operations.add_calls(calls=calls, intake=intake, now=now)]
    except refusals.CampaignClosed as refusal:
        # It was closed since the request was read.
        raise errors.closed(Campaign.objects.values_list("state", flat=True).get(pk=campaign.pk)) from refusal


def add_single(*, call: NewCall, key: str, now: dt.datetime, window_hours: float = 0) -> str:
    """Store one call, and return the id of its job. Raises Fault.

    Within `window_hours` after the like of it was added, it is refused unless it has a key; 0 switches that off.
    """
    if window_hours and not key:
        _refuse_repeat(call, since=now - dt.timedelta(hours=window_hours))
    return add(campaign=call.campaign, calls=[call], key=key, now=now, marks=SINGLE)[0]


def _refuse_repeat(call: NewCall, *, since: dt.datetime) -> None:
    """Refuse a number that was added with the same payload by the same method. Holds the campaign, for its twin."""
    locks.campaign(call.campaign.pk)
    recent = Call.objects.filter(
        campaign=call.campaign, destination=call.destination.address, created_at__gt=since, intake__api=Api.JAICP
    )
    payload = call.custom_data or {}
    if any(extra == SINGLE and data == payload for extra, data in recent.values_list("intake__extra", "custom_data")):
        phone = numbers.bare(call.destination.address)
        raise errors.duplicated([phone], f"{phone} was added with the same payload already.")
