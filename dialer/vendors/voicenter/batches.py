"""AddCallsBulk: many calls, of several campaigns perhaps, read in one pass and stored by one statement an account."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from campaigns import identifiers, refusals
from campaigns.models import Account, Campaign
from campaigns.operations import calls as call_operations
from campaigns.operations.calls import NewCall
from campaigns.states import Api
from dialer.vendors.voicenter import auth, errors, serializers, targets
from dialer.vendors.voicenter.fields import Fields, as_text

MOST_ITEMS = 100_000
# Above this the vendor's answer has no word about single items.
MOST_RESULTS = 3_000
# Each distinct Code costs a look-up; beyond these, a Code counts as unknown.
MOST_CODES = 100


@dataclass(slots=True)
class Batch:
    """What a request has asked for: the calls of each account, and each item's code and description, in its order."""

    calls: dict[Account, list[NewCall]] = field(default_factory=dict)
    results: list[tuple[int, str]] = field(default_factory=list)


def items_of(body: Any) -> list[Any]:
    """Return the items of a body, all of them objects; a lone one is one item.

    Raises Fault, for too many with HTTP 413.
    """
    items = [body] if isinstance(body, dict) else body
    if not isinstance(items, list) or not items:
        raise errors.Fault(errors.Code.FIELD, "An array of calls is required")
    if len(items) > MOST_ITEMS:
        raise errors.Fault(errors.Code.FIELD, "Too many calls", status=413)
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            raise errors.Fault(errors.Code.FIELD, f"Item {index + 1} is no object")
    return items


def read(items: Sequence[Fields], caller: auth.Caller, now: dt.datetime) -> Batch:
    """Read every item, each campaign and Code once. Raises Fault where an address list shuts the caller out."""
    campaigns = identifiers.by_voicenter_codes({code for item in items if (code := as_text(item.raw("Campaign")))})
    owners = _owners(items, caller)
    accounts = {campaign.account for campaign in campaigns.values()} | {owner for owner in owners.values() if owner}
    auth.admit(accounts, caller)
    numbers = {account.pk: targets.Numbers(account) for account in accounts}
    batch = Batch()
    done = (errors.Code.OK.value, "OK")
    for item in items:
        try:
            campaign = _campaign(item, campaigns, owners)
            call = serializers.new_call(item, campaign, numbers[campaign.account_id], now)
        except (errors.Fault, refusals.Refused) as error:
            fault = errors.as_fault(error)
            batch.results.append((fault.code, fault.description))
        else:
            batch.results.append(done)
            batch.calls.setdefault(campaign.account, []).append(call)
    return batch


@transaction.atomic
def store(batch: Batch, now: dt.datetime) -> None:
    """Store the calls of a batch: all of them or none. Raises CampaignClosed."""
    for account, calls in batch.calls.items():
        intake = call_operations.take(account=account, api=Api.VOICENTER, now=now)
        call_operations.add_calls(calls=calls, intake=intake, now=now)


def results(items: Iterable[Fields], batch: Batch) -> list[dict[str, Any]]:
    """Return what came of each item, as the vendor shows it: the target as it was sent."""
    return [
        {
            "Target": "" if item.raw("Target") is None else item.raw("Target"),
            "ErrorCode": code,
            "Description": description,
            "CustomData": _custom_data(item),
        }
        for item, (code, description) in zip(items, batch.results, strict=True)
    ]


def _owners(items: Sequence[Fields], caller: auth.Caller) -> dict[str, Account | None]:
    """Return the account of each Code that items hold; None for one that is unknown."""
    found: dict[str, Account | None] = {}
    for item in items:
        code = as_text(item.raw("Code"))
        if code and code not in found:
            found[code] = auth.account_of(code, caller) if len(found) < MOST_CODES else None
    return found


def _campaign(item: Fields, campaigns: dict[str, Campaign], owners: dict[str, Account | None]) -> Campaign:
    found = campaigns.get(as_text(item.raw("Campaign")) or "")
    code = item.raw("Code")
    auth.check_owner(found, owners.get(as_text(code) or ""), code_sent=auth.sent(code))
    if found is None:
        raise errors.Fault(errors.Code.CAMPAIGN, errors.INVALID_CAMPAIGN)
    return found


def _custom_data(item: Fields) -> dict[str, Any]:
    try:
        return item.custom_data() or {}
    except errors.Fault:
        return {}
