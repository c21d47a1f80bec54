"""Adds calls to a campaign, one each request. Faults are told in the vendor's order: id, number, text, state, rest."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from django.db import transaction

from campaigns import locks, phones, refusals
from campaigns.models import Account, Campaign
from campaigns.operations import calls as call_operations
from campaigns.operations.calls import NewCall
from campaigns.phones import Destination
from campaigns.states import Api
from dialer.vendors.go4clients import finding, flows, voices
from dialer.vendors.go4clients.errors import Code, Fault
from dialer.vendors.go4clients.fields import Fields, as_digits

HIGH, LOW = "HIGH", "LOW"
PRIORITIES = {HIGH: 10, LOW: 0}
_NUMBER = re.compile(r"\+?[0-9]{5,15}", re.ASCII)


class Kind(NamedTuple):
    """A way of saying what a call does: how its texts are checked, and how its own fields are read."""

    check_texts: Callable[[Fields], object]
    content: Callable[[Fields, Campaign], dict[str, Any]]
    # Where none is sent; None where one must be.
    priority: str | None


TEXT = Kind(
    check_texts=lambda fields: voices.spoken(fields.get("message"), "message"),
    content=lambda fields, campaign: {"message": voices.spoken(fields.get("message"), "message")},
    priority=LOW,
)
CUSTOM = Kind(
    check_texts=lambda fields: flows.check_texts(fields.get(flows.ROOT)),
    content=lambda fields, campaign: {"flow": flows.read(fields.get(flows.ROOT), voice=campaign.voice)},
    priority=None,
)


def add(*, account: Account, fields: Fields, kind: Kind, now: dt.datetime) -> int:
    """Store the call that a request asks for, and return its id. Raises Fault, Refused."""
    wanted = finding.sent_id(fields)
    number = fields.get("mobileNumber")
    if number is None:
        raise Fault(Code.NUMBER_EMPTY, "mobileNumber is empty.")
    kind.check_texts(fields)
    campaign = finding.active(account, wanted, now=now)
    text, destination = read_number(number, account.country)
    call = NewCall(
        campaign=campaign,
        number=text,
        destination=destination,
        priority=_priority(fields.get("priority") or kind.priority),
        **kind.content(fields, campaign),
    )
    return _store(call, now)


@transaction.atomic
def _store(call: NewCall, now: dt.datetime) -> int:
    # It may have been paused since it was read; while this is held it is not.
    locks.campaigns_shared([call.campaign.pk])
    finding.active(call.campaign.account, call.campaign.pk, now=now)
    intake = call_operations.take(account=call.campaign.account, api=Api.GO4CLIENTS, now=now)
    return call_operations.add_calls(calls=[call], intake=intake, now=now)[0]


def read_number(value: object, country: str) -> tuple[str, Destination]:
    """Return a number as it was sent, and where it leads. Raises Fault.

    5 to 15 digits begin with a country's code, with or without a plus; a leading 0 is the account's country, 00 stands
    for the plus. Digits that no numbering plan knows are dialled as they are.
    """
    text = as_digits(value) or ""
    if not _NUMBER.fullmatch(text):
        raise Fault(Code.CALL_REFUSED, "mobileNumber: 5 to 15 digits are wanted, with or without a leading +.")
    try:
        return text, phones.lenient(text if text[0] in "+0" else "+" + text, country)
    except refusals.InvalidNumber:
        return text, Destination("+" + text.removeprefix("+"))


def _priority(value: object) -> int:
    found = PRIORITIES.get(value.strip().upper()) if isinstance(value, str) else None
    if found is None:
        raise Fault(Code.CALL_REFUSED, f"priority: {HIGH} or {LOW} is wanted.")
    return found
