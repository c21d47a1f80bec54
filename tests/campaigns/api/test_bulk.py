"""The bulk door over HTTP: many calls at once, all or none, or the good ones."""

from __future__ import annotations

import json
import random

import pytest

from campaigns.models import Call
from tests.campaigns.api.client import PROBLEM, faults


def numbers(count, **fields):
    return [{"number": f"+3906{10_000_000 + index}", **fields} for index in range(count)]


def test_ids_stand_in_the_order_of_the_request(api, world):
    campaign = world.campaign()
    calls = [call | {"external_id": str(index)} for index, call in enumerate(numbers(300))]
    told = api.post("calls/bulk/", {"campaign": campaign.pk, "calls": calls})
    assert (told["accepted"], told["refused"], told["errors"]) == (300, 0, [])
    by_id = dict(Call.objects.values_list("pk", "external_id"))
    assert [by_id[pk] for pk in told["ids"]] == [str(index) for index in range(300)]


def test_bulk_stores_without_a_statement_per_row(api, world, django_assert_max_num_queries):
    campaign = world.campaign()
    with django_assert_max_num_queries(25):
        api.post("calls/bulk/", {"campaign": campaign.pk, "calls": numbers(2000)})
    assert Call.objects.count() == 2000


def test_every_field_of_an_item_is_stored(api, world):
    campaign = world.campaign()
    contact = api.post("contacts/", {"campaign": campaign.pk, "first_name": "Anna"})
    item = {
        "number": "06 1232 3486",
        "campaign": campaign.pk,
        "contact": contact["id"],
        "channel": "sms",
        "priority": -2,
        "due_at": "2031-03-04T10:00:00+01:00",
        "not_after": "2031-03-05T10:00:00+01:00",
        "timezone": "Europe/Berlin",
        "window": [{"start": "10:00", "end": "12:00"}],
        "caller_id": "390687654321",
        "caller_name": "Acme",
        "message": "Hello\tyou\\n\nthere ☎",
        "voice": "it",
        "flow": {"steps": [{"do": "hangup"}]},
        "max_attempts": 4,
        "retry_minutes": 0,
        "custom_data": {"a": "\\N", "b": [1.5, None]},
        "external_id": "1",
        "reference": "r",
    }
    bare = dict.fromkeys(item) | {"number": "+390612323486"}
    ids = api.post("calls/bulk/", {"campaign": campaign.pk, "calls": [item, bare]})["ids"]
    stored = api.get(f"calls/{ids[0]}/")
    times = {"due_at": "2031-03-04T09:00:00Z", "not_after": "2031-03-05T09:00:00Z"}
    assert {name: stored[name] for name in item} == item | times
    plain = api.get(f"calls/{ids[1]}/")
    assert (plain["channel"], plain["priority"], plain["max_attempts"], plain["external_id"]) == (
        "voice",
        0,
        None,
        None,
    )


BAD = [
    ({"number": "anna"}, "number"),
    ({"number": "+390612323486", "due_at": "2031-03-04T10:00:00"}, "due_at"),
    ({}, "number"),
    ({"number": "+390612323486", "priority": "x"}, "priority"),
    ({"number": "+390612323486", "colour": 1}, "colour"),
    ({"number": "+390612323486", "flow": {"steps": [{"do": "x"}]}}, "flow.steps[0].do"),
    ({"number": "+390612323486", "contact": 987654}, "contact"),
    ({"number": "+390612323486", "campaign": 987654}, "campaign"),
    ([], ""),
    ("+390612323486", ""),
    (None, ""),
]


def test_one_bad_row_refuses_all_and_each_is_named(api, world):
    calls = numbers(17) + [row for row, _ in BAD]
    problem = api.post("calls/bulk/", {"campaign": world.campaign().pk, "calls": calls}, status=400)
    wanted = {f"calls[{17 + place}].{field}".removesuffix(".") for place, (_, field) in enumerate(BAD)}
    assert set(faults(problem)) == wanted
    assert not Call.objects.exists()


def test_skip_stores_the_good_rows_and_lists_the_refused(api, world):
    campaign = world.campaign()
    good = numbers(len(BAD))
    calls = [row for pair in zip(good, (row for row, _ in BAD), strict=True) for row in pair]
    told = api.post("calls/bulk/", {"campaign": campaign.pk, "on_error": "skip", "calls": calls})
    assert (told["accepted"], told["refused"]) == (len(BAD), len(BAD))
    assert [pk is None for pk in told["ids"]] == [False, True] * len(BAD)
    assert set(faults(told)) == {
        f"calls[{2 * place + 1}].{field}".removesuffix(".") for place, (_, field) in enumerate(BAD)
    }
    assert Call.objects.count() == len(BAD)
    nothing = api.post("calls/bulk/", {"campaign": campaign.pk, "on_error": "skip", "calls": [{}]})
    assert (nothing["ids"], nothing["accepted"]) == ([None], 0)


def test_a_repeated_external_id(api, world):
    campaign = world.campaign()
    first = api.post("calls/", {"campaign": campaign.pk, "number": "+390612323486", "external_id": "a"})
    rows = [{"number": "+390612323486", "external_id": name} for name in ("b", "a", "c", "b")]
    refused = api.post("calls/bulk/", {"campaign": campaign.pk, "calls": rows}, status=409)
    assert set(faults(refused)) == {"calls[1].external_id", "calls[3].external_id"}
    assert Call.objects.count() == 1
    told = api.post("calls/bulk/", {"campaign": campaign.pk, "calls": rows, "on_error": "skip"})
    assert [pk is None for pk in told["ids"]] == [False, True, False, True]
    assert f"by call {first['id']}" in faults(told)["calls[1].external_id"]
    assert "calls[0]" in faults(told)["calls[3].external_id"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "campaign"),
        ({"campaign": 1}, "calls"),
        ({"campaign": "1", "calls": []}, "campaign"),
        ({"campaign": 987654, "calls": []}, "campaign"),
        ({"campaign": 1, "calls": {}}, "calls"),
        ({"campaign": 1, "calls": [], "on_error": "stop"}, "on_error"),
        ({"campaign": 1, "calls": [], "colour": 1}, "colour"),
        ([], ""),
        ("x", ""),
    ],
)
def test_a_wrong_envelope_is_refused(api, world, body, field):
    assert set(faults(api.post("calls/bulk/", body, status=400))) == {field}


def test_no_more_than_a_hundred_thousand(api, world):
    body = {"campaign": world.campaign().pk, "calls": [0] * 100_001}
    assert "100000 are the most" in faults(api.post("calls/bulk/", body, status=400))["calls"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b'{"campaign": 1, "calls": [{"number": "\xff"}]}',
        b'{"campaign": CAMPAIGN, "calls": [{"number": "\xff"}]}',
        b'{"campaign": CAMPAIGN, "calls": [{"number": "\\ud800"}]}',
        b'{"campaign": CAMPAIGN, "calls": [{"number": "+390612323486", "message": "\\u0000"}]}',
        b'{"campaign": CAMPAIGN, "calls": [{"number": 1e400}]}',
        b'{"campaign": CAMPAIGN, "calls": [{"number": NaN}]}',
        b'{"campaign": CAMPAIGN, "calls": [{"custom_data": ' + b'{"a":' * 5000 + b"1" + b"}" * 5001 + b"]}",
        b'{"campaign": CAMPAIGN, "calls": [{"number": "+390612323486", "custom_data": '
        + b'{"a":' * 100 + b"1" + b"}" * 101 + b"]}",
        b"[" * 100_000,
        b"1" * 10_000,
    ],
)  # fmt: skip
def test_what_cannot_be_read_or_stored_is_refused(api, world, body):
    campaign = str(world.campaign().pk).encode()
    response = api.send("POST", "calls/bulk/", body.replace(b"CAMPAIGN", campaign))
    assert (response.status_code, response["Content-Type"]) == (400, PROBLEM)
    assert not Call.objects.exists()


def test_what_only_looks_like_a_nul_is_stored(api, world):
    item = {"number": "+390612323486", "message": "\\u0000"}
    (pk,) = api.post("calls/bulk/", {"campaign": world.campaign().pk, "calls": [item]})["ids"]
    assert api.get(f"calls/{pk}/")["message"] == item["message"]


def test_a_body_that_is_too_large_is_refused(api, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    problem = api.post("calls/bulk/", b"x" * 1001, status=413)
    assert problem["type"] == "urn:trunkline:problem:too_large"


def test_two_thousand_malformed_bodies_make_no_fault_of_the_server(api, world):
    odds = random.Random(20310303)
    campaign = world.campaign()
    for _ in range(2000):
        body = _mangled(odds, campaign.pk)
        response = api.send("POST", "calls/bulk/", body)
        assert response.status_code in {201, 400, 409}, (response.status_code, body)
        assert response.status_code == 201 or json.loads(response.content)["status"] == response.status_code


def _mangled(odds, campaign):
    """Return a request that was good until values were swapped and bytes broken."""
    calls = [{name: _value(odds, name) for name in odds.sample(_NAMES, 4)} for _ in range(odds.randint(0, 4))]
    body = {"campaign": campaign, "calls": calls, "on_error": odds.choice(["refuse", "skip", 3])}
    if odds.random() < 0.2:
        body[odds.choice(["campaign", "calls", "on_error"])] = odds.choice(_VALUES)
    raw = bytearray(json.dumps(body).encode())
    for _ in range(odds.choice([0, 0, 1, 3])):
        raw[odds.randrange(len(raw))] = odds.randrange(256)
    return bytes(raw[: odds.randrange(len(raw))] if odds.random() < 0.05 else raw)


def _value(odds, name):
    return odds.choice(_VALUES) if odds.random() < 0.4 else _GOOD.get(name, "x")


_GOOD = {"number": "+390612323486", "priority": 1, "due_at": "2031-03-04T10:00:00Z", "campaign": None}
_NAMES = [
    *("number", "number", "number ", "priority", "due_at", "not_after", "window", "flow", "custom_data"),
    *("external_id", "contact", "channel", "timezone", "caller_id", "message", "campaign", "max_attempts"),
]
_VALUES = [
    *(None, True, 0, -1, 1.5, 2**31, 2**63, 2**64, "", " ", "x" * 300, "\0", "\x7f", "'; DROP TABLE calls; --"),
    *([], {}, [[]], [{}], {"steps": None}, {"steps": [{"do": "detect", "options": [{"key": "1"}]}]}),
    *([{"start": "25:00", "end": "x"}], [{"days": [[]], "start": "09:00", "end": "10:00"}]),
    *("9999-12-31T23:59:59-14:00", "2031-02-30T00:00:00Z", "2031-03-03T24:00:00Z", "+39 06\n1232", "٠١٢٣٤٥٦٧٨٩"),
]
