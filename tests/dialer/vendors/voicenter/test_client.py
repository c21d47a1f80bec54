"""A customer's script as they are written: plain `requests` over a real socket."""

from __future__ import annotations

import pytest
import requests

from campaigns import identifiers
from campaigns.models import Account
from campaigns.operations import campaigns as campaign_operations
from dialer import clock, credentials


class Dialer:
    """What a CRM has in its cupboard: a session, a base, and a word when ErrorCode is not 0."""

    def __init__(self, base: str, code: str) -> None:
        self.base = f"{base}/ForwardDialer/Dialer/"
        self.code = code
        self.session = requests.Session()
        self.session.trust_env = False

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.session.close()

    def call(self, method: str, body):
        response = self.session.post(self.base + method, json=body, timeout=10)
        response.raise_for_status()
        answer = response.json()
        if answer["ErrorCode"] != 0:
            raise RuntimeError(f"{method}: {answer['ErrorCode']} {answer['Description']}")
        return answer.get("Data", answer)

    def campaign_named(self, name: str) -> str:
        return next(row["Code"] for row in self.call("GetCampaignList", {"Code": self.code}) if row["Name"] == name)


@pytest.fixture
def dialer(live_server):
    secrets = credentials.open_account(name="Acme", country="IL", timezone="Asia/Jerusalem")
    account = Account.objects.get(pk=secrets["account"])
    campaign_operations.create_campaign(account=account, now=clock.now(), name="Autumn leads")
    with Dialer(live_server.url, secrets["voicenter"]["code"]) as made:
        yield made


def test_a_crm_feeds_a_campaign_and_watches_it(dialer):
    campaign = dialer.campaign_named("Autumn leads")
    dialer.call("AddMember", {"Campaign": campaign, "Member": "SIP7"})
    leads = [{"Campaign": campaign, "Target": f"05024545{n:02}", "CustomData": {"var_lead": n}} for n in range(40)]
    report = dialer.call("AddCallsBulk", leads)
    failed = [row for row in report["AddResult"] if row["ErrorCode"]]
    assert (len(report["AddResult"]), failed) == (40, [])
    assert report["AddResult"][17]["CustomData"] == {"var_lead": 17}

    dialer.call("UpdateCall", {"Campaign": campaign, "Target": "0502454517", "Priority": 9})
    dialer.call("RemoveCall", {"Campaign": campaign, "Target": "0502454518"})
    dialer.call("StartCampaign", {"Campaign": campaign})
    listed = dialer.call("GetCampaignPendingCalls", {"Campaign": campaign})
    assert (len(listed["Calls"]), listed["Campaign"]["TotalPendingCalls"]) == (39, 39)
    assert listed["Calls"][0]["Phone"] == "972502454517"
    assert listed["Campaign"]["StatusName"] == "Enabled"

    dialer.call("StopCampaign", {"Campaign": campaign})
    dialer.call("ClearCampaignCalls", {"Campaign": campaign})
    assert dialer.call("GetCampaignDetails", {"Campaign": campaign})["TotalPendingCalls"] == 0


def test_the_same_by_get_and_by_form(dialer):
    campaign = dialer.campaign_named("Autumn leads")
    fields = {"Campaign": campaign, "Target": "+972-50-245-4545", "CustomerName": "דנה כהן", "var_lead": 17}
    parts = {name: (None, str(value)) for name, value in fields.items()}
    for send in (
        lambda: dialer.session.get(dialer.base + "AddCall", params=fields, timeout=10),
        lambda: dialer.session.post(dialer.base + "addcall/", data=fields, timeout=10),
        lambda: dialer.session.post(dialer.base + "AddCall", files=parts, timeout=10),
    ):
        response = send()
        assert response.headers["Content-Type"] == "application/json; charset=utf-8"
        assert response.json() == {"ErrorCode": 0, "Description": "OK"}
    calls = dialer.call("GetCampaignPendingCalls", {"Campaign": campaign})["Calls"]
    assert [(call["CustomerName"], call["CustomData"]) for call in calls] == [("דנה כהן", {"var_lead": "17"})] * 3


def test_what_goes_wrong_reaches_the_script_as_a_code(dialer):
    campaign = dialer.campaign_named("Autumn leads")
    with pytest.raises(RuntimeError, match="AddCall: 2 The target is invalid"):
        dialer.call("AddCall", {"Campaign": campaign, "Target": "abc"})
    with pytest.raises(RuntimeError, match="AddCall: 1 Invalid campaign code"):
        dialer.call("AddCall", {"Campaign": "nope", "Target": "0502454545"})
    with pytest.raises(requests.HTTPError, match="404"):
        dialer.call("Nope", {})


def test_codes_of_campaigns_differ_and_tell_nothing(dialer):
    account = Account.objects.get()
    second = campaign_operations.create_campaign(account=account, now=clock.now(), name="Second")
    codes = {dialer.campaign_named("Autumn leads"), dialer.campaign_named("Second")}
    assert codes >= {identifiers.voicenter_code(second)}
    assert len(codes) == 2
