"""Judges the engine from outside: what the witness wrote down against what the ledger says.

Each function finds one kind of fault and returns it in words, empty where there is none. Nothing here trusts the
engine: what was fed is known by its `ref`, which rides in a call's custom data and stands in the witness's log.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.trials.witness import log as logs

DAY = 86_400.0
SHOWN = 5


@dataclass(slots=True)
class Origination:
    """One call that reached the network; times in seconds since the epoch. Not ended: still in progress."""

    at: float
    key: str
    ref: str
    destination: str
    n: int
    caller_id: str
    ended_at: float | None = None
    outcome: str = ""


@dataclass(slots=True)
class Evidence:
    """What the witness wrote down. `repeated` are keys that were sent again while their call was in progress."""

    originations: list[Origination] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    repeated: Counter[str] = field(default_factory=Counter)

    def by_key(self) -> dict[str, Origination]:
        return {one.key: one for one in self.originations}


@dataclass(frozen=True, slots=True)
class Try:
    """An attempt as the ledger has it."""

    key: str
    call: int
    n: int
    destination: str
    state: str
    outcome: str
    is_placed: bool


def evidence(path: Path) -> Evidence:
    """Read the witness's log."""
    found = Evidence()
    latest: dict[str, Origination] = {}
    for line in logs.read(path):
        key = line["key"]
        match line["what"]:
            case logs.ORIGINATED:
                told = {name: line[name] for name in ("at", "key", "ref", "destination", "n", "caller_id")}
                latest[key] = Origination(**told)
                found.originations.append(latest[key])
            case logs.ENDED:
                latest[key].ended_at, latest[key].outcome = line["at"], line["outcome"]
            case logs.REFUSED:
                found.refused[key] += 1
            case logs.REPEATED:
                found.repeated[key] += 1
    return found


def tries() -> list[Try]:
    """Read the ledger's attempts."""
    from campaigns.models import CallAttempt

    columns = ("key", "call_id", "n", "destination", "state", "outcome", "placed_at")
    rows = CallAttempt.objects.order_by("id").values_list(*columns)
    return [
        Try(str(key), call, n, to, state, outcome, placed is not None)
        for key, call, n, to, state, outcome, placed in rows
    ]


def duplicates(seen: Evidence) -> list[str]:
    """Attempts that were originated more than once, or sent again while in progress."""
    counted = Counter(one.key for one in seen.originations)
    twice = [f"attempt {key} was originated {times} times" for key, times in counted.items() if times > 1]
    return twice + [f"attempt {key} was sent again {times} times" for key, times in seen.repeated.items()]


def strangers(seen: Evidence, ledger: Iterable[Try]) -> list[str]:
    """Originations of which the ledger has no attempt, or another number or try."""
    known = {one.key: one for one in ledger}
    found = []
    for one in seen.originations:
        row = known.get(one.key)
        if row is None:
            found.append(f"{one.key} to {one.destination} has no attempt")
        elif (row.destination, row.n, row.is_placed) != (one.destination, one.n, True):
            found.append(f"{one.key} was originated to {one.destination} as try {one.n}; the ledger has {row}")
    return found


def pretended(seen: Evidence, ledger: Iterable[Try]) -> list[str]:
    """Attempts that the ledger says were placed and that never came to the carrier, unless they ended as unknown."""
    came = {one.key for one in seen.originations} | set(seen.refused)
    honest = {"unknown", "congestion"}
    return [
        f"attempt {row.key} of call {row.call} ended as {row.outcome or 'open'} and was never originated"
        for row in ledger
        if row.is_placed and row.key not in came and row.outcome not in honest
    ]


def misheard(seen: Evidence, ledger: Iterable[Try]) -> list[str]:
    """Attempts whose end in the ledger is not the one that the carrier saw; unknown, where the carrier knew, is one."""
    by_key = seen.by_key()
    found = []
    for row in ledger:
        one = by_key.get(row.key)
        if one is not None and row.state == "ended" and row.outcome != one.outcome:
            found.append(f"attempt {row.key} ended as {row.outcome}; the carrier saw {one.outcome or 'it in progress'}")
    return found


def most_at_once(seen: Evidence, group: Callable[[Origination], Hashable]) -> dict[Any, int]:
    """Return the most calls that were in progress at one moment, as the carrier saw it, by group."""
    steps = [(one.at, 1, group(one)) for one in seen.originations]
    steps += [(one.ended_at, -1, group(one)) for one in seen.originations if one.ended_at is not None]
    live: Counter[Hashable] = Counter()
    most: dict[Any, int] = defaultdict(int)
    # At one moment, what ends makes room for what begins.
    for _, step, name in sorted(steps, key=lambda step: step[:2]):
        live[name] += step
        most[name] = max(most[name], live[name])
    return dict(most)


def over_cap(seen: Evidence, group: Callable[[Origination], Hashable], caps: Mapping[Any, int], what: str) -> list[str]:
    """Groups with more calls in progress at once than their cap."""
    most = most_at_once(seen, group)
    return [f"{what} {name}: {most[name]} at once, cap {cap}" for name, cap in caps.items() if most.get(name, 0) > cap]


def side_by_side(seen: Evidence) -> list[str]:
    """Calls with two tries in progress at one moment."""
    most = most_at_once(seen, lambda one: one.ref or one.key)
    return [f"call {ref}: {times} tries at once" for ref, times in most.items() if times > 1]


def too_often(seen: Evidence, *, tries_at_most: int) -> list[str]:
    """Calls that were tried again after an answer, or more often than their budget; congestion does not count."""
    by_ref: dict[str, list[Origination]] = defaultdict(list)
    for one in sorted(seen.originations, key=lambda one: one.at):
        by_ref[one.ref or one.key].append(one)
    found = []
    for ref, calls in by_ref.items():
        counted = sum(one.outcome != "congestion" for one in calls)
        if counted > tries_at_most:
            found.append(f"call {ref} was tried {counted} times of {tries_at_most}")
        if any(one.outcome == "answered" for one in calls[:-1]):
            found.append(f"call {ref} was tried again after an answer")
    return found


def over_number_cap(seen: Evidence, cap: int) -> list[str]:
    """Numbers that were tried more often in 24 hours than their cap; congestion does not count."""
    by_number: dict[str, list[float]] = defaultdict(list)
    for one in seen.originations:
        if one.outcome != "congestion":
            by_number[one.destination].append(one.at)
    found = []
    for number, moments in by_number.items():
        moments.sort()
        if any(later - earlier < DAY for earlier, later in zip(moments, moments[cap:], strict=False)):
            found.append(f"{number} was tried {len(moments)} times, cap {cap} a day")
    return found


def outside_window(seen: Evidence, windows: Mapping[str, tuple[float, float]]) -> list[str]:
    """Calls that were originated outside the window that they were fed with, by ref."""
    found = []
    for one in seen.originations:
        opens, shuts = windows.get(one.ref, (0.0, float("inf")))
        if not opens <= one.at < shuts:
            found.append(
                f"call {one.ref} was originated {max(opens - one.at, one.at - shuts):.1f} s outside its window"
            )
    return found


def still_in_progress(seen: Evidence) -> list[str]:
    """Calls that the network still has although the trial is over."""
    return [f"attempt {one.key} is in progress" for one in seen.originations if one.ended_at is None]
