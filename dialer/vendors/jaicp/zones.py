"""The vendor's `gmtZone` in all its spellings, as a zone that the ledger knows."""

from __future__ import annotations

import functools
import re

from campaigns import hours, refusals

# Where a plus sign was not escaped in a query it has become a space.
_OFFSET = re.compile(r"(?:UTC|GMT|UT)?([+ -])(?:(\d{1,2})|(\d{2})(:?)([0-5]\d)(?:\4([0-5]\d))?)", re.ASCII)
_LONGEST = 64
_UTC = frozenset({"Z", "UT", "UTC+00:00", "UTC-00:00"})


@functools.lru_cache(maxsize=1024)
def read(written: str) -> str:
    """Return the zone of `Z`, ±h, ±hh, ±hh:mm, ±hhmm, ±hh:mm:ss or ±hhmmss, or of an IANA name.

    Offsets may follow UTC, GMT or UT; they are stored as "UTC+05:30". Raises InvalidZone for what is none, or is
    further from UTC than 18 hours.
    """
    offset = _OFFSET.fullmatch(written)
    name = _offset(*offset.group(1, 2, 3, 5, 6)) if offset else written
    if name in _UTC:
        return "UTC"
    if len(name) > _LONGEST:
        raise refusals.InvalidZone("The name of the time zone is too long.", field="gmtZone")
    hours.zone(name)
    return name


def _offset(sign: str, alone: str | None, hour: str | None, minute: str | None, second: str | None) -> str:
    name = f"UTC{'-' if sign == '-' else '+'}{int(alone or hour or 0):02}:{minute or '00'}"
    return f"{name}:{second}" if second and second != "00" else name
