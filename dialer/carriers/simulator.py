"""A carrier that needs nothing: the number chooses what happens, on real or virtual time.

It remembers nothing. What becomes of a dial follows from its number, its try and the seed alone, so every process
gives the same answer, and the same seed gives the same attempts. The last three digits choose:

    200 answers, listens to the end       404 is not allocated        271 is an answering machine
    21D answers, presses D after 1 s      408 rings and never answers 270 is a person
    26D presses D three times             480 rings 1 s, unavailable  24D presses D after 1 s (SIP INFO)
    22N, 28N hang up N s after answering  486 is busy                 250 echoes
    23N rings N s, then answers           500 fails, 503 is congested 603 declines

Any other number goes by seeded odds. An email address goes by the last three digits before its "@".
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from dialer.carriers import callees
from dialer.carriers.base import Answer, Carrier, CarrierEvent, Dial, EventType, Placed

# After this long without a word a carrier that has lost an event is asked again, in seconds.
ASK_AGAIN = 30.0


class Simulator(Carrier):
    """The simulated network.

    Options: a seed; the odds (0 to 1) at which events are lost, late, twice or turned; how people behave whose numbers
    tell nothing: `odds` by outcome, `rings` and `talks` in seconds by outcome; and whether numbers tell (`telling`).
    """

    channels = frozenset({"voice", "sms", "email"})
    features = frozenset({"say", "play", "detect", "dial", "repeat", "hangup", "members", "machines"})
    is_virtual = True

    def __init__(
        self,
        *,
        seed: str = "",
        loses: float = 0,
        delays: float = 0,
        repeats: float = 0,
        reorders: float = 0,
        max_live: int | None = None,
        odds: Mapping[str, float] | None = None,
        rings: Mapping[str, Sequence[float]] | None = None,
        talks: Mapping[str, Sequence[float]] | None = None,
        telling: bool = True,
    ) -> None:
        self.seed = seed
        self.behaviour = callees.Behaviour(tuple((odds or {}).items()), rings or {}, talks or {}, telling)
        self.loses, self.delays, self.repeats, self.reorders = loses, delays, repeats, reorders
        self.max_live = max_live

    def place(self, dials: Sequence[Dial], *, now: dt.datetime) -> list[Placed]:
        """Take every dial; what becomes of it is told when it is asked about."""
        scripts = [self.script(dial) for dial in dials]
        return [
            Placed(key=dial.key, check_at=self._next_news(script, now, now))
            for dial, script in zip(dials, scripts, strict=True)
        ]

    def ask(self, dials: Sequence[Dial], *, now: dt.datetime) -> list[Answer]:
        """Tell all that has happened to each dial until now."""
        return [self._answer(dial, now) for dial in dials]

    def hang_up(self, keys: Sequence[str], *, now: dt.datetime) -> None:
        """Do nothing: that somebody wants it cut comes with the dial (`hangup_at`)."""

    def script(self, dial: Dial) -> callees.Script:
        """Return what becomes of a dial."""
        return callees.script_of(dial, self.seed, self.behaviour)

    def _answer(self, dial: Dial, now: dt.datetime) -> Answer:
        if dial.placed_at is None:
            return Answer(key=dial.key, known=False)
        script = self.script(dial)
        happened = [event for event in self._events(dial, script) if self._told_at(event, dial.key) <= now]
        told = [event for event in happened if not self._chance(self.loses, dial.key, event.type, "lost")]
        if happened and happened[-1].type is EventType.ENDED and told[-1:] != happened[-1:]:
            # The end was lost. Asked again later, the network has no such call any more.
            ended = happened[-1].happened_at
            if now >= ended + dt.timedelta(seconds=ASK_AGAIN):
                return Answer(key=dial.key, known=False, events=told)
            return Answer(key=dial.key, events=told, check_at=ended + dt.timedelta(seconds=ASK_AGAIN))
        if self._chance(self.repeats, dial.key, "repeat"):
            told = [event for event in told for _ in range(2)]
        if self._chance(self.reorders, dial.key, "reorder"):
            told.reverse()
        return Answer(key=dial.key, events=told, check_at=self._next_news(script, dial.placed_at, now))

    def _events(self, dial: Dial, script: callees.Script) -> list[CarrierEvent]:
        if dial.placed_at is None:
            return []
        events = []
        for type_, offset in ((EventType.RINGING, script.rings), (EventType.ANSWERED, script.answers)):
            if offset is not None:
                # A ring tells nothing of who will answer.
                who = script.outcome if type_ is EventType.ANSWERED else ""
                at = _after(dial.placed_at, offset)
                events.append(CarrierEvent(key=dial.key, type=type_, happened_at=at, outcome=who))
        events.append(
            CarrierEvent(
                key=dial.key,
                type=EventType.ENDED,
                happened_at=_after(dial.placed_at, script.ends),
                outcome=script.outcome,
                cause=script.cause,
                digits=script.digits,
                steps=script.steps,
            )
        )
        return events

    def _told_at(self, event: CarrierEvent, key: str) -> dt.datetime:
        late = self._chance(self.delays, key, event.type, "late")
        return event.happened_at + dt.timedelta(seconds=20 if late else 0)

    def _next_news(self, script: callees.Script, placed_at: dt.datetime, now: dt.datetime) -> dt.datetime:
        offsets = [offset for offset in (script.rings, script.answers, script.ends) if offset is not None]
        coming = [moment for offset in offsets if (moment := _after(placed_at, offset)) > now]
        return min(coming, default=now + dt.timedelta(seconds=1))

    def _chance(self, odds: float, *what: str) -> bool:
        return odds > 0 and callees.dice_of(self.seed, "chance", *what).random() < odds


def _after(moment: dt.datetime, seconds: float) -> dt.datetime:
    return moment + dt.timedelta(seconds=seconds)
