"""Reads what became of a campaign's calls: a few statements for any number of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Sum

from campaigns.models import Call, CallAttempt, Campaign
from campaigns.states import Channel
from dialer.vendors.go4clients.errors import Code, Fault
from dialer.vendors.go4clients.fields import Fields, as_whole

DEFAULT_LIMIT, MOST_ROWS = 500, 5000
_FURTHEST = 2**31


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows are asked for: `limit` of them from the offset `start` on."""

    start: int
    limit: int


class Try(NamedTuple):
    """One dial of a call."""

    placed_at: dt.datetime | None
    answered_at: dt.datetime | None
    ended_at: dt.datetime | None
    cost: Decimal
    steps: list[dict[str, Any]]


class Result(NamedTuple):
    """A call as this API sees it, with its tries."""

    pk: int
    destination: str
    state: str
    outcome: str
    priority: int
    done_at: dt.datetime | None
    tries: list[Try]

    def started_at(self) -> dt.datetime | None:
        """Return when it was first dialled."""
        return self.tries[0].placed_at if self.tries else None

    def answered_at(self) -> dt.datetime | None:
        """Return when it was last answered."""
        return next((dial.answered_at for dial in reversed(self.tries) if dial.answered_at), None)

    def is_answered(self) -> bool:
        """Tell whether the called party is on the line now."""
        return bool(self.tries and self.tries[-1].answered_at and not self.tries[-1].ended_at)

    def talk_seconds(self) -> int:
        """Return how long was talked, in whole seconds; what goes on does not count yet."""
        spans = [dial.ended_at - dial.answered_at for dial in self.tries if dial.answered_at and dial.ended_at]
        return int(sum(span.total_seconds() for span in spans))


def read_page(fields: Fields) -> Page:
    """Return the page that a query asks for; a limit above the greatest counts as that. Raises Fault."""
    start, limit = _whole(fields, "start", 0, least=0), _whole(fields, "limit", DEFAULT_LIMIT, least=1)
    return Page(min(start, _FURTHEST), min(limit, MOST_ROWS))


def _whole(fields: Fields, name: str, default: int, *, least: int) -> int:
    value = fields.get(name)
    found = default if value is None else as_whole(value)
    if found is None or found < least:
        raise Fault(Code.VOICE_UNKNOWN, f"{name}: a whole number of at least {least} is wanted.")
    return found


def read(campaign: Campaign, page: Page) -> list[Result]:
    """Return a page of a campaign's voice calls, whichever way they came in, in the order of adding."""
    rows = Call.objects.filter(campaign=campaign, channel=Channel.VOICE).order_by("pk")
    found = list(rows.values_list(*Result._fields[:-1])[page.start : page.start + page.limit])
    tries = _tries(row[0] for row in found)
    return [Result._make((*row, tries.get(row[0], []))) for row in found]


def _tries(ids: Iterable[int]) -> dict[int, list[Try]]:
    """Return the dials of calls. One that was withdrawn before it reached the wire is none."""
    placed = CallAttempt.objects.filter(call__in=list(ids), placed_at__isnull=False).order_by("call_id", "n")
    found: dict[int, list[Try]] = {}
    for call_id, *row in placed.values_list("call_id", *Try._fields):
        found.setdefault(call_id, []).append(Try._make(row))
    return found


def cost(campaign: Campaign) -> float:
    """Return what a campaign's voice calls have cost so far."""
    dials = CallAttempt.objects.filter(campaign=campaign, channel=Channel.VOICE)
    return float(dials.aggregate(sum=Sum("cost"))["sum"] or 0)


def options(steps: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the labels of the options that were chosen, in the order of choosing."""
    return [step["option"] for step in steps if step.get("do") == "detect" and step.get("option")]
