"""The vendor's error codes, which of our refusals is which, and the envelope that every answer comes in."""

from __future__ import annotations

import json
from enum import IntEnum
from typing import Any

from django.http import HttpResponse
from rest_framework import exceptions

from campaigns import refusals
from dialer.vendors import base

CONTENT_TYPE = "application/json; charset=utf-8"


class Code(IntEnum):
    """What stands in ErrorCode."""

    OK = 0
    CAMPAIGN = 1
    FIELD = 2
    INTERNAL = 3
    CALLER_ID = 4
    DENIED = -1


INVALID_CAMPAIGN = "Invalid campaign code"
INVALID_CODE = "Invalid code"
INVALID_TARGET = "The target is invalid"
INVALID_CALLER_ID = "Invalid caller id"
INTERNAL_ERROR = "Unexpected internal error"
JSON_REQUIRED = "JSON body required"


class Fault(Exception):
    """A request that the vendor's own words refuse."""

    def __init__(self, code: int, description: str, *, status: int = 200) -> None:
        super().__init__(description)
        self.code = int(code)
        self.description = description
        self.status = status


def missing(name: str) -> Fault:
    """Return the fault of a required field that was not sent."""
    return Fault(Code.FIELD, f"Missing required field: {name}")


def wrong(name: str, wanted: str) -> Fault:
    """Return the fault of a field whose value is of the wrong kind or out of its range."""
    return Fault(Code.FIELD, f"Invalid field: {name} must be {wanted}")


# Our refusals in the vendor's codes; where a description stands here it is used in place of ours.
CATALOGUE: dict[type[refusals.Refused], tuple[Code, str]] = {
    refusals.InvalidNumber: (Code.FIELD, INVALID_TARGET),
    refusals.InvalidCallerId: (Code.CALLER_ID, INVALID_CALLER_ID),
    refusals.InvalidZone: (Code.FIELD, ""),
    refusals.InvalidWindows: (Code.FIELD, ""),
    refusals.InvalidFlow: (Code.FIELD, ""),
    refusals.InvalidValue: (Code.FIELD, ""),
    refusals.IllegalMove: (Code.CAMPAIGN, f"{INVALID_CAMPAIGN}: the campaign is finished"),
    refusals.CampaignClosed: (Code.CAMPAIGN, f"{INVALID_CAMPAIGN}: the campaign is finished"),
    refusals.AlreadyThere: (Code.FIELD, ""),
    refusals.NotPending: (Code.FIELD, INVALID_TARGET),
    refusals.NothingToDial: (Code.FIELD, ""),
}


def of_refusal(refusal: refusals.Refused) -> Fault:
    """Return what the ledger refuses in the vendor's words."""
    code, description = CATALOGUE.get(type(refusal), (Code.FIELD, ""))
    return Fault(code, description or refusal.message)


def as_fault(error: Exception) -> Fault:
    """Return any error in the vendor's words; what nobody foresaw is an internal one and says nothing of itself."""
    match error:
        case Fault():
            return error
        case refusals.Refused():
            return of_refusal(error)
        case base.Malformed():
            return Fault(Code.INTERNAL, str(error), status=400)
        case base.TooLarge():
            return Fault(Code.FIELD, str(error), status=413)
        case exceptions.APIException():
            return Fault(Code.INTERNAL, str(error.detail), status=error.status_code)
    return Fault(Code.INTERNAL, INTERNAL_ERROR, status=500)


def answer(data: Any = None, **more: Any) -> HttpResponse:
    """Return the envelope of success; `Data` stands in it only where there is any, `more` beside it."""
    body = {} if data is None else {"Data": data}
    return render({**body, "ErrorCode": Code.OK, "Description": "OK", **more})


def refusal(error: Exception) -> HttpResponse:
    """Return the envelope of an error."""
    fault = as_fault(error)
    return render({"ErrorCode": fault.code, "Description": fault.description}, status=fault.status)


def render(body: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """Return a JSON answer. Its GETs change things, so nobody may keep it."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return HttpResponse(text, status=status, content_type=CONTENT_TYPE, headers={"Cache-Control": "no-store"})
