"""Asks the gates of a rehearsal's calls, and sets aside those that may not go; `gates` decides."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, cast

from campaigns import hours
from campaigns.states import Reason
from dialer import gates
from dialer.rehearsing.copies import CallCopy, Copy
from dialer.rehearsing.rows import Rows

# How long a verdict on hours holds: windows open and shut on whole minutes.
MINUTE = dt.timedelta(minutes=1)


class Judge:
    """The facts that the gates know at one moment."""

    def __init__(self, copy: Copy, rows: Rows, *, until: dt.datetime) -> None:
        self.rows, self.tried = rows, copy.tried
        self.facts = gates.Facts(
            account=copy.account, now=copy.starts_at, campaigns=rows.campaigns, suppressed=copy.suppressed
        )
        self._caps_numbers = copy.account.attempts_per_number_per_day > 0
        self._by_minutes = copy.in_whole_minutes()
        self._judged_until = copy.starts_at
        # What nothing in a rehearsal opens: what only a person can mend, and zones whose hours do not meet in its time.
        self.held = {Reason.CHANNEL, Reason.PREFIX}
        if until - copy.starts_at <= hours.HORIZON:
            self.held.add(Reason.ZONE)

    def may_go(self, calls: Sequence[CallCopy], now: dt.datetime) -> list[CallCopy]:
        """Return the calls that may go now; the others are parked, closed or held."""
        self._look_around(calls, now)
        going = []
        for call in calls:
            shut = gates.first_shut(cast(Any, call), self.facts)
            if shut is None:
                going.append(call)
                tried = self.facts.tried.setdefault(call.destination, gates.Tried())
                tried.count, tried.first_at = tried.count + 1, tried.first_at or now
            elif shut.outcome:
                self.rows.close(call, shut.outcome, shut.reason, now)
            elif shut.reason in self.held:
                self.rows.hold(call, shut.reason)
            else:
                self.rows.park(call, shut.reason, shut.next_look_at or now + gates.HELD)
        return going

    def _look_around(self, calls: Sequence[CallCopy], now: dt.datetime) -> None:
        """Bring the facts up to this moment."""
        facts = self.facts
        facts.now, facts.tried = now, {}
        if now >= self._judged_until or not self._by_minutes:
            facts.verdicts.clear()
            self._judged_until = now.replace(second=0, microsecond=0) + MINUTE
        if not self._caps_numbers:
            return
        since = now - gates.DAY
        for destination in {call.destination for call in calls}:
            recent = [moment for moment in self.tried.get(destination, ()) if moment > since]
            if recent:
                facts.tried[destination] = gates.Tried(len(recent), min(recent))

    def claimed(self, call: CallCopy, now: dt.datetime) -> None:
        """Count a try of a destination, where the account caps that."""
        if self._caps_numbers:
            self.tried.setdefault(call.destination, []).append(now)

    def uncounted(self, call: CallCopy, claimed_at: dt.datetime) -> None:
        """Take back a try that does not count."""
        if claimed_at in self.tried.get(call.destination, ()):
            self.tried[call.destination].remove(claimed_at)
