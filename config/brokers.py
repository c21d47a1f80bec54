"""How workers and beats come back to a broker that was away."""

from __future__ import annotations

from typing import Any

import kombu
from celery.app.amqp import AMQP


class Connection(kombu.Connection):
    """Tries again every second, however long the broker was away; kombu's own waits longer each time, up to 30 s."""

    def _ensure_connection(
        self,
        errback: Any = None,
        max_retries: Any = None,
        interval_start: Any = 0.2,
        interval_step: Any = 0.2,
        interval_max: Any = 0.8,
        *rest: Any,
        **options: Any,
    ) -> Any:
        waits = (interval_start, interval_step, interval_max)
        return super()._ensure_connection(errback, max_retries, *waits, *rest, **options)


class Amqp(AMQP):
    """What the Celery application makes its connections by."""

    Connection = Connection
