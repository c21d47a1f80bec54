"""ONC's StatusCode and LastDeliveryErrorCode over the ledger's states and outcomes. Pure tables."""

from __future__ import annotations

import enum

from campaigns.states import AttemptState, CallState, Channel, Outcome


class Status(enum.IntEnum):
    """Where a channel of a contact stands."""

    DO_NOT_TRY = 0
    PENDING = 1
    SENDING = 2
    DELIVERING = 3
    SUCCESS = 4
    WAITING_FOR_RETRY = 5
    PERMANENT_FAILURE = 6
    CANCELLED = 7


class DeliveryError(enum.IntEnum):
    """What came of the last try. 6 (voice or text missing) and 99 are never said: such a channel is not tried."""

    NONE = 0
    BUSY = 1
    NO_ANSWER = 2
    REJECTED = 3
    INVALID_DESTINATION = 4
    CARRIER = 5


# By channel and the state of the try that is open. A carrier that has taken a text has accepted it.
LIVE: dict[tuple[str, str], Status] = {
    (Channel.VOICE, AttemptState.CLAIMED): Status.SENDING,
    (Channel.VOICE, AttemptState.PLACED): Status.SENDING,
    (Channel.VOICE, AttemptState.RINGING): Status.SENDING,
    (Channel.VOICE, AttemptState.ANSWERED): Status.DELIVERING,
    (Channel.SMS, AttemptState.CLAIMED): Status.SENDING,
    (Channel.SMS, AttemptState.PLACED): Status.DELIVERING,
    (Channel.SMS, AttemptState.RINGING): Status.DELIVERING,
    (Channel.SMS, AttemptState.ANSWERED): Status.DELIVERING,
    (Channel.EMAIL, AttemptState.CLAIMED): Status.SENDING,
    (Channel.EMAIL, AttemptState.PLACED): Status.DELIVERING,
    (Channel.EMAIL, AttemptState.RINGING): Status.DELIVERING,
    (Channel.EMAIL, AttemptState.ANSWERED): Status.DELIVERING,
}

DONE: dict[str, Status] = {
    Outcome.ANSWERED: Status.SUCCESS,
    # A machine has heard the message.
    Outcome.MACHINE: Status.SUCCESS,
    Outcome.BUSY: Status.PERMANENT_FAILURE,
    Outcome.NO_ANSWER: Status.PERMANENT_FAILURE,
    Outcome.REJECTED: Status.PERMANENT_FAILURE,
    Outcome.INVALID_NUMBER: Status.PERMANENT_FAILURE,
    Outcome.CONGESTION: Status.PERMANENT_FAILURE,
    Outcome.FAILED: Status.PERMANENT_FAILURE,
    Outcome.SUPPRESSED: Status.PERMANENT_FAILURE,
    Outcome.UNKNOWN: Status.PERMANENT_FAILURE,
    Outcome.CANCELLED: Status.CANCELLED,
    Outcome.EXPIRED: Status.CANCELLED,
}

ERRORS: dict[str, DeliveryError] = {
    "": DeliveryError.NONE,
    Outcome.ANSWERED: DeliveryError.NONE,
    Outcome.MACHINE: DeliveryError.NONE,
    Outcome.BUSY: DeliveryError.BUSY,
    Outcome.NO_ANSWER: DeliveryError.NO_ANSWER,
    Outcome.REJECTED: DeliveryError.REJECTED,
    Outcome.INVALID_NUMBER: DeliveryError.INVALID_DESTINATION,
    Outcome.CONGESTION: DeliveryError.CARRIER,
    Outcome.FAILED: DeliveryError.CARRIER,
    Outcome.SUPPRESSED: DeliveryError.REJECTED,
    Outcome.CANCELLED: DeliveryError.NONE,
    Outcome.EXPIRED: DeliveryError.NONE,
    Outcome.UNKNOWN: DeliveryError.CARRIER,
}


def status(
    *, state: str, outcome: str, channel: str, open_state: str | None, tried: bool, campaign_is_over: bool
) -> Status:
    """Return the StatusCode of a call.

    `open_state` is the state of its open try, `tried` whether a try has failed since it was last made to wait
    afresh, `campaign_is_over` whether its campaign's last moment has passed.
    """
    if state == CallState.DONE:
        return DONE[outcome]
    if state == CallState.LIVE:
        # A try that has ended since the call was read was being made a moment ago.
        return LIVE.get((channel, open_state or AttemptState.CLAIMED), Status.SENDING)
    if campaign_is_over:
        return Status.CANCELLED
    return Status.WAITING_FOR_RETRY if tried else Status.PENDING


def delivery_error(*, last_outcome: str | None, outcome: str) -> DeliveryError:
    """Return the LastDeliveryErrorCode of a call: of its last try's outcome, else of what closed it untried."""
    return ERRORS[outcome if last_outcome is None else last_outcome]
