"""How many calls may start now."""

from __future__ import annotations

import datetime as dt
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer import pacing, tuning


@pytest.mark.parametrize(
    ("speed", "calls", "seconds"), [(0, 0, 1), (1, 1, 1), (0.5, 1, 2), (1.5, 2, 4 / 3), (100, 100, 1), (0.001, 1, 1000)]
)
def test_a_speed_is_so_many_calls_in_so_many_seconds(speed, calls, seconds):
    assert pacing.burst(speed) == (calls, pytest.approx(seconds))


@pytest.mark.parametrize(
    ("room", "wants", "turn", "shares"),
    [
        (10, [], 0, []),
        (0, [5, 5], 0, [0, 0]),
        (10, [5, 5], 0, [5, 5]),
        (4, [10, 10], 0, [2, 2]),
        (10, [1, 100], 0, [1, 9]),
        (5, [0, 3, 9], 0, [0, 3, 2]),
        (1, [9, 9, 9], 0, [1, 0, 0]),
        (1, [9, 9, 9], 1, [0, 1, 0]),
        (2, [9, 9, 9], 2, [1, 0, 1]),
    ],
)
def test_room_is_shared_fairly(room, wants, turn, shares):
    assert pacing.share(room, wants, turn=turn) == shares


@given(st.integers(0, 500), st.lists(st.integers(0, 100), max_size=20), st.integers(0, 99))
def test_nobody_waits_while_another_has_more(room, wants, turn):
    shares = pacing.share(room, wants, turn=turn)
    assert sum(shares) == min(room, sum(wants))
    assert all(0 <= given <= want for given, want in zip(shares, wants, strict=True))
    for given_one, want in zip(shares, wants, strict=True):
        if given_one < want:
            assert max(shares) - given_one <= 1


@pytest.mark.parametrize(
    ("free", "ringing", "ratio", "start"),
    [
        (0, 0, 1, 0),
        (3, 0, 1, 3),
        (3, 2, 1, 1),
        (1, 4, 1, 0),
        (3, 0, 2, 6),
        (3, 1, 1.5, 3),
        (4, 0, 0.5, 2),
        (4, 0, 0, 0),
    ],
)
def test_progressive_starts_so_many_calls_for_each_free_member(free, ringing, ratio, start):
    assert pacing.progressive(free_members=free, unanswered=ringing, ratio=ratio) == start


@pytest.mark.parametrize(
    ("answered", "abandoned", "cap", "allowed"),
    [(0, 0, 0.03, 0), (37, 0, 0.03, 0), (38, 0, 0.03, 1), (38, 1, 0.03, 0), (1000, 20, 0.03, 7), (1000, 0, 0, 0)],
)
def test_abandons_are_earned_by_answers(answered, abandoned, cap, allowed):
    assert pacing.allowance(answered=answered, abandoned=abandoned, cap=cap) == max(0, allowed)


def starts(**more) -> int:
    wanted = {"members": 4, "ringing": [], "answer_rate": 0.5, "risk": 0.03, "allowance": 5, "most": 60}
    return pacing.predictive(**wanted | more)


def test_predictive_starts_more_where_fewer_answer_more_is_risked_or_more_members_come():
    assert starts(members=0) == 0
    assert 4 < starts() < starts(answer_rate=0.25) < starts(answer_rate=0.1)
    assert starts(risk=0) == 4 < starts() < starts(risk=0.1)
    assert starts(members=8) > 2 * starts()
    assert starts(answer_rate=0.1, most=7) == 7
    assert starts(answer_rate=1.0) == 4


def test_predictive_counts_what_rings_by_its_chance():
    assert starts(ringing=[0.0] * 50) == starts()
    assert starts(ringing=[0.5] * 4) == starts() - 4
    assert starts(ringing=[1.0] * 4) == 0


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.6, 0.9])
def test_more_abandons_than_are_allowed_are_out_of_the_question(rate):
    """However much is risked: by the binomial distribution, counted here by hand."""
    count = starts(answer_rate=rate, risk=1.0, allowance=2, most=500)
    beyond = sum(math.comb(count, k) * rate**k * (1 - rate) ** (count - k) for k in range(7, count + 1))
    assert beyond <= pacing.SURPRISE
    assert count >= 4


@pytest.mark.parametrize(
    ("talking", "within", "mean", "freed"),
    [(50, 6, 80, 3), (50, -4, 80, 0), (50, 6, 0, 0), (10, 6, 80, 0), (10, 999, 9, 10)],
)
def test_talks_end_as_often_as_they_last_long(talking, within, mean, freed):
    assert pacing.freed(talking, within=within, mean=mean) == freed


@pytest.mark.parametrize(
    ("answered", "abandoned", "after"),
    [(29, 29, 0.02), (1000, 0, 0.021), (1000, 21, 0.02), (1000, 23, 0.014), (1000, 300, 0.014)],
)
def test_the_loop_rises_slowly_below_its_aim_and_falls_quickly_above(answered, abandoned, after):
    assert pacing.tuned(0.02, answered=answered, abandoned=abandoned, cap=0.03) == pytest.approx(after)


def test_the_loop_stays_within_bounds():
    risk = 0.02
    for _ in range(500):
        risk = pacing.tuned(risk, answered=1000, abandoned=0, cap=0.03)
    assert risk == pacing.MOST_RISK
    for _ in range(500):
        risk = pacing.tuned(risk, answered=1000, abandoned=100, cap=0.03)
    assert risk == pytest.approx(0.003)


AT = dt.datetime(2031, 3, 3, 10, 0, tzinfo=dt.UTC)


def tried(seconds: float, *, person: bool) -> tuning.Try:
    until = AT + dt.timedelta(seconds=seconds)
    return tuning.Try(1, AT, until if person else None, until, None, "answered" if person else "no_answer")


def test_the_longer_a_call_rings_beyond_the_usual_the_less_it_counts():
    curve = tuning.curve_of([tried(5, person=True)] * 100 + [tried(30, person=False)] * 100)
    assert curve[0] == pytest.approx(0.55, abs=0.01)
    assert curve[5] == pytest.approx(0.55, abs=0.01)
    assert curve[10] < 0.05
    assert tuning.curve_of([])[0] == 1.0
