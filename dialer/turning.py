"""One turn of the engine: what is due is swept, claimed, placed and asked about. The clock is an argument."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dialer import checking, claiming, lanes, placing

Place = Callable[[Sequence[int]], None]


@dataclass(slots=True)
class Turn:
    """What one turn did, and when there is room again where caps left none."""

    claimed: int = 0
    moved: int = 0
    looked: int = 0
    again_at: dt.datetime | None = None

    def did_something(self) -> bool:
        """Tell whether another turn at the same moment may find more to do."""
        return self.claimed + self.moved + self.looked > 0


def turn(*, now: dt.datetime, place: Place, limit: int = 100) -> Turn:
    """Do once what is due for every account; `place` gets the attempts to place, here or in another process."""
    done = Turn()
    for account_id in lanes.accounts_with_work(now):
        dispatch(account_id=account_id, now=now, place=place, limit=limit, done=done)
    done.looked, unplaced = checking.check(now=now)
    if unplaced:
        place(unplaced)
    return done


def dispatch(*, account_id: int, now: dt.datetime, place: Place, limit: int, done: Turn) -> None:
    """Claim for one account, and have placed what was claimed."""
    claimed = claiming.claim(account_id=account_id, now=now, limit=limit)
    done.claimed += len(claimed.attempt_ids)
    done.moved += claimed.moved
    if claimed.again_at is not None:
        done.again_at = min(filter(None, (done.again_at, claimed.again_at)))
    if claimed.attempt_ids:
        place(claimed.attempt_ids)


def turn_here(*, now: dt.datetime, limit: int = 100) -> Turn:
    """Do one turn and place what it claims in this process."""

    def here(attempt_ids: Sequence[int]) -> None:
        placing.place(attempt_ids, now=now)

    return turn(now=now, place=here, limit=limit)
