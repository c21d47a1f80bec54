"""Makes campaigns and moves them. Every function opens one transaction."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from campaigns import locks, refusals
from campaigns.models import Account, Campaign
from campaigns.operations import campaigns as campaign_operations
from campaigns.states import Api, CampaignState
from dialer.vendors.go4clients import finding, serializers, statuses
from dialer.vendors.go4clients.errors import Code, Fault
from dialer.vendors.go4clients.fields import Fields

BY = "Go4clients API"

# From which statuses an action is legal, and to which state it leads.
MOVES: dict[str, tuple[frozenset[str], CampaignState]] = {
    "start": (frozenset({statuses.PAUSED}), CampaignState.RUNNING),
    "stop": (frozenset({statuses.ACTIVE}), CampaignState.PAUSED),
    "cancel": (frozenset({statuses.ACTIVE, statuses.PAUSED}), CampaignState.FINISHED),
}


def create(*, account: Account, fields: Fields, now: dt.datetime) -> Campaign:
    """Make the campaign that a request asks for; it runs at once. Raises Fault, Refused."""
    wanted = serializers.campaign_fields(fields, account, now)
    return campaign_operations.create_campaign(account=account, now=now, api=Api.GO4CLIENTS, start=True, **wanted)


@transaction.atomic
def finish(*, account: Account, fields: Fields, now: dt.datetime) -> None:
    """Finish an active campaign: what waits is cancelled, what is in progress ends by itself. Raises Fault, Refused."""
    wanted = finding.sent_id(fields)
    locks.account(account.pk)
    campaign = finding.active(account, wanted, now=now)
    campaign_operations.move_campaign(campaign=campaign, to=CampaignState.FINISHED, now=now, by=BY)


@transaction.atomic
def steer(*, account: Account, unique_id: str, action: str, now: dt.datetime) -> None:
    """Start, stop or cancel a campaign. Raises Fault where it is unknown or its status forbids it."""
    locks.account(account.pk)
    campaign = finding.by_unique_id(account, unique_id)
    if campaign is None:
        raise Fault(Code.VOICE_NOT_MOVED, "There is no such campaign.")
    legal, to = MOVES[action]
    status = statuses.campaign(campaign, now=now)
    if status not in legal:
        raise refusals.IllegalMove(f"A campaign that is {status} takes no {action}.", field="state")
    if action == "cancel":
        extra = statuses.cancelled(campaign)
        campaign = campaign_operations.update_campaign(campaign=campaign, now=now, by=BY, extra=extra)
    campaign_operations.move_campaign(campaign=campaign, to=to, now=now, by=BY)
