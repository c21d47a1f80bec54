"""The witness must be right before it may judge: it sees what comes twice, and it can be hurt on order."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import time
import uuid
from pathlib import Path

import httpx
import pytest

from dialer.carriers.base import CarrierError, Dial
from tests.trials import judging
from tests.trials.carrier import Wire
from tests.trials.judging import Try
from tests.trials.witness import log as logs

ROOT = Path(__file__).resolve().parents[2]
NOW = dt.datetime(2031, 3, 3, 10, tzinfo=dt.UTC)


@pytest.fixture
def witness(tmp_path):
    """A running witness: its carrier, its address and its log."""
    log = tmp_path / "log"
    command = [sys.executable, "-m", "tests.trials.witness", "--log", str(log), "--scale", "0.02", "--congestion", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().strip()
        wire = Wire(url=url, patience=1)
        yield wire, url, log
        wire._client.close()
        process.kill()


def dial(number="+393201234200", **more):
    return Dial(key=str(uuid.uuid4()), channel="voice", destination=number, variables={"ref": "c1"}, **more)


def wait_for_the_end(wire):
    until = time.monotonic() + 10
    while wire.live():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_call_is_on_the_disk_before_it_is_acknowledged_and_told_when_asked(witness):
    wire, _, log = witness
    one = dial("+393201234486")

    (placed,) = wire.place([one], now=NOW)
    assert placed.accepted
    assert [line["key"] for line in logs.read(log) if line["what"] == logs.ORIGINATED] == [one.key]
    wait_for_the_end(wire)
    stranger = dial()
    known, unknown = wire.ask([one, stranger], now=NOW)
    assert known.events[-1].outcome == "busy"
    assert (unknown.key, unknown.known) == (stranger.key, False)


def test_a_key_that_comes_again_is_seen_whether_its_call_is_in_progress_or_over(witness):
    wire, _, log = witness
    one = dial()

    wire.place([one], now=NOW)
    (again,) = wire.place([one], now=NOW)
    assert again.in_doubt
    assert judging.duplicates(judging.evidence(log)) == [f"attempt {one.key} was sent again 1 times"]
    wait_for_the_end(wire)
    assert wire.place([one], now=NOW)[0].accepted
    assert f"attempt {one.key} was originated 2 times" in judging.duplicates(judging.evidence(log))


def test_a_call_is_cut(witness):
    wire, _, log = witness
    one = dial("+393201234408", ring_seconds=300)

    wire.place([one], now=NOW)
    wire.hang_up([one.key, "nobody's"], now=NOW)
    assert wire.live() == set()
    assert judging.evidence(log).by_key()[one.key].outcome == "cancelled"


def test_it_is_slow_on_order_and_the_dial_stays_in_doubt(witness):
    wire, url, log = witness
    order = {"fault": "slow", "times": 1, "options": {"seconds": 2}}
    httpx.post(f"{url}/control", json=order, trust_env=False).raise_for_status()
    one = dial()

    with pytest.raises(CarrierError) as raised:
        wire.place([one], now=NOW)
    assert not raised.value.permanent
    assert len(judging.evidence(log).originations) == 1
    assert wire.place([dial()], now=NOW)[0].accepted


def test_only_where_nothing_listens_it_is_sure_that_nothing_was_taken():
    wire = Wire(url="http://127.0.0.1:9")

    with pytest.raises(CarrierError) as raised:
        wire.place([dial()], now=NOW)
    assert raised.value.permanent


def line(at, key, what=logs.ORIGINATED, *, ref="", to="+39320", n=1, outcome="answered"):
    if what == logs.ENDED:
        return {"at": at, "what": what, "key": key, "outcome": outcome}
    return {"at": at, "what": what, "key": key, "ref": ref or key, "destination": to, "n": n, "caller_id": ""}


def row(key, *, state="ended", outcome="answered", to="+39320", n=1, placed=True):
    return Try(key, 1, n, to, state, outcome, placed)


def seen(tmp_path, *lines):
    log = logs.Log(tmp_path / "made")
    log.write(lines)
    return judging.evidence(tmp_path / "made")


def test_the_ledger_is_held_against_the_log(tmp_path):
    ends = [line(2, key, logs.ENDED) for key in "ab"]
    found = seen(tmp_path, line(1, "a"), line(1, "b"), *ends, line(3, "x"), line(3, "y", logs.REFUSED))
    ledger = [row("a"), row("b", outcome="unknown"), row("c"), row("d", outcome="unknown"), row("y", outcome="failed")]

    assert judging.strangers(found, ledger) == ["x to +39320 has no attempt"]
    assert judging.strangers(found, [row("a", to="+1"), row("b", placed=False), row("x")]) != []
    assert judging.pretended(found, ledger) == ["attempt c of call 1 ended as answered and was never originated"]
    assert judging.misheard(found, ledger) == ["attempt b ended as unknown; the carrier saw answered"]
    assert judging.still_in_progress(found) == ["attempt x is in progress"]


def test_caps_are_counted_in_time(tmp_path):
    found = seen(tmp_path, line(1, "a"), line(2, "b"), line(3, "a", logs.ENDED), line(3, "c"), line(3.5, "d"))

    assert judging.most_at_once(found, lambda one: "all") == {"all": 3}
    assert judging.over_cap(found, lambda one: "all", {"all": 2}, "account") == ["account all: 3 at once, cap 2"]
    assert judging.over_cap(found, lambda one: "all", {"all": 3}, "account") == []


def test_tries_of_one_call_are_counted(tmp_path):
    first, second = line(1, "a", ref="r"), line(2, "b", ref="r", n=2)
    apart = seen(tmp_path, first, line(1.5, "a", logs.ENDED, outcome="busy"), second, line(3, "b", logs.ENDED))

    assert judging.side_by_side(apart) == []
    assert judging.too_often(apart, tries_at_most=2) == []
    assert judging.too_often(apart, tries_at_most=1) == ["call r was tried 2 times of 1"]
    assert judging.over_number_cap(apart, 1) == ["+39320 was tried 2 times, cap 1 a day"]
    assert judging.over_number_cap(apart, 2) == []


def test_two_tries_at_once_and_a_try_after_an_answer_are_seen(tmp_path):
    first, second = line(1, "a", ref="r"), line(2, "b", ref="r", n=2)
    found = seen(tmp_path, first, second, line(3, "a", logs.ENDED), line(4, "b", logs.ENDED))

    assert judging.side_by_side(found) == ["call r: 2 tries at once"]
    assert judging.too_often(found, tries_at_most=2) == ["call r was tried again after an answer"]


def test_windows_are_those_that_were_fed(tmp_path):
    found = seen(tmp_path, line(10, "a"), line(20, "b"))

    assert judging.outside_window(found, {"a": (5, 15), "b": (15, 25)}) == []
    assert judging.outside_window(found, {"a": (5, 8)}) == ["call a was originated 2.0 s outside its window"]
    assert judging.outside_window(found, {"b": (22, 30)}) == ["call b was originated 2.0 s outside its window"]
