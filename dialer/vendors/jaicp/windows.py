"""The vendor's `allowedDays` and `allowedTime` as calling windows of the ledger's form."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from campaigns.hours import DAYS
from dialer.vendors.jaicp import errors

Span = tuple[str, str]
Spans = tuple[Span, ...]

FIELDS = ("allowedDays", "allowedTime", "localTimeFrom", "localTimeTo")
DEFAULT = "default"
WHOLE_DAY: Spans = (("00:00", "24:00"),)
_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d|24:00", re.ASCII)


def read(item: Mapping[str, Any], campaign_windows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]] | None:
    """Return the windows of a number, or None where it has none of its own.

    Days that are not said are the campaign's. The times of a day are those said for it, else those said for every
    day, else the campaign's for that day, else those of any day of the campaign's, else all day. Raises Fault.
    """
    days = _days(item.get("allowedDays"))
    times = _times(item.get("allowedTime"))
    single = _single(item.get("localTimeFrom"), item.get("localTimeTo"))
    if days is None and not times and not single:
        return None
    inherited = _by_day(campaign_windows)
    fallback = times.get(DEFAULT) or single
    anywhere = tuple(dict.fromkeys(span for spans in inherited.values() for span in spans)) or WHOLE_DAY
    wanted: dict[Spans, list[str]] = {}
    for day in DAYS:
        if day in (inherited or DAYS if days is None else days):
            spans = times.get(day) or fallback or inherited.get(day) or anywhere
            wanted.setdefault(spans, []).append(day)
    return [{"days": on, "start": start, "end": end} for spans, on in wanted.items() for start, end in spans]


def _by_day(windows: Sequence[Mapping[str, Any]]) -> dict[str, Spans]:
    """Return a campaign's spans by weekday; none where it calls at any hour."""
    found: dict[str, Spans] = {}
    for window in windows:
        for day in window.get("days", DAYS):
            found[day] = (*found.get(day, ()), (window["start"], window["end"]))
    return found


def _days(value: object) -> list[str] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not 1 <= len(value) <= 7 or any(day not in DAYS for day in value):
        raise errors.wrong("allowedDays", f"a list of 1 to 7 of {', '.join(DAYS)}")
    return value


def _times(value: object) -> dict[str, Spans]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise errors.wrong("allowedTime", "an object by day of the week")
    for key in value:
        if key not in DAYS and key != DEFAULT:
            raise errors.invalid(f"allowedTime has no key {key[:40]!r}; {', '.join(DAYS)} and {DEFAULT} are known.")
    return {day: _spans(spans, f"allowedTime.{day}") for day, spans in value.items()}


def _spans(value: object, path: str) -> Spans:
    if not isinstance(value, list) or not value:
        raise errors.wrong(path, "a list of at least one interval")
    spans = sorted(_span(item, f"{path}[{index}]") for index, item in enumerate(value))
    for (_, end), (start, _) in pairwise(spans):
        if start < end:
            raise errors.Fault(errors.BAD_TIMES, f"{path}: the intervals overlap at {start}.")
    return tuple(spans)


def _span(value: object, path: str) -> Span:
    if not isinstance(value, dict):
        raise errors.wrong(path, "an object with localTimeFrom and localTimeTo")
    return _ordered(_time(value.get("localTimeFrom"), f"{path}."), _time(value.get("localTimeTo"), f"{path}.", "To"))


def _single(start: object, end: object) -> Spans:
    """Return the one interval of the older form, in which either end may be open."""
    if start is None and end is None:
        return ()
    opens, shuts = WHOLE_DAY[0]
    return (_ordered(_time(opens if start is None else start), _time(shuts if end is None else end, which="To")),)


def _ordered(start: str, end: str) -> Span:
    if start >= end:
        raise errors.invalid(f"localTimeFrom {start} must be before localTimeTo {end}.")
    return start, end


def _time(value: object, path: str = "", which: str = "From") -> str:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise errors.wrong(f"{path}localTime{which}", "a time of day written HH:MM")
    return value
