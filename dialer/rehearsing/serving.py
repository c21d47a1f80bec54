"""The members of a rehearsal: a person who answers is given to a member who is free, or waits for one."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict, deque

from campaigns.states import Outcome
from dialer.rehearsing.copies import AttemptCopy, Copy


class Serving:
    """Which calls each campaign's members talk in, and who waits for one of them."""

    def __init__(self, copy: Copy) -> None:
        self.members, self.staffed = copy.members, copy.staffed
        self.talking: Counter[int] = Counter()
        self.waiting: dict[int, deque[AttemptCopy]] = defaultdict(deque)

    def wants(self, attempt: AttemptCopy) -> bool:
        """Tell whether an attempt's answer is a member's affair."""
        call, script = attempt.call, attempt.script
        is_answered = script is not None and script.answers is not None and script.outcome == Outcome.ANSWERED
        return call.campaign_id in self.staffed and is_answered and not call.flow and not call.message

    def answered(self, attempt: AttemptCopy, now: dt.datetime) -> bool:
        """Give an attempt that is answered to a free member; tell whether there was one."""
        pk = attempt.call.campaign_id
        if self.talking[pk] >= self.members.get(pk, 0):
            if attempt not in self.waiting[pk]:
                self.waiting[pk].append(attempt)
            return False
        self.talking[pk] += 1
        attempt.connected_at = now
        return True

    def ended(self, attempt: AttemptCopy) -> AttemptCopy | None:
        """Let go of an attempt; return the one that waits for the member who is free now."""
        pk = attempt.call.campaign_id
        if attempt.connected_at is None:
            if attempt in self.waiting[pk]:
                self.waiting[pk].remove(attempt)
            return None
        self.talking[pk] -= 1
        return self.waiting[pk].popleft() if self.waiting[pk] else None
