"""What was planned for attempts: of their calls only what decides how they are dialled and what becomes of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from campaigns.models import Call, CallAttempt, Campaign


class Planned(NamedTuple):
    """The columns of a call that gates, dials and fates read; a tuple, as thousands are read in a second."""

    id: int
    campaign_id: int
    channel: str
    destination: str
    zones: str
    due_at: dt.datetime
    not_after: dt.datetime | None
    window: list[dict[str, Any]] | None
    caller_name: str
    message: str
    voice: str
    flow: dict[str, Any] | None
    custom_data: dict[str, Any]
    max_attempts: int | None
    retry_minutes: int | None
    attempts_made: int
    attempts_total: int
    congestions: int
    ignores_suppression: bool
    cancel_requested_at: dt.datetime | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Plans:
    """What was planned for some attempts: their calls and campaigns, by id."""

    calls: dict[int, Planned]
    campaigns: dict[int, Campaign]


def of(attempts: Iterable[CallAttempt]) -> Plans:
    """Read the calls and campaigns of attempts, by two statements. Requires the account's decisions kept."""
    found = list(attempts)
    if not found:
        return Plans({}, {})
    rows = Call.objects.filter(pk__in={attempt.call_id for attempt in found}).values_list(*Planned._fields)
    campaigns = Campaign.objects.in_bulk({attempt.campaign_id for attempt in found})
    return Plans({row[0]: Planned(*row) for row in rows}, campaigns)
