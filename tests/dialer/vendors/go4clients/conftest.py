"""A billing system that feeds one-time passwords into a campaign, and speaks as the contract says."""

from __future__ import annotations

import json

import pytest
from django.conf import settings

from campaigns.models import Call, Campaign
from dialer.vendors.go4clients import errors

PATHS = {name: "/" + path for name, path in settings.GO4CLIENTS["paths"].items()}
CAMPAIGN = {
    "name": "Reminders May",
    "description": "Dental clinic",
    "voice": "DORIS",
    "callerId": "15550100200",
    "campaignCapacity": 25,
    "repetitionKey": 9,
    "endDate": "2031-05-31 20:00",
}
NUMBER = "573001234567"
STEPS = [
    {"type": "SAY", "text": "Press 1 to confirm, 2 for an agent.", "voice": "DORIS", "sourceType": "STANDARD"},
    {
        "type": "DETECT",
        "options": [
            {
                "type": "OPTION",
                "dtfmCommand": "1",
                "optionId": "confirmed",
                "steps": [{"type": "SAY", "text": "Thank you.", "voice": "DORIS"}, {"type": "HANGUP"}],
            },
            {
                "type": "OPTION",
                "dtfmCommand": "2",
                "optionId": "agent",
                "steps": [{"type": "DIAL", "destination": "15550100300"}],
            },
        ],
    },
]


class Customer:
    """Speaks as an account, by default the world's. MISSING as a value leaves a field out."""

    def __init__(self, world, secrets=None) -> None:
        self.world = world
        pair = (secrets or world.secrets)["go4clients"]
        self.headers = {"Apikey": pair["apikey"], "Apisecret": pair["apisecret"]}

    def send(self, verb: str, path: str, body: bytes = b"", content_type: str = "application/json", headers=None):
        headers = self.headers if headers is None else headers
        return self.world.client.generic(verb, path, body, content_type=content_type, headers=headers)

    def post(self, name: str, body, **kwargs):
        return self.send("POST", PATHS[name], json.dumps(body).encode(), **kwargs)

    def create(self, **changes):
        return self.post("create", changed(CAMPAIGN, changes))

    def campaign(self, **changes) -> Campaign:
        return Campaign.objects.get(pk=self.create(**changes).json()["otpCampaignId"])

    def text(self, campaign: Campaign | None, **changes):
        """Add a Text2Speech call."""
        body = {"otpCampaignId": campaign and campaign.pk, "mobileNumber": NUMBER, "message": "Your code is 4 7 1 1."}
        return self.post("text_call", changed(body, changes))

    def custom(self, campaign: Campaign, **changes):
        """Add a call with steps."""
        body = {"otpCampaignId": campaign.pk, "mobileNumber": NUMBER, "priority": "HIGH", "callSteps": STEPS}
        return self.post("custom_call", changed(body, changes))

    def finish(self, campaign: Campaign, **kwargs):
        return self.post("finish", {"otpCampaignId": campaign.pk}, **kwargs)

    def info(self, campaign: Campaign, **query):
        query = {"uniqueCampaignID": str(campaign.uuid), **query}
        return self.world.client.get(PATHS["info"], query, headers=self.headers)

    def steer(self, unique_id: object, action: str):
        path = PATHS["steer"].format(unique_id=unique_id, action=action)
        return self.world.client.put(path, headers=self.headers)


MISSING = object()


def changed(body: dict, changes: dict) -> dict:
    """Return a body with fields replaced, or left out where the change is MISSING."""
    return {name: value for name, value in {**body, **changes}.items() if value is not MISSING}


def env(response, code: str, status: int = 200) -> dict:
    """Return the body of an answer, having seen its envelope."""
    body = response.json()
    assert (response.status_code, body["code"]) == (status, code), body
    assert body["success"] is (code in errors.SUCCESSES)
    assert body["description"]
    assert response["Content-Type"] == "application/json"
    return body


def calls():
    """Return all calls, the first first."""
    return list(Call.objects.order_by("id"))


@pytest.fixture
def customer(world):
    return Customer(world)


@pytest.fixture
def campaign(customer):
    return customer.campaign()
