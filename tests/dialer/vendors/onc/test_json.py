"""The JSON form: acceptance cases 17 and 53 to 55, and what is no request at all."""

from __future__ import annotations

import json

import pytest
from django.db import connection

from campaigns.models import Campaign
from tests.dialer.vendors.onc.client import C1, nothing_stored


@pytest.mark.parametrize("key", ["zzz", "", C1[:-1], C1 + "0", "{" + C1, C1.replace("-", "", 1), 5, True, [], {}])
def test_case_17_a_guid_must_be_one(onc, key):
    response = onc.post("/onc/GetCampaign", {"sessionId": onc.session, "campaignId": key})
    assert response.status_code == 400
    assert response.json()["Message"].startswith("campaignId: ")


def test_case_53_an_unknown_method_and_a_get(onc):
    assert onc.post("/onc/Nope", {}).status_code == 404
    assert onc.post("/onc/getcampaigns", {}).status_code == 404
    assert onc.client.get("/onc/Nope").status_code == 404
    assert onc.post("/onc/", {}).json() == {"Message": "There is no such method."}
    refused = onc.client.get("/onc/GetCampaigns")
    assert refused.status_code == 405
    assert refused["Allow"] == "POST"
    assert "Message" in refused.json()
    assert onc.client.options("/onc/GetCampaigns").status_code == 405


@pytest.mark.parametrize(
    "body", ["[1]", "{bad", "", "null", "5", '"text"', b"\xff\xfe", '{"a": NaN}', '{"a": 1e999}', "[" * 100_000]
)
def test_case_54_a_body_must_be_an_object(onc, body):
    response = onc.post("/onc/GetCampaigns", body)
    assert response.status_code == 400
    assert list(response.json()) == ["Message"]


def test_case_55_keys_may_be_in_any_case(onc):
    onc.add_campaign()
    response = onc.post("/onc/GetCampaign", {"SessionID": onc.session, "CAMPAIGNID": C1})
    assert response.json()["GetCampaignResult"]["ID"] == C1
    lower = {"sessionid": onc.session, "campaign": {"id": C1, "shortname": "Lower", "unknown": 5}}
    assert onc.post("/onc/UpdateCampaign", lower).json() == {"UpdateCampaignResult": 0}
    assert onc.campaign()["ShortName"] == "Lower"


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("ShortName", 5),
        ("IsPaused", "true"),
        ("IsPaused", 1),
        ("ActiveFromDate", "yesterday"),
        ("ActiveFromDate", "2031-02-30"),
        ("ActiveFromDate", 20310301),
        ("ActiveFromTime", "nine"),
        ("ActiveFromTime", "09:60"),
        ("ActiveFromTime", "P1M"),
        ("ActiveFromTime", "PT"),
        ("ActiveFromTime", "2031-03-01"),
        ("ActiveFromDate", "/Date(999999999999999)/"),
        ("CreationDateUtc", "never"),
        ("OutboundVoiceNotificationInfo", []),
        ("OutboundVoiceNotificationInfo", {"MaxTextPlays": "2"}),
        ("OutboundVoiceNotificationInfo", {"MaxTextPlays": 1.5}),
        ("OutboundVoiceNotificationInfo", {"MaxTextPlays": True}),
        ("OutboundVoiceNotificationInfo", {"MaxTextPlays": 2**31}),
        ("OutboundVoiceNotificationInfo", {"MaxTextPlays": 10**400}),
        ("Description", "half \ud800 of a pair"),
        ("Description", "a \x00 in it"),
    ],
)
def test_a_value_of_the_wrong_type_is_no_request(onc, member, value):
    body = {"sessionId": onc.session, "campaign": {"ID": C1, "ShortName": "X", member: value}}
    response = onc.post("/onc/AddCampaign", body)
    assert response.status_code == 400
    assert response.json()["Message"]
    assert nothing_stored()


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "text/xml"])
def test_another_media_type_is_refused(onc, content_type):
    response = onc.post("/onc/GetCampaigns", {"sessionId": onc.session}, content_type)
    assert response.status_code == 415
    assert "Message" in response.json()


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
def test_json_is_taken_however_it_is_declared(onc, content_type):
    response = onc.post("/onc/GetCampaigns", {"sessionId": onc.session}, content_type, Accept="text/html")
    assert response.json() == {"GetCampaignsResult": []}


def test_a_body_over_four_megabytes_is_too_large(onc):
    response = onc.post("/onc/GetCampaigns", json.dumps({"sessionId": "x" * (4 * 1024 * 1024)}))
    assert response.status_code == 413
    assert "Message" in response.json()


def test_a_byte_order_mark_and_a_slash_do_no_harm(onc):
    body = b"\xef\xbb\xbf" + json.dumps({"sessionId": onc.session}).encode()
    assert onc.post("/onc/GetCampaigns/", body).json() == {"GetCampaignsResult": []}


def test_texts_of_any_script_come_back(onc):
    name = 'Ärztin 医者 😀 \u2028 <&>"'
    onc.add_campaign(ShortName=name, Description="\x01 and \ufffe")
    assert onc.campaign()["ShortName"] == name
    assert onc.campaign()["Description"] == "\x01 and \ufffe"


def test_a_failure_of_ours_says_nothing_of_itself(onc):
    # A fault that nobody foresees: the ledger has lost a table.
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE dialer_session RENAME TO lost")
    response = onc.post("/onc/GetCampaigns", {"sessionId": onc.session})
    assert (response.status_code, response.json()) == (500, {"Message": "An internal error occurred."})
    soap = onc.soap('<GetCampaigns xmlns="http://tempuri.org/"/>')
    assert soap.status_code == 500
    assert b"a:InternalServiceFault" in soap.content
    assert b"dialer" not in soap.content


def test_passwords_and_sessions_are_not_logged(onc, caplog):
    caplog.set_level("DEBUG")
    onc.open(password="s3cr3t-and-wrong")
    onc.add_campaign(ShortName="")
    assert "AddCampaign answers 7: ShortName is missing." in caplog.text
    assert "s3cr3t" not in caplog.text
    assert onc.session not in caplog.text
    assert not Campaign.objects.exists()
