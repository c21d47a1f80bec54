"""What machines ask: does it live, and may it be sent requests?"""

from __future__ import annotations

import datetime as dt

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from dialer import clock
from dialer.models import Heartbeat

# The tick comes every second; a worker that was restarted may take this long.
OLDEST_TICK = dt.timedelta(seconds=30)


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 while the database is reachable and the engine ticks; else 503, naming what is wrong."""
    try:
        age = _tick_age()
    except DatabaseError:
        return JsonResponse({"status": "failing", "database": "unreachable", "tick_age_seconds": None}, status=503)
    fine = age is not None and age <= OLDEST_TICK.total_seconds()
    told = {"status": "ok" if fine else "failing", "database": "ok", "tick_age_seconds": age}
    return JsonResponse(told, status=200 if fine else 503)


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 once the database is reachable and has every migration; else 503, naming what is wrong."""
    try:
        executor = MigrationExecutor(connection)
        missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError:
        return JsonResponse({"status": "failing", "database": "unreachable", "migrations_missing": None}, status=503)
    told = {"status": "failing" if missing else "ok", "database": "ok", "migrations_missing": missing}
    return JsonResponse(told, status=503 if missing else 200)


def _tick_age() -> float | None:
    """Return how long ago the engine last ticked, in seconds; None where it never did."""
    beat = Heartbeat.objects.filter(part="tick").first()
    if beat is None:
        return None
    return round(max(0.0, (clock.wall() - beat.beat_at).total_seconds()), 3)
