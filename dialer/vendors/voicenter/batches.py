"""AddCallsBulk: many calls, of several campaigns perhaps, read in one pass and stored by one statement an account."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

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


class Names(NamedTuple):
    """The campaign and the account that an item names; whole batches name the same."""

    campaign: str
    code: str
    is_code_sent: bool


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


def read(items: list[Fields], caller: auth.Caller, now: dt.datetime) -> Batch:
    """Read every item, each campaign and Code once. Raises Fault where an address list shuts the caller out.

    Takes the items off the list where they are too many for `results`.
    """
    seen: dict[Names, Names] = {}
    named = [seen.setdefault(names, names) for names in map(_names, items)]
    campaigns = identifiers.by_voicenter_codes({names.campaign for names in seen if names.campaign})
    owners = _owners(seen, caller)
    accounts = {campaign.account for campaign in campaigns.values()} | {owner for owner in owners.values() if owner}
    auth.admit(accounts, caller)
    numbers = {account.pk: targets.Numbers(account) for account in accounts}
    settled = {names: _settled(names, campaigns, owners) for names in seen}
    batch = Batch()
    calls: dict[int, list[NewCall]] = {}
    done = (errors.Code.OK.value, "OK")
    reading = items if len(items) <= MOST_RESULTS else _taken_off(items)
    for item, names in zip(reading, named, strict=True):
        campaign = settled[names]
        if isinstance(campaign, tuple):
            batch.results.append(campaign)
            continue
        try:
            call = serializers.new_call(item, campaign, numbers[campaign.account_id], now)
        except (errors.Fault, refusals.Refused) as error:
            fault = errors.as_fault(error)
            batch.results.append((fault.code, fault.description))
        else:
            batch.results.append(done)
            calls.setdefault(campaign.account_id, []).append(call)
    batch.calls = {some[0].campaign.account: some for some in calls.values()}
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


def _taken_off(items: list[Fields]) -> Iterator[Fields]:
    """Yield items in their order, each gone from the list: many of them weigh as much as the calls made of them."""
    items.reverse()
    while items:
        yield items.pop()


def _names(item: Fields) -> Names:
    code = item.raw("Code")
    return Names(as_text(item.raw("Campaign")) or "", as_text(code) or "", auth.sent(code))


def _owners(named: Iterable[Names], caller: auth.Caller) -> dict[str, Account | None]:
    """Return the account of each Code that items hold; None for one that is unknown."""
    found: dict[str, Account | None] = {}
    for names in named:
        if names.code and names.code not in found:
            found[names.code] = auth.account_of(names.code, caller) if len(found) < MOST_CODES else None
    return found


def _settled(
    names: Names, campaigns: dict[str, Campaign], owners: dict[str, Account | None]
) -> Campaign | tuple[int, str]:
    """Return the campaign that is named, or the code and description of why it is none."""
    found = campaigns.get(names.campaign)
    try:
        auth.check_owner(found, owners.get(names.code), code_sent=names.is_code_sent)
    except errors.Fault as fault:
        return fault.code, fault.description
    return found or (errors.Code.CAMPAIGN.value, errors.INVALID_CAMPAIGN)


def _custom_data(item: Fields) -> dict[str, Any]:
    try:
        return item.custom_data() or {}
    except errors.Fault:
        return {}
