"""The vendor's words for our states and outcomes."""

from __future__ import annotations

from enum import IntEnum

from django.conf import settings

from campaigns.states import AttemptState, CallState, Outcome


class Status(IntEnum):
    """What stands in Status: by name, or by number where settings say so."""

    Failed = 0
    Success = 1
    Forbidden = 2
    Unknown = 3
    NotCalled = 4
    Answer = 5
    Calling = 6
    NotEnoughCredit = 7
    InBlackList = 8
    Duplicated = 9
    FailedTTSConversion = 10
    Processing = 11


BY_WORD = {word: status for status in Status for word in (status.name.lower(), str(status.value))}

# A live call by the state of its open attempt.
LIVE: dict[str, Status] = {
    AttemptState.CLAIMED: Status.Calling,
    AttemptState.PLACED: Status.Calling,
    AttemptState.RINGING: Status.Calling,
    AttemptState.ANSWERED: Status.Answer,
    AttemptState.ENDED: Status.Calling,
}
# A call that is done, by its outcome: if it was never dialled, and if it was.
DONE: dict[str, tuple[Status, Status]] = {
    Outcome.ANSWERED: (Status.Success, Status.Success),
    Outcome.MACHINE: (Status.Success, Status.Success),
    Outcome.BUSY: (Status.Failed, Status.Failed),
    Outcome.NO_ANSWER: (Status.Failed, Status.Failed),
    Outcome.REJECTED: (Status.Failed, Status.Failed),
    # Before it was dialled it could not be read; afterwards the network knew of no such number.
    Outcome.INVALID_NUMBER: (Status.Forbidden, Status.Failed),
    Outcome.CONGESTION: (Status.Failed, Status.Failed),
    Outcome.FAILED: (Status.Failed, Status.Failed),
    Outcome.SUPPRESSED: (Status.InBlackList, Status.InBlackList),
    # The vendor has no word for it; this one is final and says that it was neither reached nor used up.
    Outcome.CANCELLED: (Status.Unknown, Status.Unknown),
    Outcome.EXPIRED: (Status.NotCalled, Status.Failed),
    Outcome.UNKNOWN: (Status.Unknown, Status.Unknown),
}
# What a carrier gives as the cause where the money or the speech engine failed.
BY_CAUSE: dict[str, Status] = {"credit": Status.NotEnoughCredit, "tts": Status.FailedTTSConversion}


def of_call(state: str, outcome: str, *, attempt_state: str = "", cause: str = "", dialled: bool = False) -> Status:
    """Return the status of a call, given the state and cause of its last attempt."""
    if state == CallState.WAITING:
        return Status.NotCalled
    if state == CallState.LIVE:
        return LIVE.get(attempt_state, Status.Calling)
    found = DONE.get(outcome, (Status.Unknown, Status.Unknown))[dialled]
    return BY_CAUSE.get(cause, found) if found is Status.Failed else found


def read(text: str) -> Status | None:
    """Return the status of a number or name, in any case, with or without spaces; None for what is none."""
    word = text.replace(" ", "").lower()
    return BY_WORD.get(word)


def shown(status: Status) -> str | int:
    """Return a status as it is written on the wire."""
    return int(status) if settings.SENDSERVICE["status_as_number"] else status.name
