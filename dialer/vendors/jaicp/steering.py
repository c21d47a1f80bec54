"""Pauses, resumes and stops a campaign as the vendor's life cycle has it."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from campaigns import locks, refusals
from campaigns.models import Campaign
from campaigns.operations import campaigns as campaign_operations
from campaigns.states import CampaignState
from dialer.vendors.jaicp import statuses


class Move(NamedTuple):
    """Where an action leads. A campaign that was never started stays a draft, and is only marked."""

    to: CampaignState
    mark: str = ""


# By action, the state that it is taken in, and for drafts what they are marked as.
MOVES: dict[tuple[str, str, str], Move] = {
    ("pause", CampaignState.RUNNING, ""): Move(CampaignState.PAUSED),
    ("resume", CampaignState.PAUSED, ""): Move(CampaignState.RUNNING),
    ("stop", CampaignState.RUNNING, ""): Move(CampaignState.FINISHED),
    ("stop", CampaignState.PAUSED, ""): Move(CampaignState.FINISHED),
    ("pause", CampaignState.DRAFT, ""): Move(CampaignState.DRAFT, statuses.PAUSED),
    ("pause", CampaignState.DRAFT, statuses.PLANNED): Move(CampaignState.DRAFT, statuses.PAUSED),
    ("resume", CampaignState.DRAFT, statuses.PAUSED): Move(CampaignState.DRAFT, statuses.PLANNED),
    ("stop", CampaignState.DRAFT, ""): Move(CampaignState.FINISHED),
    ("stop", CampaignState.DRAFT, statuses.PLANNED): Move(CampaignState.FINISHED),
    ("stop", CampaignState.DRAFT, statuses.PAUSED): Move(CampaignState.FINISHED),
}
ACTIONS = frozenset(action for action, _, _ in MOVES)


def steer(*, campaign: Campaign, action: str, now: dt.datetime) -> None:
    """Take an action on a campaign. Requires a transaction; holds account and campaign. Raises IllegalMove."""
    locks.account(campaign.account_id)
    locks.campaign(campaign.pk)
    fresh = Campaign.objects.select_related("account").get(pk=campaign.pk)
    mark = fresh.extra.get(statuses.MARK, "") if fresh.state == CampaignState.DRAFT else ""
    move = MOVES.get((action, fresh.state, mark))
    if move is None:
        raise refusals.IllegalMove(
            f"A campaign that is {statuses.campaign(fresh, now=now)} takes no {action}.", field="state"
        )
    if move.mark:
        extra = {**fresh.extra, statuses.MARK: move.mark}
        campaign_operations.update_campaign(campaign=fresh, now=now, by="JAICP", extra=extra)
    else:
        campaign_operations.move_campaign(campaign=fresh, to=move.to, now=now, by="JAICP")
