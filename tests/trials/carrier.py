"""The carrier that speaks to the witness over HTTP, as a real one's does; and what keeps it from dialling twice.

Nothing is ever sent a second time: a reply that is lost, late or a server's fault leaves the dials in doubt, and the
engine asks. Only where no connection came about is it sure that nothing was taken.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import httpx

from dialer.carriers.base import Answer, Carrier, CarrierError, CarrierEvent, Dial, EventType, Placed

# How long a reply may take, in seconds; shorter than the lease of the trials.
PATIENCE = 3.0


class Wire(Carrier):
    """The way to the witness. Options: its address, and its caps."""

    channels = frozenset({"voice"})
    features = frozenset({"say", "play", "detect", "dial", "repeat", "hangup"})

    def __init__(self, *, url: str, max_live: int | None = None, patience: float = PATIENCE) -> None:
        self.max_live = max_live
        self._client = httpx.Client(base_url=url, timeout=patience, trust_env=False)

    def place(self, dials: Sequence[Dial], *, now: dt.datetime) -> list[Placed]:
        """Originate each dial once. Raises CarrierError, permanent where nothing was sent."""
        told = self._post("/dials", {"dials": [_words(dial) for dial in dials]})
        statuses = told.get("statuses", {})
        return [_placed(dial.key, statuses.get(dial.key)) for dial in dials]

    def ask(self, dials: Sequence[Dial], *, now: dt.datetime) -> list[Answer]:
        """Ask what became of dials. Raises CarrierError."""
        calls = self._post("/ask", {"keys": [dial.key for dial in dials]}).get("calls", {})
        return [
            Answer(key=key, known=call["known"], events=[event_of(event) for event in call["events"]])
            for key, call in calls.items()
        ]

    def hang_up(self, keys: Sequence[str], *, now: dt.datetime) -> None:
        """Cut calls. Raises CarrierError."""
        self._post("/hangup", {"keys": list(keys)})

    def live(self) -> set[str]:
        """Return what is in progress. Raises CarrierError."""
        return set(self._send("GET", "/live", None)["keys"])

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._send("POST", path, body)

    def _send(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        try:
            answer = self._client.request(method, path, json=body)
            answer.raise_for_status()
            told: dict[str, Any] = answer.json()
        except httpx.ConnectError as error:
            raise CarrierError(f"not connected: {error}", permanent=True) from error
        except (httpx.HTTPError, ValueError) as error:
            raise CarrierError(f"{type(error).__name__}: {error}") from error
        return told


def event_of(told: dict[str, Any]) -> CarrierEvent:
    """Return one of the witness's events in the shape that all carriers share."""
    return CarrierEvent(
        key=told["key"],
        type=EventType(told["type"]),
        happened_at=dt.datetime.fromtimestamp(told["at"], dt.UTC),
        outcome=told.get("outcome", ""),
        cause=told.get("cause", ""),
        digits=told.get("digits", ""),
        steps=told.get("steps", ()),
    )


def _words(dial: Dial) -> dict[str, Any]:
    return {
        "key": dial.key,
        "channel": dial.channel,
        "destination": dial.destination,
        "n": dial.n,
        "caller_id": dial.caller_id,
        "flow": dial.flow,
        "ring_seconds": dial.ring_seconds,
        "variables": dial.variables,
    }


def _placed(key: str, status: int | None) -> Placed:
    match status:
        case 201:
            return Placed(key=key)
        case 503:
            return Placed(key=key, accepted=False, outcome="congestion", cause="SIP 503")
    # It has the key already, or says nothing of it: whether it rings is for a question to find out.
    return Placed(key=key, in_doubt=True, cause=f"status {status}")
