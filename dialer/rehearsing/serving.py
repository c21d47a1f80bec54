"""The members of a rehearsal: who is free, who is meant for which call, and who waits; `serving` and `staffing` decide.

Only the calls of campaigns that give answers to members stand here.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, cast

from campaigns.models import Campaign
from campaigns.models.campaign import Pacing
from campaigns.states import AttemptState, Channel
from dialer import serving
from dialer.rehearsing.copies import AttemptCopy, CallCopy, Copy, MemberCopy
from dialer.staffing import Crew

VOICE, ANSWERED = Channel.VOICE.value, AttemptState.ANSWERED.value
EARLIEST = dt.datetime.min.replace(tzinfo=dt.UTC)


class Serving:
    """The members of each campaign, and its open calls."""

    def __init__(self, copy: Copy, campaigns: dict[int, Campaign]) -> None:
        self.campaigns, self.staffed = campaigns, copy.staffed
        self.members: dict[int, list[MemberCopy]] = defaultdict(list)
        self.by_id = {member.id: member for member in copy.members}
        for member in copy.members:
            self.members[member.campaign_id].append(member)
        self.open: dict[int, dict[int, AttemptCopy]] = {pk: {} for pk in copy.staffed}

    def wants(self, call: CallCopy) -> bool:
        """Tell whether a call's answer is a member's affair."""
        return call.campaign_id in self.staffed and call.channel == VOICE and not (call.flow or call.message)

    def meant(self, going: Sequence[CallCopy], now: dt.datetime) -> dict[int, int]:
        """Return for which member each of these calls is meant, by call, where that is known before it is answered."""
        free: dict[int, list[int]] = {}
        found = {}
        for call in going:
            pk = call.campaign_id
            if self.campaigns[pk].pacing != Pacing.PROGRESSIVE or call.channel != VOICE or call.message:
                continue
            if pk not in free:
                free[pk] = self._unclaimed(pk, now)
            if free[pk]:
                found[call.id] = free[pk].pop(0)
        return found

    def opened(self, attempt: AttemptCopy) -> None:
        """Take in an open attempt, with the member it is meant for or talks with."""
        if attempt.campaign_id in self.open:
            self.open[attempt.campaign_id][attempt.id] = attempt
            self._hold(attempt, None)

    def crew(self, campaign_id: int, now: dt.datetime) -> Crew:
        """Return how a campaign's members and calls stand, as `staffing.look` does."""
        crew = Crew()
        for member in self.members[campaign_id]:
            if member.is_idle(now):
                crew.idle += 1
            elif member.is_present() and member.busy_until is not None:
                crew.rests.append((member.busy_until - now).total_seconds())
        for attempt in self.open[campaign_id].values():
            if attempt.channel != VOICE:
                continue
            if attempt.state != ANSWERED:
                crew.ringing.append((now - attempt.placed_at).total_seconds())
            elif attempt.connected_at is not None:
                crew.talking += 1
            else:
                crew.abandoned += attempt.abandoned
                crew.waiting += attempt.wants_member and not attempt.abandoned
        return crew

    def will_be_free(self, campaign_id: int, now: dt.datetime) -> bool:
        """Tell whether a wrap-up goes on, whose end frees a member."""
        return any(member.busy_until is not None and member.busy_until > now for member in self.members[campaign_id])

    def is_ringing(self, campaign_id: int) -> bool:
        """Tell whether a call is under way that nobody has answered yet."""
        return any(attempt.state != ANSWERED for attempt in self.open[campaign_id].values())

    def not_for_members(self, attempt: AttemptCopy) -> None:
        """Note that a machine has answered."""
        was, attempt.wants_member, attempt.member_id = attempt.member_id, False, None
        self._hold(attempt, was)

    def ended(self, attempt: AttemptCopy) -> None:
        """Let an attempt go that has ended; its member wraps up."""
        if attempt.campaign_id not in self.open:
            return
        self.open[attempt.campaign_id].pop(attempt.id, None)
        was = attempt.member_id
        serving.let_go(cast(Any, attempt))
        member = self.by_id.get(was or 0)
        if member is not None and member.attempt is attempt:
            member.attempt = None
            if attempt.member_id is not None and attempt.ended_at is not None:
                wrap_up = self.campaigns[attempt.campaign_id].wrap_up_seconds
                member.busy_until = attempt.ended_at + dt.timedelta(seconds=wrap_up)

    def serve(self, looked: Iterable[AttemptCopy], now: dt.datetime) -> list[AttemptCopy]:
        """Give those who wait to members; return the attempts with which something new goes on."""
        persons = cast(list[AttemptCopy], serving.waiting(cast(Any, looked), now))
        if not persons:
            return []
        pool = self._pool(persons, now)
        was = [person.member_id for person in persons]
        serving.share_out(cast(Any, persons), self.campaigns, pool, now)
        for pk in pool.taken:
            self._take_back(pk)
        for person, member_id in zip(persons, was, strict=True):
            self._hold(person, member_id)
        return [person for person in persons if person.connected_at is not None or person.abandoned]

    def _pool(self, persons: Sequence[AttemptCopy], now: dt.datetime) -> serving.Pool:
        campaign_ids = {person.campaign_id for person in persons}
        free = {pk: self._unclaimed(pk, now) for pk in campaign_ids}
        own = [self.by_id.get(person.member_id or 0) for person in persons]
        pool = serving.Pool(free, {member.id for member in own if member is not None and member.is_idle(now)})
        pool.ringing = {pk: self._ringing(pk, now) for pk in pool.short(cast(Any, persons))}
        return pool

    def _ringing(self, campaign_id: int, now: dt.datetime) -> list[tuple[int, int]]:
        held = [
            (member.attempt.id, member.id)
            for member in self.members[campaign_id]
            if member.attempt is not None and member.attempt.state != ANSWERED and member.is_idle(now)
        ]
        return sorted(held, reverse=True)

    def _unclaimed(self, campaign_id: int, now: dt.datetime) -> list[int]:
        """Return the idle members whom no open call is meant for, those first who have been free longest."""
        free = [member for member in self.members[campaign_id] if member.attempt is None and member.is_idle(now)]
        free.sort(key=lambda member: (member.busy_until or EARLIEST, member.id))
        return [member.id for member in free]

    def _take_back(self, attempt_id: int) -> None:
        for calls in self.open.values():
            if attempt := calls.get(attempt_id):
                was, attempt.member_id = attempt.member_id, None
                self._hold(attempt, was)

    def _hold(self, attempt: AttemptCopy, was: int | None) -> None:
        """Keep each member's attempt true to the attempt's member."""
        if was is not None and was != attempt.member_id and (before := self.by_id.get(was)):
            before.attempt = None if before.attempt is attempt else before.attempt
        if attempt.member_id is not None and (member := self.by_id.get(attempt.member_id)):
            member.attempt = attempt
