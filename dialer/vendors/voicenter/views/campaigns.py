"""Methods on campaigns and their members."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpResponse

from campaigns.models import Campaign
from campaigns.operations import campaigns as campaign_operations
from campaigns.states import CampaignState
from dialer.vendors.voicenter import auth, errors, pending, serializers, statuses, steering
from dialer.vendors.voicenter.fields import Fields
from dialer.vendors.voicenter.views.doors import CampaignDoor, Door, JsonOnly


class GetCampaignList(Door):
    """List an account's campaigns, the deleted ones too."""

    def act(self, fields: Fields, caller: auth.Caller, now: dt.datetime) -> HttpResponse:
        """Return them in the order of their making."""
        account = auth.account(fields, caller)
        rows = list(Campaign.objects.filter(account=account).order_by("id"))
        numbers = pending.summaries([row.pk for row in rows])
        return errors.answer([serializers.campaign(row, numbers[row.pk]) for row in rows])


class GetCampaignDetails(CampaignDoor):
    """Show one campaign."""

    def work(self, campaign: Campaign, fields: Fields, now: dt.datetime) -> dict[str, Any]:
        """Return it with the numbers of its pending calls."""
        return serializers.campaign(campaign, pending.summary(campaign))


class StartCampaign(CampaignDoor):
    """Let a campaign dial; one that does already goes on."""

    moves: ClassVar[Mapping[CampaignState, CampaignState]] = statuses.STARTED

    def work(self, campaign: Campaign, fields: Fields, now: dt.datetime) -> None:
        """Move the campaign."""
        steering.move(campaign, self.moves, now)


class StopCampaign(StartCampaign):
    """Let a campaign dial no more; calls in progress end by themselves, and the queue stays."""

    moves = statuses.STOPPED


class UpdateCampaignStrategy(CampaignDoor):
    """Change how fast a campaign dials."""

    def work(self, campaign: Campaign, fields: Fields, now: dt.datetime) -> None:
        """Set what was sent."""
        kept, coefficient = serializers.strategy(fields)
        steering.set_strategy(campaign, kept, coefficient, now)


class ConfigureIvrCampaign(JsonOnly, CampaignDoor):
    """Set how many calls run at once, and who gets the answered ones."""

    def work(self, campaign: Campaign, fields: Fields, now: dt.datetime) -> None:
        """Set what was sent."""
        most_calls, members = serializers.ivr_settings(fields)
        steering.set_ivr(campaign, most_calls, members, now)


class GetMembersList(CampaignDoor):
    """List the members."""

    def work(self, campaign: Campaign, fields: Fields, now: dt.datetime) -> list[dict[str, str]]:
        """Return them in the order in which they came."""
        return [serializers.member(row) for row in campaign.members.order_by("id")]


class AddMember(CampaignDoor):
    """Add a member."""

    def work(self, campaign: Campaign, fields: Fields, now: dt.datetime) -> dict[str, int]:
        """Return how many were added: none where it was one already."""
        code = serializers.required_member(fields)
        return {"TotalAdded": int(campaign_operations.add_member(campaign=campaign, code=code))}


class RemoveMember(CampaignDoor):
    """Remove a member."""

    def work(self, campaign: Campaign, fields: Fields, now: dt.datetime) -> dict[str, int]:
        """Return how many were removed: none where it was none."""
        code = serializers.required_member(fields)
        return {"TotalRemoved": int(campaign_operations.remove_member(campaign=campaign, code=code))}
