"""A carrier that refuses every dial, for the reason that its options name."""

from __future__ import annotations

from dialer.carriers.base import Placed
from dialer.carriers.simulator import Simulator


class Refusing(Simulator):
    def __init__(self, *, cause: str) -> None:
        super().__init__()
        self.cause = cause

    def place(self, dials, *, now):
        return [Placed(key=dial.key, accepted=False, outcome="failed", cause=self.cause) for dial in dials]
