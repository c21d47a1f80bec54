"""One campaign through five doors: whatever one of them does, all the others see."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse

from campaigns import identifiers
from campaigns.models import Call, Campaign, User
from tests.calls import number

pytestmark = pytest.mark.django_db


def post(world, path, body, **headers):
    answer = world.client.post(path, json.dumps(body), content_type="application/json", headers=headers)
    assert answer.status_code in {200, 201}, answer.content
    return answer.json() if answer.content else None


def headers_of(world):
    """Return what Go4clients' and the native API want to see."""
    keys = world.secrets["go4clients"]
    native = {"Authorization": f"Bearer {world.secrets['api_key']}"}
    return {"Apikey": keys["apikey"], "Apisecret": keys["apisecret"]}, native


def feed(world, campaign, known):
    """Add a call through Voicenter, Go4clients and the native API."""
    keys, bearer = headers_of(world)
    lead = {"Campaign": known["voicenter_code"], "Target": number(1, "213")[1:]}
    assert post(world, "/ForwardDialer/Dialer/AddCall", lead)["ErrorCode"] == 0
    code = {"otpCampaignId": known["go4clients_id"], "mobileNumber": number(2, "486")[1:], "message": "Code 4."}
    assert post(world, "/TelintelSms/apiotp/voice/call", code, **keys)["success"] is True
    post(world, "/api/v1/calls/", {"campaign": campaign.pk, "number": number(3, "200")}, **bearer)
    apis = Call.objects.order_by("pk").values_list("intake__api", flat=True)
    assert list(apis) == ["voicenter", "go4clients", "native"]
    return code, keys


def pause_by_onc(world, known):
    """Pause the campaign as an ONC client does: read, change, write."""
    session = post(world, "/onc/OpenAPISession", world.secrets["onc"])["OpenAPISessionResult"]["SessionId"]
    wanted = {"sessionId": session, "campaignId": known["onc_id"]}
    found = post(world, "/onc/GetCampaign", wanted)["GetCampaignResult"]
    found["IsPaused"] = True
    assert post(world, "/onc/UpdateCampaign", {"sessionId": session, "campaign": found}) == {"UpdateCampaignResult": 0}


def test_fed_by_one_api_read_by_another_paused_by_a_third_finished_by_a_person(world):
    _, bearer = headers_of(world)
    made = post(world, "/api/v1/campaigns/", {"name": "Shared", "caller_id": "390612345678"}, **bearer)
    campaign = Campaign.objects.get(pk=made["id"])
    known = identifiers.of(campaign)
    assert made["identifiers"] == known
    post(world, f"/api/v1/campaigns/{campaign.pk}/start/", {}, **bearer)
    code, keys = feed(world, campaign, known)
    world.run(minutes=5)

    jaicp = f"/api/calls/campaign/{known['jaicp_token']}"
    phones = [number(1, "213")[1:], number(2, "486")[1:], number(3, "200")[1:]]
    jobs = post(world, f"{jaicp}/callJob/getReport", {"phones": phones})
    assert [job["attemptsCount"] for job in jobs] == [1, 1, 1]
    assert jobs[1]["jobStatus"] == "noAnswer"

    pause_by_onc(world, known)
    assert world.client.get(f"{jaicp}/status").json() == "paused"
    details = post(world, "/ForwardDialer/Dialer/GetCampaignDetails", {"Campaign": known["voicenter_code"]})
    assert details["Data"]["StatusName"] == "Disabled"

    world.client.force_login(User.objects.get(account=world.account))
    finish = reverse("admin:campaigns_campaign_finish", args=[campaign.pk])
    assert world.client.post(finish, {"confirmed": "yes"}).status_code == 302
    assert world.client.get(f"{jaicp}/status").json() == "finished"
    assert post(world, "/TelintelSms/apiotp/voice/call", code, **keys)["code"] == "OTP-ERR-010"
