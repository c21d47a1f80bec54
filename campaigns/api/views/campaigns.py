"""Campaigns: made, changed, started, paused, finished, copied, deleted."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from campaigns import counts, refusals
from campaigns.api import base, callers, fields, filters, serializers
from campaigns.models import Campaign
from campaigns.operations import campaigns as operations
from campaigns.states import CampaignState

# From which states each action leads, and where to.
_MOVES: dict[str, tuple[frozenset[CampaignState], CampaignState]] = {
    "start": (frozenset({CampaignState.DRAFT}), CampaignState.RUNNING),
    "pause": (frozenset({CampaignState.RUNNING}), CampaignState.PAUSED),
    "resume": (frozenset({CampaignState.PAUSED}), CampaignState.RUNNING),
    "finish": (
        frozenset({CampaignState.DRAFT, CampaignState.RUNNING, CampaignState.PAUSED}),
        CampaignState.FINISHED,
    ),
}


class Campaigns(base.Read):
    """Campaigns of the account. Deleted ones are listed only where `state=deleted` asks for them."""

    model = Campaign
    queryset = Campaign.objects.none()
    serializer_class = serializers.CampaignShape
    filterset_class = filters.CampaignFilters

    def filter_queryset(self, queryset: Any) -> Any:
        found = super().filter_queryset(queryset)
        listed = self.action == "list" and "state" not in self.request.query_params
        return found.exclude(state=CampaignState.DELETED) if listed else found

    def shape(self, rows: Any, *, many: bool = False) -> BaseSerializer[Any]:
        """Return the serializer of campaigns, with the counts of all of them."""
        wanted = counts.of([row.pk for row in (rows if many else [rows])])
        context = {**self.get_serializer_context(), "counts": wanted}
        return self.get_serializer_class()(rows, many=many, context=context)

    def create(self, request: Request) -> Response | HttpResponse:
        """Make a campaign, as a draft."""
        return self.once("campaigns", self._made)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change fields of a campaign, in whatever state but deleted."""
        campaign = self.get_object()
        if campaign.state == CampaignState.DELETED:
            raise refusals.IllegalMove("The campaign is deleted.", field="state")
        wanted = fields.given(self.get_serializer(campaign, data=request.data, partial=True))
        changed = operations.update_campaign(campaign=campaign, now=self.now, by=self.label, **wanted)
        return self.shown(changed)

    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a campaign: waiting calls are cancelled, what happened can still be read."""
        campaign = self.get_object()
        if campaign.state != CampaignState.DELETED:
            operations.move_campaign(campaign=campaign, to=CampaignState.DELETED, now=self.now, by=self.label)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def start(self, request: Request, pk: str) -> Response:
        """Start a draft."""
        return self._moved("start")

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        """Pause a running campaign: no further call is placed."""
        return self._moved("pause")

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """Go on with a paused campaign."""
        return self._moved("resume")

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def finish(self, request: Request, pk: str) -> Response:
        """Finish a campaign: its waiting calls are cancelled, calls in progress end by themselves."""
        return self._moved("finish")

    @extend_schema(request=serializers.CopyShape, responses={201: serializers.CampaignShape})
    @action(detail=True, methods=["post"])
    def copy(self, request: Request, pk: str) -> Response:
        """Make a draft with the settings and members of a campaign, but none of its people."""
        campaign = self.get_object()
        wanted = fields.given(serializers.CopyShape(data=request.data))
        name = wanted.get("name", f"Copy of {campaign.name}"[:255])
        return self.shown(operations.copy_campaign(campaign=campaign, name=name, now=self.now), 201)

    @property
    def label(self) -> str:
        """Return the name that changes are noted under."""
        return callers.of(self.request).label[:150]

    def _made(self) -> Response:
        wanted = fields.given(self.get_serializer(data=self.request.data))
        campaign = operations.create_campaign(account=self.account, now=self.now, **wanted)
        return self.shown(campaign, status.HTTP_201_CREATED)

    def _moved(self, name: str) -> Response:
        campaign = self.get_object()
        sources, to = _MOVES[name]
        if campaign.state not in sources:
            raise refusals.IllegalMove(f"A {campaign.state} campaign cannot {name}.", field="state")
        return self.shown(operations.move_campaign(campaign=campaign, to=to, now=self.now, by=self.label))
