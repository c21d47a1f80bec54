"""What trials of a database that is away share: who asks meanwhile, and what must be so afterwards."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from django.db import connection

from dialer.models import Heartbeat
from tests.trials import frame, system
from tests.trials.doors import Visitor, judged
from tests.trials.processes import wait_for

# The longest that any answer may take, in seconds: a worker that hangs longer is lost to everybody.
PATIENCE = 40.0
PARTS = ("web", "worker", "beat", "listener")


@contextmanager
def watched(under_way: frame.Course) -> Iterator[Visitor]:
    """Have every answer judged, and at the end the processes: none was started again, none wrote a traceback."""
    wait_for("every process is there", lambda: _is_whole(under_way.system), seconds=30)
    before = pids(under_way.system)
    under_way.feeder.hear(lambda answer: _heard(under_way, answer))
    visitor = Visitor(under_way.system.url, under_way.fault, patience=PATIENCE, native_key=under_way.feeder.key)
    try:
        yield visitor
    finally:
        visitor.end()
        under_way.measure("answer", visitor.longest)
        for status, times in sorted(visitor.answers.items()):
            under_way.note(f"answers {status}", times)
        if (after := pids(under_way.system)) != before:
            under_way.fault("processes started again", f"{before} became {after}")
        for told in _tracebacks(under_way.system):
            under_way.fault("tracebacks", told)


def ended(under_way: frame.Course, visitor: Visitor, *, within: float) -> None:
    """Note that the database is there again; wait until the engine works and the door stores, and judge how long."""
    up, since = time.monotonic(), dt.datetime.now(dt.UTC)
    visitor.broken_until = up + within
    # The trial's own connection went with the others.
    connection.close()
    under_way.watch.fault()
    wait_for("the engine ticks again", lambda: _ticked(since), seconds=60)
    under_way.feeder.campaign("Is it back?", capacity=1)
    took = time.monotonic() - up
    under_way.measure("return of the service", took)
    if took > within:
        under_way.fault("service back too late", f"{took:.1f} s after the database")


def pids(running: system.System) -> dict[str, list[int]]:
    """Return the processes of the system and their children, by name."""
    parts = {name: part for name, part in running.keeper.parts.items() if name.startswith(PARTS)}
    return {name: [part.pid() or 0, *sorted(part.children())] for name, part in parts.items()}


def _is_whole(running: system.System) -> bool:
    found = pids(running)
    return all(found[name][0] for name in found) and all(
        len(found[name]) == 1 + system.CHILDREN for name in found if name.startswith(("web", "worker"))
    )


def _ticked(since: dt.datetime) -> bool:
    return Heartbeat.objects.filter(part="tick", beat_at__gt=since).exists()


def _heard(under_way: frame.Course, answer: httpx.Response) -> None:
    answer.read()
    if wrong := judged(answer):
        under_way.fault("answers", wrong)


def _tracebacks(running: system.System) -> Iterator[str]:
    for name, part in running.keeper.parts.items():
        said = part.said.read_text(errors="replace") if part.said.exists() and name.startswith(PARTS) else ""
        if "Traceback" in said:
            at = said.index("Traceback")
            yield f"{name}: {said.count('Traceback')}, such as {said[max(0, at - 300) : at + 1500]}"
