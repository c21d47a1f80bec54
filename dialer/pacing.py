"""How many calls may start now: pure arithmetic of caps, speed, members and shares."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

# How much of the abandon cap is used; how much is aimed at by the loop.
KEPT = 0.9
AIM = 0.75
# Fewer answers than these do not tell how well the model fits.
FEW = 30
MOST_RISK = 0.5
# How much of the allowance is spent, on expectation, by what rings at one time: an abandon is known of seconds later.
SPENT = 0.2
# How unlikely it must be that more calls are abandoned than are allowed.
SURPRISE = 0.002
ROUNDING = 1e-9


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


def progressive(*, free_members: int, unanswered: int, ratio: float = 1.0) -> int:
    """Return how many calls may start for free members: `ratio` for each, less those that are ringing already."""
    return max(0, math.floor(free_members * ratio) - unanswered)


def allowance(*, answered: int, abandoned: int, cap: float) -> int:
    """Return how many calls may still be abandoned under a cap on their share of the answered.

    A tenth of the cap is kept back. So without answers nothing is risked, and the first risk comes after
    1 / (0.9 x cap) of them: 38 under 3 %.
    """
    return max(0, math.floor(KEPT * cap * answered - abandoned))


def freed(talking: int, *, within: float, mean: float) -> int:
    """Return how many talks can be expected to end within so many seconds: talks end as often as they last long."""
    if within <= 0 or mean <= 0:
        return 0
    return math.floor(talking * (1 - math.exp(-within / mean)))


def predictive(
    *, members: int, ringing: Sequence[float], answer_rate: float, risk: float, allowance: int, most: int
) -> int:
    """Return how many calls may start, so that those who answer meet a member.

    `members` are free, or will be by the time of an answer; `ringing` the chances that the calls under way are still
    answered, `answer_rate` that of a new one. Calls are added while the expected share of persons who find no
    member stays within `risk`, their number within a part of the `allowance`, and more of them than the `allowance`
    out of the question (`SURPRISE`).
    """
    if members < 1:
        return 0
    answers = _Answers(members, members + max(0, allowance))
    for each in ringing:
        answers.add(each)
    started = 0
    while started < most:
        answers.add(answer_rate)
        lost = answers.lost()
        too_much = lost > risk * answers.expected + ROUNDING or lost > SPENT * allowance + ROUNDING
        if too_much or answers.beyond() > SURPRISE:
            break
        started += 1
    return started


class _Answers:
    """How many of several calls are answered: the exact distribution, up to a number beyond which it is not told."""

    def __init__(self, members: int, most: int) -> None:
        self.members = members
        self.expected = 0.0
        self.odds = [1.0] + [0.0] * most

    def add(self, chance: float) -> None:
        """Add a call that is answered with this chance."""
        self.expected += chance
        before = 0.0
        missed = 1 - chance
        for count, odds in enumerate(self.odds):
            self.odds[count] = odds * missed + before * chance
            before = odds

    def lost(self) -> float:
        """Return how many of those who answer find no member, on expectation."""
        known = self.odds[: self.members + 1]
        met = self.members + sum((count - self.members) * odds for count, odds in enumerate(known))
        return self.expected - met

    def beyond(self) -> float:
        """Return the odds that more are answered than there are members and abandons allowed."""
        return 1 - sum(self.odds)


def tuned(risk: float, *, answered: int, abandoned: int, cap: float) -> float:
    """Return the risk that is dialled for next, given what the last hours brought: the closed loop.

    The model errs: members come back earlier than it counts on, or later. So what is aimed at is a measured share of
    abandons of three quarters of the cap; the risk rises slowly while it is below, and falls quickly above.
    """
    if answered < FEW:
        return min(risk, cap)
    share = abandoned / answered
    if share > AIM * cap:
        return max(cap / 10, risk * 0.7)
    return min(MOST_RISK, risk * 1.05) if share < AIM * cap * 0.9 else risk


def room(*, cap: int | None, used: int) -> int:
    """Return how much of a cap is left; without a cap, as much as anybody may want."""
    return 10**9 if cap is None else max(0, cap - used)
