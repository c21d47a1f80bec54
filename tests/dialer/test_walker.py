"""The walk through a call flow, driven by hand."""

from __future__ import annotations

import pytest

from campaigns import flows
from dialer.walker import Walk

QUESTION = {
    "steps": [
        {"do": "say", "text": "Press 1 or 2."},
        {
            "do": "detect",
            "options": [
                {"key": "1", "id": "yes", "steps": [{"do": "say", "text": "Thank you."}]},
                {"key": "2", "id": "agent", "steps": [{"do": "dial", "to": "15550100300"}]},
            ],
        },
        {"do": "say", "text": "Goodbye."},
    ]
}


def drive(flow, *happenings):
    """Walk with what happens at each command: keys pressed, or False for a command that failed."""
    walk = Walk(flow)
    command = walk.start()
    said, queue, at = [], list(happenings), 0.0
    while command is not None:
        said.append(command.text or command.do)
        at += 1
        happens = queue.pop(0) if queue else ""
        command = walk.told(at=at, keys=happens or "", done=happens is not False)
    return walk, said


@pytest.mark.parametrize(
    ("happenings", "said", "option"),
    [
        (["", "1", "", ""], ["Press 1 or 2.", "wait", "Thank you.", "Goodbye."], "yes"),
        (["1"], ["Press 1 or 2.", "Thank you.", "Goodbye."], "yes"),
        (["", "2", ""], ["Press 1 or 2.", "wait", "dial"], "agent"),
        (["", "2", False], ["Press 1 or 2.", "wait", "dial", "Goodbye."], "agent"),
        (["", "9", "1"], ["Press 1 or 2.", "wait", "wait", "Thank you.", "Goodbye."], "yes"),
        (["", "", ""], ["Press 1 or 2.", "wait", "wait", "Goodbye."], None),
        (["", "9", "9"], ["Press 1 or 2.", "wait", "wait", "Goodbye."], None),
    ],
)
def test_detect_takes_a_key_waits_once_more_and_goes_on(happenings, said, option):
    walk, heard = drive(QUESTION, *happenings)
    assert heard == said
    [detect] = [step for step in walk.steps if step["do"] == "detect"]
    assert detect.get("option") == option


def test_all_keys_are_kept_in_order():
    walk, _ = drive(QUESTION, "", "97", "1")
    assert walk.digits == "971"


def test_hangup_ends_the_walk_in_the_middle():
    _, said = drive({"steps": [{"do": "say", "text": "Bye."}, {"do": "hangup"}, {"do": "say", "text": "Never."}]})
    assert said == ["Bye."]


def test_repeat_plays_the_last_audio_once_more():
    _, said = drive({"steps": [{"do": "say", "text": "A"}, {"do": "say", "text": "B"}, {"do": "repeat"}]})
    assert said == ["A", "B", "B"]


def test_a_repeat_with_nothing_said_yet_is_passed_over():
    _, said = drive({"steps": [{"do": "repeat"}, {"do": "say", "text": "A"}]})
    assert said == ["A"]


def test_plays_are_counted():
    _, said = drive(flows.spoken("Hello.", plays=3))
    assert said == ["Hello."] * 3


@pytest.mark.parametrize(
    ("happenings", "said"),
    [
        (["", ""], ["Hello.", "wait"]),
        (["0", "", ""], ["Hello.", "Hello.", "wait"]),
        (["", "0", "", ""], ["Hello.", "wait", "Hello.", "wait"]),
        (["5"], ["Hello."]),
    ],
)
def test_the_repetition_key_replays_during_and_after_the_text(happenings, said):
    _, heard = drive(flows.spoken("Hello.", repeat_key="0"), *happenings)
    assert heard == said


def test_an_empty_flow_has_nothing_to_do():
    walk, said = drive({"steps": []})
    assert (said, walk.steps) == ([], [])
