"""Notes that a moving part of the engine is alive."""

from __future__ import annotations

import datetime as dt
import socket
from typing import Any

from django.db import connection
from django.utils import timezone

from campaigns import bulk
from dialer.models import Heartbeat

# A part that has not beaten for so long is silent: it beats every second, but a worker may take this long to start.
SILENT = dt.timedelta(seconds=30)
# Clocks of machines that follow a time server are no further apart.
CLOCK_FINE = dt.timedelta(seconds=2)


def beat(part: str, **detail: Any) -> None:
    """Note that a part has just done its work, by the wall clock, on which machine, and how far off its clock is."""
    wall = timezone.now()
    told = {"host": socket.gethostname(), "skew_seconds": ahead_of_database(wall)} | detail
    Heartbeat.objects.update_or_create(part=part, defaults={"beat_at": wall, "detail": told})


def ahead_of_database(wall: dt.datetime) -> float:
    """Return by how many seconds this machine's clock is ahead of the database's; SQLite has none of its own."""
    if not bulk.is_postgres():
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        database: dt.datetime = cursor.fetchone()[0]
    return round((wall - database).total_seconds(), 3)
