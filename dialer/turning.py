"""One turn of the engine: what is due is swept, claimed, placed and asked about. The clock is an argument."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dialer import checking, claiming, placing, ready
from dialer.horizons import Horizon

Place = Callable[[Sequence[int]], None]
# How many calls of an account one turn claims: 300 together cost a fourth less each than 100. Their account is held
# meanwhile, so many more would keep others waiting.
BATCH = 300


@dataclass(slots=True)
class Turn:
    """What one turn did, whether it left work behind, and when there is room again where caps left none."""

    claimed: int = 0
    moved: int = 0
    looked: int = 0
    has_more: bool = False
    again_at: dt.datetime | None = None

    def did_something(self) -> bool:
        """Tell whether anything was due."""
        return self.claimed + self.moved + self.looked > 0


def turn(*, now: dt.datetime, place: Place, limit: int = BATCH, horizon: Horizon | None = None) -> Turn:
    """Do once what is due for every account; `place` gets the attempts to place, here or in another process.

    Open attempts are looked at first: what has ended leaves room for the claims. Turns that share a horizon see the
    accounts that had work when it began.
    """
    done = Turn()
    seen = horizon or Horizon()
    done.looked, unplaced = checking.check(now=now, horizon=seen)
    done.has_more = done.looked >= checking.BATCH
    if unplaced:
        place(unplaced)
    if seen.accounts is None:
        seen.accounts = ready.accounts_with_work(now)
    for account_id in seen.accounts:
        dispatch(account_id=account_id, now=now, place=place, limit=limit, done=done, horizon=seen)
    return done


def dispatch(
    *, account_id: int, now: dt.datetime, place: Place, limit: int, done: Turn, horizon: Horizon | None = None
) -> None:
    """Claim for one account, and have placed what was claimed."""
    claimed = claiming.claim(account_id=account_id, now=now, limit=limit, horizon=horizon)
    done.claimed += len(claimed.attempt_ids)
    done.moved += claimed.moved
    # Calls that were moved out of the way stood before others; a full batch may not have been all.
    done.has_more |= claimed.moved > 0 or len(claimed.attempt_ids) >= limit
    if claimed.again_at is not None:
        done.again_at = min(filter(None, (done.again_at, claimed.again_at)))
    if claimed.attempt_ids:
        place(claimed.attempt_ids)


def turn_here(*, now: dt.datetime, limit: int = BATCH) -> Turn:
    """Do one turn and place what it claims in this process."""

    def here(attempt_ids: Sequence[int]) -> None:
        placing.place(attempt_ids, now=now)

    return turn(now=now, place=here, limit=limit)
