"""Feeds a system through its HTTP door, and remembers what was acknowledged."""

from __future__ import annotations

import datetime as dt
import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

BATCH = 50
# How long a request is repeated, with its key, until it is acknowledged, in seconds.
PATIENCE = 60.0
# Digits that no call of a trial ends in: their number is congested for ever.
NEVER = 503


@dataclass(slots=True)
class Fed:
    """What was asked for, by `ref`: acknowledged or not, and when it may ring (seconds since the epoch)."""

    acknowledged: dict[str, int] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)
    windows: dict[str, tuple[float, float]] = field(default_factory=dict)
    # By campaign: how many of its calls may be in progress at once.
    capacities: dict[int, int] = field(default_factory=dict)
    requests: int = 0
    repeats: int = 0


class Feeder:
    """A client of the native API. Requests that fail are sent again under their Idempotency-Key."""

    def __init__(self, url: str, key: str, *, seed: int, deadline: float | None = None) -> None:
        self.fed, self.deadline, self.key = Fed(), deadline, key
        self._client = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=10, trust_env=False
        )
        self._dice = random.Random(seed)
        self._numbers = self._fresh_numbers()
        self._turn = threading.Lock()
        self._request = itertools.count()

    def hear(self, hook: Callable[[httpx.Response], None]) -> None:
        """Have something called with every answer."""
        self._client.event_hooks = {"response": [hook]}

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send a request until it is acknowledged. Raises TimeoutError where it never is."""
        with self._turn:
            name = f"trial-{next(self._request)}"
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            self.fed.requests += 1
            try:
                answer = self._client.post(path, json=body, headers={"Idempotency-Key": name})
                if answer.is_success:
                    told: dict[str, Any] = answer.json()
                    return told
                if answer.status_code < 500:
                    raise AssertionError(f"{path} answered {answer.status_code}: {answer.text[:500]}")
            except httpx.HTTPError:
                pass
            self.fed.repeats += 1
            time.sleep(0.1)
        raise TimeoutError(f"{path} was not acknowledged within {PATIENCE:g} s")

    def campaign(self, name: str, *, capacity: int, **fields: Any) -> int:
        """Make a campaign and start it; return its id."""
        wanted = {"name": name, "caller_id": "390612345678", "message": "Hello.", "capacity": capacity}
        tries = {"max_attempts": 3, "retry_minutes": 0, "ring_seconds": 10}
        pk = int(self.post("/api/v1/campaigns/", wanted | tries | fields)["id"])
        self.post(f"/api/v1/campaigns/{pk}/start/", {})
        self.fed.capacities[pk] = capacity
        return pk

    def calls(self, campaign: int, count: int, *, seconds: float = 0, plain: bool = False) -> None:
        """Feed so many calls to a campaign in batches, spread over some seconds.

        Most are plain, some have windows, some share a number, unless all are to be `plain`.
        """
        items = [self._plain(campaign) for _ in range(count)]
        if not plain:
            self._shut(items[0 : count // 50])
            self._closing(items[count // 50 : count // 25])
            self._crowd(items[count // 25 : count // 25 + 8])
        self._dice.shuffle(items)
        for start in range(0, count, BATCH):
            self._send(campaign, items[start : start + BATCH])
            time.sleep(seconds * BATCH / count)

    def _send(self, campaign: int, items: list[dict[str, Any]]) -> None:
        refs = [item["external_id"] for item in items]
        self.fed.sent.update(refs)
        told = self.post("/api/v1/calls/bulk/", {"campaign": campaign, "calls": items})
        self.fed.acknowledged.update(zip(refs, told["ids"], strict=True))

    def _plain(self, campaign: int) -> dict[str, Any]:
        with self._turn:
            number = next(self._numbers)
        ref = f"{campaign}-{number}"
        item = {"number": f"+39{number}", "external_id": ref, "custom_data": {"ref": ref}, "timezone": "UTC"}
        return item if self.deadline is None else item | {"not_after": _in(self.deadline)}

    def _shut(self, items: list[dict[str, Any]]) -> None:
        """Calls whose window opens in two hours, and who are too late in seven seconds: none may ring."""
        opens = dt.datetime.now(dt.UTC) + dt.timedelta(hours=2)
        for item in items:
            item |= {"window": [_window(opens, opens + dt.timedelta(hours=1))], "not_after": _in(7)}
            self.fed.windows[item["external_id"]] = (opens.timestamp(), float("inf"))

    def _closing(self, items: list[dict[str, Any]]) -> None:
        """Calls whose window shuts with this minute."""
        now = dt.datetime.now(dt.UTC)
        shuts = now.replace(second=0, microsecond=0) + dt.timedelta(minutes=1)
        for item in items:
            left = (shuts - now).total_seconds()
            item |= {"window": [_window(now - dt.timedelta(hours=1), shuts)], "not_after": _in(left + 3)}
            self.fed.windows[item["external_id"]] = (0.0, shuts.timestamp())

    def _crowd(self, items: list[dict[str, Any]]) -> None:
        """Calls that share two numbers, more than the account's cap a day allows; the others are too late soon."""
        for index, item in enumerate(items):
            item |= {"number": items[index % 2]["number"], "max_attempts": 1, "not_after": _in(7)}

    def _fresh_numbers(self) -> Iterator[int]:
        """Return mobile numbers, none of them twice, that end in all digits but those of eternal congestion."""
        step = 7919
        for index in itertools.count(self._dice.randrange(10**6)):
            number = 3200000000 + index * step % 10**7
            if number % 1000 != NEVER:
                yield number


def _in(seconds: float) -> str:
    return (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)).isoformat()


def _window(opens: dt.datetime, shuts: dt.datetime) -> dict[str, Any]:
    return {"start": f"{opens:%H:%M}", "end": f"{shuts:%H:%M}"}
