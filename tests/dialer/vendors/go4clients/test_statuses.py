"""The vendor's words for every state, outcome and refusal."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError

from campaigns import refusals
from campaigns.models import Campaign
from campaigns.states import CallState, CampaignState, Outcome
from dialer.vendors.go4clients import errors, statuses

NOW = dt.datetime(2031, 3, 3, 10, tzinfo=dt.UTC)
FINAL = {"ANSWERED", "BUSY", "NO_ANSWER", "FAILED", "CANCELLED", "EXPIRED"}


@pytest.mark.parametrize("is_answered", [False, True])
@pytest.mark.parametrize("outcome", Outcome.values)
@pytest.mark.parametrize("state", CallState.values)
def test_every_call_has_a_status(state, outcome, is_answered):
    word = statuses.call(state, outcome, is_answered=is_answered)

    match state:
        case CallState.WAITING:
            assert word == "PENDING"
        case CallState.LIVE:
            assert word == ("ANSWERED" if is_answered else "DIALING")
        case _:
            assert word in FINAL


@pytest.mark.parametrize("outcome", ["busy", "no_answer", "cancelled", "expired", "failed", "answered"])
def test_what_has_the_same_name_is_the_same(outcome):
    assert statuses.call("done", outcome, is_answered=False) == outcome.upper()


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("draft", "PAUSED"),
        ("running", "ACTIVE"),
        ("paused", "PAUSED"),
        ("finished", "FINISHED"),
        ("deleted", "CANCELLED"),
    ],
)
def test_every_campaign_has_a_status(state, word):
    assert statuses.campaign(Campaign(state=state), now=NOW) == word


def test_there_is_no_other_state():
    assert set(statuses.CAMPAIGN) == set(CampaignState.values)
    assert set(statuses.DONE) == set(Outcome.values)


def test_the_end_date_finishes_what_takes_calls():
    for state in ("draft", "running", "paused"):
        assert statuses.campaign(Campaign(state=state, ends_at=NOW), now=NOW) == "FINISHED"
        assert statuses.campaign(Campaign(state=state, ends_at=NOW), now=NOW - dt.timedelta(seconds=1)) != "FINISHED"
    assert statuses.campaign(Campaign(state="deleted", ends_at=NOW), now=NOW) == "CANCELLED"


def test_the_mark_of_a_cancelled_campaign():
    campaign = Campaign(state="finished", extra={"theirs": 1, "go4clients": "odd"})
    campaign.extra = statuses.cancelled(campaign)
    assert campaign.extra == {"theirs": 1, "go4clients": {"cancelled": True}}
    assert statuses.campaign(campaign, now=NOW) == "CANCELLED"


@pytest.mark.parametrize("codes", [errors.CREATING, errors.ADDING, errors.FINISHING, errors.READING, errors.STEERING])
def test_every_refusal_has_a_code_in_every_operation(codes):
    known = {kind for kind in vars(refusals).values() if isinstance(kind, type) and issubclass(kind, refusals.Refused)}
    assert set(errors.CATALOGUE) == known - {refusals.Refused}
    for kind in known:
        fault = errors.as_fault(kind("What was wrong."), codes)
        assert (fault.status, fault.description) == (200, "What was wrong.")
        assert fault.code not in errors.SUCCESSES


@pytest.mark.parametrize("codes", [errors.CREATING, errors.READING, errors.STEERING])
def test_what_nobody_foresaw_says_nothing_of_itself(codes):
    fault = errors.as_fault(ZeroDivisionError("secret"), codes)
    assert (fault.status, fault.code, fault.description) == (500, codes.unknown, "The server failed.")


def test_a_database_that_fails_under_reading_is_a_fault_of_the_server():
    fault = errors.as_fault(DatabaseError("secret"), errors.READING)
    assert (fault.status, fault.code) == (500, "VOICE-ERR-999")
