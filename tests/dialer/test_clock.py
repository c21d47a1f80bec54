"""The engine's clock: the wall's, or faster from an anchor that all share."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from dialer import clock
from dialer.models import ClockAnchor

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
