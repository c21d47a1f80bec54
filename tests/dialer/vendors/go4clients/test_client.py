"""A customer's script as they are written: plain `requests` over a real socket."""

from __future__ import annotations

import pytest
import requests

from dialer import credentials


class Go4Clients:
    """What a billing system has in its cupboard: a session, a base, and a word when success is false."""

    def __init__(self, base: str, apikey: str, apisecret: str) -> None:
        self.base = f"{base}/TelintelSms/"
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers.update({"apiKey": apikey, "apiSecret": apisecret})

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.session.close()

    def call(self, verb: str, path: str, **kwargs):
        response = self.session.request(verb, self.base + path, timeout=10, **kwargs)
        response.raise_for_status()
        body = response.json()
        if not body["success"]:
            raise RuntimeError(f"{body['code']} {body['description']}")
        return body

    def post(self, path: str, **body):
        return self.call("POST", "apiotp/voice/" + path, json=body)


@pytest.fixture
def script(live_server):
    pair = credentials.open_account(name="Acme", country="US", timezone="America/New_York")["go4clients"]
    with Go4Clients(live_server.url, **pair) as made:
        yield made


def test_a_billing_system_sends_one_time_passwords(script):
    made = script.post("campaign", name="OTP", voice="CLAUDIA", callerId="15550100200", campaignCapacity=10)
    pk, unique_id = made["otpCampaignId"], made["uniqueCampaignID"]
    for code, number in enumerate(("573001234567", "12125550123", "34911234567"), start=4711):
        script.post("call", otpCampaignId=pk, mobileNumber=number, message=f"Ваш код {code}.")
    steps = [{"type": "SAY", "text": "¿Sí?", "voice": "PEDRO"}, {"type": "HANGUP"}]
    script.post("customcall/", otpCampaignId=pk, mobileNumber="573007654321", priority="HIGH", callSteps=steps)

    query = {"uniqueCampaignID": unique_id, "start": 0, "limit": 500}
    info = script.call("GET", "api/voice/campaigninfo", params=query)
    assert [(row["mobileNumber"], row["status"]) for row in info["calls"]] == [
        ("573001234567", "PENDING"),
        ("12125550123", "PENDING"),
        ("34911234567", "PENDING"),
        ("573007654321", "PENDING"),
    ]

    script.call("PUT", f"api/voice/campaigns/{unique_id}/stop")
    with pytest.raises(RuntimeError, match="OTP-ERR-010"):
        script.post("call", otpCampaignId=pk, mobileNumber="573001234567", message="Hello.")
    script.call("PUT", f"api/voice/campaigns/{unique_id}/start/")
    script.post("campaign/finish", otpCampaignId=pk)
    with pytest.raises(RuntimeError, match="OTP-ERR-010"):
        script.post("campaign/finish", otpCampaignId=pk)
    info = script.call("GET", "api/voice/campaigninfo", params=query)
    assert {row["status"] for row in info["calls"]} == {"CANCELLED"}


def test_a_body_as_another_platform_writes_it(script):
    body = b'\xef\xbb\xbf{"name":"OTP","voice":"DORIS","callerId":"15550100200","campaignCapacity":1}'
    headers = {"Content-Type": "application/json; charset=UTF-8"}
    assert script.call("POST", "apiotp/voice/campaign", data=body, headers=headers)["code"] == "OTP-SUC-001"


def test_what_goes_wrong_reaches_the_script(script):
    with pytest.raises(RuntimeError, match="OTP-ERR-002 voice"):
        script.post("campaign", name="OTP", voice="NOBODY")
    with pytest.raises(requests.HTTPError, match="404"):
        script.post("nope")
    script.session.headers["apiSecret"] = "123456789012"
    with pytest.raises(requests.HTTPError, match="401"):
        script.post("campaign", name="OTP")
