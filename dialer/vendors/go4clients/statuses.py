"""The vendor's words for our states and outcomes. Pure tables."""

from __future__ import annotations

import datetime as dt

from campaigns.models import Campaign
from campaigns.states import CallState, CampaignState, Outcome

ACTIVE, PAUSED, FINISHED, CANCELLED = "ACTIVE", "PAUSED", "FINISHED", "CANCELLED"
PENDING, DIALING, ANSWERED = "PENDING", "DIALING", "ANSWERED"
BUSY, NO_ANSWER, FAILED, EXPIRED = "BUSY", "NO_ANSWER", "FAILED", "EXPIRED"

CAMPAIGN: dict[str, str] = {
    CampaignState.DRAFT: PAUSED,
    CampaignState.RUNNING: ACTIVE,
    CampaignState.PAUSED: PAUSED,
    CampaignState.FINISHED: FINISHED,
    CampaignState.DELETED: CANCELLED,
}
DONE: dict[str, str] = {
    Outcome.ANSWERED: ANSWERED,
    # A machine has heard the message.
    Outcome.MACHINE: ANSWERED,
    Outcome.BUSY: BUSY,
    Outcome.NO_ANSWER: NO_ANSWER,
    Outcome.REJECTED: NO_ANSWER,
    Outcome.INVALID_NUMBER: FAILED,
    Outcome.CONGESTION: FAILED,
    Outcome.FAILED: FAILED,
    Outcome.SUPPRESSED: FAILED,
    Outcome.CANCELLED: CANCELLED,
    Outcome.EXPIRED: EXPIRED,
    Outcome.UNKNOWN: FAILED,
}
# Under `extra`: what the vendor knows of a campaign and the ledger has no state for.
MARK = "go4clients"


def campaign(found: Campaign, *, now: dt.datetime) -> str:
    """Return how a campaign stands; one whose end date has passed is finished, whether noted yet or not."""
    if found.state == CampaignState.FINISHED and _marks(found).get("cancelled"):
        return CANCELLED
    if found.takes_calls() and found.ends_at is not None and found.ends_at <= now:
        return FINISHED
    return CAMPAIGN[found.state]


def cancelled(found: Campaign) -> dict[str, object]:
    """Return a campaign's `extra` with the mark of one that was cancelled through this door."""
    return {**found.extra, MARK: {**_marks(found), "cancelled": True}}


def call(state: str, outcome: str, *, is_answered: bool) -> str:
    """Return how a call stands; `is_answered` says that the called party is on the line now."""
    if state == CallState.DONE:
        return DONE[outcome]
    if state == CallState.WAITING:
        return PENDING
    return ANSWERED if is_answered else DIALING


def _marks(found: Campaign) -> dict[str, object]:
    marks = found.extra.get(MARK)
    return marks if isinstance(marks, dict) else {}
