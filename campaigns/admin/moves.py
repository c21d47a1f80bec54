"""What a person does with a whole campaign: start, pause, resume, finish, delete, copy. By POST, never by a link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme

from campaigns import counts, refusals
from campaigns.admin import moments
from campaigns.admin.base import LedgerAdmin
from campaigns.models import Campaign
from campaigns.operations import campaigns as operations
from campaigns.states import CampaignState

DRAFT, RUNNING, PAUSED = CampaignState.DRAFT, CampaignState.RUNNING, CampaignState.PAUSED
FINISHED, DELETED = CampaignState.FINISHED, CampaignState.DELETED


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A step in a campaign's life that a person takes: from where to where, and in what words.

    With a `consequence` the person is asked first; it may name {waiting} and {live}.
    """

    sources: frozenset[CampaignState]
    to: CampaignState
    verb: str
    done: str
    variant: str = "default"
    consequence: tuple[str, ...] = ()
    button: str = ""


MOVES: dict[str, Move] = {
    "start": Move(sources=frozenset({DRAFT}), to=RUNNING, verb="Start", done="started", variant="primary"),
    "pause": Move(sources=frozenset({RUNNING}), to=PAUSED, verb="Pause", done="paused"),
    "resume": Move(sources=frozenset({PAUSED}), to=RUNNING, verb="Resume", done="resumed", variant="primary"),
    "finish": Move(
        sources=frozenset({DRAFT, RUNNING, PAUSED}),
        to=FINISHED,
        verb="Finish",
        done="finished",
        consequence=(
            "{waiting} waiting calls become Cancelled, those that wait for another try too.",
            "{live} calls in progress end by themselves.",
            "No call can be added any more. This cannot be undone; to interrupt it, pause it instead.",
        ),
        button="Finish for good",
    ),
    "delete": Move(
        sources=frozenset({DRAFT, RUNNING, PAUSED, FINISHED}),
        to=DELETED,
        verb="Delete",
        done="deleted",
        variant="danger",
        consequence=(
            "{waiting} waiting calls become Cancelled.",
            "{live} calls in progress end by themselves.",
            "It leaves the list. What has happened can still be read, under the filter Deleted. This cannot be undone.",
        ),
        button="Delete",
    ),
}


def possible(campaign: Campaign) -> list[str]:
    """Return the names of the moves that a campaign's state allows."""
    return [name for name, move in MOVES.items() if campaign.state in move.sources]


class CampaignMoves(LedgerAdmin):
    """The views that move and copy campaigns."""

    def get_urls(self) -> list[Any]:
        """Return the pages of campaigns, with one for each move."""
        moves = [
            path(
                f"<path:object_id>/{name}/",
                self.admin_site.admin_view(self.move_view),
                {"name": name},
                name=f"campaigns_campaign_{name}",
            )
            for name in MOVES
            if name != "delete"
        ]
        # Under the name of the admin's own page, which would delete the rows.
        delete = path(
            "<path:object_id>/delete/",
            self.admin_site.admin_view(self.move_view),
            {"name": "delete"},
            name="campaigns_campaign_delete",
        )
        copy = path(
            "<path:object_id>/copy/", self.admin_site.admin_view(self.copy_view), name="campaigns_campaign_copy"
        )
        return [*moves, delete, copy, *super().get_urls()]

    def move_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """Move a campaign; first tell the consequence where there is no way back."""
        campaign, move = self.wanted_to_move(request, object_id), MOVES[name]
        if request.method == "POST" and (not move.consequence or "confirmed" in request.POST):
            return self._moved(request, campaign, move)
        if not move.consequence:
            return HttpResponseNotAllowed(["POST"])
        return self._asked(request, campaign, move)

    def copy_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Make a draft with the settings and members of a campaign."""
        campaign = self.wanted(request, object_id)
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        name = f"Copy of {campaign.name}"[:255]
        made = operations.copy_campaign(campaign=campaign, name=name, now=moments.now())
        self.log_addition(request, made, f"Copied from {campaign.pk}.")
        self.message_user(request, f"{name} is a draft with the same settings and members, without calls.")
        return HttpResponseRedirect(reverse("admin:campaigns_campaign_change", args=[made.pk]))

    def wanted_to_move(self, request: HttpRequest, object_id: str) -> Campaign:
        """Return a campaign to move it. Raises Http404, PermissionDenied."""
        campaign: Campaign = self.wanted(request, object_id)
        if not self.may(request, "change"):
            raise PermissionDenied
        return campaign

    def move(self, request: HttpRequest, campaign: Campaign, move: Move) -> None:
        """Move a campaign and note who did it. Raises IllegalMove."""
        if campaign.state not in move.sources:
            by = f" by {campaign.changed_by}" if campaign.changed_by else ""
            raise refusals.IllegalMove(
                f"{campaign.name} is {campaign.state}{by}; it cannot be {move.done}. Nothing was done.", field="state"
            )
        by = request.user.get_username()
        operations.move_campaign(campaign=campaign, to=move.to, now=moments.now(), by=by)
        self.log_change(request, campaign, f"{move.done.capitalize()}.")

    def _moved(self, request: HttpRequest, campaign: Campaign, move: Move) -> HttpResponse:
        try:
            self.move(request, campaign, move)
        except refusals.Refused as refusal:
            return self.told(request, refusal, self._next(request, campaign))
        self.message_user(request, f"{campaign.name} is {move.done}.", messages.SUCCESS)
        if move.to == DELETED:
            return HttpResponseRedirect(reverse("admin:campaigns_campaign_changelist"))
        return HttpResponseRedirect(self._next(request, campaign))

    def _asked(self, request: HttpRequest, campaign: Campaign, move: Move) -> HttpResponse:
        counted = counts.of([campaign.pk])[campaign.pk]
        told = [line.format(waiting=f"{counted.waiting:,}", live=f"{counted.live:,}") for line in move.consequence]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": campaign,
            "title": f"{move.verb} {campaign.name}?",
            "consequence": told,
            "button": move.button,
            "possible": campaign.state in move.sources,
        }
        return TemplateResponse(request, "admin/campaigns/campaign/confirm.html", context)

    def _next(self, request: HttpRequest, campaign: Campaign) -> str:
        """Return where the person came from, if it is a page of this site; else the campaign's page."""
        wanted = request.POST.get("next", "")
        if wanted and url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
            return wanted
        return reverse("admin:campaigns_campaign_change", args=[campaign.pk])
