"""Hanging up and the carriers' health over HTTP; the API's own description."""

from __future__ import annotations

import datetime as dt

import pytest

from campaigns.models import Account, CallAttempt, User
from dialer.models import CarrierHealth
from tests.calls import add, number
from tests.campaigns.api.client import Native

LONG = {"steps": [{"do": "say", "text": "word " * 900}]}


@pytest.fixture
def api(world):
    return Native(world.secrets["api_key"])


def test_a_live_attempt_is_cut(api, world):
    campaign = world.campaign(flow=LONG)
    call = api.post("calls/", {"campaign": campaign.pk, "number": "+390612323200"})
    world.run(seconds=10)
    (attempt,) = api.all("attempts/", call=call["id"])
    assert attempt["state"] == "answered"
    cut = api.post(f"attempts/{attempt['id']}/hangup/", status=202)
    assert cut["id"] == attempt["id"]
    world.run(seconds=1)
    ended = api.get(f"attempts/{attempt['id']}/")
    assert (ended["state"], ended["ended_at"]) == ("ended", "2031-03-03T10:00:10Z")
    assert api.get(f"calls/{call['id']}/")["state"] == "done"
    problem = api.post(f"attempts/{attempt['id']}/hangup/", status=409)
    assert problem["type"] == "urn:trunkline:problem:not_pending"


def test_nobody_cuts_another_account_s_attempt(api, world):
    campaign = world.campaign(flow=LONG)
    api.post("calls/", {"campaign": campaign.pk, "number": "+390612323200"})
    world.run(seconds=10)
    other = Native(world.other_account()["api_key"])
    other.post(f"attempts/{CallAttempt.objects.get().pk}/hangup/", status=404)
    assert CallAttempt.objects.get().hangup_at is None


UP = {"up": True, "on_trial": False, "failures": 0, "down_since": None, "opens_again_at": None, "evidence": []}


def test_carriers_tell_whether_they_work(api, world):
    up = UP | {"carrier": "simulator"}
    assert api.get("carriers/") == [{"channel": name, **up} for name in ("voice", "sms", "email")]
    shut = world.now + dt.timedelta(minutes=1)
    CarrierHealth.objects.create(alias="voice", failures=12, open_until=shut, opened_at=world.now)
    assert api.get("carriers/")[0] == {"channel": "voice", "carrier": "simulator"} | UP | {
        "up": False,
        "failures": 12,
        "down_since": "2031-03-03T10:00:00Z",
        "opens_again_at": "2031-03-03T10:01:00Z",
    }
    world.move_to(shut)
    voice = api.get("carriers/")[0]
    assert (voice["up"], voice["on_trial"], voice["opens_again_at"]) == (True, True, None)
    Account.objects.update(is_sandbox=True)
    assert api.get("carriers/")[0] == {"channel": "voice", **up}


def test_an_account_is_shown_the_failing_calls_that_were_its_own(api, world):
    campaign = world.campaign(capacity=100)
    add(world, campaign, *(number(index, "503") for index in range(12)))
    world.run(seconds=3)
    own = CallAttempt.objects.first().pk
    noted = [{"attempt": pk, "cause": "503", "at": "2031-03-03T10:00:01+00:00"} for pk in (own, own + 100_000)]
    CarrierHealth.objects.filter(alias="voice").update(evidence=noted)
    assert api.get("carriers/")[0]["evidence"] == [
        {"attempt": own, "cause": "503", "at": "2031-03-03T10:00:01Z"},
    ]
    other = Native(world.other_account()["api_key"])
    assert other.get("carriers/")[0]["evidence"] == []


def test_the_platforms_staff_reset_a_carrier_and_nobody_else_does(api, world, client):
    shut = world.now + dt.timedelta(hours=1)
    CarrierHealth.objects.create(alias="voice", failures=12, open_until=shut, opened_at=world.now)
    path = f"/api/v1/carriers/voice/reset/?account={world.account.pk}"
    problem = api.post("carriers/voice/reset/", status=403)
    assert problem["detail"] == "A carrier serves all accounts: only the platform's staff may reset it."
    client.force_login(User.objects.get(account=world.account))
    assert client.post(path).status_code == 403
    without_rights = User.objects.create(username="looker", is_staff=True)
    client.force_login(without_rights)
    assert client.post(path).status_code == 403
    assert CarrierHealth.objects.get().open_until == shut
    client.force_login(User.objects.create(username="root", is_staff=True, is_superuser=True))
    assert client.post(path).status_code == 204
    assert CarrierHealth.objects.get().open_until is None
    assert api.get("carriers/")[0]["up"] is True
    assert client.post(path.replace("voice", "pigeon")).status_code == 404


def test_the_description_is_served_with_local_assets(api):
    description = api.client.get("/api/schema/")
    assert description.status_code == 200
    assert b"/api/v1/calls/bulk/" in description.content
    page = api.client.get("/api/docs/")
    assert page.status_code == 200
    assert b"/static/drf_spectacular_sidecar/" in page.content
    assert b"https://" not in page.content.replace(b"https://testserver", b"")
