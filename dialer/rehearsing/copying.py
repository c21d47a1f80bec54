"""Takes the copy that a rehearsal plays: read page by page in short statements, without a lock or a transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError

from campaigns import counts
from campaigns.models import Call, CallAttempt, Campaign, Member
from campaigns.states import AttemptState, CallState, CampaignState, Channel, Outcome, Reason
from dialer import breaker, facts, pacing, staffing, tuning
from dialer.models import CarrierHealth, PacingState
from dialer.rehearsing import measuring
from dialer.rehearsing.copies import COLUMNS, LIVE, AttemptCopy, CallCopy, Copy, Earlier, Loop, MemberCopy, Past
from dialer.rehearsing.measuring import Wanted
from reports.models import DueReport, HourlySum

PAGE = 2000


class NotRehearsed(Exception):
    """This cannot be rehearsed; the message says why, and what can."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be rehearsed: when it starts, what is different from the campaign as it stands, and against what."""

    starts_at: dt.datetime
    # Fields of the campaign that the copy has instead of its own.
    changes: dict[str, Any] = field(default_factory=dict)
    wanted: Wanted = field(default_factory=Wanted)
    with_others: bool = False


def take(campaign: Campaign, wish: Wish, *, now: dt.datetime) -> Copy:
    """Copy a campaign as if it were started at the wish's moment. Raises NotRehearsed."""
    mine, was_running = _as_started(campaign, wish), campaign.state == CampaignState.RUNNING
    others = _others(mine)
    played = [mine, *(others if wish.with_others else [])]
    copy = Copy(
        account=mine.account,
        campaign=mine,
        starts_at=wish.starts_at,
        campaigns=played,
        calls=[],
        live=[],
        suppressed=frozenset(),
        tried={},
        earlier=[],
        models=measuring.models(mine, wish.wanted, now=now),
        staffed=staffing.staffed(played),
        members=_members(played),
        health={row[0]: row[1:] for row in CarrierHealth.objects.values_list("alias", "failures", "open_until")},
    )
    for one in played:
        _copy_calls(copy, one, wakes=one is mine and not (was_running and wish.starts_at <= now))
    _copy_live(copy)
    _copy_earlier(copy)
    copy.loops = {one.pk: _loop(one, copy) for one in played if staffing.over_dials(one)}
    if not wish.with_others:
        waiting = [found.waiting for found in counts.of(one.pk for one in others).values()]
        copy.others, copy.others_waiting = len(waiting), sum(waiting)
    return copy


def _as_started(campaign: Campaign, wish: Wish) -> Campaign:
    """Return the campaign as the copy has it: running, with what is wished different. Raises NotRehearsed."""
    if not campaign.takes_calls():
        raise NotRehearsed(f"“{campaign}” is {campaign.state}; only a draft, running or paused campaign is rehearsed.")
    if not campaign.account.is_active:
        raise NotRehearsed(f"The account “{campaign.account}” is disabled and dials nothing; enable it first.")
    mine = Campaign.objects.select_related("account").get(pk=campaign.pk)
    for name, value in wish.changes.items():
        setattr(mine, name, value)
    try:
        mine.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise NotRehearsed(f"{name}: {messages[0]}") from error
    if mine.ends_at is not None and mine.ends_at <= wish.starts_at:
        raise NotRehearsed(
            f"“{campaign}” ends at {mine.ends_at.isoformat()}, before it would start; give a later end with --end."
        )
    mine.state = CampaignState.RUNNING
    return mine


def _others(campaign: Campaign) -> list[Campaign]:
    """Return the account's other campaigns that run and share its caps."""
    found = Campaign.objects.filter(account=campaign.account_id, state=CampaignState.RUNNING).exclude(pk=campaign.pk)
    others = list(found.order_by("id"))
    for other in others:
        other.account = campaign.account
    return others


def _copy_calls(copy: Copy, campaign: Campaign, *, wakes: bool) -> None:
    """Copy the waiting calls of a campaign, and of their destinations what must not be reached or was tried lately."""
    for page in _pages(campaign):
        destinations = list({call.destination for call in page})
        copy.suppressed |= facts.suppressed(copy.account, destinations)
        _copy_tried(copy, destinations)
        for call in page:
            if wakes:
                _wake(call, copy.starts_at)
        copy.calls += page


def _pages(campaign: Campaign) -> Iterator[list[CallCopy]]:
    last = 0
    while True:
        found = Call.objects.filter(campaign=campaign, pk__gt=last, state=CallState.WAITING).order_by("pk")
        page = [CallCopy(*row) for row in found.values_list(*COLUMNS)[:PAGE]]
        if not page:
            return
        yield page
        last = page[-1].id


def _wake(call: CallCopy, now: dt.datetime) -> None:
    """Let a waiting call stand as Start leaves it: what is due is ready, all else waits until it is."""
    if call.due_at > now:
        reason = Reason.RETRY if call.attempts_total else Reason.DUE
        call.ready, call.next_look_at, call.reason = False, call.due_at, reason
    else:
        call.ready, call.next_look_at, call.reason = True, None, ""


def _copy_tried(copy: Copy, destinations: Sequence[str]) -> None:
    if not copy.account.attempts_per_number_per_day:
        return
    recent = CallAttempt.objects.filter(
        account=copy.account, destination__in=destinations, claimed_at__gt=copy.starts_at - facts.DAY, counts=True
    )
    fresh = [destination for destination in destinations if destination not in copy.tried]
    copy.tried |= {destination: [] for destination in fresh}
    known = set(fresh)
    for destination, claimed_at in recent.order_by("claimed_at").values_list("destination", "claimed_at"):
        if destination in known:
            copy.tried[destination].append(claimed_at)


def _copy_live(copy: Copy) -> None:
    """Copy the calls in progress with their attempts: they hold room until they end."""
    pks = [campaign.pk for campaign in copy.campaigns]
    open_ones = CallAttempt.objects.filter(account=copy.account, campaign__in=pks).exclude(state=AttemptState.ENDED)
    rows = list(open_ones.order_by("id").values("call_id", *_LIVE))
    waiting = {call.id for call in copy.calls}
    found = Call.objects.filter(pk__in=[row["call_id"] for row in rows if row["call_id"] not in waiting])
    calls = {row[0]: CallCopy(*row) for row in found.values_list(*COLUMNS)}
    for row in rows:
        call = calls.get(row.pop("call_id"))
        # Between two statements it may have come to its end.
        if call is not None and call.state == LIVE:
            placed_at = row.pop("placed_at") or row["claimed_at"]
            copy.live.append(AttemptCopy(call=call, placed_at=placed_at, **row))
    copy.calls += [attempt.call for attempt in copy.live]


_LIVE = (
    *("id", "n", "carrier", "claimed_at", "placed_at", "check_at", "hangup_at", "answered_at", "state"),
    *("wants_member", "member_id", "waits_until", "connected_at", "abandoned"),
)


def _members(campaigns: Sequence[Campaign]) -> list[MemberCopy]:
    """Return the members of campaigns who take calls."""
    found = Member.objects.filter(campaign__in=campaigns, is_available=True).order_by("id")
    return [MemberCopy(*row) for row in found.values_list("id", "campaign_id", "busy_until")]


def _loop(campaign: Campaign, copy: Copy) -> Loop:
    """Copy what a campaign has measured: as `tuning` reads it, but attempt by attempt, for it goes on from there."""
    loop = Loop(PacingState.objects.filter(campaign=campaign).first())
    open_ones = {attempt.id: attempt for attempt in copy.live}
    last = CallAttempt.objects.filter(campaign=campaign, claimed_at__lte=copy.starts_at).order_by("-claimed_at", "-id")
    rows = [Past(*row) for row in last.values_list(*Past._fields)[: 2 * tuning.SAMPLE]]
    loop.tries = [open_ones.get(row.id, row) for row in reversed(rows)]
    since = copy.starts_at - tuning.CAP_SPAN
    summed = HourlySum.objects.filter(campaign=campaign, hour__gt=since, channel=Channel.VOICE)
    due = DueReport.objects.filter(attempt__campaign=campaign, attempt__channel=Channel.VOICE)
    sums = [*summed.order_by("hour").values_list("hour", "outcome", "attempts", "abandoned")]
    ended = due.values_list("attempt__ended_at", "attempt__outcome", "attempt__abandoned")
    sums += [
        (moment.replace(minute=0, second=0, microsecond=0), one, 1, int(gone))
        for moment, one, gone in ended
        if moment is not None
    ]
    for hour, outcome, attempts, abandoned in sums:
        both = loop.hours.setdefault(hour, [0, 0])
        both[0] += attempts if outcome == Outcome.ANSWERED else 0
        both[1] += abandoned
    return loop


def _copy_earlier(copy: Copy) -> None:
    """Copy what speeds still count: the claims of the last seconds before the start."""
    speeds: list[Decimal] = [copy.account.calls_per_second]
    speeds += [one.calls_per_second for one in copy.campaigns if one.calls_per_second is not None]
    seconds = max([breaker.WINDOW.total_seconds(), *(pacing.burst(speed)[1] for speed in speeds)])
    since = copy.starts_at - dt.timedelta(seconds=seconds)
    recent = CallAttempt.objects.filter(account=copy.account, claimed_at__gt=since, claimed_at__lte=copy.starts_at)
    rows = recent.order_by("claimed_at", "id").values_list("claimed_at", "campaign_id", "carrier", "outcome")
    copy.earlier = [Earlier(*row) for row in rows]
