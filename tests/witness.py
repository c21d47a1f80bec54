"""A simulator that keeps count of what it was given, for tests that must know how often the wire was touched."""

from __future__ import annotations

from collections import Counter

from dialer.carriers.simulator import Simulator


class Witness(Simulator):
    """The simulated network with a memory of originations, kept by attempt key."""

    originated: Counter[str] = Counter()

    def place(self, dials, *, now):
        self.originated.update(dial.key for dial in dials)
        return super().place(dials, now=now)


CARRIER = {"BACKEND": "tests.witness.Witness", "OPTIONS": {}}
