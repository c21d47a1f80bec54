"""The engine's clock: the wall's, or faster from an anchor that all share."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.conf import Settings
from django.db import connection

from dialer import clock, heartbeats
from dialer.models import ClockAnchor, Heartbeat

START = dt.datetime(2031, 3, 3, 10, tzinfo=dt.UTC)


@pytest.mark.django_db
def test_at_speed_one_it_is_the_walls():
    with time_machine.travel(START, tick=False):
        assert clock.now() == START
    assert not ClockAnchor.objects.exists()


@pytest.mark.django_db
def test_faster_it_runs_from_a_shared_anchor_and_never_back(settings):
    settings.SIMULATOR_SPEED = 60
    with time_machine.travel(START, tick=False) as traveller:
        assert clock.now() == START
        traveller.shift(10)
        assert clock.now() == START + dt.timedelta(minutes=10)
        settings.SIMULATOR_SPEED = 2
        assert clock.now() == START + dt.timedelta(minutes=10)
        traveller.shift(5)
        assert clock.now() == START + dt.timedelta(minutes=10, seconds=10)
    assert ClockAnchor.objects.count() == 2


@pytest.mark.postgres
@pytest.mark.django_db
@pytest.mark.parametrize("hours", [-1, 1])
def test_on_postgresql_a_machine_whose_clock_is_off_goes_by_the_databases(settings, hours):
    settings.DATABASE_CLOCK = True
    right = dt.datetime.now(dt.UTC)
    with time_machine.travel(right + dt.timedelta(hours=hours)):
        assert abs(clock.now() - right) < dt.timedelta(minutes=1)
        heartbeats.beat("tick")
    assert abs(Heartbeat.objects.get(part="tick").beat_at - right) < dt.timedelta(minutes=1)


@pytest.mark.postgres
@pytest.mark.django_db
def test_the_databases_clock_goes_on_within_a_transaction_and_runs_faster_when_told(settings):
    settings.DATABASE_CLOCK = True
    first = clock.now()
    assert first < clock.now()
    settings.SIMULATOR_SPEED = 3600
    started = clock.now()
    with time_machine.travel(first - dt.timedelta(hours=1)):
        assert dt.timedelta(0) < clock.now() - started < dt.timedelta(hours=6)


@pytest.mark.django_db
def test_only_postgresql_has_a_clock_that_machines_share():
    shared = connection.vendor == "postgresql"
    assert Settings("config.settings").DATABASE_CLOCK is shared
