"""Nights in which clocks change, and whether a moment is within a window there: by the zone's own rules alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
# An hour at 2, at 24 o'clock, half an hour, two hours, for a month of fasting, and in the south.
ZONES = (
    "Europe/Rome",
    "America/New_York",
    "America/Havana",
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "Africa/Casablanca",
    "America/Santiago",
)


@dataclass(frozen=True, slots=True)
class Case:
    """A party in a zone who may be called within windows, from a moment on for some hours."""

    name: str
    zone: str
    starts_at: dt.datetime
    windows: list[dict[str, Any]]
    holidays: list[str] = field(default_factory=list)
    hours: int = 60
    # A case in which nothing may be placed until it ends.
    is_shut: bool = False

    def is_open(self, moment: dt.datetime) -> bool:
        """Tell whether the clock on the party's wall shows a time within a window. Knows nothing of the product."""
        local = moment.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None)
        if local.date().isoformat() in self.holidays:
            return False
        return any(_within(window, local, self.holidays) for window in self.windows)

    def must_be_open(self, moment: dt.datetime) -> bool:
        """Tell whether there is no doubt that it is open: the clock does not change within three hours."""
        offsets = {(moment + hours * HOUR).astimezone(ZoneInfo(self.zone)).utcoffset() for hours in range(-3, 4)}
        return len(offsets) == 1 and self.is_open(moment)

    def first_open(self, until: dt.datetime) -> dt.datetime | None:
        """Return the first whole minute that is open beyond doubt."""
        moment = self.starts_at
        while moment < until:
            if self.must_be_open(moment):
                return moment
            moment += MINUTE
        return None


def _within(window: dict[str, Any], local: dt.datetime, holidays: list[str]) -> bool:
    starts, ends = (_minutes(window[name]) for name in ("start", "end"))
    days = window.get("days", DAYS)
    minute = local.hour * 60 + local.minute
    if starts < ends:
        return DAYS[local.weekday()] in days and starts <= minute < ends
    before = local.date() - DAY
    began_before = DAYS[before.weekday()] in days and before.isoformat() not in holidays
    return (DAYS[local.weekday()] in days and minute >= starts) or (began_before and minute < ends)


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def switches(name: str, year: int) -> list[dt.datetime]:
    """Return the moments of a year at which a zone's clock changes, in UTC."""
    zone, found = ZoneInfo(name), []
    moment = dt.datetime(year, 1, 1, tzinfo=dt.UTC)
    while moment.year == year:
        later = moment + dt.timedelta(minutes=30)
        if moment.astimezone(zone).utcoffset() != later.astimezone(zone).utcoffset():
            found.append(later)
        moment = later
    return found


def _at(moment: dt.datetime, minutes: int = 0) -> str:
    return (moment + minutes * MINUTE).strftime("%H:%M")


def of_switches(year: int) -> Iterator[Case]:
    """Yield cases around every switch of every zone: a day's window, one in the changed hour, one over the night."""
    for name in ZONES:
        for switch in switches(name, year):
            zone = ZoneInfo(name)
            # The time that is skipped begins here, or the time that comes twice ends here.
            wall = (switch - MINUTE).astimezone(zone).replace(tzinfo=None) + MINUTE
            jump = switch.astimezone(zone).utcoffset() - (switch - MINUTE).astimezone(zone).utcoffset()
            lowest = wall if jump > dt.timedelta(0) else wall + jump
            kind = "skipped" if jump > dt.timedelta(0) else "doubled"
            for what, windows in {
                "by day": [{"start": "09:00", "end": "20:00"}],
                f"within the {kind} hour": [{"start": _at(lowest, 5), "end": _at(lowest, 25)}],
                f"from before into the {kind} hour": [{"start": _at(lowest, -45), "end": _at(lowest, 15)}],
                f"from the {kind} hour on": [{"start": _at(lowest, 15), "end": _at(lowest, 150)}],
                "over night": [{"start": "22:00", "end": _at(lowest, 20)}],
            }.items():
                yield Case(f"{name} {switch:%d %b}: {what}", name, switch - 26 * HOUR, windows)


def of_the_calendar() -> Iterator[Case]:
    """Yield cases of odd days: the leap day, the turn of the year, a day that never was."""
    rome, leap = ZoneInfo("Europe/Rome"), dt.datetime(2032, 2, 28, 0, 30, tzinfo=dt.UTC)
    daily = {"start": "09:00", "end": "18:00"}
    yield Case("leap day, a Sunday", "Europe/Rome", leap, [daily | {"days": ["sun"]}])
    yield Case("leap day as a holiday", "Europe/Rome", leap, [daily], ["2032-02-29"])
    yield Case(
        "over midnight into the leap day", "Europe/Rome", leap, [{"days": ["sat"], "start": "22:00", "end": "02:00"}]
    )
    eve = dt.datetime(2031, 12, 31, 6, tzinfo=rome).astimezone(dt.UTC)
    yield Case("over the turn of the year", "Europe/Rome", eve, [{"days": ["wed"], "start": "20:00", "end": "03:00"}])
    yield Case("New Year's Day as a holiday", "Europe/Rome", eve, [{"start": "20:00", "end": "10:00"}], ["2032-01-01"])
    apia = dt.datetime(2011, 12, 29, 12, tzinfo=dt.UTC)
    yield Case("a Friday that never was", "Pacific/Apia", apia, [daily | {"days": ["fri"]}], hours=48, is_shut=True)
    yield Case("around a Friday that never was", "Pacific/Apia", apia, [daily], hours=72)
    yield Case("over midnight into no Friday", "Pacific/Apia", apia, [{"start": "20:00", "end": "04:00"}], hours=72)
    yield Case("half an hour's zone", "Asia/Kolkata", leap, [{"start": "09:15", "end": "09:45"}])
    yield Case("a zone that gave up its switch", "Asia/Tehran", leap, [daily])
