"""Call flows are checked once, and what is wrong is named by its path."""

from __future__ import annotations

import pytest

from campaigns import flows, refusals

SAY = {"do": "say", "text": "Hello."}


def detect(*options):
    return {"do": "detect", "options": list(options)}


def option(key, *steps, **more):
    return {"key": key, "steps": list(steps), **more}


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [SAY],
        [{"do": "play", "url": "https://example.org/a.wav", "plays": 3, "repeat_key": "0"}],
        [{"do": "play", "prompt": 200938}],
        [SAY, detect(option("1", SAY, {"do": "hangup"}, id="yes"), option("*", {"do": "dial", "to": "+390612345678"}))],
        [{"do": "dial", "members": True, "seconds": 20}, SAY],
        [SAY, {"do": "repeat"}],
    ],
)
def test_good_flows_pass(steps):
    flows.check({"steps": steps})


@pytest.mark.parametrize(
    ("steps", "path"),
    [
        ([{"text": "no do"}], "flow.steps[0].do"),
        ([{"do": "sing"}], "flow.steps[0].do"),
        ([SAY, {"do": "say", "text": "  "}], "flow.steps[1].text"),
        ([{"do": "say", "text": "x" * 5001}], "flow.steps[0].text"),
        ([{"do": "say", "text": "x", "loud": True}], "flow.steps[0].loud"),
        ([{"do": "play"}], "flow.steps[0]"),
        ([{"do": "play", "url": "ftp://x/a.wav"}], "flow.steps[0].url"),
        ([{"do": "play", "url": "https://x/a.wav", "prompt": 1}], "flow.steps[0]"),
        ([detect()], "flow.steps[0].options"),
        ([{"do": "detect"}], "flow.steps[0]"),
        ([detect(option("12", SAY))], "flow.steps[0].options[0].key"),
        ([detect(option("1", SAY), option("1", SAY))], "flow.steps[0].options[1].key"),
        ([detect(option("1", {"do": "dial", "to": "abc"}))], "flow.steps[0].options[0].steps[0].to"),
        ([detect({"key": "1"})], "flow.steps[0].options[0].steps"),
        ([{"do": "dial", "to": "1", "members": True}], "flow.steps[0]"),
        ("not a list", "flow.steps"),
        ([SAY] * 201, "flow.steps[200]"),
    ],
)
def test_bad_flows_are_refused_by_path(steps, path):
    with pytest.raises(refusals.InvalidFlow) as refused:
        flows.check({"steps": steps})
    assert refused.value.field == path
    assert refused.value.message.startswith(path + ":")


def nested(depth):
    steps = [SAY]
    for _ in range(depth - 1):
        steps = [detect(option("1", *steps))]
    return {"steps": steps}


def test_ten_levels_are_the_most():
    flows.check(nested(10))
    with pytest.raises(refusals.InvalidFlow, match="levels"):
        flows.check(nested(11))


@pytest.mark.parametrize("value", [None, [], {"steps": [], "more": 1}, "x"])
def test_only_an_object_with_steps_is_a_flow(value):
    with pytest.raises(refusals.InvalidFlow):
        flows.check(value)
