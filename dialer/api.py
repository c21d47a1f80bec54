"""What of the native API needs the dialer: POST that is safe to repeat, hanging up, and the carriers' health."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import exceptions, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from campaigns.api import callers
from campaigns.api.base import Rows
from campaigns.api.serializers import AttemptShape
from campaigns.api.views import attempts, calls, campaigns
from campaigns.states import Channel
from dialer import carriers, hangups, repeats
from dialer.carriers.base import CarrierError
from dialer.models import CarrierHealth

_KEY = OpenApiParameter(
    repeats.HEADER,
    str,
    OpenApiParameter.HEADER,
    description="A key of your own: whoever repeats the request with it within 24 hours gets the first answer.",
)


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


@extend_schema_view(create=extend_schema(parameters=[_KEY]))
class Campaigns(Repeatable, campaigns.Campaigns):
    """Campaigns, whose making is safe to repeat."""


@extend_schema_view(create=extend_schema(parameters=[_KEY]), bulk=extend_schema(parameters=[_KEY]))
class Calls(Repeatable, calls.Calls):
    """Calls, whose adding is safe to repeat."""


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


class CarrierShape(serializers.Serializer[Any]):
    """A way to reach people over one channel, and whether it works."""

    channel = serializers.ChoiceField(Channel.choices)
    carrier = serializers.CharField()
    up = serializers.BooleanField(help_text="False while nothing is placed after failures in a row.")
    failures = serializers.IntegerField(help_text="In a row.")
    opens_again_at = serializers.DateTimeField(allow_null=True)


class Carriers(ViewSet):
    """The carriers that the account's channels use."""

    permission_classes = (callers.MayUse,)
    metadata_class = None

    @extend_schema(responses=CarrierShape(many=True))
    def list(self, request: Request) -> Response:
        """Return each channel with its carrier's health."""
        caller = callers.of(request)
        health = {row.alias: row for row in CarrierHealth.objects.all()}
        rows = []
        for channel in Channel.values:
            alias = carriers.alias_for(channel, sandbox=caller.account.is_sandbox)
            known = health.get(alias) or CarrierHealth(alias=alias)
            shut = known.open_until if known.open_until and known.open_until > caller.now else None
            told = {"carrier": settings.CARRIERS[alias]["BACKEND"].rpartition(".")[2].lower()}
            rows.append(
                {"channel": channel, **told, "up": not shut, "failures": known.failures, "opens_again_at": shut}
            )
        return Response(CarrierShape(rows, many=True).data)


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
