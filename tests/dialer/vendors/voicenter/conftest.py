"""A customer of the vendor's in Israel, who speaks as the contract says."""

from __future__ import annotations

import json

import pytest

from campaigns import identifiers
from campaigns.models import Call, Campaign
from campaigns.operations import campaigns as campaign_operations
from campaigns.states import CampaignState
from dialer.models import Credential

ROOT = "/ForwardDialer/Dialer/"
OK = {"ErrorCode": 0, "Description": "OK"}


class Customer:
    """Speaks by GET, form or JSON, and keeps the envelope's promises in sight of every test."""

    def __init__(self, world) -> None:
        self.world = world
        self.account = world.account
        self.account.country, self.account.timezone = "IL", "Asia/Jerusalem"
        self.account.save()
        self.code = world.secrets["voicenter"]["code"]
        self.campaign = world.campaign(name="Leads", caller_id="972722000000")
        self.a = identifiers.voicenter_code(self.campaign)

    def another_campaign(self, **fields) -> str:
        return identifiers.voicenter_code(self.world.campaign(**fields))

    def move(self, to: CampaignState, campaign: Campaign | None = None) -> None:
        campaign_operations.move_campaign(campaign=campaign or self.campaign, to=to, now=self.world.now)

    def allow_only(self, *addresses: str) -> None:
        Credential.objects.filter(account=self.account, api="voicenter").update(allowed_addresses=list(addresses))

    def get(self, method: str, **query):
        return self.world.client.get(ROOT + method, query)

    def form(self, method: str, **fields):
        return self.world.client.post(ROOT + method, fields)

    def raw(self, method: str, body: str | bytes, content_type: str = "application/json", **headers):
        return self.world.client.post(ROOT + method, body, content_type=content_type, **headers)

    def json(self, method: str, body=None, **fields):
        return self.raw(method, json.dumps(fields if body is None else body))

    def add(self, target: str = "0502454545", **fields):
        return self.json("AddCall", Campaign=self.a, Target=target, **fields)

    def details(self, code: str = "") -> dict:
        return self.get("GetCampaignDetails", Campaign=code or self.a).json()["Data"]

    def pending(self, code: str = "") -> list[dict]:
        return self.json("GetCampaignPendingCalls", Campaign=code or self.a).json()["Data"]["Calls"]

    def calls(self):
        return Call.objects.filter(campaign=self.campaign).order_by("id")


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    """Hash the passwords of the worlds' users quickly: none of them signs in here."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def customer(world):
    return Customer(world)
