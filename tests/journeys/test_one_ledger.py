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


def test_fed_by_one_api_read_by_another_paused_by_a_third_finished_by_a_person(world):
    bearer = {"Authorization": f"Bearer {world.secrets['api_key']}"}
    made = post(world, "/api/v1/campaigns/", {"name": "Shared", "caller_id": "390612345678"}, **bearer)
    campaign = Campaign.objects.get(pk=made["id"])
    known = identifiers.of(campaign)
    assert made["identifiers"] == known
    post(world, f"/api/v1/campaigns/{campaign.pk}/start/", {}, **bearer)

    # Fed by Voicenter's code, Go4clients' id and the native API.
    fed = post(
        world, "/ForwardDialer/Dialer/AddCall", {"Campaign": known["voicenter_code"], "Target": number(1, "213")[1:]}
    )
    assert fed["ErrorCode"] == 0
    keys = {"Apikey": world.secrets["go4clients"]["apikey"], "Apisecret": world.secrets["go4clients"]["apisecret"]}
    call = {"otpCampaignId": known["go4clients_id"], "mobileNumber": number(2, "486")[1:], "message": "Code 4."}
    assert post(world, "/TelintelSms/apiotp/voice/call", call, **keys)["success"] is True
    post(world, "/api/v1/calls/", {"campaign": campaign.pk, "number": number(3, "200")}, **bearer)
    assert list(Call.objects.order_by("pk").values_list("intake__api", flat=True)) == [
        "voicenter",
        "go4clients",
        "native",
    ]

    world.run(minutes=5)

    # Read by JAICP's token.
    token = known["jaicp_token"]
    phones = [number(1, "213")[1:], number(2, "486")[1:], number(3, "200")[1:]]
    jobs = post(world, f"/api/calls/campaign/{token}/callJob/getReport", {"phones": phones})
    assert [job["attemptsCount"] for job in jobs] == [1, 1, 1]
    assert [job["jobStatus"] for job in jobs][1] == "noAnswer"

    # Paused by ONC.
    onc = world.secrets["onc"]
    session = post(world, "/onc/OpenAPISession", onc)["OpenAPISessionResult"]["SessionId"]
    found = post(world, "/onc/GetCampaign", {"sessionId": session, "campaignId": known["onc_id"]})["GetCampaignResult"]
    found["IsPaused"] = True
    assert post(world, "/onc/UpdateCampaign", {"sessionId": session, "campaign": found}) == {"UpdateCampaignResult": 0}
    assert world.client.get(f"/api/calls/campaign/{token}/status").json() == "paused"
    details = {"Campaign": known["voicenter_code"]}
    assert post(world, "/ForwardDialer/Dialer/GetCampaignDetails", details)["Data"]["StatusName"] == "Disabled"

    # Finished by a person in the admin.
    world.client.force_login(User.objects.get(account=world.account))
    answer = world.client.post(reverse("admin:campaigns_campaign_finish", args=[campaign.pk]), {"confirmed": "yes"})
    assert answer.status_code == 302
    assert world.client.get(f"/api/calls/campaign/{token}/status").json() == "finished"
    refused = world.client.post(
        "/TelintelSms/apiotp/voice/call", json.dumps(call), content_type="application/json", headers=keys
    )
    assert refused.json()["code"] == "OTP-ERR-010"
