"""Thousands of broken requests, the same ones each time: none breaks the door, and what is refused leaves no trace."""

from __future__ import annotations

import json
import random
from urllib.parse import quote_from_bytes, urlencode

import pytest

from campaigns.models import Call, Campaign, Intake, Member
from campaigns.operations import campaigns as campaign_operations
from dialer.vendors.voicenter import errors, urls
from tests.dialer.vendors.voicenter.conftest import ROOT

REQUESTS_PER_METHOD = 150
VERBS = ("get", "form", "multipart", "json", "json", "json")
TYPES = (
    "application/json",
    "application/json; charset=utf-16",
    "text/plain",
    "",
    "application/xml",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded",
    "application/octet-stream",
    "\x7f/;;=",
)
FIELDS = (
    "Campaign",
    "Target",
    "Callerid",
    "CallerID",
    "CallerName",
    "OriginateTime",
    "IsDateLocal",
    "IgnoreDncStatus",
    "CustomerName",
    "Priority",
    "CustomData",
    "var_x",
    "Code",
    "Member",
    "setQueueForMonitoring",
    "setQueueMaximumCallers",
    "setCoefficient",
    "ConcurrentStrategy",
    "RepresentativeList",
    "async",
)


def deep(levels: int) -> list:
    value: list = []
    for _ in range(levels):
        value = [value]
    return value


VALUES = (
    None, True, False, 0, -1, 1, 2**31, -(2**63), 10**40, 1.5, -0.0, 1e308, "", " ", "abc", "nope", "\x00", "a\x00b",
    "\ud800", "\udc00x", "\u202e", "𝟗𝟕𝟐", "٠٥٠٢٤٥٤٥٤٥", "x" * 300, "0" * 40, "-1", "1e5", "true", "NaN",
    "'; DROP TABLE--", "0502454545", "+972502454545", "9" * 16, [], {}, [None], [[]], {"a": None}, {"setMaxCalls": -1},
    {"setMaxCalls": "x"}, {"\x00": 1}, {"var_\ud800": 1}, ["SIP1", ["x"]], {"setMaxCalls": 10**30}, deep(70),
    "Anonymous", "{", '{"a":1}',
)  # fmt: skip
BODIES = (
    b"", b" ", b"{", b"[", b"{{{", b"}", b"null", b"7", b'"x"', b"[]", b"[[]]", b"[null]", b"nonsense", b"\xff\xfe{}",
    b"\xef\xbb\xbf{}", b"\x00", b'{"Campaign":"\xff"}', b'{"a":' * 5000, b"[" * 100_000, b"9" * 5000, b'{"a":NaN}',
    b'{"a":1e999}', b'{"a":' + b"9" * 5000 + b"}", b'{"a" 1}', b"a=%ff&b=%00", b"&&&=&", b"--x\r\n\r\n",
    b'{"a":1}{"b":2}',
    b"{a:1,}", b'{"Campaign":{"Campaign":{"Campaign":1}}}', b"\x80" * 50, b'"' + b'\\"' * 200, b"--x--",
)  # fmt: skip
QUERIES = (
    "",
    "Campaign=%FF",
    "Campaign=%00&Target=%00",
    "Target=%ED%A0%80",
    "a=1&" * 10_001,
    "%",
    "=&=&",
    "var_=1&var_%00=2",
)


class Fuzz:
    """Makes requests from one seed. Most have one thing wrong, some everything."""

    def __init__(self, customer, seed: str) -> None:
        self.customer = customer
        self.random = random.Random(seed)
        self.client = customer.world.client
        self.right = {
            "Campaign": customer.a,
            "Target": "0502454545",
            "Member": "SIP7",
            "Code": customer.code,
            "setCoefficient": 2,
            "ConcurrentStrategy": {"setMaxCalls": 5},
        }

    def send(self, method: str):
        pick = self.random.random()
        if pick < 0.2:
            return self.send_body(method, self.random.choice(BODIES), self.random.choice(TYPES))
        if pick < 0.3:
            return self.client.get(f"{ROOT}{method}?{self.random.choice(QUERIES)}")
        if pick < 0.4:
            return self.send_damaged(method)
        return self.send_fields(method, self.fields())

    def fields(self) -> dict:
        fields = dict(self.right) if self.random.random() < 0.8 else {}
        for _ in range(self.random.choice((1, 1, 1, 3, 8))):
            fields[self.random.choice(FIELDS)] = self.random.choice(VALUES)
        return fields

    def send_fields(self, method: str, fields: dict):
        verb = self.random.choice(VERBS)
        if verb == "json":
            items = [fields, self.right] if method == "AddCallsBulk" and self.random.random() < 0.5 else fields
            return self.send_body(method, json.dumps(items).encode(), "application/json")
        pairs = {name: str(value).encode("utf-8", "surrogatepass") for name, value in fields.items()}
        if verb == "get":
            return self.client.get(f"{ROOT}{method}?{urlencode(pairs)}")
        if verb == "form":
            return self.send_body(method, urlencode(pairs).encode(), "application/x-www-form-urlencoded")
        parts = b"".join(
            b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value)
            for name, value in pairs.items()
        )
        return self.send_body(method, parts + b"--x--\r\n", "multipart/form-data; boundary=x")

    def send_damaged(self, method: str):
        """Send a request that was right until some of its bytes were changed."""
        raw = bytearray(json.dumps(self.right).encode())
        for _ in range(self.random.choice((1, 1, 2, 10))):
            raw[self.random.randrange(len(raw))] = self.random.randrange(256)
        if self.random.random() < 0.2:
            return self.client.get(f"{ROOT}{method}?{quote_from_bytes(bytes(raw), safe='=&:')}")
        return self.send_body(method, bytes(raw[: self.random.randrange(1, len(raw) + 1)]), "application/json")

    def send_body(self, method: str, body: bytes, content_type: str):
        extra = {"CONTENT_TYPE": content_type} if content_type else {}
        return self.client.generic("POST", ROOT + method, body, content_type=content_type, **extra)


def ledger():
    """Return all that a request could have changed."""
    return (
        list(Call.objects.order_by("id").values_list("id", "state", "priority", "custom_data", "extra", "due_at")),
        Intake.objects.count(),
        list(Member.objects.order_by("id").values_list("code")),
        list(Campaign.objects.values_list("state", "extra", "capacity", "calls_per_member")),
    )


def check(response) -> dict:
    """Return an answer's envelope, having seen that it is one."""
    assert response.status_code in {200, 400, 403, 404, 405, 413, 415}
    assert response["Content-Type"] == errors.CONTENT_TYPE
    body = response.json()
    assert isinstance(body["ErrorCode"], int)
    assert isinstance(body["Description"], str)
    assert body["Description"]
    assert set(body) <= {"Data", "ErrorCode", "Description", "AddResult"}
    if body["ErrorCode"]:
        assert "Data" not in body
    else:
        assert (response.status_code, body["Description"]) == (200, "OK")
    return body


@pytest.mark.parametrize("method", [*urls.METHODS, "Nope"])
def test_broken_requests_are_refused_in_the_envelope_and_change_nothing(customer, method):
    campaign_operations.add_member(campaign=customer.campaign, code="SIP1")
    customer.add(CustomData={"var_lead": 17})
    fuzz = Fuzz(customer, f"voicenter {method}")
    refused = 0
    before = ledger()
    for _ in range(REQUESTS_PER_METHOD):
        body = check(fuzz.send(method))
        after = ledger()
        if body["ErrorCode"]:
            refused += 1
            assert after == before
        before = after
    assert refused > REQUESTS_PER_METHOD * 0.3
