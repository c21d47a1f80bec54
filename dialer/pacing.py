"""How many calls may start now: pure arithmetic of caps, speed, members and shares."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal


def burst(calls_per_second: Decimal | float) -> tuple[int, float]:
    """Return a speed as (calls, seconds): so many calls in any span of so many seconds.

    A whole speed is that many a second; 0.5 is one in two seconds, 1.5 two in 1.333 seconds. Zero is never.
    """
    speed = float(calls_per_second)
    if speed <= 0:
        return 0, 1.0
    calls = max(1, math.ceil(speed))
    return calls, calls / speed


def share(room: int, wants: Sequence[int], *, turn: int = 0) -> list[int]:
    """Divide room among those who want it: nobody gets more than wanted, nobody waits while another has more.

    What does not divide evenly goes to those first behind `turn`, so that it goes round.
    """
    shares = [0] * len(wants)
    hungry = [index for index, want in enumerate(wants) if want > 0]
    while room > 0 and hungry:
        each = room // len(hungry)
        if each == 0:
            first = turn % len(hungry)
            for index in (hungry[first:] + hungry[:first])[:room]:
                shares[index] += 1
            return shares
        for index in hungry:
            given = min(each, wants[index] - shares[index])
            shares[index] += given
            room -= given
        hungry = [index for index in hungry if shares[index] < wants[index]]
    return shares


def progressive(*, free_members: int, unanswered: int) -> int:
    """Return how many calls may start for free members: one for each that no call is ringing for yet."""
    return max(0, free_members - unanswered)


def predictive(
    *,
    free_members: int,
    soon_free: float,
    unanswered: int,
    answer_rate: float,
    factor: float,
) -> int:
    """Return how many calls may start, so that those expected to answer meet a free member.

    `soon_free` is how many busy members are expected to be free by the time of an answer, `factor` what the closed
    loop of the abandon rate allows (1: nobody is dialled beyond the members free on expectation).
    """
    expected = max(answer_rate, 0.05)
    wanted = (free_members + soon_free) * factor / expected
    # Without a free member in sight nobody is called, whatever the expectation.
    if free_members + soon_free < 1:
        return 0
    return max(0, math.floor(wanted) - unanswered)


def over_dial(factor: float, *, abandon_rate: float, cap: float, answered: int) -> float:
    """Return the next over-dial factor of the closed loop, given what the last answers brought.

    It falls quickly above nine tenths of the cap and rises slowly below two thirds of it; with few answers to go by
    it stays near 1. Measured over the same 30 days as the cap.
    """
    if answered < 30 or cap <= 0:
        return 1.0
    if abandon_rate >= cap * 0.9:
        return max(0.6, factor * 0.7)
    if abandon_rate < cap * 0.66:
        return min(3.0, factor + 0.05)
    return factor


def room(*, cap: int | None, used: int) -> int:
    """Return how much of a cap is left; without a cap, as much as anybody may want."""
    return 10**9 if cap is None else max(0, cap - used)
