"""Thousands of malformed requests: none of them is a failure of ours, and of none anything stays."""

from __future__ import annotations

import json
import logging
import random

import pytest

from campaigns.models import Call, Campaign, Intake
from dialer.models import IdempotenceKey
from tests.dialer.vendors.jaicp.conftest import A

SEED = 20310303
BODIES = 2100
GOOD = {
    "phone": A,
    "payload": {"name": "Ann"},
    "startDateTime": "2031-04-01T10:00:00+03:00",
    "finishDateTime": "2031-05-01T10:00:00Z",
    "allowedDays": ["mon", "tue"],
    "allowedTime": {"mon": [{"localTimeFrom": "10:00", "localTimeTo": "12:00"}]},
    "localTimeFrom": "10:00",
    "localTimeTo": "18:00",
    "retryIntervalInMinutes": 30,
    "maxAttempts": 3,
    "gmtZone": "+03:00",
    "dialerPriority": 2,
    "externalCheck": {"externalCheckUrl": "https://crm.example/check", "externalCheckMaxRetries": 2},
}
# Values that no field but the payload may have; they stand in JSON as they are written.
POISONS = [
    "true",
    "-1",
    "0",
    "1.5",
    "1e400",
    "NaN",
    "-Infinity",
    "9" * 400,
    "9" * 5000,
    '"\\ud800"',
    '"a\\u0000b"',
    '"' + "x" * 5000 + '"',
    "[[[]]]",
    "[" * 80 + "]" * 80,
    "{}",
    '{"a": {"b": [null]}}',
    '[{"localTimeFrom": null}]',
    "[null]",
    '[""]',
    '"\\u202e"',
]
LISTS = ["callJob/cancel", "callJob/getReport", "callAttempt/getReport"]
PAGES = ["callJob/getReportByDate", "callJob/getUnfinished", "callAttempt/getReportByDate"]
KINDS = ["application/json", "application/json", "application/json", "text/json", "application/ld+json"]
OTHER_KINDS = ["text/plain", "application/xml", "image/png", "application/octet-stream", "bad", "a/b/c"]


def poisoned_item(dice: random.Random) -> str:
    """Return the JSON of a number with one field that is wrong."""
    fields = {name: json.dumps(value) for name, value in GOOD.items()}
    name = dice.choice(list(GOOD))
    fields[name] = "[]" if name == "payload" else dice.choice(POISONS)
    # The first moment of 1970, and times of no day, are nothing wrong.
    if (name, fields[name]) in {("startDateTime", "0"), ("allowedTime", "{}")}:
        fields[name] = "false"
    return "{" + ", ".join(f"{json.dumps(key)}: {value}" for key, value in fields.items()) + "}"


def cut(dice: random.Random, text: str) -> bytes:
    """Return text with a few bytes dropped, doubled or changed, so that it is JSON no more."""
    raw = bytearray(text.encode("utf-8", "surrogatepass"))
    for _ in range(dice.randint(1, 4)):
        place = dice.randrange(len(raw))
        raw[place : place + dice.randint(0, 3)] = dice.randbytes(dice.randint(0, 3))
    return bytes(raw) + dice.choice([b"\xff", b"\x00", b"]]", b"{", b"\xed\xa0\x80"])


def malformed(dice: random.Random) -> tuple[str, bytes, str]:
    """Return the route, the body and the content type of a request that is wrong in one way."""
    way = dice.randrange(8)
    good = json.dumps([GOOD])
    item = poisoned_item(dice)
    poison = dice.choice(POISONS)
    kind = dice.choice(KINDS)
    match way:
        case 0:
            return "addPhones", f"[{item}]".encode(), kind
        case 1:
            return "addPhones", f'[{{"phone": "16500000009"}}, {item}]'.encode(), kind
        case 2:
            return dice.choice(["addPhones", *LISTS, *PAGES]), cut(dice, good), kind
        case 3:
            return dice.choice(["addPhones", *LISTS, *PAGES]), good.encode(), dice.choice(OTHER_KINDS)
        case 4:
            return "addPhone", cut(dice, json.dumps(GOOD)), kind
        case 5:
            return dice.choice(LISTS), f'{{"{dice.choice(["ids", "phones"])}": [{poison}]}}'.encode(), kind
        case 6:
            body = f'{{"pagination": {{"pageSize": {poison}}}, "pageSize": {poison}}}'
            return dice.choice(PAGES), body.replace(" 0", " -7").encode(), kind
    form = "phone=%00&a=b&" + "%ff=%ed%a0%80&" * dice.randint(1, 3)
    return "addPhone", form.encode(), "application/x-www-form-urlencoded"


def check_refused(answer, request: tuple[str, bytes, str]) -> None:
    assert 400 <= answer.status_code < 500, (request, answer.content)
    assert answer.headers["Content-Type"] == "application/json"
    body = answer.json()
    assert isinstance(body["type"], str)
    assert isinstance(body["message"], str)
    assert len(answer.content) < 20_000
    assert "Traceback" not in answer.content.decode()


@pytest.fixture
def quiet():
    """Keep thousands of expected warnings out of the log."""
    logger = logging.getLogger("django.request")
    level = logger.level
    logger.setLevel(logging.ERROR)
    yield
    logger.setLevel(level)


def test_malformed_bodies_are_refused_and_leave_nothing(crm, quiet):
    dice = random.Random(SEED)
    statuses = set()
    for number in range(BODIES):
        request = malformed(dice)
        route, body, kind = request
        answer = crm.raw(route, body, kind, key=f"key {number}" if number % 2 else "")
        check_refused(answer, request)
        statuses.add(answer.status_code)

    assert statuses == {400, 415}
    assert not Call.objects.exists()
    assert not Intake.objects.exists()
    assert not IdempotenceKey.objects.exists()
    assert Campaign.objects.get().state == "running"


def test_malformed_queries_are_refused_and_leave_nothing(crm, quiet):
    dice = random.Random(SEED)
    for _ in range(400):
        wrong = dice.choice(
            [
                "phone=%00",
                "phone=16500000000&%ff=1",
                "phone=16500000000&a=%ed%a0%80",
                "phone=16500000000&gmtZone=" + "%41" * dice.randint(1, 300),
                "phone=" + "9" * dice.randint(16, 3000),
                "phone=16500000000&Idempotence-Key=" + "k" * dice.randint(256, 2000),
                "&".join(f"a{n}=b" for n in range(10_001)),
                "phone=16500000000&Idempotence-Key=%00",
                "=" * dice.randint(1, 50),
            ]
        )
        root = dice.choice(["calls", "crmCalls"])
        check_refused(crm.get("addPhone", root, wrong), (wrong[:200], b"", root))

    assert not Call.objects.exists()


def test_malformed_keys_and_tokens_are_refused(crm, quiet):
    dice = random.Random(SEED)
    for _ in range(200):
        token = "".join(dice.choice("abc.019-_~ü%\u202e") for _ in range(dice.randint(1, 250))).replace("%", "%25")
        answer = crm.world.client.post(f"/api/calls/campaign/{token}/addPhones", b"[]", content_type="application/json")
        check_refused(answer, (token, b"[]", ""))
        assert answer.status_code == 404
    check_refused(crm.add(A, key="k" * 5000), ("", b"", ""))


def test_any_payload_that_can_be_stored_is_stored(crm):
    payload = {"": [None, True, -1, 1.5, "ü\u2028\\\t\n\r\"'", {"deep": [[["x"]]]}], "\\N": "\\N", "🙂": 2**70}
    (pk,) = crm.added({"phone": A, "payload": payload})

    assert crm.call(pk).custom_data == payload
