"""The network behind the witness: quick callees, in real time. A dial's number and try tell what becomes of it."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from dialer.carriers import callees
from dialer.carriers.base import Dial

Event = dict[str, Any]
Tell = Callable[[list[Event]], None]


@dataclass(slots=True)
class Line:
    """One origination: what has been told of it, and whether it is still in progress."""

    key: str
    dialled: Event
    originated_at: float
    told: list[Event] = field(default_factory=list)
    is_live: bool = True
    # Its origination is written down and its callee has begun.
    is_rung: bool = False

    def said(self, type_: str) -> bool:
        return any(event["type"] == type_ for event in self.told)


class Network:
    """Plays callees. `tell` hears what happens, in batches, from a thread of the network's own."""

    def __init__(self, *, tell: Tell, seed: str, scale: float, congestion: float) -> None:
        self.tell, self.seed, self.scale, self.congestion = tell, seed, scale, congestion
        self.lines: dict[str, Line] = {}
        # Those in progress, by key: of all that ever were there are too many to look through.
        self._live: dict[str, Line] = {}
        self._coming: list[tuple[float, int, Event]] = []
        self._number = itertools.count()
        self._turn = threading.Condition()

    def refuses(self, dial: Event) -> bool:
        """Tell whether a dial finds the carrier's trunks full: by odds, unless the number itself tells its outcome."""
        return self._odds(dial, "trunk") < self.congestion / 2

    def is_live(self, key: str) -> bool:
        line = self.lines.get(key)
        return line is not None and line.is_live

    def open(self, key: str, dial: Event) -> Line:
        """Take a key as in progress, before it is written down; nothing happens on the line yet."""
        self.lines[key] = self._live[key] = line = Line(key, dial, time.time())
        return line

    def ring(self, lines: Iterable[Line]) -> None:
        """Let the callees of lines begin."""
        with self._turn:
            for line in lines:
                line.is_rung = True
                for offset, event in self._script(line):
                    moment = line.originated_at + offset
                    heapq.heappush(self._coming, (moment, next(self._number), event | {"at": moment}))
            self._turn.notify()

    def hang_up(self, key: str) -> None:
        """Cut a line; one that is not live is left alone."""
        line = self.lines.get(key)
        if line is None or not line.is_live:
            return
        outcome = "answered" if line.said("answered") else "cancelled"
        event = {"key": key, "type": "ended", "outcome": outcome, "cause": "hung up by request", "at": time.time()}
        self._happen([event])

    def forget(self) -> list[str]:
        """Forget every line whose callee has begun; return the keys of those that were in progress."""
        with self._turn:
            gone = [line for line in list(self.lines.values()) if line.is_rung]
            for line in gone:
                del self.lines[line.key]
                self._live.pop(line.key, None)
        return [line.key for line in gone if line.is_live]

    def live(self) -> list[str]:
        """Return the keys in progress."""
        return list(self._live)

    def run(self) -> None:
        """Play for ever."""
        while True:
            with self._turn:
                while not self._coming or self._coming[0][0] > time.time():
                    self._turn.wait(self._coming[0][0] - time.time() if self._coming else None)
                due = []
                while self._coming and self._coming[0][0] <= time.time():
                    due.append(heapq.heappop(self._coming)[2])
            self._happen(due)

    def _happen(self, events: Iterable[Event]) -> None:
        told = []
        with self._turn:
            for event in events:
                line = self.lines.get(event["key"])
                if line is not None and line.is_live:
                    line.told.append(event)
                    told.append(event)
                    if event["type"] == "ended":
                        line.is_live = False
                        del self._live[line.key]
        self.tell(told)

    def _script(self, line: Line) -> list[tuple[float, Event]]:
        """Return what happens on a line, in seconds after it was originated."""
        script = callees.script_of(_dial(line), self.seed)
        outcome, cause, answers = script.outcome, script.cause, script.answers
        if 1 - self._odds(line.dialled, "trunk") < self.congestion / 2:
            outcome, cause, answers = "congestion", "SIP 503", None
        told: list[tuple[float, Event]] = []
        for type_, offset in (("ringing", script.rings), ("answered", answers)):
            if offset is not None:
                told.append((offset * self.scale, {"key": line.key, "type": type_}))
        ended = {"type": "ended", "outcome": outcome, "cause": cause, "digits": script.digits}
        told.append((script.ends * self.scale, {"key": line.key, "steps": list(script.steps), **ended}))
        return told

    def _odds(self, dial: Event, what: str) -> float:
        return callees.dice_of(self.seed, what, dial["destination"], str(dial["n"])).random()


def _dial(line: Line) -> Dial:
    known = {"channel", "destination", "n", "flow", "ring_seconds"}
    return Dial(key=line.key, **{name: value for name, value in line.dialled.items() if name in known})
