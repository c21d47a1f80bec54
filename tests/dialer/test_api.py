"""Hanging up and the carriers' health over HTTP; the API's own description."""

from __future__ import annotations

import datetime as dt

import pytest

from campaigns.models import Account, CallAttempt
from dialer.models import CarrierHealth
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


def test_carriers_tell_whether_they_work_and_no_more(api, world):
    up = {"up": True, "failures": 0, "opens_again_at": None, "carrier": "simulator"}
    assert api.get("carriers/") == [{"channel": name, **up} for name in ("voice", "sms", "email")]
    shut = world.now + dt.timedelta(minutes=1)
    evidence = [{"destination": "+390699999999"}]
    CarrierHealth.objects.update_or_create(
        alias="voice", defaults={"failures": 12, "open_until": shut, "evidence": evidence}
    )
    voice = api.get("carriers/")[0]
    assert voice == {"channel": "voice", "carrier": "simulator"} | {
        "up": False,
        "failures": 12,
        "opens_again_at": "2031-03-03T10:01:00Z",
    }
    Account.objects.update(is_sandbox=True)
    assert api.get("carriers/")[0]["up"] is True


def test_the_description_is_served_with_local_assets(api):
    description = api.client.get("/api/schema/")
    assert description.status_code == 200
    assert b"/api/v1/calls/bulk/" in description.content
    page = api.client.get("/api/docs/")
    assert page.status_code == 200
    assert b"/static/drf_spectacular_sidecar/" in page.content
    assert b"https://" not in page.content.replace(b"https://testserver", b"")
