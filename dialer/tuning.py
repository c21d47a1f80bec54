"""Measures how calls of campaigns with members go, and tunes how much is risked for them: the closed loop.

What is measured stands in PacingState, so all workers go by the same figures. Requires the account held. A
campaign is measured every few seconds, over its last attempts and, for the cap, over the hourly sums of 30 days and
what is not in them yet: the cost does not grow with what has been dialled before.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Count, Q, Sum

from campaigns import bulk
from campaigns.models import CallAttempt, Campaign
from campaigns.states import Channel, Outcome
from dialer import pacing, staffing
from dialer.models import PacingState
from reports.models import DueReport, HourlySum

MEASURE_EVERY = dt.timedelta(seconds=5)
TUNE_EVERY = dt.timedelta(seconds=30)
# How many campaigns one claim measures at most; the next goes on with those that were measured longest ago.
BATCH = 20
# The span of the cap, and that of the loop.
CAP_SPAN = dt.timedelta(days=30)
LOOP_SPAN = dt.timedelta(hours=2)
# How many attempts are looked at, and how old they must be for all of them to have been answered or not.
SAMPLE = 600
SETTLED = dt.timedelta(seconds=60)
# Ages in seconds that the curve of answers tells of.
AGES = 60
# What is held true before anything is known: half of the calls are answered, so hardly more are started than members.
PRIOR_RATE = 0.5
PRIOR_WEIGHT = 5


class Try(NamedTuple):
    """What is read of a settled attempt."""

    campaign_id: int
    placed_at: dt.datetime
    answered_at: dt.datetime | None
    ended_at: dt.datetime | None
    connected_at: dt.datetime | None
    outcome: str


@dataclass(slots=True)
class Share:
    """Persons who answered, and those of them who met no member; of all 30 days and of the last hours."""

    answered: int = 0
    abandoned: int = 0
    lately_answered: int = 0
    lately_abandoned: int = 0


def tune(campaigns: Sequence[Campaign], *, now: dt.datetime) -> None:
    """Measure anew those campaigns whose figures are old; does nothing where no campaign may over-dial."""
    watched = {campaign.pk: campaign for campaign in campaigns if staffing.over_dials(campaign)}
    if not watched:
        return
    states = PacingState.objects.in_bulk(watched)
    stale = stale_of(watched, states, now)
    if not stale:
        return
    shares, tries = shares_of(stale, now), tries_of(stale, now)
    fresh = [measured(watched[pk], states.get(pk), shares[pk], tries[pk], now) for pk in stale]
    PacingState.objects.bulk_create(
        fresh,
        update_conflicts=True,
        unique_fields=["campaign"],
        update_fields=[f.name for f in PacingState._meta.fields if not f.primary_key],
    )


def stale_of(watched: Iterable[int], states: Mapping[int, PacingState], now: dt.datetime) -> list[int]:
    """Return the campaigns to be measured now, the oldest figures first. Pure."""
    oldest = dt.datetime.min.replace(tzinfo=dt.UTC)
    ages = {pk: states[pk].measured_at if pk in states else oldest for pk in watched}
    stale = (pk for pk, measured_at in ages.items() if measured_at + MEASURE_EVERY <= now or measured_at > now)
    return sorted(stale, key=ages.__getitem__)[:BATCH]


def measured(
    campaign: Campaign, was: PacingState | None, share: Share, tries: Sequence[Try], now: dt.datetime
) -> PacingState:
    """Return the figures of a campaign at a moment, and where its loop stands then. Pure."""
    cap = float(campaign.max_abandon_rate)
    risk, tuned_at = (was.risk, was.tuned_at) if was else (cap, now)
    if tuned_at + TUNE_EVERY <= now or tuned_at > now:
        risk = pacing.tuned(risk, answered=share.lately_answered, abandoned=share.lately_abandoned, cap=cap)
        tuned_at = now
    talks = [(one.ended_at - one.connected_at).total_seconds() for one in tries if one.ended_at and one.connected_at]
    delays = sorted(_delay(one) for one in tries if _by_person(one))
    return PacingState(
        campaign=campaign,
        measured_at=now,
        answered=share.answered,
        abandoned=share.abandoned,
        answer_curve=curve_of(tries),
        answer_seconds=delays[len(delays) // 5] if delays else 0.0,
        talk_seconds=sum(talks) / len(talks) if talks else 0.0,
        risk=risk,
        tuned_at=tuned_at,
    )


def curve_of(tries: Sequence[Try]) -> list[float]:
    """Return for each age in seconds the chance that a call that has rung so long is still answered by a person."""
    answered, all_of_them = [0] * (AGES + 1), [0] * (AGES + 1)
    for one in tries:
        age = min(AGES, int(_delay(one)))
        all_of_them[age] += 1
        answered[age] += _by_person(one)
    rate = (sum(answered) + PRIOR_WEIGHT * PRIOR_RATE) / (sum(all_of_them) + PRIOR_WEIGHT)
    curve = [rate]
    still, coming = sum(all_of_them) - all_of_them[0], sum(answered) - answered[0]
    for age in range(1, AGES + 1):
        # One more that goes as at this age before: few tell little.
        curve.append((coming + curve[-1]) / (still + 1))
        still, coming = still - all_of_them[age], coming - answered[age]
    # Few answers tell little: they are taken to be more by a standard error, so that none is met unprepared.
    margin = 1 + 1 / math.sqrt(1 + sum(answered))
    return [round(min(1.0, chance * margin), 4) for chance in curve]


def _delay(one: Try) -> float:
    """Return after how many seconds it was known whether a call is answered."""
    until = one.answered_at or one.ended_at or one.placed_at
    return max(0.0, (until - one.placed_at).total_seconds())


def _by_person(one: Try) -> bool:
    return one.answered_at is not None and one.outcome != Outcome.MACHINE


def shares_of(campaign_ids: Sequence[int], now: dt.datetime) -> dict[int, Share]:
    """Return the shares of abandons of campaigns, by two statements: from the sums, and what is not in them yet."""
    shares: dict[int, Share] = defaultdict(Share)
    persons, lately = Q(outcome=Outcome.ANSWERED), Q(hour__gt=now - LOOP_SPAN - dt.timedelta(hours=1))
    sums = HourlySum.objects.filter(campaign__in=campaign_ids, hour__gt=now - CAP_SPAN, channel=Channel.VOICE)
    rows: Any = sums.values_list("campaign_id").annotate(
        persons=Sum("attempts", filter=persons, default=0),
        gone=Sum("abandoned", default=0),
        persons_lately=Sum("attempts", filter=persons & lately, default=0),
        gone_lately=Sum("abandoned", filter=lately, default=0),
    )
    for pk, *figures in rows.order_by():
        shares[pk] = Share(*figures)
    due: Any = DueReport.objects.filter(attempt__campaign__in=campaign_ids, attempt__channel=Channel.VOICE)
    due = due.values_list("attempt__campaign_id").annotate(
        persons=Count("pk", filter=Q(attempt__outcome=Outcome.ANSWERED)),
        gone=Count("pk", filter=Q(attempt__abandoned=True)),
    )
    for pk, answered, abandoned in due.order_by():
        share = shares[pk]
        share.answered, share.abandoned = share.answered + answered, share.abandoned + abandoned
        share.lately_answered, share.lately_abandoned = (
            share.lately_answered + answered,
            share.lately_abandoned + abandoned,
        )
    return shares


def tries_of(campaign_ids: Sequence[int], now: dt.datetime) -> dict[int, list[Try]]:
    """Return the last settled attempts of campaigns: their ids off an index, then the rows."""
    last = """SELECT a.id FROM campaigns_callattempt a WHERE a.campaign_id = {campaign} AND a.claimed_at <= %s
        ORDER BY a.claimed_at DESC, a.id DESC LIMIT %s"""
    settled: Any = connection.ops.adapt_datetimefield_value(now - SETTLED)
    if bulk.is_postgres():
        statement = f"SELECT k.id FROM unnest(%s::bigint[]) AS c(id) CROSS JOIN LATERAL ({last}) AS k"
        parameters: list[Any] = [list(campaign_ids), settled, SAMPLE]
    else:
        statement = f"""SELECT k.id FROM json_each(%s) AS c JOIN campaigns_callattempt k
            ON k.id IN ({last})"""
        parameters = [str(list(campaign_ids)), settled, SAMPLE]
    named = "c.id" if bulk.is_postgres() else "c.value"
    with connection.cursor() as cursor:
        cursor.execute(statement.format(campaign=named), parameters)
        ids = [row[0] for row in cursor.fetchall()]
    found: dict[int, list[Try]] = defaultdict(list)
    columns = CallAttempt.objects.filter(pk__in=ids, placed_at__isnull=False, channel=Channel.VOICE)
    for row in columns.values_list(*Try._fields):
        one = Try._make(row)
        if one.answered_at is not None or one.ended_at is not None:
            found[one.campaign_id].append(one)
    return found
