"""How often and when again."""

from __future__ import annotations

import datetime as dt

import pytest

from campaigns import refusals, retries
from campaigns.states import FINAL_OUTCOMES, Outcome

END = dt.datetime(2031, 3, 3, 10, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def policy(**more):
    return retries.Policy(**{"max_attempts": 3, "first_wait": 10 * MINUTE} | more)


@pytest.mark.parametrize("outcome", Outcome.values)
def test_every_outcome_is_either_tried_again_or_final(outcome):
    again = policy().next_try(outcome=outcome, counted=1, ended_at=END)
    assert (again == END + 10 * MINUTE) is (outcome in retries.RETRIED)
    assert (again is None) is (outcome not in retries.RETRIED)


@pytest.mark.parametrize(
    ("growth", "counted", "minutes"), [(1, 1, 10), (1, 2, 10), (2, 1, 10), (2, 2, 20), (1.5, 3, 22.5), (3, 4, 270)]
)
def test_waits_stay_fixed_or_grow(growth, counted, minutes):
    again = policy(max_attempts=9, growth=growth).next_try(outcome="busy", counted=counted, ended_at=END)
    assert again == END + minutes * MINUTE


def test_the_budget_ends_the_tries():
    assert policy().next_try(outcome="busy", counted=3, ended_at=END) is None


def test_a_growing_wait_has_an_end():
    again = policy(max_attempts=255, growth=10).next_try(outcome="busy", counted=200, ended_at=END)
    assert again == END + dt.timedelta(days=365)


def test_rules_choose_delay_and_permission_for_their_outcome_alone():
    rules = retries.parse_rules({"busy": {"minutes": 2}, "rejected": {"retry": False}, "machine": {"retry": True}})
    ruled = policy(rules=rules)
    assert ruled.next_try(outcome="busy", counted=1, ended_at=END) == END + 2 * MINUTE
    assert ruled.next_try(outcome="rejected", counted=1, ended_at=END) is None
    assert ruled.next_try(outcome="machine", counted=1, ended_at=END) == END + 10 * MINUTE
    assert ruled.next_try(outcome="no_answer", counted=1, ended_at=END) == END + 10 * MINUTE
    assert ruled.next_try(outcome="busy", counted=3, ended_at=END) is None


@pytest.mark.parametrize("outcome", [*sorted(FINAL_OUTCOMES), "congestion", "engaged", 5])
def test_no_rule_can_be_given_for_what_is_never_tried_again(outcome):
    with pytest.raises(refusals.InvalidValue):
        retries.parse_rules({outcome: {"retry": True}})


@pytest.mark.parametrize("rule", [5, {"hours": 1}, {"minutes": -1}, {"minutes": "5"}, {"minutes": True}, {"retry": 1}])
def test_malformed_rules_are_refused(rule):
    with pytest.raises(refusals.InvalidValue, match="retry_rules"):
        retries.parse_rules({"busy": rule})


def test_carrier_trouble_waits_longer_each_time_up_to_its_ceiling():
    waits = [retries.after_congestion(congestions=n, ended_at=END) for n in range(1, retries.CONGESTION_CEILING + 1)]
    seconds = [(wait - END).total_seconds() for wait in waits[:-1]]
    assert seconds == [30, 60, 120, 240, 480, 900, 900, 900, 900]
    assert waits[-1] is None
