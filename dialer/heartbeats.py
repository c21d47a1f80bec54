"""Notes that a moving part of the engine is alive."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q

from dialer import clock
from dialer.models import Heartbeat


def begins(part: str, *, apart: dt.timedelta) -> bool:
    """Note that a part begins its work, and tell whether it should: not where it began less than `apart` ago.

    However many repeat it at once, one is told yes.
    """
    now = clock.wall()
    row, made = Heartbeat.objects.get_or_create(part=f"{part} began", defaults={"beat_at": now})
    # A beat that lies ahead is of before the clock was set back.
    due = Q(beat_at__lte=now - apart) | Q(beat_at__gt=now)
    return made or Heartbeat.objects.filter(due, pk=row.pk).update(beat_at=now) == 1


def beat(part: str, **detail: Any) -> None:
    """Note that a part has just done its work, by the wall clock."""
    Heartbeat.objects.update_or_create(part=part, defaults={"beat_at": clock.wall(), "detail": detail})
