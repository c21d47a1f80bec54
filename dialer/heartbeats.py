"""Notes that a moving part of the engine begins or has done its work, by the real clock that all processes share."""

from __future__ import annotations

import datetime as dt
import socket
from typing import Any

from django.db import connection
from django.utils import timezone

from campaigns import bulk
from dialer import clock


def begins(part: str, *, apart: dt.timedelta, at: dt.datetime | None = None) -> bool:
    """Note that a part begins its work, and tell whether it should: not where it began less than `apart` ago.

    However many repeat it at once, one is told yes. `at` is the wall clock's moment, where it was just read.
    """
    now = at or clock.wall()
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN, [f"{part} began", bulk.stored(now), "{}", bulk.stored(now - apart)])
        return bool(cursor.rowcount == 1)


# Written out, as every tick of an idle system waits for them.
_NOTE = """INSERT INTO dialer_heartbeat (part, beat_at, detail) VALUES (%s, %s, %s)
    ON CONFLICT (part) DO UPDATE SET beat_at = excluded.beat_at"""
_BEAT = f"{_NOTE}, detail = excluded.detail"
# A beat that lies ahead is of before the clock was set back.
_BEGIN = f"""{_NOTE}
    WHERE dialer_heartbeat.beat_at <= %s OR dialer_heartbeat.beat_at > excluded.beat_at"""


def beat(part: str, **detail: Any) -> None:
    """Note that a part has just done its work, on which machine, and how far that machine's own clock is off."""
    now = clock.wall()
    ahead = round((timezone.now() - now).total_seconds(), 3)
    told = {"host": socket.gethostname(), "skew_seconds": ahead} | detail
    with connection.cursor() as cursor:
        cursor.execute(_BEAT, [part, bulk.stored(now), bulk.as_json(told)])


def machine_ahead() -> float:
    """Return by how many seconds this machine's own clock is ahead of the one that all share."""
    shared = clock.wall()
    return round((timezone.now() - shared).total_seconds(), 3)
