"""Suppressions: destinations that must not be reached."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db import transaction
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import phones, refusals
from campaigns.api import base, filters, serializers
from campaigns.models import Campaign, Suppression
from campaigns.operations import suppressions as operations
from campaigns.states import Channel

MAX_LISTED = 10_000


class Wanted(NamedTuple):
    """One destination to list, normalised."""

    destination: str
    campaign: Campaign | None
    channel: str
    source: str


_ONE_OR_MANY = PolymorphicProxySerializer(
    component_name="SuppressionOrList",
    serializers=[serializers.SuppressionShape, serializers.SuppressionShape(many=True)],
    resource_type_field_name=None,
    many=False,
)


class Suppressions(base.Read):
    """Destinations that the account, or one of its campaigns, must not reach."""

    model = Suppression
    queryset = Suppression.objects.none()
    serializer_class = serializers.SuppressionShape
    filterset_class = filters.SuppressionFilters

    @extend_schema(request=_ONE_OR_MANY, responses={201: _ONE_OR_MANY})
    def create(self, request: Request) -> Response:
        """List a destination, or up to 10,000; what is listed already is answered as it is."""
        many = isinstance(request.data, list)
        if many and len(request.data) > MAX_LISTED:
            raise ValidationError(f"{MAX_LISTED} are the most in one request.")
        serializer = self.get_serializer(data=request.data, many=many)
        serializer.is_valid(raise_exception=True)
        wanted = serializer.validated_data if many else [serializer.validated_data]
        rows = self._listed(self._read(wanted, many=many))
        return Response(self.shape(rows if many else rows[0], many=many).data, status=status.HTTP_201_CREATED)

    def destroy(self, request: Request, pk: str) -> Response:
        """Take a destination off the list."""
        operations.lift(suppression=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _read(self, given: list[dict[str, Any]], *, many: bool) -> list[Wanted]:
        """Return what is to be listed, destinations normalised. Raises ValidationError naming each bad one."""
        wanted: list[Wanted] = []
        faults: dict[str, list[str]] = {}
        for index, item in enumerate(given):
            try:
                wanted.append(_wanted(item, self.account.country))
            except refusals.InvalidNumber as refusal:
                faults[f"[{index}].destination" if many else "destination"] = [refusal.message]
        if faults:
            raise ValidationError(faults)
        return wanted

    @transaction.atomic
    def _listed(self, wanted: list[Wanted]) -> list[Suppression]:
        """List destinations, group by group; return their rows in the order of asking."""
        groups: dict[tuple[Campaign | None, str], dict[str, str]] = {}
        for item in wanted:
            groups.setdefault((item.campaign, item.channel), {}).setdefault(item.destination, item.source)
        rows: dict[tuple[Campaign | None, str, str], Suppression] = {}
        for (campaign, channel), sources in groups.items():
            scope: dict[str, Any] = {"account": self.account, "campaign": campaign, "channel": channel}
            operations.suppress(**scope, destinations=sources, sources=sources, now=self.now)
            for row in Suppression.objects.filter(**scope, destination__in=list(sources)):
                rows[campaign, channel, row.destination] = row
        return [rows[item.campaign, item.channel, item.destination] for item in wanted]


def _wanted(item: dict[str, Any], country: str) -> Wanted:
    channel = item.get("channel", "")
    # Without a channel the sign tells an address from a number.
    read_as = channel or (Channel.EMAIL if "@" in item["destination"] else Channel.VOICE)
    found = phones.read(item["destination"], read_as, country)
    return Wanted(found.address, item.get("campaign"), channel, item.get("source", ""))
