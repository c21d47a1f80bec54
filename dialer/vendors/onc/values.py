"""Plain values as text: GUIDs, dates, times and durations. Every reader raises Malformed.

A date is read from a date-time too, and a time from a date-time or a duration: clients send whatever their platform
makes of the vendor's "Date" and "Time".
"""

from __future__ import annotations

import datetime as dt
import re
import uuid

from dialer.vendors.base import Malformed

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
_GUID = re.compile(r"(\{)?(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?(1)\})", re.IGNORECASE)
_DATE_TIME = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)"
    r"(?:[T ](?P<time>\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?))?"
    r"(?P<zone>Z|[+-]\d\d:\d\d)?",
    re.ASCII,
)
# JSON of .NET: milliseconds since 1970 in UTC, with the sender's offset where it is a local time.
_TICKS = re.compile(r"/Date\((?P<ms>-?\d{1,15})(?P<zone>[+-]\d{4})?\)/", re.ASCII)
_CLOCK = re.compile(
    r"(?P<sign>-)?(?:(?P<days>\d{1,8})\.)?(?P<hours>\d{1,2}):(?P<minutes>\d\d)(?::(?P<seconds>\d\d(?:\.\d{1,7})?))?",
    re.ASCII,
)
_DURATION = re.compile(
    r"(?P<sign>-)?P(?=[\dT])(?:(?P<days>\d{1,8})D)?"
    r"(?:T(?=[\d.])(?:(?P<hours>\d{1,9})H)?(?:(?P<minutes>\d{1,9})M)?(?:(?P<seconds>\d{1,9}(?:\.\d{1,9})?)S)?)?",
    re.ASCII,
)


def guid(text: str) -> uuid.UUID:
    """Read a GUID: 8-4-4-4-12 in any case, in braces or not, or without dashes."""
    if not _GUID.fullmatch(text):
        raise _wrong(text, "a GUID such as 11111111-1111-4111-8111-111111111111")
    return uuid.UUID(text)


def moment(text: str) -> dt.datetime:
    """Read a date-time; one without a zone is UTC."""
    wanted = "a date-time such as 2026-02-27T08:15:00Z"
    if ticks := _TICKS.fullmatch(text):
        return _from_ticks(ticks, text)
    found = _DATE_TIME.fullmatch(text)
    if not found:
        raise _wrong(text, wanted)
    clock = (found["time"] or "00:00")[:15]
    try:
        return dt.datetime.fromisoformat(f"{found['date']}T{clock}{found['zone'] or 'Z'}")
    except ValueError as error:
        raise _wrong(text, wanted) from error


def date(text: str) -> dt.date:
    """Read a date, or the date part of a date-time as it is written there."""
    return moment(text).date()


def time(text: str) -> dt.timedelta:
    """Read a time of day, the time part of a date-time, or a duration; its range is for the caller to judge."""
    if found := _CLOCK.fullmatch(text) or _DURATION.fullmatch(text):
        return _span(found, text)
    whole = _DATE_TIME.fullmatch(text)
    if _TICKS.fullmatch(text) or (whole and whole["time"]):
        at = moment(text)
        return dt.timedelta(hours=at.hour, minutes=at.minute, seconds=at.second, microseconds=at.microsecond)
    raise _wrong(text, "a time of day such as 09:00:00")


def _span(found: re.Match[str], text: str) -> dt.timedelta:
    parts = found.groupdict()
    numbers = {name: float(parts[name] or 0) for name in ("days", "hours", "minutes", "seconds")}
    if found.re is _CLOCK and (numbers["minutes"] >= 60 or numbers["seconds"] >= 60):
        raise _wrong(text, "a time of day such as 09:00:00")
    try:
        span = dt.timedelta(**numbers)
    except OverflowError as error:
        raise _wrong(text, "a duration such as PT9H") from error
    return -span if parts["sign"] else span


def _from_ticks(found: re.Match[str], text: str) -> dt.datetime:
    zone = found["zone"] or "+0000"
    offset = dt.timedelta(hours=int(zone[1:3]), minutes=int(zone[3:]))
    try:
        sender = dt.timezone(-offset if zone[0] == "-" else offset)
        return (EPOCH + dt.timedelta(milliseconds=int(found["ms"]))).astimezone(sender)
    except (OverflowError, ValueError) as error:
        raise _wrong(text, "a date-time such as /Date(1772179200000)/") from error


def _wrong(text: str, wanted: str) -> Malformed:
    return Malformed(f"{text[:60]!r} is not {wanted}")


def moment_text(value: dt.datetime) -> str:
    """Return a date-time in UTC, to the second."""
    return value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def clock_text(value: dt.timedelta) -> str:
    """Return a time of day as 09:00:00, with a fraction where it has one."""
    hours, rest = divmod(value, dt.timedelta(hours=1))
    minutes, seconds = divmod(rest, dt.timedelta(minutes=1))
    return f"{hours:02}:{minutes:02}:{_seconds(seconds, width=2)}"


def duration_text(value: dt.timedelta) -> str:
    """Return a time of day as an XML duration: PT9H30M, or PT0S at midnight."""
    hours, rest = divmod(value, dt.timedelta(hours=1))
    minutes, seconds = divmod(rest, dt.timedelta(minutes=1))
    text = f"{hours}H" * bool(hours) + f"{minutes}M" * bool(minutes)
    if seconds or not text:
        text += f"{_seconds(seconds)}S"
    return f"PT{text}"


def _seconds(span: dt.timedelta, *, width: int = 1) -> str:
    whole = f"{span.seconds:0{width}}"
    return f"{whole}.{span.microseconds:06}".rstrip("0") if span.microseconds else whole
