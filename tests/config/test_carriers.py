"""Carriers are chosen by variables, and looked at before anything starts."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from config import carriers


@pytest.fixture(autouse=True)
def _clean(monkeypatch):
    for named in carriers.GATEWAYS.values():
        for variable, (_, options) in named.items():
            for name in (variable, *options.values()):
                monkeypatch.delenv(name, raising=False)


def test_every_channel_is_simulated_unless_a_variable_says_otherwise():
    found = carriers.from_environment()

    assert {alias: wanted["BACKEND"] for alias, wanted in found.items()} == dict.fromkeys(
        ["simulator", "voice", "sms", "email"], carriers.SIMULATOR
    )


@pytest.mark.parametrize(
    ("channel", "variable"),
    [("voice", "ARI_URL"), ("sms", "SMPP_URL"), ("sms", "SMS_HTTP_URL"), ("email", "EMAIL_URL")],
)
def test_a_channel_whose_variable_is_set_has_that_carrier_and_the_others_do_not(monkeypatch, channel, variable):
    monkeypatch.setenv(variable, "proto://there")

    found = carriers.from_environment()

    assert found[channel]["OPTIONS"]["url"] == "proto://there"
    assert [alias for alias, wanted in found.items() if wanted["BACKEND"] != carriers.SIMULATOR] == [channel]


def test_other_variables_are_the_carriers_options(monkeypatch):
    for name in ("ARI_URL", "ARI_USER", "ARI_PASSWORD", "ARI_ENDPOINT"):
        monkeypatch.setenv(name, name.lower())

    assert carriers.from_environment()["voice"]["OPTIONS"] == {
        "url": "ari_url",
        "user": "ari_user",
        "password": "ari_password",
        "endpoint": "ari_endpoint",
    }


def test_two_gateways_for_one_channel_are_refused(monkeypatch):
    monkeypatch.setenv("SMPP_URL", "smpp://there")
    monkeypatch.setenv("SMS_HTTP_URL", "https://there")

    with pytest.raises(ImproperlyConfigured, match="SMPP_URL and SMS_HTTP_URL are both set"):
        carriers.from_environment()


@pytest.mark.parametrize("backend", ["dialer.carriers.nowhere.Carrier", "dialer.clock.now", "nonsense"])
def test_a_carrier_that_is_not_there_is_refused_at_start(settings, backend):
    settings.CARRIERS = settings.CARRIERS | {"sms": {"BACKEND": backend}}

    with pytest.raises(
        SystemCheckError, match=f'carrier of "sms", {backend}, is not there(.|\n)*SMPP_URL or SMS_HTTP_URL'
    ):
        call_command("check")


@pytest.mark.parametrize("speed", [0.5, 60])
def test_a_fast_clock_and_a_real_carrier_are_refused_together(settings, speed):
    settings.SIMULATOR_SPEED = speed
    settings.CARRIERS = settings.CARRIERS | {"voice": {"BACKEND": "dialer.carriers.base.Carrier"}}

    with pytest.raises(SystemCheckError, match=f"SIMULATOR_SPEED is {speed}, but voice would reach real people"):
        call_command("check")


def test_a_fast_clock_with_the_simulator_alone_is_fine(settings):
    settings.SIMULATOR_SPEED = 60

    call_command("check")


def test_a_real_carrier_by_the_walls_clock_is_fine(settings):
    settings.CARRIERS = settings.CARRIERS | {"voice": {"BACKEND": "dialer.carriers.base.Carrier"}}

    call_command("check")


def test_a_clock_that_stands_still_is_refused(settings):
    settings.SIMULATOR_SPEED = 0

    with pytest.raises(SystemCheckError, match="SIMULATOR_SPEED is 0; it takes a number above 0"):
        call_command("check")
