"""What can go wrong with the witness, on order. A fault is a class that overrides the moments at which it strikes.

    POST /control  {"fault": "slow", "share": 0.5, "times": 3, "options": {"seconds": 2}}

orders one; it strikes a share of its moments, as often as `times` says (absent: for ever), by the dice of a seed.
`{"fault": null}` calls all off. GET /control tells which are ordered and how often each has struck.
"""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

Event = dict[str, Any]


@dataclass(slots=True)
class Reply:
    """What goes back over the wire: all of it, or where `cut_after` is set so many bytes and then a reset."""

    status: int = 200
    body: Any = None
    cut_after: int | None = None


class Reset(Exception):
    """The connection is reset without an answer."""


class Silence(Exception):
    """Nothing is answered, and the connection stays open: a black hole."""


class Fault:
    """Nothing goes wrong. A fault overrides one of the moments; `path` is such as "/dials" or "/ask"."""

    def __init__(self, *, seed: int = 0, **options: Any) -> None:
        self.options, self.dice = options, random.Random(seed)

    def before(self, path: str, body: Any) -> Reply | None:
        """Before anything is done or written down: sleep, raise Reset or Silence, or return an answer instead."""
        return None

    def refuses(self, dial: Event) -> int | None:
        """Return the status of one dial that is refused before it is written down, such as 409 or 503."""
        return None

    def after(self, path: str, body: Any, reply: Reply) -> Reply:
        """After all was done and is on the disk: sleep, raise Reset or Silence, or change the answer."""
        return reply

    def events(self, events: list[Event]) -> list[tuple[float, Event]]:
        """Return what the listener hears of a batch of events: after how many seconds, and what."""
        return [(0.0, event) for event in events]

    def asked(self, key: str, answer: dict[str, Any]) -> dict[str, Any]:
        """Return what is answered to a question about a key."""
        return answer


class Slow(Fault):
    """Answers some seconds after all was done."""

    def after(self, path: str, body: Any, reply: Reply) -> Reply:
        time.sleep(float(self.options.get("seconds", 1)))
        return reply


# By the name in an order; a new fault is entered here.
FAULTS: dict[str, type[Fault]] = {"slow": Slow}


@dataclass(slots=True)
class Order:
    """A fault that was ordered, how often it may strike, and how often it has."""

    name: str
    fault: Fault
    share: float = 1.0
    times: int | None = None
    # Which requests the moments before and after are about.
    paths: tuple[str, ...] = ("/dials",)
    struck: int = 0
    dice: random.Random = field(default_factory=lambda: random.Random(0))

    def strikes(self) -> bool:
        if self.times is not None and self.struck >= self.times:
            return False
        if self.dice.random() >= self.share:
            return False
        self.struck += 1
        return True


class Orders:
    """The faults that are ordered now. Each moment asks the orders one after another."""

    def __init__(self) -> None:
        self._orders: list[Order] = []
        self._turn = threading.Lock()

    def take(self, wanted: dict[str, Any]) -> None:
        """Take an order, or with null for a fault call all off. Raises KeyError where there is no such fault."""
        if wanted["fault"] is None:
            with self._turn:
                self._orders.clear()
            return
        seed = int(wanted.get("seed", 0))
        order = Order(wanted["fault"], FAULTS[wanted["fault"]](seed=seed, **wanted.get("options", {})))
        order.share, order.times = wanted.get("share", 1.0), wanted.get("times")
        order.paths = tuple(wanted.get("paths", ["/dials"]))
        order.dice = random.Random(seed)
        with self._turn:
            self._orders.append(order)

    def told(self) -> list[dict[str, Any]]:
        """Return what is ordered and how often it has struck."""
        with self._turn:
            return [{"fault": order.name, "struck": order.struck} for order in self._orders]

    def striking(self, moment: str, path: str = "") -> list[Fault]:
        """Return the faults that strike at this moment."""
        with self._turn:
            return [
                order.fault
                for order in self._orders
                if getattr(type(order.fault), moment) is not getattr(Fault, moment)
                and (not path or path in order.paths)
                and order.strikes()
            ]
