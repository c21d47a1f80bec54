"""Puts off the collector of cyclic garbage while a request makes objects by the hundred thousand.

They all live to its end and form no cycles, so the collector would walk over them again and again and find nothing:
a third of the time of a bulk request. What is no longer referred to is freed at once, as always.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
# For each that holds it off now, whether the collector was at work before the first of them.
_holders: list[bool] = []


@contextmanager
def put_off() -> Iterator[None]:
    """Collect nothing meanwhile, in any thread. May overlap: the last to end switches the collector on again."""
    with _lock:
        _holders.append(gc.isenabled() or any(_holders))
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            was_at_work = _holders.pop()
            if was_at_work and not _holders:
                gc.enable()
