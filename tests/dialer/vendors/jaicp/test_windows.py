"""Allowed days and times: what a number says itself, what it inherits, and that the engine keeps to it."""

from __future__ import annotations

import datetime as dt

import pytest

from campaigns import hours
from dialer.vendors.jaicp import windows

OFFICE = [{"days": ["mon", "tue", "wed", "thu", "fri"], "start": "09:00", "end": "18:00"}]
MORNING = {"localTimeFrom": "08:00", "localTimeTo": "09:30"}
EVENING = {"localTimeFrom": "19:00", "localTimeTo": "20:00"}


@pytest.mark.parametrize(
    ("item", "campaign", "wanted"),
    [
        ({}, OFFICE, None),
        ({"allowedTime": {}}, OFFICE, None),
        # Days alone: at any hour, or at the campaign's.
        ({"allowedDays": ["mon"]}, [], [(["mon"], "00:00", "24:00")]),
        ({"allowedDays": ["mon", "sat"]}, OFFICE, [(["mon", "sat"], "09:00", "18:00")]),
        # Times alone: on all days, or on the campaign's.
        ({"allowedTime": {"default": [EVENING]}}, [], [(list(hours.DAYS), "19:00", "20:00")]),
        ({"allowedTime": {"default": [EVENING]}}, OFFICE, [(["mon", "tue", "wed", "thu", "fri"], "19:00", "20:00")]),
        # A day without a time of its own: the default, else the campaign's.
        (
            {"allowedDays": ["mon", "tue"], "allowedTime": {"mon": [EVENING, MORNING], "default": [EVENING]}},
            [],
            [(["mon"], "08:00", "09:30"), (["mon"], "19:00", "20:00"), (["tue"], "19:00", "20:00")],
        ),
        (
            {"allowedDays": ["mon", "tue"], "allowedTime": {"tue": [EVENING]}},
            OFFICE,
            [(["mon"], "09:00", "18:00"), (["tue"], "19:00", "20:00")],
        ),
        # Times of days that are not allowed are ignored.
        ({"allowedDays": ["mon"], "allowedTime": {"tue": [EVENING]}}, [], [(["mon"], "00:00", "24:00")]),
        # The older form, with either end open.
        ({"localTimeFrom": "10:00", "localTimeTo": "11:00", "allowedDays": ["sun"]}, [], [(["sun"], "10:00", "11:00")]),
        ({"localTimeFrom": "10:00", "allowedDays": ["sun"]}, [], [(["sun"], "10:00", "24:00")]),
        ({"localTimeTo": "10:00", "allowedDays": ["sun"]}, [], [(["sun"], "00:00", "10:00")]),
        (
            {"localTimeTo": "10:00", "allowedDays": ["sun"], "allowedTime": {"default": [EVENING]}},
            [],
            [(["sun"], "19:00", "20:00")],
        ),
        # Intervals that touch do not overlap.
        (
            {
                "allowedDays": ["mon"],
                "allowedTime": {"mon": [{"localTimeFrom": "09:30", "localTimeTo": "10:00"}, MORNING]},
            },
            [],
            [(["mon"], "08:00", "09:30"), (["mon"], "09:30", "10:00")],
        ),
    ],
)
def test_windows_of_a_number(item, campaign, wanted):
    found = windows.read(item, campaign)

    assert found == (wanted and [{"days": days, "start": start, "end": end} for days, start, end in wanted])
    hours.parse_windows(found or [])


def test_windows_are_half_open_and_local(crm):
    # The window is 11:00 to 11:01 in a zone three hours east: 08:00 UTC on the next days.
    item = {
        "phone": "39061230408",
        "gmtZone": "+03:00",
        "allowedTime": {"default": [{"localTimeFrom": "11:00", "localTimeTo": "11:01"}]},
        "maxAttempts": 3,
        "retryIntervalInMinutes": 1,
    }
    (pk,) = crm.added(item)
    crm.world.run_until_idle()

    assert [dial.claimed_at for dial in crm.dials()] == [
        dt.datetime(2031, 3, day, 8, 0, tzinfo=dt.UTC) for day in (4, 5, 6)
    ]
    assert crm.report(pk)["jobStatus"] == "noAnswer"


def test_nothing_is_dialled_before_the_start_or_after_the_finish(crm):
    start = crm.world.now + dt.timedelta(hours=2)
    item = {
        "phone": "39061230486",
        "startDateTime": start.isoformat(),
        "finishDateTime": (start + dt.timedelta(minutes=5)).isoformat(),
        "maxAttempts": 50,
        "retryIntervalInMinutes": 2,
    }
    (pk,) = crm.added(item)
    crm.world.run_until_idle()

    moments = [dial.claimed_at for dial in crm.dials()]
    assert len(moments) == 3
    assert moments[0] == start
    assert moments[-1] < start + dt.timedelta(minutes=5)
    assert crm.report(pk)["jobStatus"] == "notDone"


def test_a_number_without_a_zone_is_called_by_its_own(crm):
    # New York is five hours behind: nine in the morning there is 14:00 UTC.
    item = {"phone": "12125550408", "allowedTime": {"default": [{"localTimeFrom": "09:00", "localTimeTo": "10:00"}]}}
    crm.added(item)
    crm.world.run_until_idle()

    assert crm.dials().first().claimed_at == dt.datetime(2031, 3, 3, 14, 0, tzinfo=dt.UTC)
