"""Calls: added one by one or by the thousand, looked at with their attempts, changed, cancelled."""

from __future__ import annotations

from typing import Any

import msgspec
from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import garbage, refusals
from campaigns.api import base, filters, intake, items, parsers, serializers
from campaigns.api.problems import FieldError, Invalid, Taken
from campaigns.models import Call, CallAttempt, Campaign
from campaigns.operations import calls as operations
from campaigns.states import Api, CampaignState, Outcome

# So many faults are told of a request that is refused as a whole.
MAX_TOLD = 1000


def _json_schema(struct: type[msgspec.Struct]) -> dict[str, Any]:
    _, found = msgspec.json.schema_components([struct], ref_template="#/components/schemas/{name}")
    schema: dict[str, Any] = found[struct.__name__]
    return schema


_ITEM = _json_schema(items.CallItem) | {"required": ["number"]}
_NEW = _json_schema(items.CallItem) | {"required": ["campaign", "number"]}
_BULK = {
    "type": "object",
    "required": ["campaign", "calls"],
    "additionalProperties": False,
    "properties": {
        "campaign": {"type": "integer"},
        "calls": {"type": "array", "maxItems": items.MAX_CALLS, "items": _ITEM},
        "on_error": {"type": "string", "enum": ["refuse", "skip"], "default": "refuse"},
    },
}


class Calls(base.Read):
    """Calls of the account, each with all its tries."""

    model = Call
    queryset = Call.objects.none()
    serializer_class = serializers.CallShape
    filterset_class = filters.CallFilters
    # Calls are decoded by msgspec, without a serializer for each.
    parser_classes = (parsers.RawJSON,)

    def get_queryset(self) -> QuerySet[Call]:
        """Return the account's calls, their attempts fetched along."""
        attempts = CallAttempt.objects.order_by("n").defer("events", "evidence")
        return super().get_queryset().prefetch_related(Prefetch("attempts", queryset=attempts))

    @extend_schema(request={"application/json": _NEW}, responses={201: serializers.CallShape})
    def create(self, request: Request) -> Response | HttpResponse:
        """Add one call to a campaign."""
        return self.once("calls", self._added)

    @extend_schema(request={"application/json": _BULK}, responses={201: serializers.BulkShape})
    @action(detail=False, methods=["post"])
    def bulk(self, request: Request) -> Response | HttpResponse:
        """Add up to 100,000 calls to a campaign: all or none, or with `"on_error": "skip"` the good ones.

        `ids` stand in the order of the request; with "skip", null stands for what was refused.
        """
        return self.once("calls/bulk", self._added_all)

    @extend_schema(request={"application/json": _json_schema(items.CallChange)}, responses=serializers.CallShape)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a call while it waits."""
        call = self.get_object()
        change, named = items.read_change(request.data)
        columns = intake.changes(change, named, call, self.now)
        waited = operations.change_waiting(account=self.account, ids=[call.pk], changes=columns, now=self.now)
        if columns and not waited:
            raise refusals.NotPending(f"The call is {call.state}, it does not wait.", field="state")
        return self.shown(self.get_object())

    def destroy(self, request: Request, pk: str) -> Response:
        """Cancel a call: one that waits ends at once, one in progress gets no further try."""
        self._cancel()
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses=serializers.CallShape)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Cancel a call, and show what became of it."""
        self._cancel()
        return self.shown(self.get_object())

    def _added(self) -> Response:
        item = items.read_one(self.request.data)
        call = intake.read_one(item, self._campaign(item.campaign or 0))
        (pk,) = self._stored([call])
        return self.shown(self.get_queryset().get(pk=pk), status.HTTP_201_CREATED)

    @garbage.put_off()
    def _added_all(self) -> Response:
        wanted = items.read_bulk(self.request.data)
        campaign = self._campaign(wanted.campaign)
        batch = intake.read_items(wanted.calls, campaign)
        if wanted.on_error == "skip":
            batch = batch.without(intake.repeats(batch, campaign), "external_id")
        elif batch.errors:
            raise Invalid(batch.errors[:MAX_TOLD])
        ids: list[int | None] = [None] * len(wanted.calls)
        for place, pk in zip(batch.places, self._stored_all(batch, campaign), strict=True):
            ids[place] = pk
        told = {"ids": ids, "accepted": len(batch.calls), "refused": len(ids) - len(batch.calls)}
        return Response({**told, "errors": batch.errors}, status=status.HTTP_201_CREATED)

    def _stored_all(self, batch: intake.Batch, campaign: Campaign) -> list[int]:
        """Store a batch. Raises Taken naming each `external_id` that was used before."""
        try:
            return self._stored(batch.calls) if batch.calls else []
        except refusals.AlreadyThere as refusal:
            taken = batch.without(intake.repeats(batch, campaign), "external_id")
            raise Taken(taken.errors[:MAX_TOLD]) from refusal

    def _cancel(self) -> None:
        """Cancel the call; whoever asks twice is not refused."""
        call = self.get_object()
        cancelled = call.outcome == Outcome.CANCELLED or call.cancel_requested_at is not None
        if not operations.cancel_calls(account=self.account, ids=[call.pk], now=self.now) and not cancelled:
            raise refusals.NotPending("The call is done.", field="state")

    def _campaign(self, pk: int) -> Campaign:
        """Return a campaign of the account. Raises Invalid, in the same words for another account's."""
        mine = Campaign.objects.select_related("account").filter(account=self.account)
        found = mine.exclude(state=CampaignState.DELETED).filter(pk=pk).first()
        if found is None:
            raise Invalid([FieldError(field="campaign", message=f"There is no campaign {pk}.")])
        return found

    @transaction.atomic
    def _stored(self, calls: list[operations.NewCall]) -> list[int]:
        request_id = self.request.headers.get("Idempotency-Key", "")
        taken = operations.take(account=self.account, api=Api.NATIVE, request_id=request_id, now=self.now)
        return operations.add_calls(calls=calls, intake=taken, now=self.now)
