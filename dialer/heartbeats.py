"""Notes that a moving part of the engine begins or has done its work, by the real clock that all processes share."""

from __future__ import annotations

import datetime as dt
import socket
from typing import Any

from django.db.models import Q
from django.utils import timezone

from dialer import clock
from dialer.models import Heartbeat


def begins(part: str, *, apart: dt.timedelta) -> bool:
    """Note that a part begins its work, and tell whether it should: not where it began less than `apart` ago.

    However many repeat it at once, one is told yes.
    """
    now, name = clock.wall(), f"{part} began"
    # A beat that lies ahead is of before the clock was set back.
    due = Q(beat_at__lte=now - apart) | Q(beat_at__gt=now)
    if Heartbeat.objects.filter(due, pk=name).update(beat_at=now) == 1:
        return True
    _, made = Heartbeat.objects.get_or_create(part=name, defaults={"beat_at": now})
    return made


def beat(part: str, **detail: Any) -> None:
    """Note that a part has just done its work, on which machine, and how far that machine's own clock is off."""
    now = clock.wall()
    ahead = round((timezone.now() - now).total_seconds(), 3)
    told = {"host": socket.gethostname(), "skew_seconds": ahead} | detail
    Heartbeat.objects.bulk_create(
        [Heartbeat(part=part, beat_at=now, detail=told)],
        update_conflicts=True,
        unique_fields=["part"],
        update_fields=["beat_at", "detail"],
    )


def machine_ahead() -> float:
    """Return by how many seconds this machine's own clock is ahead of the one that all share."""
    shared = clock.wall()
    return round((timezone.now() - shared).total_seconds(), 3)
