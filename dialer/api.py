"""What of the native API needs the dialer: POST that is safe to repeat, hanging up, and the carriers' health."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import exceptions, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import ViewSet

from campaigns import counts
from campaigns.api import callers, parsers
from campaigns.api.base import Rows
from campaigns.api.serializers import AttemptShape, CampaignShape
from campaigns.api.views import attempts, calls, campaigns
from campaigns.models import CallAttempt, Campaign
from campaigns.states import Channel
from dialer import breaker, carriers, hangups, obstacles, repeats, standing
from dialer.carriers.base import CarrierError
from dialer.models import CarrierHealth

_KEY = OpenApiParameter(
    repeats.HEADER,
    str,
    OpenApiParameter.HEADER,
    description="A key of your own: whoever repeats the request with it within 24 hours gets the first answer.",
)

_CHANNEL = OpenApiParameter("id", str, OpenApiParameter.PATH, enum=Channel.values, description="A channel.")


class CarrierSilent(exceptions.APIException):
    """The carrier cannot be talked to now."""

    status_code = 503
    default_code = "carrier_silent"
    default_detail = "The carrier cannot be reached; the attempt is cut as soon as it can."
    wait = 5


class Repeatable(Rows):
    """Rows that are made once, however often the request comes with its key."""

    def once(self, scope: str, handler: Callable[[], Response]) -> Response | HttpResponse:
        """Answer as the key's first request was answered."""
        return repeats.once(self.request, scope, handler)


class CampaignRow(CampaignShape):
    """A campaign with where it stands, taken from the context for a whole page at once."""

    reason = serializers.SerializerMethodField()
    reason_text = serializers.SerializerMethodField(help_text="Where it stands, in words.")
    next_look_at = serializers.SerializerMethodField(help_text="When the engine looks at the next of its calls.")

    class Meta(CampaignShape.Meta):
        fields = [*CampaignShape.Meta.fields, "reason", "reason_text", "next_look_at"]

    @extend_schema_field(serializers.ChoiceField(standing.CODES, help_text="Where it stands, or what it waits for."))
    def get_reason(self, campaign: Campaign) -> str:
        """Return where the campaign stands, as a code."""
        return str(self.context["standing"][campaign.pk].code)

    def get_reason_text(self, campaign: Campaign) -> str:
        """Return where the campaign stands, in words."""
        return str(self.context["standing"][campaign.pk].words)

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_next_look_at(self, campaign: Campaign) -> str | None:
        """Return when the engine looks at the next of its calls; null where it does not."""
        look = self.context["standing"][campaign.pk].next_look_at
        shown: str | None = serializers.DateTimeField().to_representation(look) if look else None
        return shown


class ObstacleShape(serializers.Serializer[Any]):
    """One thing that keeps a campaign's calls from going."""

    code = serializers.CharField()
    message = serializers.CharField()


class CampaignPage(CampaignRow):
    """A campaign by itself, with what keeps its calls from ever being dialled as things stand."""

    obstacles = serializers.SerializerMethodField(
        help_text="What keeps every waiting call, or all of one channel, from going; empty where one may go."
    )

    class Meta(CampaignRow.Meta):
        fields = [*CampaignRow.Meta.fields, "obstacles"]

    @extend_schema_field(ObstacleShape(many=True))
    def get_obstacles(self, campaign: Campaign) -> list[dict[str, str]]:
        """Return the obstacles."""
        found = obstacles.of(campaign, now=self.context["now"])
        return [{"code": each.code, "message": each.message} for each in found]


@extend_schema_view(
    list=extend_schema(responses=CampaignRow(many=True)),
    create=extend_schema(parameters=[_KEY]),
    copy=extend_schema(responses={201: CampaignPage}),
)
class Campaigns(Repeatable, campaigns.Campaigns):
    """Campaigns with where they stand and what is in their way; their making is safe to repeat."""

    serializer_class = CampaignPage

    def shape(self, rows: Any, *, many: bool = False) -> BaseSerializer[Any]:
        """Return the serializer of campaigns, with the counts and the standing of all of them."""
        listed = list(rows) if many else [rows]
        for row in listed:
            row.account = self.account
        counted = counts.of([row.pk for row in listed])
        stands = standing.of(listed, counted=counted, now=self.now)
        context = {**self.get_serializer_context(), "counts": counted, "standing": stands, "now": self.now}
        return CampaignRow(listed, many=True, context=context) if many else CampaignPage(rows, context=context)


@extend_schema_view(create=extend_schema(parameters=[_KEY]), bulk=extend_schema(parameters=[_KEY]))
class Calls(Repeatable, calls.Calls):
    """Calls with what holds those that are ready; their adding is safe to repeat."""

    def shape(self, rows: Any, *, many: bool = False) -> BaseSerializer[Any]:
        """Return the serializer of calls. What holds ready ones stands in no row, but is of this moment."""
        listed = list(rows) if many else [rows]
        held = standing.held_calls(listed, account=self.account, now=self.now)
        for row in listed:
            if row.pk in held:
                row.reason, row.next_look_at = held[row.pk].reason, held[row.pk].again_at
        return super().shape(listed if many else rows, many=many)


class Attempts(attempts.Attempts):
    """Attempts, of which the open ones can be cut."""

    @extend_schema(request=None, responses={202: AttemptShape})
    @action(detail=True, methods=["post"])
    def hangup(self, request: Request, pk: str) -> Response:
        """Cut an attempt in progress; how it ended is told by the carrier a moment later."""
        attempt = self.get_object()
        try:
            hangups.hang_up(attempt, now=self.now)
        except CarrierError as error:
            raise CarrierSilent from error
        return self.shown(self.get_object(), 202)


class EvidenceShape(serializers.Serializer[Any]):
    """An attempt of the account that failed by the carrier's fault."""

    attempt = serializers.IntegerField()
    cause = serializers.CharField()
    at = serializers.DateTimeField()


class CarrierHealthShape(serializers.Serializer[Any]):
    """A way to reach people over one channel, and whether it works."""

    channel = serializers.ChoiceField(Channel.choices)
    carrier = serializers.CharField()
    up = serializers.BooleanField(help_text="False while nothing is placed after failures in a row.")
    on_trial = serializers.BooleanField(help_text="One call at a time tries whether it works again.")
    failures = serializers.IntegerField(help_text="In a row.")
    down_since = serializers.DateTimeField(allow_null=True)
    opens_again_at = serializers.DateTimeField(allow_null=True)
    evidence = EvidenceShape(many=True, help_text="Those of its last failures that were the account's own.")


class Carriers(ViewSet):
    """The carriers that the account's channels use."""

    permission_classes = (callers.MayUse,)
    parser_classes = (parsers.StrictJSON,)
    metadata_class = None
    lookup_value_regex = "|".join(Channel.values)

    @extend_schema(responses=CarrierHealthShape(many=True))
    def list(self, request: Request) -> Response:
        """Return each channel with its carrier's health."""
        caller = callers.of(request)
        by_channel = {each: carriers.alias_for(each, sandbox=caller.account.is_sandbox) for each in Channel.values}
        health = CarrierHealth.objects.in_bulk(set(by_channel.values()))
        told = [item for row in health.values() for item in row.evidence]
        mine = CallAttempt.objects.filter(
            account=caller.account, pk__in=[item["attempt"] for item in told if "attempt" in item]
        )
        own = set(mine.values_list("pk", flat=True)) if told else set()
        rows = [
            _health(channel, health.get(alias) or CarrierHealth(alias=alias), own, caller.now)
            for channel, alias in by_channel.items()
        ]
        return Response(CarrierHealthShape(rows, many=True).data)

    @extend_schema(request=None, responses={204: None}, parameters=[_CHANNEL])
    @action(detail=True, methods=["post"])
    def reset(self, request: Request, pk: str) -> Response:
        """Say that a channel's carrier is well: calls go at once. For the platform's staff, who may change carriers."""
        caller = callers.of(request)
        if not caller.runs_platform:
            raise exceptions.PermissionDenied("A carrier serves all accounts: only the platform's staff may reset it.")
        breaker.reset(carriers.alias_for(pk, sandbox=caller.account.is_sandbox), now=caller.now)
        return Response(status=204)


def _health(channel: str, known: CarrierHealth, own: set[int], now: dt.datetime) -> dict[str, Any]:
    shut = known.open_until if known.open_until and known.open_until > now else None
    return {
        "channel": channel,
        "carrier": settings.CARRIERS[known.alias]["BACKEND"].rpartition(".")[2].lower(),
        "up": not shut,
        "on_trial": bool(known.open_until and not shut),
        "failures": known.failures,
        "down_since": known.opened_at if known.open_until else None,
        "opens_again_at": shut,
        "evidence": [
            {**item, "at": dt.datetime.fromisoformat(item["at"])}
            for item in known.evidence
            if item.get("attempt") in own
        ],
    }


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the API describes its keys."""

    target_class = "dialer.keys.BearerKey"
    name = "key"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        """Return the scheme of OpenAPI."""
        return {"type": "http", "scheme": "bearer"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the API describes browsers' sessions."""

    target_class = "dialer.keys.BrowserSession"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        """Return the scheme of OpenAPI."""
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
