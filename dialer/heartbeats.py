"""Notes that a moving part of the engine is alive."""

from __future__ import annotations

from typing import Any

from dialer import clock
from dialer.models import Heartbeat


def beat(part: str, **detail: Any) -> None:
    """Note that a part has just done its work, by the wall clock."""
    Heartbeat.objects.update_or_create(part=part, defaults={"beat_at": clock.wall(), "detail": detail})
