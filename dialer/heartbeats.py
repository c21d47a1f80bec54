"""Notes that a moving part of the engine begins or has done its work, by the real clock that all processes share.

Noted outside transactions: the commit of a note is not waited for.
"""

from __future__ import annotations

import datetime as dt
import socket
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from campaigns import bulk
from dialer import clock


def begin(part: str, *, apart: dt.timedelta) -> dt.datetime | None:
    """Note that a part begins its work; return the wall clock's moment, None where it began less than `apart` ago.

    However many repeat it at once, one is given the moment.
    """
    name = f"{part} began"
    given: list[Any]
    if settings.DATABASE_CLOCK:
        statement, given = _BEGIN_SHARED, [name, apart]
    else:
        now = clock.wall()
        statement, given = _BEGIN, [name, bulk.stored(now), bulk.stored(now - apart)]
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        begun = cursor.fetchone()
    return bulk.moment(begun[0]) if begun else None


def beat(part: str, **detail: Any) -> None:
    """Note that a part has just done its work, on which machine, and how far that machine's own clock is off."""
    told = {"host": socket.gethostname()} | detail
    given: list[Any]
    if settings.DATABASE_CLOCK:
        statement, given = _BEAT_SHARED, [part, bulk.as_json(told), timezone.now()]
    else:
        statement, given = _BEAT, [part, bulk.stored(clock.wall()), bulk.as_json({"skew_seconds": 0.0} | told)]
    with connection.cursor() as cursor:
        cursor.execute(statement, given)


# Written out, and the clock read by the statement that notes it, as every tick of an idle system waits for them.
_INTO = "INSERT INTO dialer_heartbeat AS h (part, beat_at, detail)"
_AGAIN = "ON CONFLICT (part) DO UPDATE SET beat_at = excluded.beat_at"
# A beat that lies ahead is of before the clock was set back.
_UNLESS = "OR h.beat_at > excluded.beat_at RETURNING beat_at"
_BEGIN = f"{_INTO} VALUES (%s, %s, '{{}}') {_AGAIN} WHERE h.beat_at <= %s {_UNLESS}"
_BEAT = f"{_INTO} VALUES (%s, %s, %s) {_AGAIN}, detail = excluded.detail"
# A beat that a crash of the server loses is soon followed by another, so its commit waits for no disk.
_UNFLUSHED = "WITH unflushed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))"
_BEGIN_SHARED = f"""{_UNFLUSHED}
    {_INTO} SELECT %s, clock_timestamp(), '{{}}' FROM unflushed
    {_AGAIN} WHERE h.beat_at <= excluded.beat_at - %s {_UNLESS}"""
_BEAT_SHARED = f"""{_UNFLUSHED}
    {_INTO} SELECT %s, clock_timestamp(), %s::jsonb || jsonb_build_object('skew_seconds',
        round(extract(epoch FROM %s - clock_timestamp())::numeric, 3)) FROM unflushed
    {_AGAIN}, detail = excluded.detail"""


def machine_ahead() -> float:
    """Return by how many seconds this machine's own clock is ahead of the one that all share."""
    shared = clock.wall()
    return round((timezone.now() - shared).total_seconds(), 3)
