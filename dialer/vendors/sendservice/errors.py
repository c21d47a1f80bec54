"""How the vendor's framework words faults, and which of our refusals is which."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpResponse
from rest_framework import exceptions

from campaigns import refusals
from dialer.vendors import base

CONTENT_TYPE = "application/json; charset=utf-8"
DENIED = "Authorization has been denied for this request."
INVALID = "The request is invalid."
INTERNAL_ERROR = "An error has occurred."
# More faults than this of one request are not told.
MOST_TOLD = 100

# By the place of a field, what is wrong with it.
ModelState = Mapping[str, Sequence[str]]


class Fault(Exception):
    """A request that is refused; `model_state` names the fields at fault."""

    def __init__(self, message: str, *, status: int = 400, model_state: ModelState | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.model_state = model_state


def denied() -> Fault:
    """Return the fault of missing or wrong credentials."""
    return Fault(DENIED, status=401)


def invalid(model_state: ModelState) -> Fault:
    """Return the fault of fields that are missing or wrong."""
    return Fault(INVALID, model_state=dict(list(model_state.items())[:MOST_TOLD]))


def unknown(what: str) -> Fault:
    """Return the fault of something that is not there, or is another account's."""
    return Fault(f"{what} was not found.", status=404)


# The field of the vendor's that a refusal of ours speaks of, where it names none itself.
CATALOGUE: dict[type[refusals.Refused], str] = {
    refusals.InvalidNumber: "NumberToCall",
    refusals.InvalidCallerId: "CallerId",
    refusals.InvalidZone: "StartDate",
    refusals.InvalidWindows: "StartDate",
    refusals.InvalidFlow: "Extension",
    refusals.InvalidValue: "InstantCalls",
    refusals.IllegalMove: "InstantCalls",
    refusals.CampaignClosed: "InstantCalls",
    refusals.AlreadyThere: "CodeRequest",
    refusals.NotPending: "InstantCalls",
    refusals.NothingToDial: "InstantCalls",
}


def as_fault(error: Exception) -> Fault:
    """Return any error in the vendor's words; what nobody foresaw is an internal one and says nothing of itself."""
    match error:
        case Fault():
            return error
        case refusals.Refused():
            return invalid({CATALOGUE.get(type(error), "InstantCalls"): [error.message]})
        case base.Malformed():
            return Fault(str(error))
        case base.TooLarge():
            return Fault(str(error), status=413)
        case exceptions.APIException():
            return Fault(str(error.detail), status=error.status_code)
    return Fault(INTERNAL_ERROR, status=500)


def refusal(error: Exception) -> HttpResponse:
    """Return the answer to a fault."""
    fault = as_fault(error)
    body: dict[str, Any] = {"Message": fault.message}
    if fault.model_state is not None:
        body["ModelState"] = fault.model_state
    return render(body, status=fault.status)


def render(body: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
    """Return a JSON answer that nobody may keep."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return HttpResponse(text, status=status, content_type=CONTENT_TYPE, headers={"Cache-Control": "no-store"})
