"""The vendor's words for our states and outcomes."""

from __future__ import annotations

import datetime as dt

from django.conf import settings

from campaigns.models import Campaign
from campaigns.states import CallState, CampaignState, Outcome, Reason

PLANNED = "planned"
IN_PROCESS = "inProcess"
ON_RETRY = "onRetry"
WITH_RESULT = "longCallWithResult"
WITHOUT_RESULT = "longCallWithNoResult"
NO_ANSWER = "noAnswer"
NONEXISTENT = "nonexistentNumber"
TECHNICAL_ERROR = "technicalError"
CANCELLED = "cancelledByUser"
NOT_DONE = "notDone"
UNKNOWN = "unknown"

# A call that was reached has the result of its flow, whatever closed it.
REACHED = frozenset({Outcome.ANSWERED, Outcome.MACHINE})
# What closed a call that was not reached says more than how its last try ended.
BY_REASON: dict[str, str] = {
    Reason.CANCELLED: CANCELLED,
    Reason.FINISHED: NOT_DONE,
    Reason.LATE: NOT_DONE,
    Reason.SUPPRESSED: NOT_DONE,
}
BY_OUTCOME: dict[str, str] = {
    Outcome.BUSY: NO_ANSWER,
    Outcome.NO_ANSWER: NO_ANSWER,
    Outcome.REJECTED: NO_ANSWER,
    Outcome.INVALID_NUMBER: NONEXISTENT,
    Outcome.CONGESTION: TECHNICAL_ERROR,
    Outcome.FAILED: TECHNICAL_ERROR,
    Outcome.SUPPRESSED: NOT_DONE,
    Outcome.CANCELLED: CANCELLED,
    Outcome.EXPIRED: NOT_DONE,
    Outcome.UNKNOWN: UNKNOWN,
}
# By whether a try was made, and whether the flow has set a result.
WAITING = {False: PLANNED, True: ON_RETRY}
TALKED = {False: WITHOUT_RESULT, True: WITH_RESULT}

NEW = "new"
IN_PROGRESS = "inProgress"
PAUSED = "paused"
CAMPAIGN: dict[str, str] = {
    CampaignState.DRAFT: NEW,
    CampaignState.RUNNING: IN_PROGRESS,
    CampaignState.PAUSED: PAUSED,
    CampaignState.FINISHED: "finished",
    CampaignState.DELETED: "deleted",
}
# Where a campaign keeps what this API made of it before it was started.
MARK = "jaicp_status"


def job(state: str, outcome: str, reason: str, *, tried: bool, has_result: bool) -> str:
    """Return the status of a job."""
    if state == CallState.LIVE:
        return IN_PROCESS
    if state == CallState.WAITING:
        return WAITING[tried]
    if outcome in REACHED:
        return TALKED[has_result]
    found = BY_REASON.get(reason) or BY_OUTCOME.get(outcome, UNKNOWN)
    return settings.JAICP["cancelled_word"] if found == CANCELLED else found


def campaign(campaign: Campaign, *, now: dt.datetime) -> str:
    """Return the status of a campaign: one that has not begun is planned where its begin is known."""
    if campaign.state == CampaignState.DRAFT:
        return str(campaign.extra.get(MARK) or (PLANNED if campaign.starts_at else NEW))
    if campaign.state == CampaignState.RUNNING:
        return PLANNED if campaign.starts_at and campaign.starts_at > now else settings.JAICP["running_word"]
    return CAMPAIGN[campaign.state]
