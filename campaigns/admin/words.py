"""The colours and words that pages put on states, outcomes and reasons, and shares as people read them."""

from __future__ import annotations

from collections.abc import Mapping

from campaigns import counts
from campaigns.states import AttemptState, CallState, CampaignState, Outcome, Reason

# Badges of unfold: "success", "warning", "info", "danger", "primary"; "default" is grey.
CAMPAIGN_BADGES: Mapping[str, str] = {
    CampaignState.DRAFT: "default",
    CampaignState.RUNNING: "success",
    CampaignState.PAUSED: "warning",
    CampaignState.FINISHED: "info",
    CampaignState.DELETED: "danger",
}
CALL_BADGES: Mapping[str, str] = {CallState.WAITING: "default", CallState.LIVE: "success", CallState.DONE: "info"}
ATTEMPT_BADGES: Mapping[str, str] = {
    AttemptState.CLAIMED: "default",
    AttemptState.PLACED: "primary",
    AttemptState.RINGING: "warning",
    AttemptState.ANSWERED: "success",
    AttemptState.ENDED: "info",
}
OUTCOME_BADGES: Mapping[str, str] = {
    Outcome.ANSWERED: "success",
    Outcome.MACHINE: "info",
    Outcome.BUSY: "warning",
    Outcome.NO_ANSWER: "default",
    Outcome.REJECTED: "warning",
    Outcome.INVALID_NUMBER: "danger",
    Outcome.CONGESTION: "danger",
    Outcome.FAILED: "danger",
    Outcome.SUPPRESSED: "default",
    Outcome.CANCELLED: "default",
    Outcome.EXPIRED: "default",
    Outcome.UNKNOWN: "danger",
}
# In the order in which they are told: reached, not reached, trouble, not placed.
OUTCOME_ORDER = tuple(OUTCOME_BADGES)
WAITS: Mapping[str, str] = {
    counts.READY: "Ready: goes as soon as caps and pace allow",
    **{reason.value: reason.label for reason in Reason if reason.value},
}
NONE = "-"


def share(part: int, whole: int) -> str:
    """Return a share: "41 %", under 10 with one decimal; of fewer than 30 "12 of 29"; of none "-"."""
    if whole == 0:
        return NONE
    if whole < 30:
        return f"{part} of {whole}"
    return percent(part / whole)


def percent(rate: float | None) -> str:
    """Return a rate as a percentage, under 10 with one decimal; "-" for none."""
    if rate is None:
        return NONE
    value = rate * 100
    return f"{value:.1f} %" if 0 < value < 10 else f"{value:.0f} %"
