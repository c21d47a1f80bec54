"""A real carrier on virtual time: the witness keeps what was originated, the simulator's rules say what came of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from dialer.carriers.base import Answer, CarrierError, Dial, Placed
from dialer.carriers.simulator import Simulator
from tests.trials import carrier
from tests.trials.crashing import points


class Wire(Simulator):
    """The way to the witness. To the engine it is a network: no transaction is open while it is talked to."""

    is_virtual: ClassVar[bool] = False

    def __init__(self, *, url: str) -> None:
        super().__init__()
        self._wire = carrier.Wire(url=url, patience=30)

    def place(self, dials: Sequence[Dial], *, now: dt.datetime) -> list[Placed]:
        """Originate dials, each a point; what the witness did not take is in doubt."""
        told = points.wire("dials", lambda: self._wire.place(dials, now=now), CarrierError)
        taken = {one.key for one in told if one.accepted and not one.in_doubt}
        scripted = [one for one in super().place(dials, now=now) if one.key in taken]
        return scripted + [one for one in told if one.key not in taken]

    def ask(self, dials: Sequence[Dial], *, now: dt.datetime) -> list[Answer]:
        """Say what became of dials; the witness says which of them it has."""
        told = points.wire("ask", lambda: self._wire.ask(dials, now=now), CarrierError)
        known = {one.key for one in told if one.known}
        return [
            one if one.key in known else replace(one, known=False, events=()) for one in super().ask(dials, now=now)
        ]

    def hang_up(self, keys: Sequence[str], *, now: dt.datetime) -> None:
        """Cut calls in progress; when, the dial says by which it is asked about."""
        points.wire("hang up", lambda: self._wire.hang_up(keys, now=now), CarrierError)
