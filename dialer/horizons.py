"""From where on indexes are read, in one process for a short while: what lies before was seen to be gone.

A row that has moved on leaves a dead entry in the index until every older snapshot is closed. One transaction that
stays open (a dump, a forgotten session) so puts all that was claimed since before what can be claimed now, and each
claim would read it again. A horizon remembers the place behind it. Calls that become ready before that place are
found with the next horizon, so one is kept for a second or so, and longer only where looking afresh is dear.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

Lane = tuple[int, str]
# Before every moment of the ledger.
NEVER = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
# Two processes may read the clock in one order and commit in the other; nobody is this far behind.
MARGIN = dt.timedelta(seconds=10)


class Position(NamedTuple):
    """Where in its lane a call stands: the order in which calls are claimed."""

    priority: int
    due_at: dt.datetime
    id: int


@dataclass(slots=True)
class Horizon:
    """What was seen: nothing that is still to be found lies before it."""

    # The last call that was taken of each lane.
    positions: dict[Lane, Position] = field(default_factory=dict)
    # By account: until when its parked and expiring calls were swept.
    swept_until: dict[int, dt.datetime] = field(default_factory=dict)
    # By account: when its oldest open attempt was claimed.
    open_since: dict[int, dt.datetime] = field(default_factory=dict)
    # By carrier: until when open attempts were looked at.
    checked_until: dict[str, dt.datetime] = field(default_factory=dict)
    # The accounts that had work when this horizon began.
    accounts: list[int] | None = None

    def swept_since(self, account_id: int) -> dt.datetime:
        """Return from when on parked calls of an account may still be due."""
        return self.swept_until.get(account_id, NEVER)

    def checked_since(self, aliases: Iterable[str]) -> dt.datetime:
        """Return from when on open attempts of some carriers may still be due to be looked at."""
        return min((self.checked_until.get(alias, NEVER) for alias in aliases), default=NEVER)
