"""How simulated people and networks behave: what becomes of a dial, from its number, its try and a seed alone."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dialer.carriers.base import Dial
from dialer.walker import Command, Walk

# Speech of about 15 characters a second.
CHARACTERS_PER_SECOND = 15.0
ODDS = (
    ("answered", 58),
    ("no_answer", 18),
    ("busy", 10),
    ("machine", 8),
    ("rejected", 3),
    ("invalid_number", 2),
    ("failed", 1),
)
CAUSES = {
    "answered": "SIP 200",
    "machine": "SIP 200",
    "busy": "SIP 486",
    "no_answer": "SIP 487",
    "rejected": "SIP 603",
    "invalid_number": "SIP 404",
    "congestion": "SIP 503",
    "failed": "SIP 500",
}
FIXED = {
    "404": ("invalid_number", 0.2),
    "480": ("no_answer", 1.0),
    "486": ("busy", 0.5),
    "500": ("failed", 0.2),
    "503": ("congestion", 0.2),
    "603": ("rejected", 1.0),
}


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the parties behave whose numbers tell nothing: the odds of outcomes, how long they ring and talk.

    Blank odds are the simulator's own: ODDS for voice, and a text always arrives. `rings` and `talks` hold seconds by
    outcome, rising; each party's is drawn evenly between two neighbours. An outcome without goes by the simulator's own
    ways. `telling` False: the last digits of a number choose nothing.
    """

    odds: tuple[tuple[str, float], ...] = ()
    rings: Mapping[str, Sequence[float]] = field(default_factory=dict)
    talks: Mapping[str, Sequence[float]] = field(default_factory=dict)
    telling: bool = True

    def __post_init__(self) -> None:
        if unknown := sorted({name for name, _ in self.odds} - CAUSES.keys()):
            raise ValueError(f"odds: {unknown[0]!r} is no outcome of a network; {', '.join(CAUSES)} are.")
        weights = [weight for _, weight in self.odds]
        if self.odds and (min(weights) < 0 or not sum(weights) > 0):
            raise ValueError("odds: weights of 0 and more are wanted, one of them above 0.")


OWN = Behaviour()


@dataclass(frozen=True, slots=True)
class Script:
    """What becomes of one dial, in seconds after it was placed; `answers` None: it is never answered."""

    outcome: str
    ends: float
    rings: float | None = None
    answers: float | None = None
    cause: str = ""
    digits: str = ""
    steps: Sequence[dict[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Callee:
    """How the called party behaves: when it answers, what it presses when, how long it stays (None: to the end)."""

    answers: float
    outcome: str = "answered"
    keys: tuple[tuple[float, str], ...] = ()
    leaves: float | None = None


def dice_of(*what: str) -> random.Random:
    """Return dice that fall the same way for the same words."""
    return random.Random(hashlib.blake2b("|".join(what).encode(), digest_size=8).digest())


def script_of(dial: Dial, seed: str, behaviour: Behaviour = OWN) -> Script:
    """Return what becomes of a dial."""
    suffix = "".join(re.findall(r"[0-9]", dial.destination.partition("@")[0]))[-3:] if behaviour.telling else ""
    dice = dice_of(seed, dial.destination, str(dial.n))
    if suffix == "408":
        script = Script("no_answer", ends=float(dial.ring_seconds), rings=0.5)
    elif suffix in FIXED:
        outcome, ends = FIXED[suffix]
        script = Script(outcome, ends=ends, rings=0.3 if outcome in {"no_answer", "rejected"} else None)
    elif dial.channel != "voice":
        script = _text(behaviour, dice)
    else:
        script = _voice(dial, suffix, dice, behaviour)
    script = _with_cause(script)
    return _cut(script, dial) if dial.hangup_at else script


def _text(behaviour: Behaviour, dice: random.Random) -> Script:
    outcome = _thrown(behaviour.odds, dice) if behaviour.odds else "answered"
    if outcome != "answered":
        return Script(outcome, ends=0.3)
    return Script("answered", ends=1.5 + dice.random(), answers=1.0)


def _thrown(odds: Sequence[tuple[str, float]], dice: random.Random) -> str:
    return dice.choices([name for name, _ in odds], [weight for _, weight in odds])[0]


def _voice(dial: Dial, suffix: str, dice: random.Random, behaviour: Behaviour) -> Script:
    callee = _callee(suffix)
    if callee is None:
        outcome = _thrown(behaviour.odds or ODDS, dice)
        if outcome not in {"answered", "machine"}:
            return _unanswered(dial, outcome, dice, behaviour)
        rings = behaviour.rings.get(outcome)
        callee = Callee(answers=_drawn(rings, dice) if rings else 2 + 12 * dice.random(), outcome=outcome)
    if callee.answers > dial.ring_seconds:
        return Script("no_answer", ends=float(dial.ring_seconds), rings=0.5)
    return _answered(dial, callee, dice, behaviour)


def _unanswered(dial: Dial, outcome: str, dice: random.Random, behaviour: Behaviour) -> Script:
    rings = 0.5 if outcome == "no_answer" else None
    if measured := behaviour.rings.get(outcome):
        return Script(outcome, ends=min(_drawn(measured, dice), float(dial.ring_seconds)), rings=rings)
    ends = {"no_answer": float(dial.ring_seconds), "busy": 0.6, "rejected": 2 + 4 * dice.random()}
    return Script(outcome, ends=ends.get(outcome, 0.3), rings=rings)


def _drawn(seconds: Sequence[float], dice: random.Random) -> float:
    """Draw evenly from measured seconds, between two neighbours."""
    place = dice.random() * (len(seconds) - 1)
    lower = int(place)
    upper = min(lower + 1, len(seconds) - 1)
    return seconds[lower] + (place - lower) * (seconds[upper] - seconds[lower])


def _answered(dial: Dial, callee: Callee, dice: random.Random, behaviour: Behaviour) -> Script:
    rings = min(0.5, callee.answers / 2)
    if dial.wants_member and callee.outcome == "answered":
        return _with_member(dial, callee, rings, dice, behaviour)
    if talks := behaviour.talks.get(callee.outcome):
        lasts = max(0.1, _drawn(talks, dice))
        return Script(callee.outcome, ends=callee.answers + lasts, rings=rings, answers=callee.answers)
    walk, lasts = _walked(dial, callee, dice)
    return Script(
        callee.outcome,
        ends=callee.answers + lasts,
        rings=rings,
        answers=callee.answers,
        digits=walk.digits,
        steps=walk.steps,
    )


def _with_member(dial: Dial, callee: Callee, rings: float, dice: random.Random, behaviour: Behaviour) -> Script:
    """Return what becomes of a call that is for a member: a talk from when one comes, or as long as patience lasts."""
    patience, talk = 8 + 10 * dice.random(), 20 + dice.expovariate(1 / 60)
    if talks := behaviour.talks.get("answered"):
        talk = max(0.1, _drawn(talks, dice))
    stays = min(patience, callee.leaves or patience)
    steps: Sequence[dict[str, Any]] = ()
    if dial.connected_at is not None:
        stays = _waited(dial, dial.connected_at, callee) + min(talk, callee.leaves or talk)
    elif dial.released_at is not None:
        waited = _waited(dial, dial.released_at, callee)
        left = max(0.0, stays - waited)
        walk, lasts = _walked(dial, Callee(callee.answers), dice)
        if lasts > left:
            walk, lasts = _walked(dial, Callee(callee.answers, leaves=left), dice)
        stays = waited + lasts
        steps = [{**step, "at": round(waited + step["at"], 3)} for step in walk.steps]
    return Script("answered", ends=callee.answers + stays, rings=rings, answers=callee.answers, steps=steps)


def _waited(dial: Dial, until: dt.datetime, callee: Callee) -> float:
    """Return how many seconds the callee had waited at a moment."""
    return max(0.0, (until - (dial.placed_at or until)).total_seconds() - callee.answers)


def _callee(suffix: str) -> Callee | None:
    """Return how the party of a telling number behaves, or None for a number that tells nothing."""
    if suffix in {"200", "250", "270", "271"}:
        return Callee(answers=1.0, outcome="machine" if suffix == "271" else "answered")
    if not re.fullmatch(r"2[1-4689][0-9]|28[1-9]", suffix):
        return None
    kind, digit = suffix[:2], suffix[2]
    if kind in {"21", "24"}:
        return Callee(answers=1.0, keys=((1.0, digit),))
    if kind == "26":
        return Callee(answers=1.0, keys=tuple((1.0 + n, digit) for n in range(3)))
    if kind in {"22", "28"} and digit != "0":
        return Callee(answers=1.0, leaves=float(digit))
    if kind == "23":
        return Callee(answers=float(digit) + 0.1)
    return None


def _walked(dial: Dial, callee: Callee, dice: random.Random) -> tuple[Walk, float]:
    """Walk the dial's flow with the callee; return the walk and how many seconds the call lasted after the answer."""
    walk = Walk(dial.flow)
    command = walk.start()
    at = 0.0
    while command is not None:
        if callee.leaves is not None and at >= callee.leaves:
            break
        ends = at + _seconds(command, dice)
        if command.stops_on_key or command.do == "wait":
            ends = min([moment for moment, _ in callee.keys if moment > at] + [ends])
        if callee.leaves is not None and ends > callee.leaves:
            walk.heard(_pressed(callee, at, callee.leaves))
            break
        command = walk.told(at=ends, keys=_pressed(callee, at, ends), done=command.to not in {"0", "1"})
        at = ends
    # With nothing to listen to, a callee still has the time to press its key.
    silence = 2.0 if not walk.steps else 0.0
    last = callee.leaves if callee.leaves is not None else at + silence
    walk.heard(_pressed(callee, at, last))
    return walk, max(last, 0.5)


def _pressed(callee: Callee, after: float, until: float) -> str:
    return "".join(key for moment, key in callee.keys if after < moment <= until)


def _seconds(command: Command, dice: random.Random) -> float:
    match command.do:
        case "say":
            return max(1.0, len(command.text) / CHARACTERS_PER_SECOND)
        case "play":
            return 5.0
        case "wait":
            return float(command.seconds)
        case "dial":
            return 15.0 + 30 * dice.random()
    return 0.0


def _with_cause(script: Script) -> Script:
    # Made anew by hand: `replace` takes several times as long, and each attempt comes here several times.
    return Script(
        script.outcome,
        script.ends,
        script.rings,
        script.answers,
        CAUSES[script.outcome],
        script.digits,
        script.steps,
    )


def _cut(script: Script, dial: Dial) -> Script:
    """Return the script of a dial that somebody asked to hang up."""
    if dial.hangup_at is None or dial.placed_at is None:
        return script
    cut = max(0.0, (dial.hangup_at - dial.placed_at).total_seconds())
    if cut >= script.ends:
        return script
    answered = script.answers is not None and script.answers <= cut
    return Script(
        script.outcome if answered else "cancelled",
        cut,
        script.rings if script.rings is not None and script.rings <= cut else None,
        script.answers if answered else None,
        "hung up by request",
    )
