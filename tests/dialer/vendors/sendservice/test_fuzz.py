"""Thousands of malformed requests: none of them is a failure of ours, and of none anything stays."""

from __future__ import annotations

import json
import logging
import random

import pytest

from campaigns.models import Campaign
from tests.dialer.vendors.sendservice.conftest import ROOT, WINDOW, check_nothing_is_stored

SEED = 20310303
BODIES = 2200
# Values that no field of a call may have; they stand in JSON as they are written.
POISONS = [
    "true",
    "-1",
    "1.5",
    "1e400",
    "NaN",
    "-Infinity",
    "9" * 400,
    "9" * 5000,
    '"\\ud800"',
    '"a\\u0000b"',
    '"' + "x" * 6000 + '"',
    "[[[]]]",
    "[" * 80 + "]" * 80,
    "{}",
    '{"a": {"b": [null]}}',
    "[null]",
]
NAMES = [*WINDOW, "Type", "Extension", "CallerId", "MaxRetries", "MinutesBetweenRetries", "IVRRepeats", "CodeRequest"]
NAMES += ["FirstName", "LastName", "TextToSpeech", "LanguageCode"]
OTHER_KINDS = ["text/plain", "application/xml", "image/png", "application/octet-stream", "bad", "a/b/c"]


def poisoned(clinic, dice: random.Random) -> str:
    """Return the JSON of calls with one field that is wrong, in one of two calls or in both."""
    spoken = {"Type": 3, "TextToSpeech": "Ciao.", "LanguageCode": "it-IT-F1"}
    body = clinic.b(spoken | {"NumberToCall": "0039061"}, clinic.x(without=["User"], **spoken), **spoken)
    name = dice.choice(NAMES)
    where = dice.choice([body, body["InstantCalls"][0], body["InstantCalls"][1]])
    if where is body:
        body["InstantCalls"] = None
    where[name] = "POISON"
    return json.dumps(body).replace('"POISON"', dice.choice(POISONS))


def cut(dice: random.Random, text: str) -> bytes:
    """Return text with a few bytes dropped, doubled or changed, so that it is JSON no more."""
    raw = bytearray(text.encode("utf-8", "surrogatepass"))
    for _ in range(dice.randint(1, 4)):
        place = dice.randrange(len(raw))
        raw[place : place + dice.randint(0, 3)] = dice.randbytes(dice.randint(0, 3))
    return bytes(raw) + dice.choice([b"\xff", b"\x00", b"]]", b"{", b"\xed\xa0\x80"])


def malformed(clinic, dice: random.Random) -> tuple[bytes, str]:
    """Return the body and the content type of a request that is wrong in one way."""
    kind = dice.choice(["application/json", "application/json", "text/json", ""])
    good = json.dumps(clinic.x())
    poison = dice.choice(POISONS)
    match dice.randrange(8):
        case 0 | 1 | 2:
            return poisoned(clinic, dice).encode(), kind
        case 3:
            return cut(dice, good), kind
        case 4:
            return good.encode(), dice.choice(OTHER_KINDS)
        case 5:
            return json.dumps(clinic.x(User="POISON")).replace('"POISON"', poison).encode(), kind
        case 6:
            listed = dice.choice(["[POISON]", "POISON"]).replace(
                "POISON", poison.replace("{", "[").replace("}", "]").replace(":", ",")
            )
            return json.dumps(clinic.x(InstantCalls="LISTED")).replace('"LISTED"', listed).encode(), kind
    user = {dice.choice(["username", "password"]): "POISON"}
    return json.dumps(clinic.x(User=clinic.user | user)).replace('"POISON"', poison).encode(), kind


def check_refused(answer, request) -> None:
    assert 400 <= answer.status_code < 500, (request, answer.content)
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    body = answer.json()
    assert body["Message"], request
    assert body.keys() <= {"Message", "ModelState"}
    assert len(answer.content) < 20_000
    assert "Traceback" not in answer.content.decode()


@pytest.fixture(autouse=True)
def quiet():
    """Keep thousands of expected warnings out of the log."""
    logger = logging.getLogger("django.request")
    level = logger.level
    logger.setLevel(logging.ERROR)
    yield
    logger.setLevel(level)


def test_malformed_bodies_are_refused_and_leave_nothing(clinic):
    dice = random.Random(SEED)
    statuses = set()
    for _ in range(BODIES):
        request = malformed(clinic, dice)
        answer = clinic.post(*request)
        check_refused(answer, request)
        statuses.add(answer.status_code)

    assert statuses == {400, 401, 415}
    check_nothing_is_stored()
    assert not Campaign.objects.exists()


def test_malformed_queries_are_refused(clinic):
    dice = random.Random(SEED)
    texts = ["%00", "%ff", "%ed%a0%80", "x" * 300, "[]", "%F0%9F%98%80", "-1", "9" * 30, "1%0A", "1%2F2", ".", "%25"]
    for _ in range(400):
        one, other = dice.choice(texts), dice.choice(texts)
        path = dice.choice(["", one, f"{one}/{other}", f"1/{one}", f"{one}/"])
        query = dice.choice(["", f"Guid={one}", f"Guid={clinic.guid}&CodeRequests=%00", f"{one}={other}", "&" * 9])
        body = dice.choice([b"", b"", b"\xff", b"[", b"{}", b'{"Guid":[]}', b'{"User":{"username":"\\u0000"}}'])
        kind = dice.choice(["application/json", "text/json", ""])
        answer = clinic.world.client.generic("GET", f"{ROOT}{path}?{query}", body, content_type=kind)
        check_refused(answer, (path, query, body))


def test_a_body_that_is_too_large_is_refused(clinic):
    answer = clinic.world.client.generic(
        "POST", ROOT, b"{}", content_type="application/json", CONTENT_LENGTH=str(33 * 1024 * 1024)
    )

    assert answer.status_code == 413
    assert answer.json()["Message"]


def test_many_faults_are_told_shortly(clinic):
    answer = clinic.post(clinic.b(*[{"Type": 9, "MaxRetries": -1}] * 1000))

    assert answer.status_code == 400
    assert len(answer.json()["ModelState"]) == 100
