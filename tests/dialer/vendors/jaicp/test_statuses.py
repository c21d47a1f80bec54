"""The vendor's words for every state, outcome and reason."""

from __future__ import annotations

import itertools

import pytest

from campaigns import refusals
from campaigns.states import CallState, CampaignState, Outcome, Reason
from dialer.vendors.jaicp import errors, results, statuses

WORDS = {
    "planned",
    "inProcess",
    "longCallWithResult",
    "longCallWithNoResult",
    "onRetry",
    "noAnswer",
    "nonexistentNumber",
    "technicalError",
    "unknown",
    "cancelledByUser",
    "notDone",
}
# What says nothing of how a call ended: only a call that is not done has these.
FINAL = {"longCallWithResult", "longCallWithNoResult", "noAnswer", "nonexistentNumber", "technicalError", "unknown"}


@pytest.mark.parametrize("state", CallState.values)
@pytest.mark.parametrize("outcome", [*Outcome.values, ""])
@pytest.mark.parametrize("reason", Reason.values)
def test_every_call_has_a_status(state, outcome, reason):
    for tried, has_result in itertools.product([False, True], repeat=2):
        word = statuses.job(state, outcome, reason, tried=tried, has_result=has_result)
        assert word in WORDS
        if state == CallState.DONE:
            assert word in FINAL | {"cancelledByUser", "notDone"}
        else:
            assert word == ("inProcess" if state == CallState.LIVE else "onRetry" if tried else "planned")


@pytest.mark.parametrize(
    ("outcome", "reason", "word"),
    [
        ("answered", "answered", "longCallWithNoResult"),
        ("machine", "answered", "longCallWithNoResult"),
        ("answered", "cancelled", "longCallWithNoResult"),
        ("machine", "attempts", "longCallWithNoResult"),
        ("busy", "attempts", "noAnswer"),
        ("no_answer", "attempts", "noAnswer"),
        ("rejected", "attempts", "noAnswer"),
        ("busy", "late", "notDone"),
        ("expired", "late", "notDone"),
        ("cancelled", "cancelled", "cancelledByUser"),
        ("cancelled", "finished", "notDone"),
        ("invalid_number", "invalid", "nonexistentNumber"),
        ("congestion", "congestion", "technicalError"),
        ("failed", "attempts", "technicalError"),
        ("suppressed", "suppressed", "notDone"),
        ("unknown", "attempts", "unknown"),
    ],
)
def test_how_done_calls_are_told(outcome, reason, word):
    assert statuses.job("done", outcome, reason, tried=True, has_result=False) == word


def test_a_result_is_told_where_there_is_one():
    assert statuses.job("done", "answered", "answered", tried=True, has_result=True) == "longCallWithResult"
    assert statuses.job("done", "busy", "attempts", tried=True, has_result=True) == "noAnswer"


def test_every_campaign_state_has_a_word():
    assert set(statuses.CAMPAIGN) == set(CampaignState.values)


def test_every_refusal_has_a_code():
    known = {kind for kind in vars(refusals).values() if isinstance(kind, type) and issubclass(kind, refusals.Refused)}

    assert set(errors.CATALOGUE) == known - {refusals.Refused}


@pytest.mark.parametrize(
    ("steps", "recorded", "result"),
    [
        ([], {}, None),
        ([{"do": "say", "at": 0}], {}, None),
        ([{"do": "say"}, {"do": "detect", "key": ""}], {}, None),
        ([{"do": "say"}, {"do": "detect", "key": "9"}], {"1": "9"}, None),
        ([{"do": "detect", "key": "9", "option": ""}], {"0": "9"}, None),
        ([{"do": "detect", "key": "1", "option": "YES"}], {"YES": "1"}, "YES"),
        (
            [{"do": "detect", "key": "1", "option": "YES"}, {"do": "detect", "key": "2", "option": "LATER"}],
            {"YES": "1", "LATER": "2"},
            "LATER",
        ),
    ],
)
def test_what_a_flow_recorded(steps, recorded, result):
    assert results.recorded(steps) == recorded
    assert results.result(steps) == result
