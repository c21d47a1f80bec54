"""The engine's clock. Only views, tasks and commands read it; everything below gets `now` as an argument.

On PostgreSQL it is the database's: there may be many machines, and one whose clock is an hour off would call people
outside their hours, or early. On SQLite there is one machine, and it is that machine's.

With SIMULATOR_SPEED above 1 it runs faster than the wall's, from an anchor that all processes share, so that waits,
windows and simulated calls pass quickly. Sessions and request limits of the doors go by the wall clock.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from dialer.models import ClockAnchor


def now() -> dt.datetime:
    """Return the engine's present moment, in UTC."""
    return engine(wall())


def engine(wall_at: dt.datetime) -> dt.datetime:
    """Return the engine's moment at a real one that was just read."""
    speed = float(settings.SIMULATOR_SPEED)
    if speed == 1:
        return wall_at
    last = ClockAnchor.objects.order_by("-id").first()
    return _reading(last if last is not None and last.speed == speed else _anchor(speed), wall_at)


def wall() -> dt.datetime:
    """Return the real moment, in UTC, by the clock that all processes share. Raises DatabaseError."""
    if not settings.DATABASE_CLOCK:
        return timezone.now()
    with connection.cursor() as cursor:
        # NOW() would stand still within a transaction.
        cursor.execute("SELECT clock_timestamp()")
        found: dt.datetime = cursor.fetchone()[0]
    return found


@transaction.atomic
def _anchor(speed: float) -> ClockAnchor:
    """Return the anchor that all processes share; a new speed goes on from where the old one stands."""
    last = ClockAnchor.objects.select_for_update().order_by("-id").first()
    if last is not None and last.speed == speed:
        return last
    met = wall()
    engine = max(met, _reading(last, met)) if last else met
    return ClockAnchor.objects.create(wall_at=met, engine_at=engine, speed=speed)


def _reading(anchor: ClockAnchor, wall_at: dt.datetime) -> dt.datetime:
    return anchor.engine_at + (wall_at - anchor.wall_at) * anchor.speed
