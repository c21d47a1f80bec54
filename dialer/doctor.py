"""Looks at everything at once: what must never be, and what else is not in order. Safe on a live system.

Nothing is written: on PostgreSQL each look is a read-only transaction with a time limit, on SQLite single statements
that take no lock from writers, with the same limit.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from campaigns import bulk
from dialer import invariants, surroundings, symptoms
from dialer.symptoms import Level, Moment, Symptom

# What has gone on lately is looked at, unless everything is asked for.
LATELY = dt.timedelta(hours=24)
# The longest that one look may take, in seconds.
LIMIT = 20.0


@dataclass(slots=True)
class Findings:
    """What was found: what must never be, by its name; what else is not in order; what could not be looked at."""

    since: dt.datetime | None
    broken: dict[str, list[str]] = field(default_factory=dict)
    symptoms: list[Symptom] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    looked: int = 0

    @property
    def status(self) -> str:
        """Return "failing" where something must never be or fails, "warning" where all else is in order, or "ok"."""
        if self.broken or any(symptom.level == Level.FAILING for symptom in self.symptoms):
            return "failing"
        return "warning" if self.symptoms or self.unfinished else "ok"


def examine(moment: Moment, *, full: bool = False, limit: float = LIMIT) -> Findings:
    """Look at everything; each look may take `limit` seconds, or as long as it needs where `full` is wanted."""
    found = Findings(since=None if full else moment.engine - LATELY)
    for look in surroundings.AROUND:
        found.looked += 1
        found.symptoms += look(moment)
    for look in (*surroundings.DATABASE, *symptoms.ENGINE):
        with _looking(look.__name__, found, limit):
            found.symptoms += look(moment)
    for invariant in invariants.INVARIANTS:
        with _looking(invariant.name, found, None if full else limit):
            if rows := invariant.rows(moment.engine, found.since):
                found.broken[invariant.name] = rows
    return found


@contextlib.contextmanager
def _looking(name: str, found: Findings, limit: float | None) -> Iterator[None]:
    """Read only, for so many seconds; a look that took longer or failed is named. Raises where nothing answers."""
    found.looked += 1
    try:
        with _read_only(limit):
            yield
    except (OperationalError, InterfaceError) as error:
        if not _answers():
            raise
        found.unfinished.append(f"{name}: {_first_line(error)}")
    except DatabaseError as error:
        found.unfinished.append(f"{name}: {_first_line(error)}")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__


def _answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _read_only(limit: float | None) -> contextlib.AbstractContextManager[None]:
    return _postgres(limit) if bulk.is_postgres() else _sqlite(limit)


@contextlib.contextmanager
def _postgres(limit: float | None) -> Iterator[None]:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(int((limit or 0) * 1000))])
        yield
        # Undone, so that neither setting outlives the look where somebody else's transaction is around it.
        transaction.set_rollback(True)


@contextlib.contextmanager
def _sqlite(limit: float | None) -> Iterator[None]:
    connection.ensure_connection()
    stop_at = time.monotonic() + limit if limit else None
    raw = connection.connection
    raw.execute("PRAGMA query_only = ON")
    # Asked every so many steps of a statement; a true answer interrupts it.
    raw.set_progress_handler(lambda: stop_at is not None and time.monotonic() > stop_at, 100_000)
    try:
        yield
    finally:
        raw.set_progress_handler(None, 0)
        raw.execute("PRAGMA query_only = OFF")
