"""What the witness does wrong on order must be what was ordered; and what a door may answer is judged strictly."""

from __future__ import annotations

import time

import httpx
import pytest

from tests.trials import judging
from tests.trials.doors import DOORS, judged
from tests.trials.witness.faults import FAULTS, Reply, Silence
from tests.trials.witness.log import Log
from tests.trials.witness.server import Witness

RINGING = {"key": "a", "type": "ringing", "at": 1.0}
ANSWERED = {"key": "a", "type": "answered", "at": 2.0}
ENDED = {"key": "a", "type": "ended", "at": 3.0}


@pytest.fixture
def witness(tmp_path):
    return Witness(Log(tmp_path / "log"), seed="", scale=0.1, congestion=0)


def dials(*keys):
    return {"dials": [{"key": key, "channel": "voice", "destination": "+393201234200", "n": 1} for key in keys]}


@pytest.mark.parametrize(("name", "status"), [("conflict", 409), ("congested", 503)])
def test_dials_are_refused_and_never_ring(witness, tmp_path, name, status):
    witness.orders.take({"fault": name, "times": 1})

    assert witness.dials(dials("a", "b")).body["statuses"] == {"a": status, "b": 201}
    assert witness.network.live() == ["b"]
    assert dict(judging.evidence(tmp_path / "log").refused) == {"a": 1}


def test_answers_go_wrong_after_all_was_done():
    fine = Reply(200, {"statuses": {}})

    assert FAULTS["broken"]().after("/dials", {}, fine).status == 500
    assert FAULTS["cut"]().after("/dials", {}, fine).cut_after == 9
    with pytest.raises(Silence):
        FAULTS["hole"]().after("/dials", {}, fine)


def test_or_before_anything_is():
    assert FAULTS["broken"](instead=True).before("/dials", {}).status == 500
    assert FAULTS["broken"]().before("/dials", {}) is None
    with pytest.raises(Silence):
        FAULTS["hole"](instead=True).before("/dials", {})
    assert FAULTS["hole"]().before("/dials", {}) is None


def test_events_come_often_backwards_or_never():
    told = [RINGING, ANSWERED, ENDED]

    assert FAULTS["doubled"](times=3, seconds=2).events([ENDED]) == [(0, ENDED), (2, ENDED), (4, ENDED)]
    backwards = sorted(FAULTS["reversed"]().events(told), key=lambda one: one[0])
    assert [event for _, event in backwards] == [ENDED, ANSWERED, RINGING]
    some = FAULTS["dropped"](seed=1).events([ENDED] * 1000)
    assert 850 < len(some) < 950


def test_a_carrier_that_was_restarted_knows_nothing(witness, tmp_path):
    witness.dials(dials("a"))

    assert witness.forget(None).body == {"cut": ["a"]}
    assert witness.ask({"keys": ["a"]}).body["calls"]["a"]["known"] is False
    assert witness.live(None).body == {"keys": []}
    [one] = judging.evidence(tmp_path / "log").originations
    assert (one.outcome, one.ended_at <= time.time()) == ("unknown", True)


def test_all_that_was_told_is_told_again(witness):
    heard = witness.listen()
    witness.dials(dials("a"))
    witness.network.hang_up("a")
    [first] = [heard.get(timeout=1)]

    assert witness.replay(None).body == {"told": 1}
    assert heard.get(timeout=1) == first


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(401), ""),
        (httpx.Response(500, text="Server Error"), "GET / answered 500: Server Error"),
        (httpx.Response(502, headers={"Retry-After": "5"}), "GET / answered 502: "),
        (httpx.Response(503, text="x"), "GET / answered 503 without Retry-After"),
        (httpx.Response(200, text="Traceback (most recent"), "GET / answered 200 with a traceback"),
        (
            httpx.Response(503, headers={"Retry-After": "5"}, text="Oh"),
            "GET / answered 503 in another form: text/plain; charset=utf-8 Oh",
        ),
        (httpx.Response(503, headers={"Retry-After": "5"}, json={"error": "internal.error"}), ""),
    ],
)
def test_of_5xx_only_a_clean_503_may_be(answer, said):
    answer.request = httpx.Request("GET", "http://127.0.0.1/")

    assert judged(answer, DOORS["jaicp"]) == said
