"""Odds and seconds from attempts: pure tables."""

from __future__ import annotations

import pytest

from dialer.carriers import callees
from dialer.carriers.callees import Behaviour
from dialer.rehearsing import measuring, showing


@pytest.mark.parametrize(
    ("odds", "rate", "becomes"),
    [
        ((("answered", 1), ("busy", 1)), 0.25, {"answered": 0.25, "busy": 0.75}),
        ((("answered", 3), ("machine", 1), ("busy", 6)), 0.8, {"answered": 0.6, "machine": 0.2, "busy": 0.2}),
        ((("busy", 5), ("failed", 5)), 0.5, {"busy": 0.25, "failed": 0.25, "answered": 0.5}),
        ((("answered", 5),), 0.4, {"answered": 0.4, "no_answer": 0.6}),
        ((("answered", 5), ("busy", 5)), 0, {"answered": 0, "busy": 1}),
    ],
)
def test_odds_with_another_answer_rate_keep_their_proportions(odds, rate, becomes):
    assert dict(measuring.with_answer_rate(odds, rate)) == pytest.approx(becomes)


def test_what_is_measured_is_what_is_drawn():
    rows = [("answered", 4.0, 60.0)] * 30 + [("busy", 1.0, 0.0)] * 10 + [("no_answer", 25.0, 0.0)] * 60

    behaviour = measuring.behaviour_of(rows)

    assert dict(behaviour.odds) == {"answered": 30, "busy": 10, "no_answer": 60}
    assert behaviour.talks == {"answered": (60.0,) * 30}
    # Ten are too few to tell how long a busy line takes.
    assert set(behaviour.rings) == {"answered", "no_answer"}
    assert not behaviour.telling


@pytest.mark.parametrize(("seconds", "count", "ends"), [([3.0, 1.0], 2, (1.0, 3.0)), (range(1000), 50, (0, 999))])
def test_seconds_are_thinned_out_in_their_order(seconds, count, ends):
    found = measuring.steps(seconds)

    assert (len(found), found[0], found[-1]) == (count, *ends)
    assert list(found) == sorted(found)


@pytest.mark.parametrize("odds", [(("asleep", 1.0),), (("busy", -1.0), ("failed", 2.0)), (("busy", 0.0),)])
def test_odds_that_mean_nothing_are_refused(odds):
    with pytest.raises(ValueError, match="odds"):
        Behaviour(odds=odds)


def test_the_simulators_own_odds_are_of_outcomes_that_networks_know():
    assert Behaviour(odds=callees.ODDS).odds == callees.ODDS


@pytest.mark.parametrize(
    ("span", "words"),
    [
        ({"seconds": 0}, "0 s"),
        ({"seconds": 59}, "59 s"),
        ({"minutes": 61}, "1 h 1 min"),
        ({"days": 7, "hours": 3, "minutes": 9}, "7 d 3 h"),
    ],
)
def test_a_span_is_told_in_its_two_largest_units(span, words):
    assert showing.span(showing.dt.timedelta(**span)) == words
