"""Every state and outcome has a status, and every script of a call a flow."""

from __future__ import annotations

from itertools import product

import pytest

from campaigns import flows
from campaigns.models import Prompt
from campaigns.states import AttemptState, CallState, Outcome
from dialer.vendors.sendservice import scripts, statuses
from dialer.vendors.sendservice.statuses import Status
from tests.dialer.vendors.sendservice.conftest import MENU

FINAL = {Status.Failed, Status.Success, Status.Forbidden, Status.Unknown, Status.NotEnoughCredit, Status.InBlackList}
HELLO, MORE = {"do": "say", "text": "Hello."}, {"do": "play", "prompt": 7}


@pytest.mark.parametrize(("outcome", "dialled"), list(product(Outcome, [False, True])))
def test_every_outcome_has_a_final_status(outcome, dialled):
    found = statuses.of_call(CallState.DONE, outcome, attempt_state=AttemptState.ENDED, dialled=dialled)

    assert statuses.DONE.keys() == set(Outcome)
    # A call whose time ran out before it was dialled is not called for good: the contract has it so.
    assert found in FINAL or (outcome, dialled) == (Outcome.EXPIRED, False)


@pytest.mark.parametrize(
    ("state", "outcome", "attempt_state"), list(product(CallState, ["", *Outcome], ["", *AttemptState]))
)
def test_every_state_has_a_status(state, outcome, attempt_state):
    found = statuses.of_call(state, outcome, attempt_state=attempt_state)

    open_ones = {
        CallState.WAITING: {Status.NotCalled},
        CallState.LIVE: {Status.Answer if attempt_state == AttemptState.ANSWERED else Status.Calling},
    }
    assert found in open_ones.get(state, FINAL | {Status.NotCalled})
    assert found is not Status.Duplicated


@pytest.mark.parametrize(
    ("outcome", "dialled", "wanted"),
    [
        (Outcome.ANSWERED, True, Status.Success),
        (Outcome.MACHINE, True, Status.Success),
        (Outcome.BUSY, True, Status.Failed),
        (Outcome.INVALID_NUMBER, False, Status.Forbidden),
        (Outcome.INVALID_NUMBER, True, Status.Failed),
        (Outcome.SUPPRESSED, False, Status.InBlackList),
        (Outcome.SUPPRESSED, True, Status.InBlackList),
        (Outcome.EXPIRED, False, Status.NotCalled),
        (Outcome.EXPIRED, True, Status.Failed),
        (Outcome.CANCELLED, True, Status.Unknown),
        (Outcome.UNKNOWN, True, Status.Unknown),
        ("", True, Status.Unknown),
    ],
)
def test_outcomes_in_the_vendors_words(outcome, dialled, wanted):
    assert statuses.of_call(CallState.DONE, outcome, dialled=dialled) is wanted


@pytest.mark.parametrize(
    ("outcome", "cause", "wanted"),
    [
        (Outcome.FAILED, "credit", Status.NotEnoughCredit),
        (Outcome.FAILED, "tts", Status.FailedTTSConversion),
        (Outcome.ANSWERED, "tts", Status.Success),
        (Outcome.SUPPRESSED, "credit", Status.InBlackList),
    ],
)
def test_a_cause_words_failures_only(outcome, cause, wanted):
    assert statuses.of_call(CallState.DONE, outcome, cause=cause, dialled=True) is wanted


def test_numbers_and_names_of_statuses():
    assert [statuses.read(str(n)) for n in range(12)] == list(Status)
    assert [statuses.read(status.name.upper()) for status in Status] == list(Status)
    assert statuses.read("Not Called") is Status.NotCalled
    assert [statuses.read(word) for word in ("", "12", "-1", "x", "٤", "04")] == [None] * 6


def ivr(*steps):
    return Prompt(extension=1, flow={"steps": list(steps)})


@pytest.mark.parametrize(
    ("steps", "repeats", "wanted"),
    [
        ([HELLO, MENU], 0, [HELLO, MENU]),
        ([HELLO, MENU], 2, [HELLO | {"plays": 3}, MENU]),
        ([HELLO | {"plays": 15}, MENU], 2, [HELLO | {"plays": 20}, MENU]),
        ([HELLO, MORE, MENU], 1, [HELLO, MORE, HELLO, MORE, MENU]),
        ([MENU, HELLO], 5, [MENU, HELLO]),
        ([], 1, []),
    ],
)
def test_an_introduction_is_repeated(steps, repeats, wanted):
    flow = scripts.recording(ivr(*steps), repeats=repeats)

    flows.check(flow)
    assert flow == {"steps": wanted}


def test_a_spoken_introduction_is_followed_by_the_menu():
    spoken = {"do": "say", "text": "Ciao.", "voice": "v", "plays": 2}

    def introduced(*steps):
        return scripts.introduced(ivr(*steps), "Ciao.", voice="v", repeats=1)["steps"]

    assert introduced(HELLO, MORE, MENU, HELLO) == [spoken, MENU, HELLO]
    assert introduced(MENU) == [spoken, MENU]
    assert introduced(HELLO) == [spoken, HELLO]
