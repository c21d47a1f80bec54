"""The tables of words are total: every state, outcome, refusal and code has its own."""

from __future__ import annotations

import pytest

from campaigns import refusals
from campaigns.operations import contacts
from campaigns.states import AttemptState, CallState, Channel, Outcome
from dialer.vendors.onc import errors, statuses
from dialer.vendors.onc.errors import Code
from dialer.vendors.onc.statuses import DeliveryError, Status


@pytest.mark.parametrize("outcome", ["", *Outcome.values])
@pytest.mark.parametrize("state", CallState.values)
@pytest.mark.parametrize("channel", Channel.values)
def test_every_state_and_outcome_has_a_status_and_an_error(state, outcome, channel):
    if state == CallState.DONE and not outcome:
        # The database holds that a call which is done has an outcome.
        assert outcome not in statuses.DONE
        return
    for open_state in [None, *AttemptState.values]:
        for tried, over in [(False, False), (False, True), (True, False), (True, True)]:
            told = statuses.status(
                state=state,
                outcome=outcome,
                channel=channel,
                open_state=open_state,
                tried=tried,
                campaign_is_over=over,
            )
            assert told in Status
            assert (told in {Status.SENDING, Status.DELIVERING}) == (state == CallState.LIVE)
    for last in [None, *Outcome.values]:
        assert statuses.delivery_error(last_outcome=last, outcome=outcome) in DeliveryError


def test_success_and_failure_agree_with_the_error():
    for outcome in Outcome.values:
        failed = statuses.DONE[outcome] == Status.PERMANENT_FAILURE
        assert (statuses.ERRORS[outcome] != DeliveryError.NONE) == failed


@pytest.mark.parametrize("outcome", Outcome.values)
def test_what_the_ledger_arms_again_is_what_is_told_as_failed(outcome):
    assert (outcome in contacts.REARMED) == (statuses.DONE[outcome] == Status.PERMANENT_FAILURE)


def test_every_refusal_has_a_code():
    known = set(refusals.Refused.__subclasses__())
    assert set(errors.OF_REFUSAL) == known
    assert all(errors.of_refusal(kind("x")).code != Code.INTERNAL_ERROR for kind in known)
    assert errors.of_refusal(refusals.Refused("x")).code == Code.INTERNAL_ERROR


def test_every_code_has_a_sentence():
    assert set(errors.SENTENCES) == set(Code)
    assert [code for code in Code if not errors.SENTENCES[code]] == [Code.SUCCESS]
