"""Plays campaigns with members over hours of virtual time, progressive and predictive, and prints what came of it.

    python tests/benchmarks/pacing.py --members 5 10 20 50 --rates 0.1 0.2 0.5 --talk 60 180 --hours 4

The decisions are the engine's own, second by second; persons, lines and members are simulated here, without a
database. *Busy* is the share of the members' time that they talk; *abandoned* the persons who answered and met no
member within 2 s; *worst* the highest share of them at any moment after the first hundred persons. Exits with 1 where
the cap was passed, or where predictive kept members less busy than progressive.
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import os
import random
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("SECRET_KEY", "benchmark")

import django

django.setup()

from campaigns.models import Campaign  # noqa: E402
from campaigns.states import Outcome  # noqa: E402
from dialer import staffing, tuning  # noqa: E402
from dialer.staffing import Crew  # noqa: E402

START = dt.datetime(2031, 3, 3, 8, 0, tzinfo=dt.UTC)
CAP = 0.03
WAIT, WRAP_UP, RINGS = 2, 10, 30
FIRST = 100


@dataclass
class Line:
    """One call: after how many seconds it is answered, if at all, or else over."""

    placed: int
    answers: float | None
    over: float


@dataclass
class Floor:
    """Members, lines and what became of them."""

    members: int
    rate: float
    talk: float
    dice: random.Random
    lines: list[Line] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)
    talks: list[int] = field(default_factory=list)
    wraps: list[int] = field(default_factory=list)
    tries: deque = field(default_factory=lambda: deque(maxlen=tuning.SAMPLE + 400))
    talked: int = 0
    persons: int = 0
    gone: int = 0
    lately: deque = field(default_factory=deque)
    worst: float = 0.0

    def idle(self) -> int:
        return self.members - len(self.talks) - len(self.wraps)

    def dial(self, now: int, count: int) -> None:
        for _ in range(count):
            if self.dice.random() < self.rate:
                self.lines.append(Line(now, 2 + 16 * self.dice.betavariate(2, 3), 0))
            else:
                self.lines.append(Line(now, None, RINGS if self.dice.random() < 0.65 else 1))

    def second(self, now: int) -> None:
        """Let a second pass: talks and wrap-ups end, persons answer, wait, and meet a member or not."""
        self.wraps = [end for end in self.wraps if end > now] + [
            end + WRAP_UP for end in self.talks if end <= now < end + WRAP_UP
        ]
        self.talks = [end for end in self.talks if end > now]
        still = []
        for line in self.lines:
            until = line.over if line.answers is None else line.answers
            if line.placed + until > now:
                still.append(line)
                continue
            if line.answers is not None:
                self.waiting.append(now)
            self.note(line)
        self.lines = still
        waiting = []
        for since in self.waiting:
            if self.idle() > 0:
                talk = max(5, round(self.dice.expovariate(1 / self.talk)))
                self.talks.append(now + talk)
                self.talked += talk
                self.met(now, abandoned=False, talk=talk)
            elif now - since >= WAIT:
                self.met(now, abandoned=True)
            else:
                waiting.append(since)
        self.waiting = waiting

    def met(self, now: int, *, abandoned: bool, talk: int = 0) -> None:
        self.persons += 1
        self.gone += abandoned
        self.lately.append((now, abandoned))
        if self.persons >= FIRST:
            self.worst = max(self.worst, self.gone / self.persons)

    def note(self, line: Line) -> None:
        placed = START + dt.timedelta(seconds=line.placed)
        answered = None if line.answers is None else placed + dt.timedelta(seconds=line.answers)
        ended = (answered or placed) + dt.timedelta(seconds=self.talk if answered else line.over)
        outcome = Outcome.ANSWERED if answered else Outcome.NO_ANSWER
        self.tries.append(tuning.Try(0, placed, answered, ended, answered, outcome))

    def share(self, now: int) -> tuning.Share:
        while self.lately and self.lately[0][0] < now - tuning.LOOP_SPAN.total_seconds():
            self.lately.popleft()
        return tuning.Share(self.persons, self.gone, len(self.lately), sum(gone for _, gone in self.lately))

    def settled(self, now: int) -> list[tuning.Try]:
        before = START + dt.timedelta(seconds=now) - tuning.SETTLED
        return [one for one in self.tries if one.placed_at <= before][-tuning.SAMPLE :]


def played(*, pacing: str, members: int, rate: float, talk: float, hours: float) -> Floor:
    """Play one campaign from its first call on."""
    floor = Floor(members, rate, talk, random.Random(f"{members} {rate} {talk}"))
    campaign = Campaign(pacing=pacing, max_abandon_rate=CAP, wrap_up_seconds=WRAP_UP, member_wait_seconds=WAIT)
    state = None
    for now in range(int(hours * 3600)):
        floor.second(now)
        at = START + dt.timedelta(seconds=now)
        if pacing == "predictive" and (state is None or state.measured_at + tuning.MEASURE_EVERY <= at):
            state = tuning.measured(campaign, state, floor.share(now), floor.settled(now), at)
        crew = Crew(
            idle=floor.idle(),
            rests=[end - now for end in floor.wraps],
            ringing=[now - line.placed for line in floor.lines],
            waiting=len(floor.waiting),
            talking=len(floor.talks),
        )
        floor.dial(now, staffing.starts(campaign, crew, state))
    return floor


def main() -> int:
    """Play every combination that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--members", type=int, nargs="+", default=[5, 10, 20, 50])
    parser.add_argument("--rates", type=float, nargs="+", default=[0.1, 0.2, 0.5])
    parser.add_argument("--talk", type=float, nargs="+", default=[60, 180], help="mean talk, seconds")
    parser.add_argument("--hours", type=float, default=4)
    wanted = parser.parse_args()
    print("members  rate  talk       pacing   busy  calls/h   abandoned          worst  cpu s")
    failed = False
    for members, rate, talk in itertools.product(wanted.members, wanted.rates, wanted.talk):
        busy = {}
        for pacing in ("progressive", "predictive"):
            began = time.process_time()
            floor = played(pacing=pacing, members=members, rate=rate, talk=talk, hours=wanted.hours)
            used = time.process_time() - began
            share = floor.gone / max(1, floor.persons)
            busy[pacing] = floor.talked / (members * wanted.hours * 3600)
            hourly = (floor.persons - floor.gone) / members / wanted.hours
            failed |= share > CAP
            print(
                f"{members:7} {rate:5.2f} {talk:5.0f} {pacing:>12} {busy[pacing]:6.1%} {hourly:8.1f}"
                f" {floor.gone:5}/{floor.persons:<5} {share:6.2%} {floor.worst:6.2%} {used:6.1f}",
                flush=True,
            )
        failed |= busy["predictive"] < busy["progressive"]
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
