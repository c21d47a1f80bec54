"""Gives persons who answered to members: at once where one is free, else within the wait, else to the message.

Requires the transaction that records the answers, with the attempts locked and their accounts' decisions kept. What
is changed on the attempts is the caller's to store; members are stored here. Who gives a campaign's members away
holds them until the commit, so no two give away the same one; a claim, which holds the account, needs no more.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import connection

from campaigns import bulk, locks
from campaigns.models import CallAttempt, Campaign, Member
from campaigns.models.campaign import LONGEST_WAIT, Pacing
from campaigns.states import AttemptState, Channel, Outcome
from dialer import gates, staffing

# How soon a person who waits is looked at again, in seconds: before the engine's next turn after a pause of 0.1 s.
LOOK_AGAIN = 0.08


def serve(attempts: Iterable[CallAttempt], *, now: dt.datetime) -> list[CallAttempt]:
    """Give those who wait to members, the first to answer first; return the attempts that were changed.

    A member comes only while the wait is not over. Who has waited to the end is abandoned: the message follows.
    """
    persons = waiting(attempts, now)
    if not persons:
        return []
    campaigns = Campaign.objects.in_bulk({person.campaign_id for person in persons})
    locks.members(campaigns)
    pool = _pool(persons, campaigns, now)
    share_out(persons, campaigns, pool, now)
    # Ringing calls have lost the members whom they were meant for.
    bulk.update(CallAttempt, ("id", "member_id"), [(pk, None) for pk in pool.taken])
    return persons


def share_out(persons: Sequence[CallAttempt], campaigns: Mapping[int, Campaign], pool: Pool, now: dt.datetime) -> None:
    """Give persons, in their order, to the members of a pool; note on each what becomes of it. Pure."""
    for person in persons:
        first_look = person.waits_until is None
        if first_look:
            wait = float(campaigns[person.campaign_id].member_wait_seconds)
            person.waits_until = _answered(person, now) + dt.timedelta(seconds=wait)
        if now <= _last_moment(person, first_look, now) and pool.give(person):
            person.connected_at, person.check_at = now, _soon(now)
        elif now >= _until(person, now):
            abandon(person, now)
        else:
            person.member_id = None
            person.check_at = min(_soon(now), _until(person, now))


def waiting(attempts: Iterable[CallAttempt], now: dt.datetime) -> list[CallAttempt]:
    """Return the attempts whose persons wait for a member, the first to answer first. Pure."""
    return sorted((one for one in attempts if is_waiting(one)), key=lambda one: (_answered(one, now), one.pk))


def is_waiting(attempt: CallAttempt) -> bool:
    """Tell whether a person has answered and no member has come yet."""
    return (
        attempt.wants_member
        and attempt.state == AttemptState.ANSWERED
        and attempt.connected_at is None
        and not attempt.abandoned
    )


def abandon(attempt: CallAttempt, at: dt.datetime) -> None:
    """Note on an attempt that its person met no member in time."""
    attempt.abandoned, attempt.member_id = True, None
    attempt.waits_until, attempt.check_at = at, at


def release(ended: Sequence[CallAttempt]) -> None:
    """Send the members of ended calls to their wrap-up; note whose person met none."""
    for attempt in ended:
        let_go(attempt)
    served = [attempt for attempt in ended if attempt.member_id is not None]
    if not served:
        return
    wrap_ups = dict(
        Campaign.objects.filter(pk__in={attempt.campaign_id for attempt in served}).values_list("pk", "wrap_up_seconds")
    )
    rows = [
        (attempt.member_id, attempt.ended_at + dt.timedelta(seconds=wrap_ups[attempt.campaign_id]))
        for attempt in served
        if attempt.ended_at is not None
    ]
    bulk.update(Member, ("id", "busy_until"), rows)


def let_go(attempt: CallAttempt) -> None:
    """Note on an attempt that has ended without a member that it is nobody's, and whether its person was abandoned."""
    if attempt.connected_at is None:
        attempt.member_id = None
        met_nobody = attempt.wants_member and attempt.answered_at is not None
        waited = attempt.waits_until is not None
        attempt.abandoned |= met_nobody and (waited or attempt.outcome == Outcome.ANSWERED)


def meant(going: Sequence[gates.Candidate], campaigns: Mapping[int, Campaign], now: dt.datetime) -> dict[int, Member]:
    """Return for whom each of these calls is meant, by call, where that is known before it is answered.

    It is in progressive campaigns: each call has a free member of its own. Requires the account held.
    """
    wanting = [
        call
        for call in going
        if campaigns[call.campaign_id].pacing == Pacing.PROGRESSIVE
        and call.channel == Channel.VOICE
        and not call.message
    ]
    if not wanting:
        return {}
    free = _by_campaign(staffing.unclaimed_members({call.campaign_id for call in wanting}, now))
    return {call.id: free[call.campaign_id].pop(0) for call in wanting if free[call.campaign_id]}


@dataclass(slots=True)
class Pool:
    """The members of some campaigns who may be given a call now, by campaign, free longest first."""

    free: Mapping[int, list[int]]
    # Those of them whom the persons on the line are meant for.
    meant: Collection[int]
    # Members whom a call is meant for that still rings, as (call, member), the last call first.
    ringing: Mapping[int, list[tuple[int, int]]] = field(default_factory=dict)
    # The calls that have lost theirs.
    taken: list[int] = field(default_factory=list)

    def short(self, persons: Iterable[CallAttempt]) -> list[int]:
        """Return the campaigns whose free members do not suffice for these persons."""
        lacking: dict[int, int] = defaultdict(int)
        for person in persons:
            lacking[person.campaign_id] += person.member_id not in self.meant
        return [pk for pk, count in lacking.items() if count > len(self.free.get(pk, ()))]

    def give(self, person: CallAttempt) -> bool:
        """Give a person a member; tell whether there was one."""
        if person.member_id in self.meant:
            return True
        if free := self.free.get(person.campaign_id):
            person.member_id = free.pop(0)
            return True
        if ringing := self.ringing.get(person.campaign_id):
            attempt_id, person.member_id = ringing.pop(0)
            self.taken.append(attempt_id)
            return True
        return False


def _pool(persons: Sequence[CallAttempt], campaigns: Mapping[int, Campaign], now: dt.datetime) -> Pool:
    unclaimed = _by_campaign(staffing.unclaimed_members(campaigns, now))
    free = {pk: [member.pk for member in members] for pk, members in unclaimed.items()}
    meant_for = [person.member_id for person in persons if person.member_id]
    here = staffing.idle_members(campaigns, now).filter(pk__in=meant_for) if meant_for else Member.objects.none()
    pool = Pool(free, set(here.values_list("pk", flat=True)) if meant_for else set())
    if short := pool.short(persons):
        pool.ringing = _ringing(short, {person.account_id for person in persons}, now)
    return pool


def _ringing(short: Sequence[int], accounts: Collection[int], now: dt.datetime) -> dict[int, list[tuple[int, int]]]:
    """Return members whom a call that still rings is meant for, with that call.

    A person on the line goes before a call that may never be answered. What another process holds is left to it.
    """
    unanswered = [AttemptState.CLAIMED, AttemptState.PLACED, AttemptState.RINGING]
    ringing = CallAttempt.objects.filter(
        account_id__in=accounts,
        campaign_id__in=short,
        state__in=unanswered,
        member__in=staffing.idle_members(short, now),
    )
    locked = ringing.select_for_update(of=("self",), skip_locked=connection.features.has_select_for_update_skip_locked)
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for pk, campaign_id, member_id in locked.order_by("-id").values_list("pk", "campaign_id", "member_id"):
        found[campaign_id].append((pk, member_id))
    return found


def _by_campaign(members: Iterable[Member]) -> dict[int, list[Member]]:
    found: dict[int, list[Member]] = defaultdict(list)
    for member in members:
        found[member.campaign_id].append(member)
    return found


def _answered(person: CallAttempt, now: dt.datetime) -> dt.datetime:
    return person.answered_at or now


def _until(person: CallAttempt, now: dt.datetime) -> dt.datetime:
    return person.waits_until or now


def _last_moment(person: CallAttempt, first_look: bool, now: dt.datetime) -> dt.datetime:
    """Return until when a member may come: when the answer is first seen, as long as the rule allows at most."""
    if first_look:
        return max(_until(person, now), _answered(person, now) + dt.timedelta(seconds=LONGEST_WAIT))
    return _until(person, now)


def _soon(now: dt.datetime) -> dt.datetime:
    return now + dt.timedelta(seconds=LOOK_AGAIN)
