"""The calls that wait: what the vendor calls pending. Calls of other doors are among them, texts and emails are not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet

from campaigns.models import Call, Campaign
from campaigns.states import CallState, Channel


@dataclass(slots=True)
class Summary:
    """How many calls of a campaign are pending, and the highest and lowest priority among them."""

    total: int = 0
    highest: int = 0
    lowest: int = 0


def of(campaign: Campaign) -> QuerySet[Call]:
    """Return the pending calls of a campaign, in no order."""
    # Each side of the "or" is what one partial index holds.
    ready, parked = Q(state=CallState.WAITING, ready=True), Q(state=CallState.WAITING, ready=False)
    return Call.objects.filter(ready | parked, campaign=campaign, channel=Channel.VOICE)


def to(campaign: Campaign, destination: str) -> QuerySet[Call]:
    """Return the pending calls of a campaign to one number."""
    waiting = Call.objects.filter(campaign=campaign, destination=destination, state=CallState.WAITING)
    return waiting.filter(channel=Channel.VOICE)


def in_order(calls: QuerySet[Call]) -> QuerySet[Call]:
    """Return calls in the order in which they are dialled."""
    return calls.order_by("-priority", "due_at", "id")


def summary(campaign: Campaign) -> Summary:
    """Return the numbers of one campaign."""
    return summaries([campaign.pk])[campaign.pk]


def summaries(campaign_ids: Iterable[int]) -> dict[int, Summary]:
    """Return the numbers of campaigns, those without pending calls included, by one statement."""
    found = {pk: Summary() for pk in campaign_ids}
    if not found:
        return found
    calls = Call.objects.filter(campaign_id__in=list(found), channel=Channel.VOICE, state=CallState.WAITING)
    for pk, total, highest, lowest in _numbers(calls.filter(ready=True)).union(
        _numbers(calls.filter(ready=False)), all=True
    ):
        there = found[pk]
        there.highest = max(there.highest, highest) if there.total else highest
        there.lowest = min(there.lowest, lowest) if there.total else lowest
        there.total += total
    return found


def _numbers(calls: QuerySet[Call]) -> QuerySet[Any, Any]:
    numbers = {"total": Count("*"), "highest": Max("priority"), "lowest": Min("priority")}
    return calls.order_by().values("campaign_id").annotate(**numbers).values_list("campaign_id", *numbers)
