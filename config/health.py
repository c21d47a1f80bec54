"""What machines ask: does it live, and may it be sent requests?"""

from __future__ import annotations

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from campaigns import outages
from dialer import clock, surroundings, symptoms
from dialer.models import Heartbeat


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 while the database is reachable and the engine ticks; else 503, naming what is wrong."""
    try:
        age = _tick_age()
    except (DatabaseError, InterfaceError):
        return _unreachable(tick_age_seconds=None)
    fine = age is not None and age <= symptoms.SILENT.total_seconds()
    told = {"status": "ok" if fine else "failing", "database": "ok", "tick_age_seconds": age}
    return JsonResponse(told, status=200 if fine else 503)


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 once the database is reachable and has every migration; else 503, naming what is wrong."""
    try:
        missing = surroundings.missing_migrations()
    except (DatabaseError, InterfaceError):
        return _unreachable(migrations_missing=None)
    told = {"status": "failing" if missing else "ok", "database": "ok", "migrations_missing": missing}
    return JsonResponse(told, status=503 if missing else 200)


def _unreachable(**unknown: None) -> JsonResponse:
    told = {"status": "failing", "database": "unreachable", **unknown}
    return JsonResponse(told, status=503, headers={"Retry-After": str(outages.RETRY_AFTER)})


def _tick_age() -> float | None:
    """Return how long ago the engine last ticked, in seconds; None where it never did."""
    beat = Heartbeat.objects.filter(part="tick").first()
    if beat is None:
        return None
    return round(max(0.0, (clock.wall() - beat.beat_at).total_seconds()), 3)
