"""`manage.py reset_carrier`."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.management import CommandError, call_command

from dialer.models import CarrierHealth


def test_a_carrier_that_was_down_takes_calls_again(world, capsys):
    until = world.now + dt.timedelta(hours=1)
    CarrierHealth.objects.create(alias="voice", failures=12, open_until=until, opened_at=world.now)
    call_command("reset_carrier", "voice")
    assert capsys.readouterr().out.startswith("The carrier voice takes calls again.")
    health = CarrierHealth.objects.get()
    assert (health.failures, health.open_until, health.opened_at) == (0, None, None)
    call_command("reset_carrier", "voice")
    assert "was taking calls already; nothing was done." in capsys.readouterr().out


def test_an_unknown_carrier_is_told(db):
    with pytest.raises(CommandError, match="no carrier 'pigeon'; there are simulator, voice, sms"):
        call_command("reset_carrier", "pigeon")
