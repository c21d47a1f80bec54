"""When somebody may be called: pure functions of windows, zones and a moment."""

from __future__ import annotations

import datetime as dt
import functools
import re
import zoneinfo
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from campaigns import refusals

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# How far ahead an opening is looked for; windows repeat weekly, holidays may cover more than one week.
HORIZON = dt.timedelta(days=60)
# A fixed offset from UTC, such as UTC+05:30; no clock on earth is further off than the widest.
_OFFSET = re.compile(r"UTC([+-])(\d\d):([0-5]\d)(?::([0-5]\d))?", re.ASCII)
_WIDEST = dt.timedelta(hours=18)


@dataclass(frozen=True, slots=True)
class Window:
    """A span of local time on some weekdays; an end at or before the start lies on the next day.

    `starts` and `ends` are minutes after local midnight; a window over midnight belongs to the day it starts on.
    """

    days: frozenset[int]
    starts: int
    ends: int


@dataclass(frozen=True, slots=True)
class Hours:
    """All the windows of a campaign or of a call; none at all means at any hour, but never on a holiday."""

    windows: tuple[Window, ...] = ()
    holidays: frozenset[dt.date] = frozenset()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the hour suits now; if not, when it next does (None: not within the horizon)."""

    is_open: bool
    opens_at: dt.datetime | None = None


@functools.lru_cache(maxsize=1024)
def zone(name: str) -> dt.tzinfo:
    """Return the zone of an IANA name, or of a fixed offset such as "UTC+05:30". Raises InvalidZone."""
    try:
        if fixed := _OFFSET.fullmatch(name):
            return _fixed(name, *fixed.groups(default="0"))
        if not name or name.startswith((".", "/")) or name == "localtime":
            raise ValueError(name)
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise refusals.InvalidZone(
            f"{name!r} is no time zone; an IANA name is wanted, such as Europe/Rome.", field="timezone"
        ) from error


def _fixed(name: str, sign: str, hours: str, minutes: str, seconds: str) -> dt.timezone:
    offset = dt.timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds))
    if offset > _WIDEST:
        raise ValueError(name)
    return dt.timezone(-offset if sign == "-" else offset, name)


def parse_windows(value: object) -> tuple[Window, ...]:
    """Read windows as stored: [{"days": ["mon", …], "start": "HH:MM", "end": "HH:MM"}, …].

    `days` may be left out for every day. An end of "24:00" is midnight. Raises InvalidWindows.
    """
    if not isinstance(value, list):
        raise refusals.InvalidWindows("windows: a list is wanted.", field="windows")
    return tuple(_parse_window(item, f"windows[{index}]") for index, item in enumerate(value))


def _parse_window(item: object, path: str) -> Window:
    if not isinstance(item, dict):
        raise refusals.InvalidWindows(f"{path}: an object is wanted.", field="windows")
    if unknown := set(item) - {"days", "start", "end"}:
        raise refusals.InvalidWindows(
            f"{path}: unknown key {sorted(map(str, unknown))[0]!r}; days, start and end are known.",
            field="windows",
        )
    return Window(
        days=_parse_days(item.get("days", list(DAYS)), f"{path}.days"),
        starts=_parse_minute(item.get("start"), f"{path}.start"),
        ends=_parse_minute(item.get("end"), f"{path}.end"),
    )


def _parse_days(value: object, path: str) -> frozenset[int]:
    if not isinstance(value, list) or not value or any(day not in DAYS for day in value):
        raise refusals.InvalidWindows(f"{path}: a list of {', '.join(DAYS)} is wanted.", field="windows")
    return frozenset(DAYS.index(day) for day in value)


def _parse_minute(value: object, path: str) -> int:
    if isinstance(value, str) and len(value) == 5 and value[2] == ":":
        hours, minutes = value[:2], value[3:]
        if hours.isascii() and minutes.isascii() and hours.isdigit() and minutes.isdigit():
            minute = int(hours) * 60 + int(minutes)
            if int(minutes) < 60 and minute <= 24 * 60:
                return minute
    raise refusals.InvalidWindows(f"{path}: {value!r} is no time of day; HH:MM is wanted.", field="windows")


def parse_holidays(value: object) -> frozenset[dt.date]:
    """Read holidays as stored: ["2026-12-25", …]. Raises InvalidWindows."""
    if not isinstance(value, list):
        raise refusals.InvalidWindows("holidays: a list of dates is wanted.", field="holidays")
    found = set()
    for index, item in enumerate(value):
        try:
            found.add(dt.date.fromisoformat(item))
        except (TypeError, ValueError) as error:
            raise refusals.InvalidWindows(
                f"holidays[{index}]: {item!r} is no date; YYYY-MM-DD is wanted.", field="holidays"
            ) from error
    return frozenset(found)


def judge(hours: Hours, zones: Sequence[str], now: dt.datetime) -> Verdict:
    """Tell whether the hour suits in every one of the zones at once, and if not, when it next does.

    A called party who may be in several zones is called only where all of them allow it.
    """
    if not hours.windows and not hours.holidays:
        return Verdict(is_open=True)
    moment = now
    end = now + HORIZON
    while moment < end:
        latest = max(_next_open(hours, name, moment, end) for name in zones)
        if latest == moment:
            return Verdict(is_open=moment == now, opens_at=moment)
        moment = latest
    return Verdict(is_open=False)


def shuts_at(hours: Hours, zones: Sequence[str], now: dt.datetime) -> dt.datetime | None:
    """Return when the hours that are open now next shut, to the minute; None where they never do."""
    if not hours.windows and not hours.holidays:
        return None
    moment = now.replace(second=0, microsecond=0)
    for _ in range(8 * 24 * 60):
        moment += dt.timedelta(minutes=1)
        if not judge(hours, zones, moment).is_open:
            return moment
    return None


def _next_open(hours: Hours, name: str, moment: dt.datetime, end: dt.datetime) -> dt.datetime:
    """Return the first moment from `moment` on at which one zone's hours are open, or `end`."""
    here = zone(name)
    local = moment.astimezone(here)
    best = end
    # Yesterday's window may still be open over midnight.
    for offset in range(-1, (end - moment).days + 1):
        day = local.date() + dt.timedelta(days=offset)
        for opens, shuts in _spans(hours, day, here):
            if opens <= moment < shuts:
                return moment
            if moment < opens < best:
                best = opens
        # Spans of later days start later; a window over midnight starts on its own day, so one day's look ahead
        # settles it.
        if best < end and offset >= 1 and best.astimezone(here).date() < day:
            return best
    return best


def _spans(hours: Hours, day: dt.date, here: dt.tzinfo) -> Iterable[tuple[dt.datetime, dt.datetime]]:
    if day in hours.holidays:
        return
    for window in hours.windows or (EVERY_HOUR,):
        if day.weekday() not in window.days:
            continue
        next_day = window.ends <= window.starts
        opens = _moment(day, window.starts, here, pick=max)
        shuts = _moment(day + dt.timedelta(days=1) if next_day else day, window.ends, here, pick=min)
        # A window over midnight stops where a holiday begins.
        if next_day and window.ends and day + dt.timedelta(days=1) in hours.holidays:
            shuts = _moment(day + dt.timedelta(days=1), 0, here, pick=min)
        if opens < shuts:
            yield opens, shuts


def _moment(day: dt.date, minute: int, here: dt.tzinfo, *, pick: Callable[..., dt.datetime]) -> dt.datetime:
    """Return a local minute as a moment in UTC.

    Where daylight saving makes a minute come twice or not at all, there are two readings: a window opens at the
    later of them and shuts at the earlier, so that no clock on the wall ever shows a time outside of it.
    """
    if minute == 24 * 60:
        day, minute = day + dt.timedelta(days=1), 0
    wall = dt.datetime.combine(day, dt.time(minute // 60, minute % 60), tzinfo=here)
    return pick(wall.astimezone(dt.UTC), wall.replace(fold=1).astimezone(dt.UTC))


EVERY_HOUR = Window(days=frozenset(range(7)), starts=0, ends=24 * 60)
