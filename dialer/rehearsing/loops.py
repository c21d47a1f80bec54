"""The closed loops of a rehearsal: what campaigns that over-dial measure of themselves; `tuning` decides."""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Iterable
from typing import Any, cast

from campaigns.models import Campaign
from campaigns.states import Channel, Outcome
from dialer import staffing, tuning
from dialer.models import PacingState
from dialer.rehearsing.copies import AttemptCopy, Copy, Loop, Past

HOUR = dt.timedelta(hours=1)
VOICE, ANSWERED = Channel.VOICE.value, Outcome.ANSWERED.value


class Loops:
    """The figures of each campaign that over-dials."""

    def __init__(self, copy: Copy) -> None:
        self.states: dict[int, PacingState] = {pk: loop.state for pk, loop in copy.loops.items() if loop.state}
        self.loops = {pk: _Sums(loop) for pk, loop in copy.loops.items()}

    def opened(self, attempt: AttemptCopy) -> None:
        """Note an attempt that was claimed."""
        if attempt.campaign_id in self.loops:
            self.loops[attempt.campaign_id].fresh.append(attempt)

    def ended(self, attempt: AttemptCopy) -> None:
        """Add an attempt that has ended to its hour."""
        if attempt.campaign_id in self.loops and attempt.channel == VOICE and attempt.ended_at is not None:
            self.loops[attempt.campaign_id].add(attempt.ended_at, attempt.outcome == ANSWERED, attempt.abandoned)

    def tune(self, running: Iterable[Campaign], now: dt.datetime) -> None:
        """Measure anew those campaigns whose figures are old."""
        watched = {campaign.pk: campaign for campaign in running if staffing.over_dials(campaign)}
        for pk in tuning.stale_of(watched, {pk: self.states[pk] for pk in watched if pk in self.states}, now):
            sums = self.loops[pk]
            tries = cast(Any, sums.settled(now))
            self.states[pk] = tuning.measured(watched[pk], self.states.get(pk), sums.share(now), tries, now)


class _Sums:
    """One campaign's last attempts and hourly sums."""

    def __init__(self, loop: Loop) -> None:
        self.fresh: deque[Past | AttemptCopy] = deque(loop.tries)
        self.old: deque[Past | AttemptCopy] = deque(maxlen=tuning.SAMPLE)
        # [hour, persons, abandoned], the latest last.
        self.hours: deque[tuple[dt.datetime, list[int]]] = deque(sorted(loop.hours.items()))
        self.whole = [sum(both[index] for _, both in self.hours) for index in (0, 1)]

    def add(self, ended_at: dt.datetime, is_answered: bool, is_abandoned: bool) -> None:
        """Add one attempt to the hour in which it ended."""
        hour = ended_at.replace(minute=0, second=0, microsecond=0)
        both = next((both for its, both in reversed(self.hours) if its == hour), None)
        if both is None:
            both = [0, 0]
            self.hours = deque(sorted([*self.hours, (hour, both)]))
        both[0] += is_answered
        both[1] += is_abandoned
        self.whole[0] += is_answered
        self.whole[1] += is_abandoned

    def share(self, now: dt.datetime) -> tuning.Share:
        """Return persons and abandons of the cap's span and of the last hours, as `tuning.shares_of` does."""
        while self.hours and self.hours[0][0] <= now - tuning.CAP_SPAN:
            _, gone = self.hours.popleft()
            self.whole = [self.whole[0] - gone[0], self.whole[1] - gone[1]]
        since, lately = now - tuning.LOOP_SPAN - HOUR, [0, 0]
        for hour, both in reversed(self.hours):
            if hour <= since:
                break
            lately = [lately[0] + both[0], lately[1] + both[1]]
        return tuning.Share(*self.whole, *lately)

    def settled(self, now: dt.datetime) -> list[Past | AttemptCopy]:
        """Return the last attempts that have been answered or not by now, as `tuning.tries_of` does."""
        while self.fresh and self.fresh[0].claimed_at <= now - tuning.SETTLED:
            self.old.append(self.fresh.popleft())
        return [
            one
            for one in self.old
            if one.placed_at is not None
            and one.channel == VOICE
            and (one.answered_at is not None or one.ended_at is not None)
        ]
