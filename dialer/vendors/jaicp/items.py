"""Reads numbers with their calling rules as calls to be made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from campaigns import refusals
from campaigns.models import Campaign
from campaigns.operations.calls import NewCall
from campaigns.phones import Destination
from dialer.vendors.jaicp import errors, moments, numbers, windows, zones

MOST_ITEMS = 100_000
MOST_ATTEMPTS = 50
LONGEST_RETRY_MINUTES = 2880
MIDDLE_PRIORITY = 3
_NO_RULES = (None,) * 5
# All that a number may have beside its payload.
_RULES = frozenset({
    *windows.FIELDS, "gmtZone", "startDateTime", "finishDateTime", "maxAttempts", "retryIntervalInMinutes",
    "dialerPriority", "externalCheck",
})  # fmt: skip


def check_list(body: object) -> list[Any]:
    """Return a request's list of numbers. Raises Fault."""
    if not isinstance(body, list):
        raise errors.wrong("The body", "an array of numbers with their rules")
    if not 1 <= len(body) <= MOST_ITEMS:
        raise errors.wrong("The array", f"of 1 to {MOST_ITEMS} items; it has {len(body)}")
    return body


def check_open(campaign: Campaign) -> None:
    """Refuse numbers for a campaign that takes no more. Raises Fault."""
    if not campaign.takes_calls():
        raise errors.closed(campaign.state)


@dataclass(slots=True)
class Reader:
    """Reads the numbers of one request for one campaign; what many have in common is read once."""

    campaign: Campaign
    now: dt.datetime
    plan: numbers.Plan = field(init=False)
    _zone_name: str = field(init=False)
    _windows: dict[str, list[dict[str, Any]] | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.plan = numbers.plan_of(self.campaign)
        self._zone_name = self.campaign.zone_name()

    def calls(self, items: Sequence[Any]) -> list[NewCall]:
        """Return the calls to be made, in the order of the items.

        Raises the Fault of the first item that has one; a number that stands twice is told with all others that do.
        """
        calls: list[NewCall] = []
        seen: set[str] = set()
        repeated: dict[str, None] = {}
        for index, item in enumerate(items):
            try:
                number, destination = self._destination(item)
                if destination.address in seen:
                    repeated[numbers.bare(destination.address)] = None
                seen.add(destination.address)
                if not repeated:
                    calls.append(self.call(item, number, destination))
            except errors.Fault as fault:
                if not repeated:
                    raise fault.of_item(index) from fault
        if repeated:
            raise errors.duplicated(list(repeated), f"{', '.join(list(repeated)[:10])}: more than once in the list.")
        return calls

    def _destination(self, item: object) -> tuple[str, Destination]:
        if not isinstance(item, dict):
            raise errors.invalid("An object with a phone is wanted.")
        return self.plan.read(item.get("phone"))

    def call(self, item: Mapping[str, Any], number: str, destination: Destination) -> NewCall:
        """Return the call of one number. Raises Fault."""
        if _RULES.isdisjoint(item):
            payload = _payload(item.get("payload"))
            return NewCall(campaign=self.campaign, number=number, destination=destination, custom_data=payload)
        timezone = self._timezone(item.get("gmtZone"), destination)
        starts_at, ends_at = self._dates(item)
        window = self._window(item)
        most = _whole(item, "maxAttempts", MOST_ATTEMPTS)
        minutes = _whole(item, "retryIntervalInMinutes", LONGEST_RETRY_MINUTES)
        rules = (starts_at, ends_at, window, most, minutes)
        return NewCall(
            campaign=self.campaign,
            number=number,
            destination=destination,
            timezone=timezone,
            due_at=starts_at,
            not_after=ends_at,
            window=window,
            max_attempts=most,
            retry_minutes=minutes,
            priority=_priority(item.get("dialerPriority"), has_rules=rules != _NO_RULES),
            custom_data=_payload(item.get("payload")),
            extra=_extra(item.get("externalCheck")),
        )

    def _timezone(self, written: object, destination: Destination) -> str:
        if written is None:
            return ""
        if not isinstance(written, str):
            raise errors.wrong("gmtZone", "a string")
        try:
            return zones.read(written)
        except refusals.InvalidZone as refusal:
            raise errors.bad_zone(numbers.bare(destination.address), written) from refusal

    def _dates(self, item: Mapping[str, Any]) -> tuple[dt.datetime | None, dt.datetime | None]:
        """Return when a number may first be called (None: now), and after when no more."""
        starts_at = moments.read(item.get("startDateTime"), "startDateTime", self._zone_name)
        ends_at = moments.read(item.get("finishDateTime"), "finishDateTime", self._zone_name)
        if starts_at and ends_at and starts_at >= ends_at:
            raise errors.invalid("startDateTime must be before finishDateTime.")
        return (starts_at if starts_at and starts_at > self.now else None), ends_at

    def _window(self, item: Mapping[str, Any]) -> list[dict[str, Any]] | None:
        written = repr([item.get(name) for name in windows.FIELDS])
        if written not in self._windows:
            self._windows[written] = windows.read(item, self.campaign.windows)
        return self._windows[written]


def _whole(item: Mapping[str, Any], name: str, most: int) -> int | None:
    value = item.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise errors.wrong(name, f"a whole number from 1 to {most}")
    return value


def _priority(value: object, *, has_rules: bool) -> int:
    """Return the ledger's priority, in which higher goes first; 0 is a number without a priority and without rules.

    Within one priority of the vendor's, numbers with rules of their own go before those that have none.
    """
    if value is None:
        value = MIDDLE_PRIORITY
    elif isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 5:
        raise errors.Fault(errors.BAD_PRIORITY, "dialerPriority must be a whole number from 1 (first) to 5 (last).")
    return 2 * (MIDDLE_PRIORITY - value) + has_rules


def _payload(value: object) -> dict[str, Any] | None:
    if value is not None and not isinstance(value, dict):
        raise errors.wrong("payload", "an object")
    return value


def _extra(check: object) -> dict[str, Any] | None:
    """Return what is kept of an external check: all of it, though no such check is ever made."""
    if check is None:
        return None
    if not isinstance(check, dict) or not isinstance(check.get("externalCheckUrl"), str):
        raise errors.wrong("externalCheck", "an object with externalCheckUrl")
    retries = check.get("externalCheckMaxRetries")
    if retries is not None and (isinstance(retries, bool) or not isinstance(retries, int)):
        raise errors.wrong("externalCheckMaxRetries", "a whole number")
    return {"externalCheck": check}
