"""Hears the witness's events and records them; what happens while it is dead is lost, as with a real carrier.

python -m tests.trials.witness.listener
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Iterator
from typing import Any

import django
import httpx

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.trials.settings")
# After each batch, so that the next is one of many events; in seconds.
REST_SECONDS = 0.1
logger = logging.getLogger(__name__)


def batches(stream: Iterator[bytes]) -> Iterator[list[dict[str, Any]]]:
    """Return whole lines as they come, all that are there at once."""
    rest = b""
    for piece in stream:
        *lines, rest = (rest + piece).split(b"\n")
        yield [json.loads(line) for line in lines if line]


def listen(url: str) -> None:
    """Record events until the witness hangs up."""
    from django.db import close_old_connections

    from dialer import clock, outcomes
    from tests.trials.carrier import event_of

    with httpx.stream("GET", f"{url}/events", timeout=5, trust_env=False) as answer:
        for events in batches(answer.iter_raw()):
            close_old_connections()
            outcomes.apply([event_of(event) for event in events], now=clock.now())
            time.sleep(REST_SECONDS)


def main() -> None:
    django.setup()
    from django.db import DatabaseError, InterfaceError, connection

    while True:
        try:
            listen(os.environ["WITNESS_URL"])
        except (httpx.HTTPError, DatabaseError, InterfaceError) as error:
            logger.warning("The listener begins again: %s", error)
            connection.close()
            time.sleep(0.2)


if __name__ == "__main__":
    main()
