"""Turns calls as programs send them into new calls of the ledger, and tells what is wrong with which."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import msgspec
from rest_framework.exceptions import ParseError

from campaigns import flows, hours, phones, refusals
from campaigns.api import items, parsers
from campaigns.api.fields import OFFSET_WANTED
from campaigns.api.problems import FieldError
from campaigns.models import Call, Campaign, Contact
from campaigns.operations.calls import NewCall
from campaigns.states import Channel, ZoneSource

_BATCH = 5000
_CALLER_ID = re.compile(r"\+?[0-9]{3,15}")


@dataclass(slots=True)
class Batch:
    """Calls fit to be stored, where each stood in the request, and what was refused."""

    calls: list[NewCall] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    errors: list[FieldError] = field(default_factory=list)

    def placed(self) -> Iterable[tuple[int, NewCall]]:
        """Return each call with its place in the request."""
        return zip(self.places, self.calls, strict=True)

    def without(self, refused: Mapping[int, str], name: str) -> Batch:
        """Return the batch without the calls of some places, for which one field is to blame."""
        if not refused:
            return self
        kept = [(place, call) for place, call in self.placed() if place not in refused]
        errors = [_at(place, name, told) for place, told in refused.items()]
        return Batch([call for _, call in kept], [place for place, _ in kept], self.errors + errors)


def read_items(raws: Iterable[bytes | msgspec.Raw], campaign: Campaign) -> Batch:
    """Read the items of the bulk door; faults are collected, each under calls[index]. Raises ParseError."""
    batch, contacts = Batch(), {}
    for index, raw in enumerate(raws):
        try:
            item = items.ITEM.decode(raw)
            call = new_call(item, campaign)
        except msgspec.ValidationError as error:
            fault = items.misfit(error)
            batch.errors.append(_at(index, fault["field"], fault["message"]))
        except refusals.Refused as refusal:
            batch.errors.append(_at(index, refusal.field, refusal.message))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ParseError(f"calls[{index}] is no JSON: {error}.") from error
        else:
            batch.calls.append(call)
            batch.places.append(index)
            if item.contact is not None:
                contacts[index] = item.contact
    return _with_contacts(batch, contacts, campaign) if contacts else batch


def read_one(item: items.CallItem, campaign: Campaign) -> NewCall:
    """Return one new call. Raises Refused naming the field."""
    call = new_call(item, campaign)
    if item.contact is None:
        return call
    batch = _with_contacts(Batch([call], [0]), {0: item.contact}, campaign)
    if batch.errors:
        raise refusals.InvalidValue(batch.errors[0]["message"], field="contact")
    return call


def new_call(item: items.CallItem, campaign: Campaign) -> NewCall:
    """Return a new call without its contact, which is looked up for many at once. Raises Refused naming the field."""
    if item.number is None:
        raise refusals.InvalidNumber("This field is required.", field="number")
    if item.campaign is not None and item.campaign != campaign.pk:
        raise refusals.InvalidValue("It differs from the request's campaign.", field="campaign")
    number, channel = str(item.number), item.channel or Channel.VOICE.value
    destination = phones.read(number, channel, campaign.account.country)
    call = NewCall(campaign=campaign, number=number, destination=destination, channel=channel)
    for name, value in _given(item, _NEW):
        setattr(call, name, value)
    _check_order(call.due_at, call.not_after)
    return call


def repeats(batch: Batch, campaign: Campaign) -> dict[int, str]:
    """Return the places of calls whose `external_id` stands earlier in the request or in the ledger, and why."""
    first: dict[str, int] = {}
    told: dict[int, str] = {}
    for place, call in batch.placed():
        if call.external_id is None:
            continue
        if call.external_id in first:
            told[place] = f"{call.external_id!r} stands in calls[{first[call.external_id]}] already."
        else:
            first[call.external_id] = place
    for some in _batches(list(first)):
        there = Call.objects.filter(campaign=campaign, external_id__in=some)
        for pk, external_id in there.values_list("pk", "external_id"):
            told[first[str(external_id)]] = f"{external_id!r} is already used in the campaign, by call {pk}."
    return told


def changes(change: items.CallChange, named: set[str], call: Call, now: dt.datetime) -> dict[str, Any]:
    """Return the columns that a change of a waiting call sets. Raises Refused naming the field."""
    empty = {**_EMPTY, "due_at": now}
    columns = {name: empty[name] for name in named - {"number", "timezone"}}
    columns |= dict(_given(change, _CHANGED))
    _check_order(columns.get("due_at", call.due_at), columns.get("not_after", call.not_after))
    if named & {"number", "timezone"}:
        columns |= _destination(change, named, call)
    return columns


def _destination(change: items.CallChange, named: set[str], call: Call) -> dict[str, Any]:
    """Return the columns of where a changed call goes, with the zones that follow from it."""
    if "number" in named and change.number is None:
        raise refusals.InvalidNumber("It cannot be taken away.", field="number")
    number = call.number if change.number is None else str(change.number)
    found = phones.read(number, call.channel, call.account.country)
    was = call.zones if call.zone_source == ZoneSource.CONTACT and "timezone" not in named else ""
    zone = _zone(change.timezone) if change.timezone else was
    return {
        "number": number,
        "destination": found.address,
        "zones": zone or found.zones,
        "zone_source": ZoneSource.CONTACT if zone else found.source,
    }


def _with_contacts(batch: Batch, wanted: Mapping[int, int], campaign: Campaign) -> Batch:
    """Give calls their contacts, by one query for thousands; a call of an unknown one is refused."""
    known = Contact.objects.filter(campaign=campaign, removed_at__isnull=True)
    found: dict[int, Contact] = {}
    for some in _batches(sorted(set(wanted.values()))):
        found |= known.in_bulk(some)
    for place, call in batch.placed():
        if contact := found.get(wanted.get(place, 0)):
            call.contact = contact
            call.timezone = call.timezone or contact.timezone
    stray = {place: f"The campaign has no contact {pk}." for place, pk in wanted.items() if pk not in found}
    return batch.without(stray, "contact")


def _given(item: items.CallChange, readers: Mapping[str, Callable[[Any], Any]]) -> list[tuple[str, Any]]:
    """Return the fields that were given, each read. Raises Refused naming the field."""
    values = (_NEW_VALUES if readers is _NEW else _CHANGED_VALUES)(item)
    return [
        (name, readers[name](value))
        for name, value in zip(readers, values, strict=True)
        if value is not None and value != ""
    ]


def _same(value: Any) -> Any:
    return value


def _moment(name: str) -> Callable[[str], dt.datetime]:
    def read(text: str) -> dt.datetime:
        try:
            moment = dt.datetime.fromisoformat(text)
            if moment.tzinfo is not None:
                return moment.astimezone(dt.UTC)
        except (ValueError, OverflowError):
            pass
        raise refusals.InvalidValue(OFFSET_WANTED, field=name)

    return read


def _zone(name: str) -> str:
    hours.zone(name)
    return name


def _windows(value: list[dict[str, Any]]) -> list[dict[str, Any]]:
    try:
        hours.parse_windows(value)
    except refusals.InvalidWindows as refusal:
        raise refusals.InvalidWindows(refusal.message, field="window") from refusal
    return value


def _flow(value: dict[str, Any]) -> dict[str, Any]:
    flows.check(value)
    return value


def _caller_id(value: str) -> str:
    if not _CALLER_ID.fullmatch(value):
        raise refusals.InvalidCallerId("3 to 15 digits are wanted, with or without a plus.", field="caller_id")
    return value


def _data(value: dict[str, Any]) -> dict[str, Any]:
    if parsers.too_deep(value):
        raise refusals.InvalidValue("It is nested too deeply.", field="custom_data")
    return value


def _check_order(due: dt.datetime | None, last: dt.datetime | None) -> None:
    if due and last and last < due:
        raise refusals.InvalidValue("It lies before due_at.", field="not_after")


def _at(index: int, name: str, told: str) -> FieldError:
    return FieldError(field=f"calls[{index}].{name}".removesuffix("."), message=told)


def _batches(wanted: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(wanted), _BATCH):
        yield wanted[start : start + _BATCH]


# How each field is read; what is not named here is read by itself.
_CHANGED: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("priority", "caller_name", "message", "voice", "max_attempts", "retry_minutes"), _same),
    "due_at": _moment("due_at"),
    "not_after": _moment("not_after"),
    "window": _windows,
    "caller_id": _caller_id,
    "flow": _flow,
    "custom_data": _data,
}
_NEW: Mapping[str, Callable[[Any], Any]] = {
    **_CHANGED,
    "timezone": _zone,
    "external_id": _same,
    "reference": _same,
}
# All of a row's values at once, which is several times faster than one by one.
_CHANGED_VALUES = attrgetter(*_CHANGED)
_NEW_VALUES = attrgetter(*_NEW)
# What null means in a change.
_EMPTY: Mapping[str, Any] = {
    **dict.fromkeys(("caller_id", "caller_name", "message", "voice"), ""),
    **dict.fromkeys(("not_after", "window", "flow", "max_attempts", "retry_minutes")),
    "priority": 0,
    "custom_data": {},
}
