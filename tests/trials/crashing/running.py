"""Runs an operation in a process of its own that breaks off at one point, lets the engine go on, and judges."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection, connections

from campaigns import refusals
from campaigns.models import Call, CallAttempt, Campaign
from campaigns.operations import campaigns as campaign_operations
from campaigns.states import AttemptState, CampaignState
from dialer import carriers, invariants, playing, turning
from reports import building, recounts
from tests.trials import databases, judging
from tests.trials.crashing import scenes
from tests.trials.crashing.operations import Operation
from tests.trials.crashing.points import COMMIT, KILLED, Points
from tests.trials.crashing.scenes import Scene

# What the server lists the connections of a dying process under.
DYING = "trunkline crash"
# Virtual time moves by this much at least: in it a call rings, ends and may be tried again.
STEP = dt.timedelta(minutes=5)


@dataclass(slots=True)
class Clean:
    """An operation that nothing disturbs: its points, the ledger before and after, and what it wrote to a file."""

    names: list[str]
    before: dict[str, str]
    after: dict[str, str]
    file: bytes | None

    def commits(self) -> list[int]:
        """Return the numbers of the points that are commits."""
        return [number for number, name in enumerate(self.names, start=1) if name == COMMIT]


@dataclass(slots=True)
class Told:
    """What a child said before it ended, if it did: its points, whether the operation raised, its connection."""

    status: int
    names: list[str] = field(default_factory=list)
    raised: str = ""
    left_open: bool = False
    usable: bool = True


@dataclass(slots=True)
class Trial:
    """What the runs of one operation share."""

    operation: Operation
    folder: Path
    log: Path
    # Whether the engine goes on after every run, or once from each ledger that a single transaction leaves.
    thorough: bool = False
    recovered: list[dict[str, str]] = field(default_factory=list)

    def clean(self) -> Clean:
        """Run the operation undisturbed."""
        scene = self._begin()
        before = scenes.picture()
        told = in_child(self.operation, scene, Points())
        if told.status or told.raised:
            raise SystemExit(f"{self.operation.name}: undisturbed it ends with {told.status} {told.raised}")
        return Clean(told.names, before, scenes.picture(), _written(scene))

    def broken_off(self, clean: Clean, points: Points) -> list[str]:
        """Run the operation so that it breaks off at a point, and return what was wrong then or at the end."""
        scene = self._begin()
        told = in_child(self.operation, scene, points)
        found = _ending(told, points)
        found += self._half_done(clean, points, told)
        if _written(scene) not in {None, clean.file}:
            found.append("a file is there that is not whole")
        if self.operation.again:
            found += self._again(scene, clean)
        if self._is_known(clean):
            return found
        live_on(scene.now + STEP)
        return found + judge(self.log)

    def _is_known(self, clean: Clean) -> bool:
        """Tell whether the engine has gone on from just this ledger already."""
        if self.thorough or len(clean.commits()) > 1:
            return False
        there = scenes.picture()
        if there in self.recovered:
            return True
        self.recovered.append(there)
        return False

    def _begin(self) -> Scene:
        connection.close()
        databases.wipe()
        os.truncate(self.log, 0)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        return self.operation.scene(self.folder)

    def _half_done(self, clean: Clean, points: Points, told: Told) -> list[str]:
        """Once it is committed all must be there, and before nothing; only the wire divides an operation in parts."""
        if any(name.startswith("wire") for name in clean.names):
            return []
        commits = clean.commits() or [len(clean.names)]
        passed = points.at if points.side == "after" else points.at - 1
        # Some faults are survived: then all must be there.
        done = passed >= commits[-1] or (told.status == 0 and not told.raised)
        there = scenes.picture()
        if not done and passed >= commits[0] and there == clean.after:
            return []
        wanted = clean.after if done else clean.before
        different = [name for name in wanted if wanted[name] != there[name]]
        return [f"{name} are {there[name]}, not {wanted[name]}" for name in different]

    def _again(self, scene: Scene, clean: Clean) -> list[str]:
        """Whoever heard no answer does it again: afterwards it is done, once."""
        with contextlib.suppress(refusals.Refused):
            self.operation.act(scene)
        there = scenes.picture()
        different = [name for name in there if clean.after[name] != there[name]]
        found = [f"done again, {name} are {there[name]}, not {clean.after[name]}" for name in different]
        return found if _written(scene) == clean.file else [*found, "done again, the file is not whole"]


def _written(scene: Scene) -> bytes | None:
    """Return the file of an export, if there is one; moments differ from run to run, so only its size in lines."""
    path = scene.folder / "attempts.csv"
    return str(len(path.read_bytes().splitlines())).encode() if path.exists() else None


def _ending(told: Told, points: Points) -> list[str]:
    """Return what was wrong with how the child ended."""
    if points.mode == "die":
        return [] if told.status == KILLED else [f"the process ended with {told.status} {told.raised}"]
    found = [] if told.status == 0 else [f"the process ended with {told.status}"]
    if told.left_open:
        found.append("a transaction was left open")
    if not told.usable:
        found.append("the connection was left unusable")
    return found


def in_child(operation: Operation, scene: Scene, points: Points) -> Told:
    """Do an operation in a process of its own; return how it ended and what it said."""
    connections.close_all()
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(reader)
            signal.alarm(60)
            os.write(writer, json.dumps(_act(operation, scene, points)).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader, "rb") as told:
        said = told.read()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    _wait_for_the_server()
    return Told(status, **(json.loads(said) if said else {}))


def _act(operation: Operation, scene: Scene, points: Points) -> dict[str, Any]:
    os.environ["PGAPPNAME"] = DYING
    carriers.get.cache_clear()
    raised = ""
    with points.watching():
        try:
            operation.act(scene)
        except Exception as error:
            raised = f"{type(error).__name__}: {error}"
    left_open = connection.in_atomic_block or connection.needs_rollback
    return {"names": points.names, "raised": raised, "left_open": left_open, "usable": _usable()}


def _usable() -> bool:
    with contextlib.suppress(Exception), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return True
    return False


def _wait_for_the_server() -> None:
    """PostgreSQL notices in its own time that a client is gone, and lets go of its locks."""
    if connection.vendor != "postgresql":
        return
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_stat_activity WHERE application_name = %s", [DYING])
            if cursor.fetchone() is None:
                return
        time.sleep(0.002)
    raise SystemExit("the server keeps a connection of a dead process")


def live_on(now: dt.datetime) -> None:
    """Let the engine work until nothing is left that time would bring."""
    for campaign in Campaign.objects.filter(state=CampaignState.PAUSED):
        campaign_operations.move_campaign(campaign=campaign, to=CampaignState.RUNNING, now=now)
    until = now + dt.timedelta(days=30)
    coming: dt.datetime | None = now
    while coming is not None and now < until:
        now = max(coming, now)
        coming = _exhaust(now)
        coming = coming and max(coming, now + STEP)
    building.build_due(seconds=60)


def _exhaust(now: dt.datetime) -> dt.datetime | None:
    while True:
        done = turning.turn_here(now=now)
        if not done.has_more:
            return playing.next_moment(now, done.again_at)


def judge(log: Path) -> list[str]:
    """Return what is wrong when all is over, by the ledger's own rules and by the witness's log."""
    found = [f"{name}: {rows}" for name, rows in invariants.broken(dt.datetime.now(dt.UTC)).items()]
    found += [str(difference) for difference in recounts.recount()]
    found += [f"call {pk} was lost" for pk in Call.objects.exclude(state="done").values_list("pk", flat=True)]
    opened = CallAttempt.objects.exclude(state=AttemptState.ENDED)
    found += [f"attempt {pk} never ended" for pk in opened.values_list("pk", flat=True)]
    seen, ledger = judging.evidence(log), judging.tries()
    by_wire = {str(key) for key in CallAttempt.objects.filter(carrier="voice").values_list("key", flat=True)}
    tried = [one for one in ledger if one.key in by_wire]
    checks: list[Callable[..., list[str]]] = [judging.strangers, judging.pretended]
    return found + judging.duplicates(seen) + [fault for check in checks for fault in check(seen, tried)]
