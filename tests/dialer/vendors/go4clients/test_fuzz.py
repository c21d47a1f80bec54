"""Thousands of broken requests, the same ones each time: none breaks a door, and what is refused leaves no trace."""

from __future__ import annotations

import copy
import json
import random

import pytest

from campaigns.models import Call, Campaign, Intake
from dialer.vendors.go4clients import errors
from tests.dialer.vendors.go4clients.conftest import CAMPAIGN, NUMBER, PATHS, STEPS

REQUESTS_PER_DOOR = 350
TYPES = ("application/json", "text/plain", "", "multipart/form-data", "application/xml", "\x7f/;;=")
VERBS = ("GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW")


def deep(levels: int) -> list:
    value: list = []
    for _ in range(levels):
        value = [value]
    return value


VALUES = (
    None, True, False, 0, -1, 10**40, 1.5, -0.0, 1e308, "", " ", "abc", "\x00", "a\x00b", "\ud800", "\udc00x", "\u202e",
    "٣", "y" * 5001, "0" * 40, "-1", "1e5", "NaN", "'; DROP TABLE--", "++1", "9" * 16, [], {}, [None], [[]], {"a": 1},
    {"\x00": 1}, {"\ud800": 1}, ["DORIS", {}], deep(70), "2031-13-01 00:00", "9999-99-99 99:99", "{", "0000-00-00 00:0",
)  # fmt: skip
BODIES = (
    b"", b" ", b"{", b"[", b"{{{", b"}", b"null", b"7", b'"x"', b"[]", b"[[]]", b"nonsense", b"\xff\xfe{}", b"\x00",
    b"\xef\xbb\xbf{}", b'{"name":"\xff"}', b'{"a":' * 5000, b"[" * 100_000, b"9" * 5000, b'{"name":NaN}', b'{"a":1e99}',
    b'{"a":' + b"9" * 5000 + b"}", b'{"a" 1}', b"a=%ff&b=%00", b'{"a":1}{"b":2}', b"{a:1,}", b"\x80" * 50,
)  # fmt: skip
QUERIES = (
    "", "uniqueCampaignID=", "uniqueCampaignID=%00", "uniqueCampaignID=%FF", "start=-1", "limit=0", "limit=%ED%A0%80",
    "start=x&limit=y", "start=1e5", "uniqueCampaignID=%5B%5D", "=&=&", "%", "a=1&" * 500,
)  # fmt: skip
ACTIONS = ("start", "stop", "cancel", "explode", "%00", "%FF", "%0A", "..", "start%2F")


class Fuzz:
    """Makes requests from one seed. Each has something wrong."""

    def __init__(self, customer, campaign, door: str) -> None:
        self.random = random.Random(f"go4clients {door}")
        self.customer, self.campaign, self.door = customer, campaign, door
        added = {"otpCampaignId": campaign.pk, "mobileNumber": NUMBER, "priority": "HIGH"}
        self.right = {
            "create": CAMPAIGN,
            "text_call": {**added, "message": "Hello."},
            "custom_call": {**added, "callSteps": STEPS},
            "finish": {"otpCampaignId": campaign.pk},
        }.get(door, {})

    def send(self):
        if self.door == "info":
            return self.send_query()
        if self.door == "steer":
            return self.send_action()
        pick = self.random.random()
        if pick < 0.1:
            return self.post(self.raw(self.right), verb=self.random.choice(VERBS[:1] + VERBS[2:]))
        if pick < 0.2:
            return self.post(self.raw(self.right), headers=self.headers())
        if pick < 0.4:
            return self.post(self.random.choice(BODIES), content_type=self.random.choice(TYPES))
        if pick < 0.55:
            return self.post(self.damaged())
        return self.post(self.raw(self.spoilt()))

    def post(self, body: bytes, *, verb: str = "POST", **kwargs):
        return self.customer.send(verb, PATHS[self.door], body, **kwargs)

    def headers(self) -> dict[str, str]:
        headers = dict(self.customer.headers)
        headers[self.random.choice(list(headers))] = self.random.choice(("", " ", "x", "\x7f", "é", "1" * 5000))
        return headers

    def raw(self, body: dict) -> bytes:
        return json.dumps(body).encode()

    def damaged(self) -> bytes:
        """Return a body that was right until it was cut off, or some of its bytes were changed."""
        raw = bytearray(self.raw(self.right))
        for _ in range(self.random.choice((1, 2, 10))):
            raw[self.random.randrange(len(raw))] = self.random.randrange(256)
        return bytes(raw[: self.random.randrange(1, len(raw) + 1)])

    def spoilt(self) -> dict:
        """Return a body of which some values, at any depth, are others."""
        body = copy.deepcopy(self.right)
        for _ in range(self.random.choice((1, 1, 2, 5))):
            at = self.random.choice(list(containers(body)))
            keys = list(at) if isinstance(at, dict) else range(len(at))
            at[self.random.choice(keys)] = copy.deepcopy(self.random.choice(VALUES))
        return body

    def send_query(self):
        query = self.random.choice(QUERIES)
        if self.random.random() < 0.7:
            query += f"&uniqueCampaignID={self.campaign.uuid}&{self.random.choice(QUERIES)}"
        verb = self.random.choice(("GET", "GET", "GET", "POST"))
        headers = self.headers() if self.random.random() < 0.2 else None
        return self.customer.send(verb, f"{PATHS['info']}?{query}", headers=headers)

    def send_action(self):
        ids = (self.campaign.uuid, "x", "%00", "%FF", "0" * 32, "%F0%9F%98%80", "1" * 500)
        path = PATHS["steer"].format(unique_id=self.random.choice(ids), action=self.random.choice(ACTIONS))
        headers = self.headers() if self.random.random() < 0.2 else None
        return self.customer.send(
            self.random.choice(("PUT", "PUT", "POST", "GET")), path, self.random.choice(BODIES), headers=headers
        )


def containers(value):
    """Yield every object and list in a value that holds anything."""
    if isinstance(value, (dict, list)) and value:
        yield value
        for item in value.values() if isinstance(value, dict) else value:
            yield from containers(item)


def ledger():
    """Return all that a request could have changed."""
    return Call.objects.count(), Intake.objects.count(), list(Campaign.objects.values_list("id", "state", "extra"))


@pytest.mark.parametrize("door", PATHS)
def test_broken_requests_are_refused_in_the_envelope_and_change_nothing(customer, campaign, door):
    fuzz = Fuzz(customer, campaign, door)
    refused, before = 0, ledger()
    for _ in range(REQUESTS_PER_DOOR):
        response = fuzz.send()
        assert response.status_code in {200, 400, 401, 404, 405, 413, 415}
        assert response["Content-Type"] == "application/json"
        if response.request["REQUEST_METHOD"] == "HEAD":
            assert response.status_code == 405
            continue
        body = response.json()
        assert body["code"] in set(errors.Code)
        assert body["success"] is (body["code"] in errors.SUCCESSES)
        assert isinstance(body["description"], str)
        after = ledger()
        if not body["success"]:
            refused += 1
            assert after == before
        before = after
    assert refused > REQUESTS_PER_DOOR * 0.5


def test_there_are_enough_of_them():
    assert len(PATHS) * REQUESTS_PER_DOOR >= 2000
