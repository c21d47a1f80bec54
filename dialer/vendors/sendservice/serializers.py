"""Writes calls as the vendor does."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from typing import Any

from campaigns.models import Call, CallAttempt
from campaigns.states import CallState
from dialer.vendors.sendservice import fields, statuses
from dialer.vendors.sendservice.orders import Order
from dialer.vendors.sendservice.results import Result
from dialer.vendors.sendservice.statuses import Status

# An Integer of the vendor's framework holds so many digits for certain.
LONGEST_INTEGER = 18


def accepted(pk: int, code: str | None, ids: Sequence[int], orders: Sequence[Order]) -> dict[str, Any]:
    """Return the answer to a request: its own id, and each call with its."""
    return {
        "Id": pk,
        "CodeRequest": code,
        "InstantCalls": [_new(order, call_id) for order, call_id in zip(orders, ids, strict=True)],
    }


def _new(order: Order, pk: int) -> dict[str, Any]:
    status = Status.Forbidden
    if order.destination.address:
        # Until the engine has looked at a text, speech is being made of it.
        status = Status.Processing if order.text else Status.NotCalled
    sent = _sent(pk, order.number, order.code, order.text, order.kept)
    return {**sent, "Retries": 0, "Status": statuses.shown(status)}


def results(found: Sequence[Result], zone: dt.tzinfo) -> dict[str, Any]:
    """Return the answer to a status query, its moments in a zone."""
    return {"InstantCalls": [_result(result, zone) for result in found]}


def _result(result: Result, zone: dt.tzinfo) -> dict[str, Any]:
    call, tries = result.call, result.tries
    answered = next((row for row in reversed(tries) if row.answered_at), None)
    return {
        **_sent(call.pk, call.number, call.reference, call.message, call.extra.get("sendservice", {})),
        "IntervalCall": _interval(tries),
        "StartDateTimeCall": _moment(answered.answered_at if answered else None, zone),
        "EndDateTimeCall": _moment(answered.ended_at if answered else None, zone),
        "InputDigits": digits(answered.digits) if answered else None,
        "Price": float(sum(row.cost for row in tries)),
        "PricePerMinute": 0.0,
        "StartPrice": 0.0,
        "Retries": _retries(call),
        "Status": statuses.shown(result.status),
    }


def _sent(pk: int, number: str, code: str, text: str, kept: Mapping[str, Any]) -> dict[str, Any]:
    spoken = {"TextToSpeech": text} if text else {}
    return {"Id": pk, "NumberToCall": number, **spoken, **kept, "CodeRequest": code}


def digits(pressed: str) -> int | str | None:
    """Return pressed keys as a number, or as a text where a number would lose some of them; None for none."""
    plain = pressed.isdigit() and not pressed.startswith("0") and len(pressed) <= LONGEST_INTEGER
    return int(pressed) if plain else pressed or None


def _interval(tries: Sequence[CallAttempt]) -> int:
    """Return the seconds from the last dial until it was answered or given up; begun ones count."""
    last = next((row for row in reversed(tries) if row.placed_at), None)
    if last is None or last.placed_at is None:
        return 0
    until = last.answered_at or last.ended_at or last.placed_at
    return math.ceil((until - last.placed_at).total_seconds())


def _moment(moment: dt.datetime | None, zone: dt.tzinfo) -> str | None:
    return fields.shown(moment.astimezone(zone)) if moment else None


def _retries(call: Call) -> int:
    """Return the retries made: a call that waits for its next try has that one counted already."""
    return call.attempts_made if call.state == CallState.WAITING else max(0, call.attempts_made - 1)
