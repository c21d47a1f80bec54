"""Campaigns in the admin with where they stand, and what is in the way of their calls."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.utils.html import format_html

from campaigns.admin import moments
from campaigns.admin.base import column
from campaigns.admin.moves import Move
from campaigns.models import Campaign
from campaigns.states import CampaignState
from dialer import clock, obstacles, standing
from reports.admin import MeasuredCampaignAdmin


class StandingCampaignAdmin(MeasuredCampaignAdmin):
    """Campaigns with the answer to "why does it not call?"."""

    list_display = tuple(
        part
        for name in MeasuredCampaignAdmin.list_display
        for part in ((name, "stands") if name == "state_badge" else (name,))
    )

    def furnish(self, request: HttpRequest, rows: list[Campaign]) -> None:
        """Find out where a page of campaigns stands too."""
        super().furnish(request, rows)
        counted = {row.pk: row.counted for row in rows}  # type: ignore[attr-defined]
        found = standing.of(rows, counted=counted, now=clock.now())
        for row in rows:
            row.stands = found[row.pk]  # type: ignore[attr-defined]

    @column("Where it stands")
    def stands(self, row: Any) -> str:
        """Say what it waits for, or what blocks it."""
        return format_html('<span class="tl-stands">{}</span>', row.stands.words)

    def page(self, request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
        """Return what the campaign's page shows, with where it stands and what is in its way."""
        context = super().page(request, campaign)
        now = clock.now()
        stands = standing.of([campaign], counted={campaign.pk: context["overview"].counted}, now=now)[campaign.pk]
        look = stands.next_look_at
        return {
            **context,
            "stands": stands.words,
            "stands_look": f"{moments.shown(look, campaign.zone_name())} ({moments.away(look, now)})" if look else "",
            "obstacles": [obstacle.message for obstacle in obstacles.of(campaign, now=now)],
        }

    def move(self, request: HttpRequest, campaign: Campaign, move: Move) -> None:
        """Move a campaign; where it runs now, warn of what is in the way of its calls. Raises IllegalMove."""
        super().move(request, campaign, move)
        if move.to != CampaignState.RUNNING:
            return
        fresh = Campaign.objects.select_related("account").get(pk=campaign.pk)
        for obstacle in obstacles.of(fresh, now=clock.now()):
            self.message_user(request, f"{campaign.name} calls nobody yet: {obstacle.message}", messages.WARNING)
