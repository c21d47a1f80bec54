"""When somebody may be called: windows, nights, holidays, several zones, daylight saving."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns import hours, refusals

TWICE = [{"start": "09:00", "end": "12:00"}, {"start": "15:00", "end": "18:00"}]
WORKDAYS = ["mon", "tue", "wed", "thu", "fri"]


def made(*windows, holidays=()):
    return hours.Hours(hours.parse_windows(list(windows)), hours.parse_holidays(list(holidays)))


def window(start, end, days=hours.DAYS):
    return {"days": list(days), "start": start, "end": end}


def moment(text):
    return dt.datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("windows", "now", "is_open", "opens_at"),
    [
        # Monday 3 March 2031, Rome is an hour ahead of UTC.
        ([], "2031-03-03T03:00+00:00", True, None),
        ([window("09:00", "20:00")], "2031-03-03T08:00+00:00", True, None),
        ([window("09:00", "20:00")], "2031-03-03T07:59:59+00:00", False, "2031-03-03T08:00+00:00"),
        ([window("09:00", "20:00")], "2031-03-03T19:00+00:00", False, "2031-03-04T08:00+00:00"),
        ([window("09:00", "20:00", WORKDAYS)], "2031-03-07T19:00+00:00", False, "2031-03-10T08:00+00:00"),
        (
            [window("09:00", "12:00"), window("15:00", "18:00")],
            "2031-03-03T12:00+00:00",
            False,
            "2031-03-03T14:00+00:00",
        ),
        ([window("22:00", "02:00", ["mon"])], "2031-03-03T23:30+00:00", True, None),
        ([window("22:00", "02:00", ["mon"])], "2031-03-04T00:59+00:00", True, None),
        ([window("22:00", "02:00", ["mon"])], "2031-03-04T01:00+00:00", False, "2031-03-10T21:00+00:00"),
        ([window("22:00", "02:00", ["tue"])], "2031-03-04T00:30+00:00", False, "2031-03-04T21:00+00:00"),
        ([window("00:00", "24:00", ["tue"])], "2031-03-03T23:00+00:00", True, None),
        ([window("09:00", "09:00", ["mon"])], "2031-03-04T07:59+00:00", True, None),
    ],
)
def test_windows_in_one_zone(windows, now, is_open, opens_at):
    verdict = hours.judge(made(*windows), ("Europe/Rome",), moment(now))
    assert verdict.is_open is is_open
    if opens_at:
        assert verdict.opens_at == moment(opens_at)


def test_a_holiday_is_shut_in_the_called_partys_own_date():
    nine_to_five = made(window("09:00", "17:00"), holidays=["2031-03-04"])
    verdict = hours.judge(nine_to_five, ("Asia/Tokyo",), moment("2031-03-03T23:30+00:00"))
    assert (verdict.is_open, verdict.opens_at) == (False, moment("2031-03-05T00:00+00:00"))


def test_a_holiday_without_windows_shuts_the_whole_day():
    only_holiday = made(holidays=["2031-03-03"])
    verdict = hours.judge(only_holiday, ("Europe/Rome",), moment("2031-03-03T10:00+00:00"))
    assert (verdict.is_open, verdict.opens_at) == (False, moment("2031-03-03T23:00+00:00"))


def test_a_window_over_midnight_stops_where_a_holiday_begins():
    night = made(window("22:00", "02:00"), holidays=["2031-03-04"])
    assert not hours.judge(night, ("UTC",), moment("2031-03-04T01:00+00:00")).is_open
    assert hours.judge(night, ("UTC",), moment("2031-03-03T23:59+00:00")).is_open


def test_several_zones_must_all_allow_it():
    day = made(window("09:00", "20:00"))
    zones = ("America/New_York", "America/Los_Angeles")
    verdict = hours.judge(day, zones, moment("2031-03-03T15:00+00:00"))
    assert (verdict.is_open, verdict.opens_at) == (False, moment("2031-03-03T17:00+00:00"))


def test_zones_that_never_open_together_never_open():
    morning = made(window("09:00", "11:00"))
    verdict = hours.judge(morning, ("Europe/Rome", "America/New_York"), moment("2031-03-03T10:00+00:00"))
    assert verdict == hours.Verdict(is_open=False)


@pytest.mark.parametrize(
    ("start", "end", "utc", "is_open"),
    [
        # Rome, 30 March 2031: the clock jumps from 02:00 to 03:00 (01:00 UTC).
        ("02:30", "04:00", "2031-03-30T01:10+00:00", False),
        ("02:30", "04:00", "2031-03-30T01:30+00:00", True),
        ("01:00", "02:30", "2031-03-30T00:29+00:00", True),
        ("01:00", "02:30", "2031-03-30T01:00+00:00", False),
        # Rome, 26 October 2031: 02:00 to 03:00 comes twice (00:00 to 02:00 UTC).
        ("02:30", "05:00", "2031-10-26T00:40+00:00", False),
        ("02:30", "05:00", "2031-10-26T01:35+00:00", True),
        ("01:00", "02:30", "2031-10-26T00:29+00:00", True),
        ("01:00", "02:30", "2031-10-26T01:10+00:00", False),
    ],
)
def test_daylight_saving_both_ways(start, end, utc, is_open):
    assert hours.judge(made(window(start, end)), ("Europe/Rome",), moment(utc)).is_open is is_open


ZONES = ["Europe/Rome", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns", "Africa/Cairo"]


@settings(max_examples=300, deadline=None)
@given(
    name=st.sampled_from(ZONES),
    start=st.integers(0, 1439),
    length=st.integers(1, 1439),
    days=st.sets(st.integers(0, 6), min_size=1),
    seconds=st.integers(0, 2 * 365 * 86400),
)
def test_what_is_open_is_inside_the_window_on_the_wall_clock(name, start, length, days, seconds):
    end = (start + length) % 1440
    hours_text = [f"{minute // 60:02d}:{minute % 60:02d}" for minute in (start, end)]
    spans = made(window(*hours_text, [hours.DAYS[day] for day in sorted(days)]))
    now = moment("2026-01-01T00:00+00:00") + dt.timedelta(seconds=seconds)

    verdict = hours.judge(spans, (name,), now)

    at = now if verdict.is_open else verdict.opens_at
    if at is None:
        return
    local = at.astimezone(zoneinfo.ZoneInfo(name))
    minute = local.hour * 60 + local.minute
    yesterday = (local.weekday() - 1) % 7
    if end > start:
        assert local.weekday() in days
        assert start <= minute < end
    else:
        assert (local.weekday() in days and minute >= start) or (yesterday in days and minute < end)
    assert hours.judge(spans, (name,), at).is_open


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("09:00-20:00", "windows: a list"),
        ([5], "windows[0]: an object"),
        ([{"start": "09:00"}], "windows[0].end"),
        ([window("9:00", "20:00")], "windows[0].start: '9:00'"),
        ([window("09:00", "25:00")], "windows[0].end: '25:00'"),
        ([window("09:00", "20:60")], "windows[0].end"),
        ([window("09:00", "20:00"), window("09:00", "20:00", ["monday"])], "windows[1].days"),
        ([window("09:00", "20:00", [])], "windows[0].days"),
        ([{"start": "09:00", "end": "20:00", "zone": "x"}], "unknown key 'zone'"),
    ],
)
def test_malformed_windows_are_refused_by_place(value, words):
    with pytest.raises(refusals.InvalidWindows) as refused:
        hours.parse_windows(value)
    assert words in refused.value.message


@pytest.mark.parametrize("name", ["Mars/Base", "", "../etc/passwd", "/etc/localtime", "localtime", "Europe"])
def test_unknown_zones_are_refused(name):
    with pytest.raises(refusals.InvalidZone):
        hours.zone(name)
