"""Moments as operators read them: the engine's own clock, local times with their zone, spans in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from campaigns import hours


def now() -> dt.datetime:
    """Return the engine's present moment; whose clock that is, the settings name."""
    return cast(Callable[[], dt.datetime], import_string(settings.ENGINE_CLOCK))()


def shown(moment: dt.datetime | None, zone: str = "") -> str:
    """Return a moment with its zone, such as "Sat 21 Nov 2026 14:32:07 CET"; "-" for none.

    Without a zone it is the one that the page is shown in.
    """
    if moment is None:
        return "-"
    local = moment.astimezone(hours.zone(zone) if zone else timezone.get_current_timezone())
    return f"{local:%a} {local.day} {local:%b %Y %H:%M:%S} {local.tzname()}"


def brief(moment: dt.datetime | None) -> str:
    """Return a moment as lists show it: "21 Nov 2026 14:32:07 CET"; "-" for none."""
    return shown(moment).partition(" ")[2] or "-"


def after(moment: dt.datetime, start: dt.datetime) -> str:
    """Return how long after a start something was: "+1.8 s", "+2:05", "+1:02:05"."""
    seconds = (moment - start).total_seconds()
    return f"+{seconds:.1f} s" if seconds < 60 else f"+{clock(seconds)}"


def clock(seconds: float) -> str:
    """Return a span as a clock shows it: 0:31, 2:05, 1:02:05."""
    whole = int(seconds)
    hour, minute, second = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hour}:{minute:02}:{second:02}" if hour else f"{minute}:{second:02}"


def away(moment: dt.datetime, present: dt.datetime) -> str:
    """Return how far off a moment is, in words: "in 12 min", "3 h ago", "now"."""
    seconds = (moment - present).total_seconds()
    number, unit = _rounded(abs(seconds))
    if number == 0:
        return "now"
    return f"in {number} {unit}" if seconds > 0 else f"{number} {unit} ago"


def _rounded(seconds: float) -> tuple[int, str]:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return int(seconds // size), unit
    return int(seconds), "s"
