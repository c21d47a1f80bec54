"""The engine's clock. Only views, tasks and commands read it; everything below gets `now` as an argument.

With SIMULATOR_SPEED above 1 it runs faster than the wall's, from an anchor that all processes share, so that waits,
windows and simulated calls pass quickly. Sessions and request limits of the doors go by the wall clock.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from dialer.models import ClockAnchor


def now() -> dt.datetime:
    """Return the engine's present moment, in UTC."""
    speed = float(settings.SIMULATOR_SPEED)
    if speed == 1:
        return timezone.now()
    last = ClockAnchor.objects.order_by("-id").first()
    return _reading(last if last is not None and last.speed == speed else _anchor(speed), timezone.now())


@transaction.atomic
def _anchor(speed: float) -> ClockAnchor:
    """Return the anchor that all processes share; a new speed goes on from where the old one stands."""
    last = ClockAnchor.objects.select_for_update().order_by("-id").first()
    if last is not None and last.speed == speed:
        return last
    wall = timezone.now()
    engine = max(wall, _reading(last, wall)) if last else wall
    return ClockAnchor.objects.create(wall_at=wall, engine_at=engine, speed=speed)


def _reading(anchor: ClockAnchor, wall: dt.datetime) -> dt.datetime:
    return anchor.engine_at + (wall - anchor.wall_at) * anchor.speed
