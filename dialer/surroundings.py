"""What an administrator should know of what the engine stands on: database, clock, disk, broker."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from kombu.exceptions import OperationalError

from campaigns import bulk
from dialer import heartbeats
from dialer.symptoms import CLOCK_FINE, Level, Moment, Symptom, skewed, span

# Free space in megabytes under which it warns, and under which it is about to break.
DISK_LOW, DISK_OUT = 1000, 200
# A table with fewer rows that are done with is nothing to speak of.
DEAD_ROWS = 1_000_000
# A transaction that is open longer keeps what was deleted from being cleared, and every claim reads past it.
LONG_TRANSACTION = 60.0


def missing_migrations() -> int:
    """Return how many migrations the code has that the database has not."""
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def migrations(moment: Moment) -> Iterable[Symptom]:
    """Yield that migrations are missing."""
    if number := missing_migrations():
        message = f"{number} migrations are missing in the database. Run manage.py migrate and restart."
        yield Symptom(Level.FAILING, "migrations_missing", message)


def clock(moment: Moment) -> Iterable[Symptom]:
    """Yield that this machine's clock and the database's differ."""
    off = heartbeats.machine_ahead()
    if abs(off) > CLOCK_FINE.total_seconds():
        way = "ahead of" if off > 0 else "behind"
        yield skewed(ahead_seconds=off, message=f"This machine's clock is {abs(off):.1f} s {way} the database's.")


def broker(moment: Moment) -> Iterable[Symptom]:
    """Yield that the broker cannot be reached: no wake-up comes through."""
    try:
        with current_app.connection_for_write(connect_timeout=3) as link:
            link.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=3)
    except (OSError, OperationalError) as error:
        where = current_app.connection_for_write().as_uri()
        message = f"The broker {where} cannot be reached ({error}). Start it, or correct CELERY_BROKER_URL."
        yield Symptom(Level.FAILING, "broker_unreachable", message)


def disk(moment: Moment) -> Iterable[Symptom]:
    """Yield the disks that are nearly full: of var, and of the database where it is on this machine."""
    for what, folder in {"var": Path(settings.VAR_DIR), "the database": _database_folder()}.items():
        there = folder and next((each for each in (folder, *folder.parents) if each.exists()), None)
        if not there:
            continue
        usage = shutil.disk_usage(there)
        free = usage.free // 1_000_000
        if free < DISK_LOW:
            level = Level.FAILING if free < DISK_OUT else Level.WARNING
            message = f"The disk of {what} ({there}) has {free:,} MB left of {usage.total // 1_000_000:,}. Free some."
            yield Symptom(level, "disk_low", message)


def _database_folder() -> Path | None:
    """Return where the database's files are, if that is on this machine and it tells."""
    own = settings.DATABASES["default"]
    if not bulk.is_postgres():
        name = str(own["NAME"])
        return None if "memory" in name else Path(name).parent
    if own.get("HOST") not in {"", None, "localhost", "127.0.0.1", "::1"} and not str(own["HOST"]).startswith("/"):
        return None
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SHOW data_directory")
            folder = Path(cursor.fetchone()[0])
            return folder if folder.exists() else None
    except (DatabaseError, OSError):
        # Only some roles are told, and only some may look.
        return None


def long_transactions(moment: Moment, *, longest: float = LONG_TRANSACTION) -> Iterable[Symptom]:
    """Yield the transactions and replication slots that hold an old view of the database, which slows every claim."""
    if not bulk.is_postgres():
        return
    held = [line for statement in (_SESSIONS, _PREPARED, _SLOTS) for line in _told(statement, longest)]
    if held:
        message = (
            f"{len(held)} transactions or slots have held an old view of the database for over {longest:.0f} "
            "s: rows that are done with cannot be cleared, and claims slow down. End what is not needed "
            "(SELECT pg_terminate_backend(PID))."
        )
        yield Symptom(Level.WARNING, "long_transactions", message, tuple(held[:20]))


def _told(statement: str, longest: float) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [longest])
        return [_line(row) for row in cursor.fetchall()]


def _line(row: tuple[Any, ...]) -> str:
    name, age, state, application = row
    return f"{name}: open for {span(age)}, {state or 'state not told'}{f', {application}' if application else ''}"


_SESSIONS = """
    SELECT 'pid ' || pid, clock_timestamp() - xact_start, state, application_name FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
    AND backend_type IN ('client backend', 'walsender')
    AND clock_timestamp() - xact_start > make_interval(secs => %s) ORDER BY xact_start
"""
_PREPARED = """
    SELECT 'prepared transaction ' || gid, clock_timestamp() - prepared, 'prepared', owner FROM pg_prepared_xacts
    WHERE database = current_database() AND clock_timestamp() - prepared > make_interval(secs => %s)
"""
# A slot has no time, but counts in transactions how old its view is.
_SLOTS = """
    SELECT 'replication slot ' || slot_name || ', ' || age(xmin) || ' transactions behind', interval '0', 'inactive', ''
    FROM pg_replication_slots WHERE NOT active AND xmin IS NOT NULL AND age(xmin) > 100000 AND %s >= 0
"""


def untidied(moment: Moment, *, least: int = DEAD_ROWS) -> Iterable[Symptom]:
    """Yield that PostgreSQL does not come round to clear what is done with: every look for open rows reads past it."""
    if not bulk.is_postgres():
        return
    with connection.cursor() as cursor:
        cursor.execute(_DEAD, [least])
        dead = tuple(cursor.fetchone()[0] for _ in range(cursor.rowcount))
        cursor.execute("SELECT current_setting('autovacuum') = 'off'")
        [is_off] = cursor.fetchone()
    if dead:
        how = "off: set it on" if is_off else "on, but falls behind: lower autovacuum_vacuum_cost_delay"
        message = (
            f"{len(dead)} tables hold more rows that are done with than others, so everything slows down. "
            f"PostgreSQL's autovacuum is {how}, and run VACUUM ANALYZE once."
        )
        yield Symptom(Level.WARNING, "untidied", message, dead)


_DEAD = """
    SELECT relname || ': ' || n_dead_tup || ' rows done with, ' || n_live_tup || ' others' FROM pg_stat_user_tables
    WHERE n_dead_tup >= %s AND n_dead_tup > n_live_tup ORDER BY n_dead_tup DESC LIMIT 10
"""

# Looks at the database, and looks at what is around it, during which no transaction may be open.
DATABASE = (migrations, clock, long_transactions, untidied)
AROUND = (broker, disk)
