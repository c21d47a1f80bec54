"""Fixed offsets from UTC stand where a zone's name does."""

from __future__ import annotations

import datetime as dt

import pytest

from campaigns import hours, refusals

NINE_TO_TEN = hours.Hours(hours.parse_windows([{"start": "09:00", "end": "10:00"}]))


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("UTC+05:30", 19_800),
        ("UTC-05:30", -19_800),
        ("UTC+00:00", 0),
        ("UTC+18:00", 64_800),
        ("UTC-18:00", -64_800),
        ("UTC+01:02:03", 3_723),
    ],
)
def test_an_offset_is_a_zone(name, seconds):
    here = hours.zone(name)

    assert dt.datetime(2031, 7, 1, tzinfo=here).utcoffset() == dt.timedelta(seconds=seconds)
    assert dt.datetime(2031, 1, 1, tzinfo=here).utcoffset() == dt.timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "name",
    ["UTC+18:01", "UTC-18:00:01", "UTC+19:00", "UTC+5:30", "UTC+0530", "+05:30", "UTC+05:60", "UTC+٠٥:٣٠", "UTC+", ""],
)
def test_what_is_no_offset_is_refused(name):
    with pytest.raises(refusals.InvalidZone):
        hours.zone(name)


def test_windows_are_read_on_the_clock_of_an_offset():
    moment = dt.datetime(2031, 3, 3, 3, 29, tzinfo=dt.UTC)

    shut = hours.judge(NINE_TO_TEN, ["UTC+05:30"], moment)
    opened = hours.judge(NINE_TO_TEN, ["UTC+05:30"], moment + dt.timedelta(minutes=1))

    assert not shut.is_open
    assert shut.opens_at == dt.datetime(2031, 3, 3, 3, 30, tzinfo=dt.UTC)
    assert opened.is_open


def test_an_offset_and_a_named_zone_must_both_agree():
    # Nine to ten in Rome is eight to nine in UTC; in UTC+00:30 that is half past eight to half past nine.
    early = dt.datetime(2031, 3, 3, 8, 0, tzinfo=dt.UTC)

    verdict = hours.judge(NINE_TO_TEN, ["Europe/Rome", "UTC+00:30"], early)

    assert not verdict.is_open
    assert verdict.opens_at == dt.datetime(2031, 3, 3, 8, 30, tzinfo=dt.UTC)
