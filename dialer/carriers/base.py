"""All that a carrier's author needs to read: what a carrier is given, what it says, what it must do.

A carrier knows no rows: the engine hands it values and records what it says. It may be asked anything twice.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar


class EventType(enum.StrEnum):
    """What a carrier can say of a dial. ENDED is the last word; all others may be missing."""

    RINGING = "ringing"
    ANSWERED = "answered"
    CONNECTED = "connected"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """One attempt, as the carrier is given it. `key` names it for ever: the carrier must know it again by that."""

    key: str
    channel: str
    destination: str
    n: int = 1
    caller_id: str = ""
    caller_name: str = ""
    flow: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    subject: str = ""
    ring_seconds: int = 30
    detect_machines: bool = False
    variables: Mapping[str, Any] = field(default_factory=dict)
    # Set once it was placed: what an ask is about.
    placed_at: dt.datetime | None = None
    hangup_at: dt.datetime | None = None
    # A person who answers is given to a member rather than played a flow.
    wants_member: bool = False
    # The member who takes the call, by the code of the extension, and since when.
    member: str = ""
    connected_at: dt.datetime | None = None
    # When the wait for a member was over: from then on the flow is walked, and it ends the call.
    released_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierEvent:
    """One thing that a carrier said of a dial, in the shape that all carriers share; `raw` keeps its own words."""

    key: str
    type: EventType
    happened_at: dt.datetime
    # With ENDED: how it ended (an Outcome's value), and the carrier's own cause. With ANSWERED: "machine" where no
    # person answered; a carrier that is to detect machines says ANSWERED once it knows.
    outcome: str = ""
    cause: str = ""
    digits: str = ""
    steps: Sequence[Mapping[str, Any]] = ()
    cost: float = 0.0
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What a carrier said to one dial: taken, or refused with an outcome ("congestion" where it was overloaded).

    `in_doubt` where nobody can tell: the reply was lost. The engine then asks for the key, and never sends again.
    `check_at` is when to ask about it, where the carrier knows better than the engine's lease.
    """

    key: str
    accepted: bool = True
    in_doubt: bool = False
    outcome: str = ""
    cause: str = ""
    check_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a carrier says when it is asked about a dial: its news, and when to ask again.

    `known` is False where the carrier has never heard of the key, or has forgotten it.
    """

    key: str
    known: bool = True
    events: Sequence[CarrierEvent] = ()
    check_at: dt.datetime | None = None


class CarrierError(Exception):
    """The carrier could not be talked to. `permanent`: trying again will not help."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent


class Carrier:
    """A way to reach people. One instance serves a process; it may be used by several threads."""

    # Channels it can carry, and the steps and services it can do; what is not named is refused by name.
    channels: ClassVar[frozenset[str]] = frozenset()
    features: ClassVar[frozenset[str]] = frozenset()
    # Calls in progress that it takes at most, over all accounts; None: no cap.
    max_live: int | None = None
    # How many dials one `place` is given at most; as their gates were looked at before it, it should take a second.
    together: ClassVar[int] = 25
    # Does the engine's clock drive it? Then it can run on virtual time.
    is_virtual: ClassVar[bool] = False

    def place(self, dials: Sequence[Dial], *, now: dt.datetime) -> list[Placed]:
        """Originate each dial at most once, and say of each whether it was taken. Raises CarrierError for all."""
        raise TypeError(f"{type(self).__name__} does not say how to do this")

    def ask(self, dials: Sequence[Dial], *, now: dt.datetime) -> list[Answer]:
        """Say what became of dials that were placed. Raises CarrierError."""
        raise TypeError(f"{type(self).__name__} does not say how to do this")

    def connect(self, dials: Sequence[Dial], *, now: dt.datetime) -> None:
        """Go on with answered dials that waited for a member. Raises CarrierError.

        A dial with `connected_at` is bridged to its `member`, and CONNECTED told once they talk. One with
        `released_at` walks its flow to the end, which CONNECTED confirms too. Until that is told they come again, and
        must not be begun twice. No transaction is open. A virtual carrier is not asked: its dials tell it all.
        """
        raise TypeError(f"{type(self).__name__} does not say how to do this")

    def hang_up(self, keys: Sequence[str], *, now: dt.datetime) -> None:
        """Cut calls in progress; unknown keys are ignored. Raises CarrierError."""
        raise TypeError(f"{type(self).__name__} does not say how to do this")

    def live(self) -> set[str] | None:
        """Return the keys that are in progress, or None where the carrier cannot list them. Raises CarrierError.

        The engine hangs up what the ledger does not have open, so calls that it did not place must not be among them.
        """
        return None

    def unable(self, dial: Dial) -> str:
        """Name what a dial wants that this carrier cannot do; blank where it can."""
        if dial.channel not in self.channels:
            return f"{type(self).__name__} carries no {dial.channel}"
        return ""
