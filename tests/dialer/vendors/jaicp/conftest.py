"""A customer's CRM that speaks as the contract says: T is its running, empty campaign."""

from __future__ import annotations

import json

import pytest

from campaigns import identifiers
from campaigns.models import Account, Call, CallAttempt, Campaign
from campaigns.operations import calls as call_operations
from campaigns.operations import campaigns as campaign_operations
from campaigns.phones import Destination
from campaigns.states import Api, CampaignState

A = "16500000000"
B = "16500000001"


class Crm:
    """Speaks for one campaign at a time, by its token."""

    def __init__(self, world) -> None:
        self.world = world
        self.campaign = world.campaign(name="Spring reminders", capacity=5)
        self.token = identifiers.jaicp_token(self.campaign)

    def of(self, campaign: Campaign) -> Crm:
        """Return the same customer, speaking for another campaign."""
        other = object.__new__(Crm)
        other.world, other.campaign = self.world, campaign
        other.token = identifiers.jaicp_token(campaign)
        return other

    def another(self, **fields) -> Crm:
        return self.of(self.world.campaign(**fields))

    def of_another_account(self) -> Crm:
        account = Account.objects.get(pk=self.world.other_account()["account"])
        return self.of(
            campaign_operations.create_campaign(account=account, now=self.world.now, start=True, name="Theirs")
        )

    def draft(self, **fields) -> Crm:
        return self.of(
            campaign_operations.create_campaign(
                account=self.world.account, now=self.world.now, **{"name": "Draft"} | fields
            )
        )

    def move(self, to: CampaignState) -> None:
        campaign_operations.move_campaign(campaign=self.campaign, to=to, now=self.world.now)

    def path(self, route: str = "", root: str = "calls") -> str:
        return f"/api/{root}/campaign/{self.token}" + (f"/{route}" if route else "")

    def get(self, route: str = "", root: str = "calls", query: str = "", **headers):
        return self.world.client.get(self.path(route, root) + (f"?{query}" if query else ""), headers=headers)

    def raw(self, route: str, body: str | bytes, content_type: str = "application/json", root: str = "calls", key=""):
        headers = {"Idempotence-Key": key} if key else {}
        return self.world.client.post(self.path(route, root), body, content_type=content_type, headers=headers)

    def post(self, route: str, body=None, key: str = "", root: str = "calls"):
        return self.raw(route, json.dumps(body), key=key, root=root)

    def add(self, *items, key: str = ""):
        """Return the answer to addPhones; an item that is no object is a phone."""
        listed = [item if isinstance(item, dict) else {"phone": item} for item in items]
        return self.post("addPhones", listed, key=key)

    def added(self, *items, key: str = "") -> list[str]:
        answer = self.add(*items, key=key)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def cancel(self, **wanted):
        return self.post("callJob/cancel", wanted)

    def control(self, action: str, key: str = ""):
        return self.raw(f"control/{action}", b"", key=key)

    def reports(self, *ids: str, **wanted) -> list[dict]:
        return self.post("callJob/getReport", wanted or {"ids": list(ids)}).json()

    def report(self, pk: str) -> dict:
        (found,) = self.reports(pk)
        return found

    def attempts(self, *ids: str) -> list[dict]:
        return self.post("callAttempt/getReport", {"ids": list(ids)}).json()

    def info(self) -> dict:
        return self.get().json()

    def total(self) -> int:
        return self.info()["shortReport"]["totalNumbers"]

    def status(self) -> str:
        return self.get("status").json()

    def call(self, pk: str) -> Call:
        return Call.objects.select_related("intake").get(pk=int(pk))

    def calls(self):
        return Call.objects.filter(campaign=self.campaign).order_by("id")

    def dials(self):
        return CallAttempt.objects.filter(campaign=self.campaign).order_by("id")

    def import_number(self, digits: str = A, api: Api = Api.IMPORT) -> str:
        """Return the id of a call that came in another way than through this API."""
        intake = call_operations.take(account=self.campaign.account, api=api, now=self.world.now)
        call = call_operations.NewCall(
            campaign=self.campaign, number=digits, destination=Destination("+" + digits, "America/New_York")
        )
        return str(call_operations.add_calls(calls=[call], intake=intake, now=self.world.now)[0])


def refused(answer, code: str, status: int = 400) -> dict:
    """Check a refusal's shape, and return its body."""
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == "application/json"
    body = answer.json()
    assert body["type"] == code
    assert isinstance(body["message"], str)
    assert body["message"]
    return body


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    """Hash the passwords of the worlds' users quickly: none of them signs in here."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def crm(world):
    return Crm(world)
