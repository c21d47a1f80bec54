"""ONC's codes and sentences, and which of the ledger's refusals is which of them."""

from __future__ import annotations

import enum

from campaigns import refusals


class Code(enum.IntEnum):
    """What every method can answer. Only 0 is the vendor's; it publishes no other."""

    SUCCESS = 0
    INVALID_CREDENTIALS = 1
    ACCOUNT_DISABLED = 2
    INVALID_SESSION = 3
    ACCESS_DENIED = 4
    CAMPAIGN_NOT_FOUND = 5
    CONTACT_NOT_FOUND = 6
    INVALID_ARGUMENT = 7
    DUPLICATE_ID = 8
    NOT_ALLOWED = 9
    INTERNAL_ERROR = 99


SENTENCES: dict[Code, str] = {
    Code.SUCCESS: "",
    Code.INVALID_CREDENTIALS: "Invalid credentials.",
    Code.ACCOUNT_DISABLED: "The account or user is disabled.",
    Code.INVALID_SESSION: "The session is invalid or has expired.",
    Code.ACCESS_DENIED: "The user lacks the right to do this.",
    Code.CAMPAIGN_NOT_FOUND: "The campaign was not found.",
    Code.CONTACT_NOT_FOUND: "The contact was not found in the campaign.",
    Code.INVALID_ARGUMENT: "An argument is invalid.",
    Code.DUPLICATE_ID: "The ID is already used.",
    Code.NOT_ALLOWED: "The present state does not allow this.",
    Code.INTERNAL_ERROR: "An internal error occurred.",
}

OF_REFUSAL: dict[type[refusals.Refused], Code] = {
    refusals.InvalidNumber: Code.INVALID_ARGUMENT,
    refusals.InvalidCallerId: Code.INVALID_ARGUMENT,
    refusals.InvalidZone: Code.INVALID_ARGUMENT,
    refusals.InvalidWindows: Code.INVALID_ARGUMENT,
    refusals.InvalidFlow: Code.INVALID_ARGUMENT,
    refusals.InvalidValue: Code.INVALID_ARGUMENT,
    refusals.IllegalMove: Code.NOT_ALLOWED,
    refusals.CampaignClosed: Code.NOT_ALLOWED,
    refusals.AlreadyThere: Code.DUPLICATE_ID,
    refusals.NotPending: Code.NOT_ALLOWED,
    refusals.NothingToDial: Code.NOT_ALLOWED,
}


class Failure(Exception):
    """A call fails with one of ONC's codes; `message` says more, for the log."""

    def __init__(self, code: Code, message: str = "") -> None:
        super().__init__(message or SENTENCES[code])
        self.code = code
        self.message = message or SENTENCES[code]


def invalid(message: str) -> Failure:
    """Return the failure for an argument that is missing or out of its range."""
    return Failure(Code.INVALID_ARGUMENT, message)


def of_refusal(refusal: refusals.Refused) -> Failure:
    """Return what a refusal of the ledger is to ONC."""
    return Failure(OF_REFUSAL.get(type(refusal), Code.INTERNAL_ERROR), refusal.message)
