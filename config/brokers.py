"""How workers and beats come back to a broker that was away."""

from __future__ import annotations

from typing import Any

import kombu
from celery.app.amqp import AMQP

# Between two tries to connect, in seconds: at first, by how much more each time, and at most.
WAITS = {"interval_start": 0.2, "interval_step": 0.2, "interval_max": 0.8}


class Connection(kombu.Connection):
    """Tries again every second, however long the broker was away; kombu's own waits longer each time, up to 30 s."""

    def _ensure_connection(self, *args: Any, **options: Any) -> Any:
        return super()._ensure_connection(*args, **(WAITS | options))


class Amqp(AMQP):
    """What the Celery application makes its connections by."""

    Connection = Connection
