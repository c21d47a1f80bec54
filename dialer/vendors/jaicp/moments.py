"""Moments as the vendor writes them: ISO 8601 texts or milliseconds since 1970 in requests, milliseconds in answers."""

from __future__ import annotations

import datetime as dt

from campaigns import hours
from dialer.vendors.jaicp import errors

EARLIEST = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
LATEST = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)
_MILLISECOND = dt.timedelta(milliseconds=1)


def read(value: object, name: str, zone_name: str) -> dt.datetime | None:
    """Return a moment; one without an offset is read in the zone. Raises Fault."""
    if value is None:
        return None
    try:
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise TypeError(value)
        moment = _of_text(value.strip(), zone_name) if isinstance(value, str) else EARLIEST + value * _MILLISECOND
    except (TypeError, ValueError, OverflowError) as error:
        raise errors.wrong(name, "a moment in ISO 8601, such as 2026-02-01T10:00:00+03:00") from error
    if not EARLIEST <= moment < LATEST:
        raise errors.wrong(name, "a moment between 1970 and 9998")
    return moment


def _of_text(written: str, zone_name: str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(written)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=hours.zone(zone_name))
    return moment.astimezone(dt.UTC)


def milliseconds(moment: dt.datetime | None) -> int | None:
    """Return a moment as the vendor tells it: milliseconds since 1970, or None."""
    return None if moment is None else (moment - EARLIEST) // _MILLISECOND
