"""What a campaign's members allow: who is free, how many calls may start for them. A fixed number of statements.

Idle is a member who takes calls and is neither in one nor wrapping one up; unclaimed, one for whom no call rings
either.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, When

from campaigns.models import CallAttempt, Campaign, Member
from campaigns.models.campaign import Pacing
from campaigns.states import AttemptState, Channel
from dialer import pacing
from dialer.models import PacingState

# Nobody is dialled for more often at once, whatever is expected.
MOST_PER_MEMBER = 15


@dataclass(slots=True)
class Crew:
    """How a campaign's members and calls stand: what its pace is decided from."""

    idle: int = 0
    # When the wrap-ups of the others end, in seconds from now.
    rests: list[float] = field(default_factory=list)
    # The ages in seconds of calls that nobody has answered yet.
    ringing: list[float] = field(default_factory=list)
    # Persons who have answered and wait.
    waiting: int = 0
    talking: int = 0
    # Calls in progress that are abandoned: the message is being said.
    abandoned: int = 0


def room(campaigns: Sequence[Campaign], now: dt.datetime) -> dict[int, int]:
    """Return how many calls may start now for each campaign that is paced by its members."""
    paced = [campaign for campaign in campaigns if campaign.pacing != Pacing.FIXED]
    if not paced:
        return {}
    crews = look(paced, now)
    measured = [campaign.pk for campaign in paced if over_dials(campaign)]
    states = PacingState.objects.in_bulk(measured) if measured else {}
    return {campaign.pk: starts(campaign, crews[campaign.pk], states.get(campaign.pk)) for campaign in paced}


def over_dials(campaign: Campaign) -> bool:
    """Tell whether a campaign may have more calls ringing than members, so that its abandons are to be watched."""
    return campaign.pacing == Pacing.PREDICTIVE or (
        campaign.pacing == Pacing.PROGRESSIVE and campaign.calls_per_member > 1
    )


def look(paced: Sequence[Campaign], now: dt.datetime) -> dict[int, Crew]:
    """Return how the members and calls of campaigns stand, by two statements."""
    crews: dict[int, Crew] = defaultdict(Crew)
    rested = Case(When(busy_until__gt=now, then=F("busy_until")))
    members = _present([campaign.pk for campaign in paced]).values_list("campaign_id", rested)
    for pk, until, count in members.annotate(Count("id")).order_by():
        if until is None:
            crews[pk].idle += count
        else:
            crews[pk].rests += [(until - now).total_seconds()] * count
    calls = CallAttempt.objects.filter(
        account__in={campaign.account_id for campaign in paced}, campaign__in=paced, channel=Channel.VOICE
    ).exclude(state=AttemptState.ENDED)
    told = calls.values_list("campaign_id", "state", "placed_at", "wants_member", "connected_at", "abandoned")
    for pk, state, placed_at, wants_member, connected_at, abandoned in told:
        crew = crews[pk]
        if state != AttemptState.ANSWERED:
            crew.ringing.append((now - (placed_at or now)).total_seconds())
        elif connected_at is not None:
            crew.talking += 1
        else:
            crew.abandoned += abandoned
            crew.waiting += wants_member and not abandoned
    return crews


def starts(campaign: Campaign, crew: Crew, state: PacingState | None) -> int:
    """Return how many calls a campaign may start now. Pure."""
    ratio = float(campaign.calls_per_member)
    pending = len(crew.ringing) + crew.waiting
    cap = float(campaign.max_abandon_rate)
    answered, abandoned = (state.answered, state.abandoned) if state else (0, 0)
    allowance = pacing.allowance(answered=answered, abandoned=abandoned + crew.abandoned, cap=cap)
    if campaign.pacing == Pacing.PROGRESSIVE:
        held = ratio > 1 and abandoned + crew.abandoned > 0 and allowance < 1
        return pacing.progressive(free_members=crew.idle, unanswered=pending, ratio=1.0 if held else ratio)
    safe = pacing.progressive(free_members=crew.idle, unanswered=pending)
    if state is None or allowance < 1:
        return safe
    horizon = state.answer_seconds + float(campaign.member_wait_seconds)
    soon = sum(rest <= horizon for rest in crew.rests)
    freed = pacing.freed(crew.talking, within=horizon - campaign.wrap_up_seconds, mean=state.talk_seconds)
    # Who does not come back in time is an abandon: no more are counted on than may be abandoned.
    members = crew.idle + min(soon + freed, allowance) - crew.waiting
    most = math.floor((ratio if ratio > 1 else MOST_PER_MEMBER) * max(0, members)) - len(crew.ringing)
    more = pacing.predictive(
        members=members,
        ringing=[chance(state, age) for age in crew.ringing],
        answer_rate=chance(state, 0),
        risk=state.risk,
        allowance=allowance,
        most=most,
    )
    return max(safe, more)


def chance(state: PacingState, age: float) -> float:
    """Return the chance that a call that has rung for so many seconds will still be answered by a person."""
    curve = state.answer_curve or [1.0]
    return float(curve[min(int(age), len(curve) - 1)])


def _present(campaign_ids: Iterable[int]) -> QuerySet[Member]:
    """Return members who take calls and are in none."""
    talks = CallAttempt.objects.filter(member=OuterRef("pk"), connected_at__isnull=False).exclude(
        state=AttemptState.ENDED
    )
    return Member.objects.filter(~Exists(talks), campaign__in=list(campaign_ids), is_available=True)


def idle_members(campaign_ids: Iterable[int], now: dt.datetime) -> QuerySet[Member]:
    """Return members who can take a call now, those first who have been free longest."""
    rested = Q(busy_until__isnull=True) | Q(busy_until__lte=now)
    return _present(campaign_ids).filter(rested).order_by(F("busy_until").asc(nulls_first=True), "id")


def unclaimed_members(campaign_ids: Iterable[int], now: dt.datetime) -> QuerySet[Member]:
    """Return idle members whom no ringing call is meant for, those first who have been free longest."""
    claimed = CallAttempt.objects.filter(member=OuterRef("pk")).exclude(state=AttemptState.ENDED)
    return idle_members(campaign_ids, now).filter(~Exists(claimed))


def codes_of(attempts: Iterable[CallAttempt]) -> dict[int, str]:
    """Return the codes of the members who have taken calls, by id."""
    taken = {attempt.member_id for attempt in attempts if attempt.member_id and attempt.connected_at}
    return dict(Member.objects.filter(pk__in=taken).values_list("pk", "code")) if taken else {}


def staffed(campaigns: Iterable[Campaign]) -> set[int]:
    """Return which campaigns give answered calls to members: those paced by them, and those with nothing to say."""
    paced = {campaign.pk for campaign in campaigns if campaign.pacing != Pacing.FIXED}
    silent = [campaign.pk for campaign in campaigns if not campaign.message and not campaign.flow]
    silent = [pk for pk in silent if pk not in paced]
    if not silent:
        return paced
    return paced | set(Member.objects.filter(campaign__in=silent).values_list("campaign_id", flat=True))
