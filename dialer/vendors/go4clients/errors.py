"""The vendor's codes, which of our refusals is which of them, and the envelope that every answer comes in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from django.db import DatabaseError
from django.http import HttpResponse
from rest_framework import exceptions

from campaigns import refusals
from dialer.vendors import base


class Code(StrEnum):
    """What stands in `code`: Annex A of the vendor's, and below it the codes of its voice API."""

    CAMPAIGN_SAVED = "OTP-SUC-001"
    CALL_TAKEN = "OTP-SUC-002"
    CAMPAIGN_FINISHED = "OTP-SUC-003"
    NAME_EMPTY = "OTP-ERR-001"
    VOICE_INVALID = "OTP-ERR-002"
    CALLER_ID_INVALID = "OTP-ERR-003"
    CAMPAIGN_NOT_STORED = "OTP-ERR-004"
    CAMPAIGN_ID_EMPTY = "OTP-ERR-005"
    NUMBER_EMPTY = "OTP-ERR-006"
    TEXT_INVALID = "OTP-ERR-007"
    CALL_REFUSED = "OTP-ERR-008"
    CAMPAIGN_REFUSED = "OTP-ERR-009"
    CAMPAIGN_NOT_ACTIVE = "OTP-ERR-010"
    END_DATE_INVALID = "OTP-ERR-011"
    REPETITION_KEY_INVALID = "OTP-ERR-012"
    CAPACITY_INVALID = "OTP-ERR-013"
    UNKNOWN = "OTP-ERR-999"
    VOICE_DONE = "VOICE-SUC-001"
    VOICE_NOT_MOVED = "VOICE-ERR-43"
    VOICE_UNKNOWN = "VOICE-ERR-999"


SUCCESSES = frozenset({Code.CAMPAIGN_SAVED, Code.CALL_TAKEN, Code.CAMPAIGN_FINISHED, Code.VOICE_DONE})


class Codes(NamedTuple):
    """The codes of one operation for what is not its own fault to tell."""

    # The state of the campaign forbids it.
    closed: Code = Code.UNKNOWN
    # The ledger refuses it for any other reason.
    refused: Code = Code.UNKNOWN
    # The database failed.
    failed: Code = Code.UNKNOWN
    # Everything else.
    unknown: Code = Code.UNKNOWN


CREATING = Codes(Code.CAMPAIGN_REFUSED, Code.CAMPAIGN_REFUSED, Code.CAMPAIGN_NOT_STORED)
ADDING = Codes(Code.CAMPAIGN_NOT_ACTIVE, Code.CALL_REFUSED, Code.CALL_REFUSED)
FINISHING = Codes(Code.CAMPAIGN_NOT_ACTIVE, Code.CAMPAIGN_REFUSED, Code.CAMPAIGN_REFUSED)
READING = Codes(*[Code.VOICE_UNKNOWN] * 4)
STEERING = Codes(Code.VOICE_NOT_MOVED, Code.VOICE_UNKNOWN, Code.VOICE_UNKNOWN, Code.VOICE_UNKNOWN)

# Which of an operation's codes a refusal of the ledger has.
CATALOGUE: dict[type[refusals.Refused], str] = {
    refusals.InvalidNumber: "refused",
    refusals.InvalidCallerId: "refused",
    refusals.InvalidZone: "refused",
    refusals.InvalidWindows: "refused",
    refusals.InvalidFlow: "refused",
    refusals.InvalidValue: "refused",
    refusals.IllegalMove: "closed",
    refusals.CampaignClosed: "closed",
    refusals.AlreadyThere: "refused",
    refusals.NotPending: "refused",
    refusals.NothingToDial: "refused",
}


class Fault(Exception):
    """A request that the vendor's own words refuse."""

    def __init__(self, code: Code, description: str, *, status: int = 200) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.status = status


def as_fault(error: Exception, codes: Codes) -> Fault:
    """Return any error in the vendor's words; what nobody foresaw says nothing of itself."""
    match error:
        case Fault():
            return error
        case refusals.Refused():
            code = getattr(codes, CATALOGUE.get(type(error), "refused"))
            return Fault(code, error.message)
        case base.Malformed():
            return Fault(codes.unknown, str(error), status=400)
        case base.TooLarge():
            return Fault(codes.unknown, str(error), status=413)
        case base.Unavailable():
            return Fault(codes.failed, str(error.detail), status=error.status_code)
        case exceptions.APIException():
            return Fault(codes.unknown, str(error.detail), status=error.status_code)
        case DatabaseError() if codes.failed != codes.unknown:
            return Fault(codes.failed, "The server could not store it.")
    return Fault(codes.unknown, "The server failed.", status=500)


def answer(code: Code, description: str, **more: Any) -> HttpResponse:
    """Return the envelope of success, `more` beside it."""
    return render(envelope(code, description) | more)


def refusal(error: Exception, codes: Codes, blanks: Mapping[str, None]) -> HttpResponse:
    """Return the envelope of an error; `blanks` are the operation's own members, null in it."""
    fault = as_fault(error, codes)
    return render({**envelope(fault.code, fault.description), **blanks}, status=fault.status)


def envelope(code: Code, description: str) -> dict[str, Any]:
    """Return what every answer has."""
    return {"code": code, "success": code in SUCCESSES, "description": description}


def render(body: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
    """Return a JSON answer, which nobody may keep."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    headers = {"Cache-Control": "no-store"}
    return HttpResponse(text, status=status, content_type="application/json", headers=headers)
