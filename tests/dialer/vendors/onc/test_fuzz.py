"""Two thousand requests that no client should send, and more: each is refused in ONC's shape, and stores nothing."""

from __future__ import annotations

import json
import random

from campaigns.models import Call
from dialer.vendors.onc.methods import METHODS
from dialer.vendors.onc.shapes import CAMPAIGN, CONTACT, Kind, Shape
from tests.dialer.vendors.onc.client import C1, ENVELOPE, K1, fault, nothing_stored

SEED = 20310303
JSON_BODIES, SOAP_BODIES = 1500, 1000
# What must not change anything when a session is open and its arguments are nonsense.
WRITERS = [method for method in METHODS.values() if method.writes]

NO_NAMES = ["", "   ", "x" * 101, {"b": 1}]


def deep_json(chance: random.Random) -> bytes:
    depth = chance.choice([65, 500, 5000, 100_000])
    return b'{"sessionId":' + b"[" * depth + b"]" * depth + b"}"


def nonsense(chance: random.Random):
    """Return a JSON value that no member has."""
    return chance.choice(
        [
            True,
            [],
            {},
            [None],
            {"x": 1},
            -1,
            1.5,
            10**30,
            -(2**31) - 1,
            "",
            "zzz",
            "\ud800",
            "a\x00b",
            "x" * 3000,
            "9" * 5000,
            "\u0661\u0662",
            "2031-13-45T99:99:99",
            "PT99999999999H",
            "-P1D",
            "/Date(99999999999999999)/",
            "{" + C1,
            [[[[]]]],
            "😀" * 100,
        ]
    )


def broken(kind, chance: random.Random):
    """Return a value of a type with something wrong in it, somewhere."""
    if isinstance(kind, Shape) and chance.random() < 0.8:
        some = chance.sample(kind.members, chance.randint(1, min(4, len(kind.members))))
        members = {name: nonsense(chance) for name, _ in some}
        name, inner = chance.choice(kind.members)
        members[name] = broken(inner, chance)
        # Among so much nonsense a campaign may be right by chance; not without a name.
        return members | {"ShortName": chance.choice(NO_NAMES)} if kind is CAMPAIGN else members
    return nonsense(chance)


def json_body(method, session: str, chance: random.Random) -> bytes:
    way = chance.random()
    if way < 0.05:
        return deep_json(chance)
    arguments = {name: broken(kind, chance) for name, kind in method.parameters}
    if chance.random() < 0.7:
        arguments["sessionId"] = session
    raw = json.dumps(arguments).encode()
    if way < 0.15:
        return raw[: chance.randrange(len(raw))]
    if way < 0.25:
        place = chance.randrange(len(raw))
        return raw[:place] + bytes([chance.randrange(256)]) + raw[place + 1 :]
    if way < 0.3:
        return chance.choice([b"", b"[1]", b"null", b"\xff\xfe\x00", b"{}", b"1e999", b'{"a":NaN}', b"\xed\xa0\x80"])
    return raw


def test_malformed_json_is_refused_and_stores_nothing(onc, world):
    chance = random.Random(SEED)
    for number in range(JSON_BODIES):
        method = chance.choice(WRITERS if number % 3 else list(METHODS.values()))
        if method.name in {"OpenAPISession", "CloseAPISession"}:
            continue
        body = json_body(method, onc.session, chance)
        response = onc.post(f"/onc/{method.name}", body)
        answer = response.json()
        assert response.status_code in {200, 400}, (method.name, body)
        if response.status_code == 400:
            assert list(answer) == ["Message"]
            assert answer["Message"]
        else:
            assert list(answer) == [f"{method.name}Result"]
            told = answer[f"{method.name}Result"]
            assert told in ({3, 5, 6, 7} if method.result is Kind.INT else (None, [])), (method.name, body, told)
    assert nothing_stored()


def soap_text(value) -> str:
    if isinstance(value, dict):
        return "".join(f"<{name}>{soap_text(item)}</{name}>" for name, item in value.items())
    if isinstance(value, list):
        return "<item/>" * len(value)
    text = str(value).replace("&", "&amp;").replace("<", "&lt;")
    return text.replace("\x00", "&#0;").replace("\ud800", "&#xD800;")


def soap_body(method, session: str, chance: random.Random) -> bytes:
    arguments = {name: broken(kind, chance) for name, kind in method.parameters}
    if chance.random() < 0.7:
        arguments["sessionId"] = session
    inside = f'<{method.name} xmlns="http://tempuri.org/">{soap_text(arguments)}</{method.name}>'
    raw = f'<s:Envelope xmlns:s="{ENVELOPE}"><s:Body>{inside}</s:Body></s:Envelope>'.encode()
    way = chance.random()
    if way < 0.1:
        return raw[: chance.randrange(len(raw))]
    if way < 0.2:
        place = chance.randrange(len(raw))
        return raw[:place] + bytes([chance.randrange(256)]) + raw[place + 1 :]
    if way < 0.25:
        return b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + raw
    if way < 0.3:
        depth = chance.choice([200, 300, 5000])
        return raw.replace(b"<s:Body>", b"<s:Body>" + b"<a>" * depth + b"</a>" * depth)
    return raw


def test_malformed_soap_is_refused_and_stores_nothing(onc):
    chance = random.Random(SEED + 1)
    for number in range(SOAP_BODIES):
        method = chance.choice(WRITERS if number % 3 else list(METHODS.values()))
        if method.name in {"OpenAPISession", "CloseAPISession"}:
            continue
        body = soap_body(method, onc.session, chance)
        response = onc.post("/onc/soap", body, "text/xml")
        if response.status_code == 200:
            assert f"{method.name}Response".encode() in response.content
            continue
        assert response.status_code == 500, body
        name = fault(response)[1]
        assert name in {"DeserializationFailed", "ActionNotSupported", "VersionMismatch"}, body
    assert nothing_stored()


def test_nonsense_changes_nothing_that_is_there(onc):
    onc.add_campaign(Description="Kept")
    onc.add_contact(VoiceCommInfo={"Destination": "+3906123200"})
    before = (onc.campaign(), onc.contact())
    chance = random.Random(SEED + 2)
    answers = set()
    for _ in range(300):
        campaign = dict(broken_object(CAMPAIGN, chance), ID=C1)
        contact = dict(broken_object(CONTACT, chance), Id=K1, CampaignId=C1)
        contact["VoiceCommInfo"] = {"Destination": nonsense(chance), "RetryCount": 256}
        for name, argument in (("UpdateCampaign", campaign), ("UpdateCampaignContact", contact)):
            parameter = "campaign" if argument is campaign else "contact"
            response = onc.post(f"/onc/{name}", {"sessionId": onc.session, parameter: argument})
            answers.add((response.status_code, response.json().get(f"{name}Result")))
    assert answers == {(400, None), (200, 7)}
    assert (onc.campaign(), onc.contact()) == before
    assert Call.objects.count() == 1


def broken_object(shape: Shape, chance: random.Random) -> dict:
    """Return an object of a type with something wrong in it."""
    while not isinstance(made := broken(shape, chance), dict):
        pass
    return made | {"ShortName": chance.choice(NO_NAMES)}
