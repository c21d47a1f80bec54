"""Reads calls to make: each with the defaults of its request, checked by the table of the single form."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.conf import settings

from campaigns import flows, hours, phones, refusals
from campaigns.models import Account, CallerId, Campaign, Prompt
from campaigns.operations.calls import NewCall
from campaigns.phones import Destination
from dialer.vendors.sendservice import errors, fields, scripts
from dialer.vendors.sendservice.fields import Fields, Wrong
from dialer.vendors.sendservice.scripts import CallType

# What each count is where it is not sent, and its least and most.
COUNTS = {
    "MaxRetries": (0, 0, 100),
    "MinutesBetweenRetries": (5, 1, 525_600),
    "IVRRepeats": (0, 0, scripts.MOST_PLAYS - 1),
}
LONGEST_NAME = 128
LONGEST_CODE = 200
LONGEST_NUMBER = 254
LONGEST_TEXT = flows.MAX_TEXT
LARGEST_EXTENSION = 2**53
NOWHERE = Destination("")
Read = TypeVar("Read")


@dataclass(slots=True, kw_only=True)
class Order:
    """One call that is wanted; `kept` is what is given back of it as it came."""

    number: str
    destination: Destination
    starts_at: dt.datetime
    ends_at: dt.datetime
    code: str
    text: str
    voice: str
    flow: dict[str, Any]
    kept: dict[str, Any]

    def call(self, campaign: Campaign, now: dt.datetime) -> NewCall:
        """Return it as the ledger takes it."""
        return NewCall(
            campaign=campaign,
            number=self.number[:LONGEST_NUMBER],
            destination=self.destination,
            due_at=max(self.starts_at, now),
            not_after=self.ends_at,
            caller_id=self.kept["CallerId"],
            message=self.text,
            voice=self.voice,
            flow=self.flow,
            max_attempts=1 + self.kept["MaxRetries"],
            retry_minutes=self.kept["MinutesBetweenRetries"],
            reference=self.code,
            extra={"sendservice": self.kept},
        )


@dataclass(slots=True)
class Shelf:
    """What an account has that calls may name: its prompts by extension, and the caller ids it may show."""

    account: Account
    zone: dt.tzinfo
    prompts: Mapping[int, Prompt]
    caller_ids: frozenset[str]


def read(request: Fields, account: Account, now: dt.datetime) -> list[Order]:
    """Return the calls of a request, in its order: all of them or none. Raises Fault naming what is wrong."""
    calls = _calls(request)
    shelf = _shelf(account, [call for _, call in calls])
    model_state: dict[str, list[str]] = {}
    orders = []
    for place, call in calls:
        reader = _Reader(call, shelf, now)
        orders.append(reader.order())
        model_state |= {f"{place}{name}": problems for name, problems in reader.problems.items()}
    if model_state:
        raise errors.invalid(model_state)
    return [order for order in orders if order is not None]


def _calls(request: Fields) -> list[tuple[str, Fields]]:
    """Return each call with the place it stands in, the request's own fields being defaults. Raises Fault."""
    listed = request.raw("InstantCalls")
    if listed is None:
        return [("", request)]
    most = settings.SENDSERVICE["max_calls"]
    if not isinstance(listed, list) or not 1 <= len(listed) <= most:
        raise errors.invalid({"InstantCalls": [f"InstantCalls must be an array of 1 to {most} calls."]})
    for index, item in enumerate(listed):
        if not isinstance(item, dict):
            raise errors.invalid({f"InstantCalls[{index}]": ["An object is wanted."]})
    return [(f"InstantCalls[{index}].", Fields(item).over(request)) for index, item in enumerate(listed)]


def _shelf(account: Account, calls: list[Fields]) -> Shelf:
    named = set()
    for call in calls:
        try:
            named.add(_extension(call))
        except Wrong:
            # It is told where the call is read.
            continue
    found = Prompt.objects.filter(account=account, extension__in=[number for number in named if number is not None])
    listed = CallerId.objects.filter(account=account).values_list("number", flat=True)
    return Shelf(
        account=account,
        zone=hours.zone(account.timezone),
        prompts={prompt.extension: prompt for prompt in found},
        caller_ids=frozenset(_bare(number) for number in listed),
    )


def _extension(call: Fields) -> int | None:
    return call.whole("Extension", least=0, most=LARGEST_EXTENSION)


def _bare(number: str) -> str:
    """Return a number without its ornaments and the marks that a country code follows."""
    return phones.cleaned(number).removeprefix("+")


@dataclass(slots=True)
class _Reader:
    """Reads one call; collects all that is wrong with it."""

    call: Fields
    shelf: Shelf
    now: dt.datetime
    problems: dict[str, list[str]] = field(default_factory=dict)

    def order(self) -> Order | None:
        """Return the call, or None where something is wrong with it."""
        starts_at, ends_at = self._window()
        kind = self._tried("Type", self._kind)
        caller_id = self._tried("CallerId", self._caller_id) or ""
        extension = self._tried("Extension", lambda: _extension(self.call))
        counts = {name: self._count(name) for name in COUNTS}
        names = {name: self._text(name, LONGEST_NAME) for name in ("FirstName", "LastName")}
        code = self._text("CodeRequest", LONGEST_CODE) or ""
        text, voice = self._speech(kind)
        if self.problems or kind is None or starts_at is None or ends_at is None:
            return None
        flow = self._flow(kind, extension, text, voice, counts["IVRRepeats"])
        if flow is None:
            return None
        number, destination = self._number()
        kept = {
            "Extension": extension,
            "Type": int(kind),
            **({"LanguageCode": voice} if voice else {}),
            "StartDate": fields.shown(starts_at),
            "EndDate": fields.shown(ends_at),
            **counts,
            **{name: value for name, value in names.items() if value is not None},
            "CallerId": caller_id,
        }
        return Order(
            number=number,
            destination=destination,
            starts_at=starts_at,
            ends_at=ends_at,
            code=code.strip() or str(uuid.uuid4()),
            text=text,
            voice=voice,
            flow=flow,
            kept=kept,
        )

    def _tried(self, name: str, read: Callable[[], Read]) -> Read | None:
        """Return what was read, or note what is wrong with it."""
        try:
            return read()
        except Wrong as wrong:
            self.problems.setdefault(name, []).append(str(wrong))
            return None

    def _count(self, name: str) -> int:
        default, least, most = COUNTS[name]
        found = self._tried(name, lambda: self.call.whole(name, least=least, most=most))
        return default if found is None else found

    def _text(self, name: str, most: int) -> str | None:
        return self._tried(name, lambda: self.call.text(name, most=most))

    def _window(self) -> tuple[dt.datetime | None, dt.datetime | None]:
        starts_at = self._tried("StartDate", lambda: self.call.moment("StartDate", self.shelf.zone))
        ends_at = self._tried("EndDate", lambda: self.call.moment("EndDate", self.shelf.zone))
        if ends_at and ends_at <= self.now:
            self.problems["EndDate"] = ["EndDate has passed."]
        elif starts_at and ends_at and ends_at < starts_at:
            self.problems["EndDate"] = ["EndDate must not come before StartDate."]
        return starts_at, ends_at

    def _kind(self) -> CallType:
        value = self.call.raw("Type")
        if isinstance(value, str) and (found := scripts.BY_NAME.get(value.strip().lower())) is not None:
            return found
        number = self.call.whole("Type", least=0, most=max(CallType))
        if number not in scripts.BY_NUMBER:
            raise Wrong("Type must be 0 (Default), 3 (TextToSpeech) or 4 (IVRwithTTS).")
        return scripts.BY_NUMBER[number]

    def _caller_id(self) -> str:
        value = self.call.raw("CallerId")
        bare = _bare(str(value)) if isinstance(value, str | int) else ""
        if not (bare.isascii() and bare.isdigit() and 3 <= len(bare) <= 15):
            raise Wrong("CallerId must be a number of 3 to 15 digits, such as 390451234567.")
        if self.shelf.caller_ids and bare not in self.shelf.caller_ids:
            raise Wrong("CallerId is none of the account's numbers.")
        return bare

    def _speech(self, kind: CallType | None) -> tuple[str, str]:
        """Return text and voice; blank for a type that has none, whatever was sent."""
        if kind in {None, CallType.Default}:
            return "", ""
        text = (self._text("TextToSpeech", LONGEST_TEXT) or "").strip()
        if kind is CallType.TextToSpeech and not text and "TextToSpeech" not in self.problems:
            self.problems["TextToSpeech"] = ["TextToSpeech is required for this Type."]
        return text, self._tried("LanguageCode", self._voice) or ""

    def _voice(self) -> str:
        known: dict[str, str] = {code.lower(): code for code in settings.SENDSERVICE["language_codes"]}
        value = self.call.raw("LanguageCode")
        word = value.strip().lower() if isinstance(value, str) else ""
        if word not in known:
            raise Wrong(f"LanguageCode must be one of: {', '.join(known.values())}.")
        return known[word]

    def _flow(
        self, kind: CallType, extension: int | None, text: str, voice: str, repeats: int
    ) -> dict[str, Any] | None:
        if kind is CallType.TextToSpeech:
            return scripts.speech(text, voice=voice, repeats=repeats)
        return self._tried("Extension", lambda: self._stored(kind, extension, text, voice, repeats))

    def _stored(self, kind: CallType, extension: int | None, text: str, voice: str, repeats: int) -> dict[str, Any]:
        prompt = self.shelf.prompts.get(-1 if extension is None else extension)
        if extension is None:
            raise Wrong("Extension is required for this Type.")
        if prompt is None:
            raise Wrong("Extension is no recording or IVR of the account.")
        if kind is CallType.IVRwithTTS and not prompt.is_flow():
            raise Wrong("Extension must be an IVR for this Type.")
        if kind is CallType.IVRwithTTS:
            flow = scripts.introduced(prompt, text, voice=voice, repeats=repeats)
        else:
            flow = scripts.recording(prompt, repeats=repeats)
        try:
            flows.check(flow)
        except refusals.InvalidFlow as refusal:
            raise Wrong(f"The IVR cannot be played so often: {refusal.message}") from refusal
        return flow

    def _number(self) -> tuple[str, Destination]:
        """Return the number as it was sent and where it leads: nowhere, if that cannot be dialled."""
        value = self.call.raw("NumberToCall")
        if isinstance(value, bool) or not isinstance(value, str | int):
            return "", NOWHERE
        number = str(value) if isinstance(value, str) or abs(value) < 10**18 else ""
        if len(number) > LONGEST_NUMBER or not phones.cleaned(number).startswith("+"):
            return number, NOWHERE
        try:
            return number, phones.lenient(number, self.shelf.account.country)
        except refusals.InvalidNumber:
            return number, NOWHERE
