"""What the vendor's API changes of campaigns and of what waits in them. Every function opens one transaction."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction

from campaigns import locks, refusals
from campaigns.models import Campaign
from campaigns.operations import calls as call_operations
from campaigns.operations import campaigns as campaign_operations
from campaigns.states import CampaignState
from dialer.vendors.voicenter import pending

BY = "Voicenter API"


def move(campaign: Campaign, moves: Mapping[CampaignState, CampaignState], now: dt.datetime) -> None:
    """Move a campaign as a table says; one that is there already stays. Raises IllegalMove."""
    to = moves.get(CampaignState(campaign.state))
    if to is None:
        return
    try:
        campaign_operations.move_campaign(campaign=campaign, to=to, now=now, by=BY)
    except refusals.IllegalMove:
        # Another request may have come first and done the same.
        campaign.refresh_from_db(fields=["state"])
        if CampaignState(campaign.state) in moves:
            raise


@transaction.atomic
def set_strategy(campaign: Campaign, kept: dict[str, int], coefficient: Decimal | None, now: dt.datetime) -> None:
    """Keep the queue's settings with the campaign, and set how many calls go out for each free member."""
    locks.account(campaign.account_id)
    extra = Campaign.objects.values_list("extra", flat=True).get(pk=campaign.pk)
    changes: dict[str, Any] = {"extra": extra | {"voicenter": extra.get("voicenter", {}) | kept}}
    if coefficient is not None:
        changes["calls_per_member"] = coefficient
    campaign_operations.update_campaign(campaign=campaign, now=now, by=BY, **changes)


@transaction.atomic
def set_ivr(campaign: Campaign, most_calls: int | None, members: list[str] | None, now: dt.datetime) -> None:
    """Set the most simultaneous calls and who gets the answered ones; None leaves either as it is."""
    if most_calls is not None:
        campaign_operations.update_campaign(campaign=campaign, now=now, by=BY, capacity=most_calls)
    if members is not None:
        campaign_operations.set_members(campaign=campaign, codes=members)


@transaction.atomic
def change_pending(campaign: Campaign, destination: str, changes: Mapping[str, Any], now: dt.datetime) -> int:
    """Change all pending calls to a number; `extra` is merged into what each has. Return how many there were."""
    locks.account(campaign.account_id)
    groups: dict[str, list[int]] = {}
    merged: dict[str, dict[str, Any]] = {}
    for pk, extra in pending.to(campaign, destination).values_list("id", "extra"):
        wanted = extra | changes.get("extra", {})
        key = json.dumps(wanted, sort_keys=True)
        groups.setdefault(key, []).append(pk)
        merged[key] = wanted
    for key, ids in groups.items():
        sent = {**changes, "extra": merged[key]} if changes else {}
        if sent:
            call_operations.change_waiting(account=campaign.account, ids=ids, changes=sent, now=now)
    return sum(map(len, groups.values()))
