"""Every read that somebody is shown, once: pages, API, vendors' doors, exports and pacing all start here.

The numbers, defined for all of them:

*originated*: attempts that were placed on the wire (`placed_at`); *ended*: originated and ended. Only ended attempts
are in reports and sums, at most a few seconds behind the ledger. *Answer rate* = (answered + machine) / ended;
*person rate* = answered / ended; `unknown` stays among the ended. *Abandon rate* = abandoned / persons who answered.
*Ring* and *talk* are seconds of voice; texts and emails have none. A rate of nothing is None, which is shown as "-".
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Aggregate, Count, Q, QuerySet, Sum
from django.db.models.functions import TruncHour

from campaigns import bulk
from campaigns.models import CallAttempt, Campaign
from campaigns.states import Outcome
from reports import measures
from reports.models import AttemptReport, HourlySum

HOUR = dt.timedelta(hours=1)
ABANDON_SPAN = dt.timedelta(days=30)
PACE_SPAN = dt.timedelta(seconds=60)
# No attempt is placed this long after its claim: by then its lease is over. Bounds the search in the index by claim.
CLAIM_TO_PLACE = dt.timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """Which attempts are meant: of an account, a campaign, a channel, that ended in [since, until). Unset: all."""

    account_id: int | None = None
    campaign_id: int | None = None
    channel: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None

    def owners(self) -> dict[str, Any]:
        """Return whose attempts, as conditions on the columns that reports and sums have in common."""
        wanted = {"account_id": self.account_id, "campaign_id": self.campaign_id, "channel": self.channel}
        return {name: value for name, value in wanted.items() if value}


@dataclass(kw_only=True, slots=True)
class Counts:
    """A campaign's calls at one moment. The parts add up: total = ready + parked + live + done."""

    ready: int = 0
    parked: dict[str, int] = field(default_factory=dict)
    live: int = 0
    done: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def waiting(self) -> int:
        """Return how many wait: those that the next claim may take, and those parked for a reason."""
        return self.ready + sum(self.parked.values())

    @property
    def finished(self) -> int:
        """Return how many are done."""
        return sum(self.done.values())

    @property
    def total(self) -> int:
        """Return how many there are."""
        return self.waiting + self.live + self.finished

    @property
    def outcomes(self) -> dict[str, int]:
        """Return how many calls are done by their outcome."""
        return _folded((outcome, count) for (outcome, _), count in self.done.items())

    @property
    def reasons(self) -> dict[str, int]:
        """Return how many calls are done by what closed them."""
        return _folded((reason, count) for (_, reason), count in self.done.items())


@dataclass(kw_only=True, slots=True)
class Totals:
    """What ended attempts come to. Seconds and cost are exact."""

    attempts: int = 0
    originated: int = 0
    abandoned: int = 0
    ring_seconds: Decimal = Decimal(0)
    talk_seconds: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    by_outcome: dict[str, int] = field(default_factory=dict)
    # The same, of those that were on the wire.
    originated_by_outcome: dict[str, int] = field(default_factory=dict)

    @property
    def answer_rate(self) -> float | None:
        """Return (answered + machine) / ended."""
        reached = self.originated_by_outcome.get(Outcome.MACHINE, 0)
        return rate(self.originated_by_outcome.get(Outcome.ANSWERED, 0) + reached, self.originated)

    @property
    def person_rate(self) -> float | None:
        """Return answered / ended."""
        return rate(self.originated_by_outcome.get(Outcome.ANSWERED, 0), self.originated)

    def add(self, outcome: str, sums: dict[str, Any]) -> None:
        """Add the sums of one outcome."""
        for name in measures.MEASURES:
            setattr(self, name, getattr(self, name) + sums[name])
        self.by_outcome[outcome] = self.by_outcome.get(outcome, 0) + sums["attempts"]
        self.originated_by_outcome[outcome] = self.originated_by_outcome.get(outcome, 0) + sums["originated"]


def rate(part: int, whole: int) -> float | None:
    """Return a share between 0 and 1, or None of nothing."""
    return part / whole if whole else None


def campaign(name: str) -> Campaign | None:
    """Return the campaign that a person names by its id, its uuid, or its name where only one has it."""
    if name.isascii() and name.isdigit() and len(name) < 19:
        found = Campaign.objects.filter(pk=int(name))
    elif _is_uuid(name):
        found = Campaign.objects.filter(uuid=name)
    else:
        found = Campaign.objects.filter(name=name)
    few = list(found.select_related("account").order_by("id")[:2])
    return few[0] if len(few) == 1 else None


def attempts(scope: Scope) -> QuerySet[AttemptReport]:
    """Return the reports of ended attempts, in no order; `order_by("ended_at", "attempt_id")` has an index."""
    found = AttemptReport.objects.filter(**scope.owners())
    if scope.since:
        found = found.filter(ended_at__gte=scope.since)
    return found.filter(ended_at__lt=scope.until) if scope.until else found


def campaign_counts(campaign_ids: Iterable[int]) -> dict[int, Counts]:
    """Return the calls of campaigns by state, outcome and reason, all as of one moment: one query for all of them."""
    counts = {pk: Counts() for pk in campaign_ids}
    wanted = bulk.ids(counts)
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS.format(among=bulk.among("campaign_id")), [wanted] * 4)
        rows = cursor.fetchall()
    for pk, state, outcome, reason, count in rows:
        match state:
            case "done":
                counts[pk].done[outcome, reason] = count
            case "parked":
                counts[pk].parked[reason] = count
            case _:
                setattr(counts[pk], state, count)
    return counts


# Each part has a partial index, which SQLite uses only where the conditions stand as literals. A call is live as
# long as it has an open attempt.
_COUNTS = """
    SELECT campaign_id, 'done', outcome, reason, COUNT(*) FROM campaigns_call
    WHERE state = 'done' AND {among} GROUP BY campaign_id, outcome, reason
    UNION ALL
    SELECT campaign_id, 'ready', '', '', COUNT(*) FROM campaigns_call
    WHERE ready AND state = 'waiting' AND {among} GROUP BY campaign_id
    UNION ALL
    SELECT campaign_id, 'parked', '', reason, COUNT(*) FROM campaigns_call
    WHERE NOT ready AND state = 'waiting' AND {among} GROUP BY campaign_id, reason
    UNION ALL
    SELECT campaign_id, 'live', '', '', COUNT(*) FROM campaigns_callattempt
    WHERE NOT state = 'ended' AND {among} GROUP BY campaign_id
"""


def totals(scope: Scope) -> Totals:
    """Return what the ended attempts of a scope come to, with their answer and person rates."""
    sums = Totals()
    for row in _sums(scope, "outcome"):
        sums.add(row["outcome"], row)
    return sums


def by_hour(scope: Scope) -> dict[dt.datetime, Totals]:
    """Return the same for each hour, in UTC and in order; hours in which nothing ended are left out."""
    hours: dict[dt.datetime, Totals] = defaultdict(Totals)
    for row in _sums(scope, "hour", "outcome"):
        hours[row["hour"]].add(row["outcome"], row)
    return dict(sorted(hours.items()))


def by_outcome(scope: Scope) -> dict[str, int]:
    """Return how many attempts ended with each outcome; outcomes that nothing ended with are left out."""
    return totals(scope).by_outcome


def answer_rate(scope: Scope) -> float | None:
    """Return (answered + machine) / ended, of originated attempts."""
    return totals(scope).answer_rate


def abandon_rates(campaign_ids: Iterable[int], *, now: dt.datetime) -> dict[int, float | None]:
    """Return abandoned / persons who answered of each campaign, over the last 30 days, in whole hours."""
    wanted = list(campaign_ids)
    answered = Sum("attempts", filter=Q(outcome=Outcome.ANSWERED), default=0)
    # One that was given up on before its outcome was known was answered by a person as well.
    elsewhere = Sum("abandoned", filter=~Q(outcome=Outcome.ANSWERED), default=0)
    rows = (
        HourlySum.objects.filter(campaign_id__in=wanted, hour__gte=now - ABANDON_SPAN)
        .values_list("campaign_id")
        .annotate(gone=Sum("abandoned", default=0), persons=answered + elsewhere)
    )
    found = {pk: rate(gone, persons) for pk, gone, persons in rows}
    return {pk: found.get(pk) for pk in wanted}


def abandon_rate(campaign_id: int, *, now: dt.datetime) -> float | None:
    """Return abandoned / persons who answered of a campaign, over the last 30 days."""
    return abandon_rates([campaign_id], now=now)[campaign_id]


def pace(campaign_ids: Iterable[int], *, now: dt.datetime) -> dict[int, int]:
    """Return how many attempts each campaign originated in the last 60 seconds."""
    wanted = list(campaign_ids)
    rows = (
        CallAttempt.objects.filter(campaign_id__in=wanted, claimed_at__gt=now - CLAIM_TO_PLACE, claimed_at__lte=now)
        .filter(placed_at__gt=now - PACE_SPAN, placed_at__lte=now)
        .values_list("campaign_id")
        .annotate(placed=Count("id"))
    )
    return dict.fromkeys(wanted, 0) | dict(rows)


def _sums(scope: Scope, *keys: str) -> Iterator[dict[str, Any]]:
    """Yield the measures by keys: whole hours from the sums, and a part of an hour at either end from its reports."""
    since, first = scope.since, _hour(scope.since, up=True)
    until, last = scope.until, _hour(scope.until)
    detail = attempts(scope).annotate(hour=TruncHour("ended_at", tzinfo=dt.UTC))
    if first and last and first >= last:
        yield from _grouped(detail, keys, _DETAIL)
        return
    whole = HourlySum.objects.filter(**scope.owners())
    whole = whole.filter(hour__gte=first) if first else whole
    yield from _grouped(whole.filter(hour__lt=last) if last else whole, keys, _WHOLE)
    if since != first:
        yield from _grouped(detail.filter(ended_at__lt=first), keys, _DETAIL)
    if until != last:
        yield from _grouped(detail.filter(ended_at__gte=last), keys, _DETAIL)


def _grouped(rows: QuerySet[Any], keys: tuple[str, ...], aggregates: dict[str, Aggregate]) -> Iterator[dict[str, Any]]:
    """Yield rows summed by keys, under the measures' own names, which an annotation may not have."""
    for row in rows.order_by().values(*keys).annotate(**{f"sum_{name}": sql for name, sql in aggregates.items()}):
        yield {name.removeprefix("sum_"): value for name, value in row.items()}


_WHOLE: dict[str, Aggregate] = {name: Sum(name) for name in measures.MEASURES}
_DETAIL = _WHOLE | {
    "attempts": Count("attempt_id"),
    "originated": Count("placed_at"),
    "abandoned": Count("attempt_id", filter=Q(abandoned=True)),
}


def _hour(moment: dt.datetime | None, *, up: bool = False) -> dt.datetime | None:
    """Return the hour that a moment lies in, or with `up` the first that begins at or after it."""
    if moment is None:
        return None
    whole = moment.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0)
    return whole + HOUR if up and whole < moment else whole


def _folded(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    folded: dict[str, int] = defaultdict(int)
    for key, count in pairs:
        folded[key] += count
    return dict(folded)


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
