"""How many calls may start now."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer import pacing


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


@pytest.mark.parametrize(("free", "ringing", "start"), [(0, 0, 0), (3, 0, 3), (3, 2, 1), (1, 4, 0)])
def test_progressive_starts_one_call_for_each_free_member(free, ringing, start):
    assert pacing.progressive(free_members=free, unanswered=ringing) == start


def test_predictive_starts_more_where_fewer_answer_and_none_without_members():
    def starts(**more):
        wanted = {"free_members": 4, "soon_free": 0, "unanswered": 0, "answer_rate": 0.5, "factor": 1.0}
        return pacing.predictive(**wanted | more)

    assert starts() == 8
    assert starts(answer_rate=0.25) == 16
    assert starts(unanswered=6) == 2
    assert starts(free_members=0) == 0
    assert starts(factor=1.5) == 12


def test_the_loop_backs_off_near_the_cap_and_advances_slowly_below_it():
    def after(rate, answered=500, factor=1.4):
        return pacing.over_dial(factor, abandon_rate=rate, cap=0.03, answered=answered)

    assert after(0.03) == pytest.approx(0.98)
    assert after(0.01) == pytest.approx(1.45)
    assert after(0.025) == 1.4
    assert after(0.01, answered=10) == 1.0
