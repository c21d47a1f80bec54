"""Asks at every door, again and again, while something is broken: each must say so cleanly, and none may hang."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

TOKEN = "8.17.1b131df1bAYxokdz"
ENVELOPE = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    '<OpenAPISession xmlns="http://tempuri.org/"><accountId>1</accountId><username>a</username><password>b</password>'
    "</OpenAPISession></s:Body></s:Envelope>"
)
CREDENTIALS = {"username": "nobody", "password": "nothing"}
GO4CLIENTS = {"Apikey": "key", "Apisecret": "secret"}
JSON, PAGE, XML = "application/json", "text/html", "text/xml"


@dataclass(frozen=True, slots=True)
class Door:
    """One request, and what its form of a fault is: the type of the body, and a word that stands in it."""

    method: str
    path: str
    kind: str
    word: str
    headers: dict[str, str] = field(default_factory=dict)
    json: Any = None
    content: str | None = None


DOORS = {
    "native": Door("GET", "/api/v1/campaigns/", "application/problem+json", "urn:trunkline:problem:unavailable"),
    "go4clients": Door("POST", "/TelintelSms/apiotp/voice/campaign", JSON, "OTP-ERR-004", GO4CLIENTS, {"name": "A"}),
    "jaicp": Door("GET", f"/api/calls/campaign/{TOKEN}/status", JSON, "internal.error"),
    "sendservice": Door(
        "POST", "/MultiChannelAPI/Api/instantCall", JSON, "Message", json={"InstantCalls": [], "User": CREDENTIALS}
    ),
    "voicenter": Door("POST", "/ForwardDialer/Dialer/GetCampaignDetails", JSON, "ErrorCode", json={"Campaign": "1234"}),
    "onc": Door("POST", "/onc/OpenAPISession", JSON, "Message", json={"accountId": "1", **CREDENTIALS}),
    "soap": Door("POST", "/onc/soap", XML, "InternalServiceFault", {"Content-Type": XML}, content=ENVELOPE),
    "admin": Door("GET", "/admin/", PAGE, 'http-equiv="refresh"', {"Cookie": "sessionid=" + "k3" * 16}),
    "healthz": Door("GET", "/healthz", JSON, "failing"),
    "readyz": Door("GET", "/readyz", JSON, "failing"),
}


def judged(answer: httpx.Response, door: Door | None = None) -> str:
    """Return what is wrong with an answer, blank where nothing is: of 5xx only a clean 503 may be."""
    told = f"{answer.request.method} {answer.request.url.path} answered {answer.status_code}"
    if "Traceback" in answer.text:
        return f"{told} with a traceback"
    if answer.status_code < 500:
        return ""
    if answer.status_code != 503:
        return f"{told}: {answer.text[:200]}"
    # An engine that does not tick is no fault of the door, and nobody can say when it will.
    if "Retry-After" not in answer.headers and "tick_age_seconds" not in answer.text:
        return f"{told} without Retry-After"
    if door and (door.word not in answer.text or not answer.headers["Content-Type"].startswith(door.kind)):
        return f"{told} in another form: {answer.headers['Content-Type']} {answer.text[:200]}"
    return ""


class Visitor:
    """Asks at all doors in turn, from a thread of its own, until it is told to stop."""

    PAUSE = 0.05

    def __init__(self, url: str, fault: Callable[[str, str], None], *, patience: float, native_key: str) -> None:
        self.url, self.fault, self.patience = url, fault, patience
        self.answers: Counter[int] = Counter()
        self.longest = 0.0
        # Until when 503 is an answer, by the monotonic clock.
        self.broken_until = 0.0
        self._native = {"Authorization": f"Bearer {native_key}"}
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._visit, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Stop asking; comes back when the last answer is in."""
        self._is_over.set()
        self._thread.join()

    def _visit(self) -> None:
        for name in itertools.cycle(DOORS):
            if self._is_over.wait(self.PAUSE):
                return
            self._ask(name, DOORS[name])

    def _ask(self, name: str, door: Door) -> None:
        began = time.monotonic()
        headers = door.headers | (self._native if name == "native" else {})
        try:
            answer = httpx.request(
                door.method,
                self.url + door.path,
                headers=headers,
                json=door.json,
                content=door.content,
                timeout=self.patience,
                trust_env=False,
            )
        except httpx.HTTPError as error:
            self.fault("answers", f"{name}: {type(error).__name__} after {time.monotonic() - began:.1f} s")
            return
        self.longest = max(self.longest, time.monotonic() - began)
        self.answers[answer.status_code] += 1
        if wrong := judged(answer, door):
            self.fault("answers", wrong)
        if answer.status_code == 503 and began > self.broken_until:
            self.fault(
                "answers", f"{name}: 503 {began - self.broken_until:.1f} s after all was well: {answer.text[:200]}"
            )
