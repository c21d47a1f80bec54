"""The native REST API of reports: ended attempts, and what they come to by hour or by outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import django_filters
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api import base, filters
from campaigns.api.fields import Shape
from campaigns.states import Api, Channel, Outcome
from reports import queries
from reports.models import AttemptReport

BY = ("hour", "outcome")


class ReportShape(Shape):
    """One ended attempt, with everything in one row."""

    id = serializers.IntegerField(source="attempt_id", read_only=True, help_text="The attempt's.")
    call = serializers.IntegerField(source="call_id", read_only=True)
    api = serializers.ChoiceField(Api.choices, allow_blank=True, read_only=True)

    class Meta:
        model = AttemptReport
        fields = [
            *("id", "call", "campaign", "campaign_name", "contact_name", "external_id", "api", "channel", "number"),
            *("destination", "caller_id", "carrier", "n", "counts", "outcome", "cause", "claimed_at", "placed_at"),
            *("answered_at", "ended_at", "ring_seconds", "talk_seconds", "digits", "abandoned", "cost"),
        ]
        read_only_fields = fields


class TotalShape(serializers.Serializer[Any]):
    """What attempts come to. Rates are shares of those that were on the wire; null of none.

    By outcome only the numbers of attempts are told.
    """

    hour = serializers.DateTimeField(required=False, help_text="With by=hour: the hour they ended in, in UTC.")
    outcome = serializers.ChoiceField(Outcome.choices, required=False, help_text="With by=outcome.")
    attempts = serializers.IntegerField()
    originated = serializers.IntegerField()
    abandoned = serializers.IntegerField(required=False)
    ring_seconds = serializers.FloatField(required=False)
    talk_seconds = serializers.FloatField(required=False)
    cost = serializers.FloatField(required=False)
    answer_rate = serializers.FloatField(required=False, allow_null=True)
    outcomes = serializers.DictField(child=serializers.IntegerField(), required=False)


class TotalsShape(serializers.Serializer[Any]):
    """Totals by hour or outcome, and over all."""

    by = serializers.ChoiceField(BY)
    results = TotalShape(many=True)
    total = TotalShape()


class ReportFilters(django_filters.FilterSet):
    """Reports by campaign, call, how the attempt ended, and when."""

    campaign = filters.IdFilter("campaign_id")
    call = filters.IdFilter("call_id")
    outcome = django_filters.ChoiceFilter(choices=Outcome.choices)
    channel = django_filters.ChoiceFilter(choices=Channel.choices)
    destination = filters.NumberFilter()
    ended_after = filters.MomentFilter("ended_at", "gte")
    ended_before = filters.MomentFilter("ended_at", "lt")

    class Meta:
        model = AttemptReport
        fields: list[str] = []


class TotalFilters(django_filters.FilterSet):
    """What totals can be narrowed by: no more than their sums are kept for."""

    campaign = filters.IdFilter("campaign_id")
    channel = django_filters.ChoiceFilter(choices=Channel.choices)
    ended_after = filters.MomentFilter("ended_at", "gte")
    ended_before = filters.MomentFilter("ended_at", "lt")
    by = django_filters.ChoiceFilter(choices=[(name, name) for name in BY], method="keep")

    class Meta:
        model = AttemptReport
        fields: list[str] = []

    def keep(self, rows: Any, name: str, value: str) -> Any:
        """Leave the rows: this says how to group them."""
        return rows


class Reports(base.Read):
    """Ended attempts, the last ended first; at most a few seconds behind the ledger."""

    model = AttemptReport
    queryset = AttemptReport.objects.none()
    serializer_class = ReportShape
    filterset_class = ReportFilters
    keyset = ("ended_at", "attempt_id")

    @extend_schema(
        parameters=[
            OpenApiParameter("by", str, enum=BY, default="outcome"),
            OpenApiParameter("campaign", int),
            OpenApiParameter("channel", str, enum=Channel.values),
            OpenApiParameter("ended_after", str),
            OpenApiParameter("ended_before", str),
        ],
        responses=TotalsShape,
        filters=False,
    )
    @action(detail=False, methods=["get"], filterset_class=TotalFilters, pagination_class=None)
    def totals(self, request: Request) -> Response:
        """Return what ended attempts come to, by hour or by outcome."""
        given = self._given()
        scope = queries.Scope(
            account_id=self.account.pk,
            campaign_id=given["campaign"] and int(given["campaign"]),
            channel=given["channel"] or "",
            since=given["ended_after"],
            until=given["ended_before"],
        )
        by = given["by"] or "outcome"
        return Response({"by": by, "results": _RESULTS[by](scope), "total": _total(queries.totals(scope))})

    def _given(self) -> dict[str, Any]:
        """Return the query's values. Raises ValidationError."""
        backend = base.Filters()
        backend.filter_queryset(self.request, self.get_queryset(), self)
        wanted = TotalFilters(self.request.query_params, queryset=self.get_queryset())
        if not wanted.is_valid():
            raise ValidationError(wanted.errors)
        return dict(wanted.form.cleaned_data)


def _by_hour(scope: queries.Scope) -> list[dict[str, Any]]:
    return [{"hour": hour, **_total(sums)} for hour, sums in queries.by_hour(scope).items()]


def _by_outcome(scope: queries.Scope) -> list[dict[str, Any]]:
    sums = queries.totals(scope)
    return [
        {"outcome": outcome, "attempts": number, "originated": sums.originated_by_outcome.get(outcome, 0)}
        for outcome, number in sorted(sums.by_outcome.items())
    ]


def _total(sums: queries.Totals) -> dict[str, Any]:
    return {
        "attempts": sums.attempts,
        "originated": sums.originated,
        "abandoned": sums.abandoned,
        "ring_seconds": float(sums.ring_seconds),
        "talk_seconds": float(sums.talk_seconds),
        "cost": float(sums.cost),
        "answer_rate": sums.answer_rate,
        "outcomes": sums.by_outcome,
    }


_RESULTS: Mapping[str, Callable[[queries.Scope], list[dict[str, Any]]]] = {"hour": _by_hour, "outcome": _by_outcome}
