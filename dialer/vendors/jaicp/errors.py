"""The vendor's error codes, and which of our refusals is which of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from rest_framework import exceptions

from campaigns import refusals
from dialer.vendors import base
from dialer.vendors.jaicp import answers

INVALID_TOKEN = "invalid.token"
INVALID_REQUEST = "invalid.request"
DUPLICATED = "phone.duplicated"
BAD_PHONE = "phone.bad.format"
BAD_ZONE = "phone.gmtZone.bad.format"
BAD_STATE = "invalid.call.task.state"
BAD_TIMES = "invalid.call.allowed.time"
BAD_PRIORITY = "invalid.dialer_priority"
NO_SUCH_ID = "id.not.found"
NO_SUCH_PHONE = "phone.not.found"
INTERNAL_ERROR = "internal.error"
# How much of what was sent is given back, in characters.
MOST_ECHOED = 254
# What the vendor has no code for, by HTTP status.
UNNAMED = {
    404: "not.found",
    405: "method.not.allowed",
    413: "request.too.large",
    415: "unsupported.media.type",
    503: INTERNAL_ERROR,
}
# Codes of the vendor's that stand in "type" alone; all others stand in "error" as well.
TYPED = frozenset(
    {
        INVALID_TOKEN,
        DUPLICATED,
        BAD_PHONE,
        BAD_ZONE,
        BAD_STATE,
        BAD_TIMES,
        BAD_PRIORITY,
        NO_SUCH_ID,
        NO_SUCH_PHONE,
    }
)


class Fault(Exception):
    """A request that the vendor's own words refuse; `fields` stand beside the code and the message."""

    def __init__(self, code: str, message: str, *, status: int = 400, **fields: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.fields = fields

    def of_item(self, index: int) -> Fault:
        """Return the same fault with the place of the item in the list that it was found in."""
        return Fault(self.code, f"[{index}]: {self.message}", status=self.status, **self.fields)


def invalid(message: str) -> Fault:
    """Return the fault of a request that cannot be understood."""
    return Fault(INVALID_REQUEST, message)


def wrong(name: str, wanted: str) -> Fault:
    """Return the fault of a field whose value is of the wrong kind or out of its range."""
    return invalid(f"{name} must be {wanted}.")


def unknown_token() -> Fault:
    """Return the fault of a token that no campaign has."""
    return Fault(INVALID_TOKEN, "No campaign has this token.", status=404)


def bad_phone(phone: str) -> Fault:
    """Return the fault of a number that cannot be dialled."""
    return Fault(BAD_PHONE, f"{phone!r} is no phone number; 7 to 15 digits are wanted.", phone=phone)


def bad_zone(phone: str, zone: str) -> Fault:
    """Return the fault of an unknown time zone."""
    zone = zone[:MOST_ECHOED]
    wanted = "an offset such as +03:00, at most 18 hours, or a name such as Europe/Moscow is wanted"
    return Fault(BAD_ZONE, f"{zone!r} is no time zone; {wanted}.", phone=phone, gmtZone=zone)


def duplicated(phones: Sequence[str], message: str) -> Fault:
    """Return the fault of numbers that were added already, or stand twice in one list."""
    return Fault(DUPLICATED, message, phone=phones[0], phonesDuplicates=list(phones))


def closed(state: str) -> Fault:
    """Return the fault of numbers that come to a campaign which takes no more."""
    return Fault(BAD_STATE, f"The campaign is {state} and takes no more numbers.", state=state.upper())


# Our refusals in the vendor's codes.
CATALOGUE: dict[type[refusals.Refused], str] = {
    refusals.InvalidNumber: BAD_PHONE,
    refusals.InvalidCallerId: INVALID_REQUEST,
    refusals.InvalidZone: INVALID_REQUEST,
    refusals.InvalidWindows: INVALID_REQUEST,
    refusals.InvalidFlow: INVALID_REQUEST,
    refusals.InvalidValue: INVALID_REQUEST,
    refusals.IllegalMove: BAD_STATE,
    refusals.CampaignClosed: BAD_STATE,
    refusals.AlreadyThere: INVALID_REQUEST,
    refusals.NotPending: NO_SUCH_ID,
    refusals.NothingToDial: BAD_STATE,
}


def as_fault(error: Exception) -> Fault:
    """Return any error in the vendor's words; what nobody foresaw is an internal one and says nothing of itself."""
    match error:
        case Fault():
            return error
        case refusals.Refused():
            return Fault(CATALOGUE.get(type(error), INVALID_REQUEST), error.message)
        case base.Malformed():
            return invalid(str(error))
        case base.TooLarge():
            return Fault(UNNAMED[413], str(error), status=413)
        case exceptions.APIException():
            code = UNNAMED.get(error.status_code, INVALID_REQUEST)
            return Fault(code, str(error.detail), status=error.status_code)
    return Fault(INTERNAL_ERROR, "The server failed; nothing was changed.", status=500)


def refusal(error: Exception, *, steering: bool = False) -> HttpResponse:
    """Return the answer to a fault; that of a steering action has its own shape."""
    fault = as_fault(error)
    body = {"type": fault.code, "message": fault.message, **fault.fields}
    if steering or fault.code not in TYPED:
        body["error"] = fault.code
    if steering:
        body["args"] = {}
    return answers.render(json.dumps(body, ensure_ascii=False), status=fault.status)
