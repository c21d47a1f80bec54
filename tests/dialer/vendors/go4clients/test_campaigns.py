"""Making and finishing campaigns: acceptance cases 1 to 19, 38 and 40."""

from __future__ import annotations

import datetime as dt
import json
import uuid

import pytest
from django.db import DatabaseError, connection

from campaigns.models import Call, Campaign
from campaigns.states import Api, CampaignState
from tests.dialer.vendors.go4clients.conftest import CAMPAIGN, MISSING, PATHS, Customer, calls, env

REQUIRED = {name: CAMPAIGN[name] for name in ("name", "voice", "callerId", "campaignCapacity")}


def test_case_01_a_campaign_from_the_full_example(customer):
    body = env(customer.create(), "OTP-SUC-001")

    assert list(body) == ["code", "success", "description", "otpCampaignId", "uniqueCampaignID"]
    made = Campaign.objects.get(pk=body["otpCampaignId"])
    assert uuid.UUID(body["uniqueCampaignID"]) == made.uuid
    assert (made.name, made.description, made.voice) == ("Reminders May", "Dental clinic", "DORIS")
    assert (made.caller_id, made.capacity, made.repetition_key) == ("15550100200", 25, "9")
    # 20:00 in Rome, where the account is.
    assert made.ends_at == dt.datetime(2031, 5, 31, 18, 0, tzinfo=dt.UTC)
    assert (made.state, made.api, made.max_attempts) == (CampaignState.RUNNING, Api.GO4CLIENTS, 1)
    assert made.account == customer.world.account


def test_case_02_a_campaign_from_the_required_fields(customer):
    body = env(customer.post("create", REQUIRED), "OTP-SUC-001")

    made = Campaign.objects.get(pk=body["otpCampaignId"])
    assert (made.description, made.repetition_key, made.ends_at) == ("", "", None)


def test_case_03_without_a_key_nothing_is_stored(customer):
    secret = {"Apisecret": customer.headers["Apisecret"]}

    body = env(customer.post("create", CAMPAIGN, headers=secret), "OTP-ERR-999", 401)

    assert (body["otpCampaignId"], body["uniqueCampaignID"]) == (None, None)
    assert not Campaign.objects.exists()


def test_case_04_a_wrong_secret(customer):
    wrong = {**customer.headers, "Apisecret": "123456789012"}

    env(customer.post("create", CAMPAIGN, headers=wrong), "OTP-ERR-999", 401)
    other = customer.world.other_account()["go4clients"]["apisecret"]
    env(customer.post("create", CAMPAIGN, headers={**customer.headers, "Apisecret": other}), "OTP-ERR-999", 401)
    env(customer.post("create", CAMPAIGN, headers={"Apikey": customer.headers["Apikey"]}), "OTP-ERR-999", 401)
    assert not Campaign.objects.exists()


def test_case_05_headers_in_any_case(customer):
    spelled = {"APIKEY": customer.headers["Apikey"], "apisecret": customer.headers["Apisecret"]}

    env(customer.post("create", CAMPAIGN, headers=spelled), "OTP-SUC-001")


@pytest.mark.parametrize("name", ["   ", "", None, MISSING])
def test_case_06_a_blank_name(customer, name):
    body = env(customer.create(name=name), "OTP-ERR-001")

    assert (body["otpCampaignId"], body["uniqueCampaignID"]) == (None, None)
    assert not Campaign.objects.exists()


@pytest.mark.parametrize("voice", ["NOBODY", "", None, MISSING, [], ["NOBODY"], [7], 7])
def test_case_07_an_unknown_voice(customer, voice):
    env(customer.create(voice=voice), "OTP-ERR-002")


@pytest.mark.parametrize("voice", [["DORIS"], "doris", ["doris", "NOBODY"]])
def test_case_08_a_voice_in_a_list_or_in_small_letters(customer, voice):
    assert customer.campaign(voice=voice).voice == "DORIS"


@pytest.mark.parametrize("caller_id", ["+1555", "", None, MISSING, "1555x", "٣٤٥٦", True, 15550100200.5])
def test_case_09_a_caller_id_of_more_than_digits(customer, caller_id):
    env(customer.create(callerId=caller_id), "OTP-ERR-003")


def test_case_10_the_longest_caller_id(customer):
    env(customer.create(callerId="1" * 16), "OTP-ERR-003")
    assert customer.campaign(callerId="1" * 15).caller_id == "1" * 15
    assert customer.campaign(callerId=15550100200).caller_id == "15550100200"


@pytest.mark.parametrize("capacity", [0, 1001, MISSING, None, "", "many", True, 2.5, "10" * 30])
def test_case_11_a_capacity_out_of_range(customer, capacity):
    env(customer.create(campaignCapacity=capacity), "OTP-ERR-013")


@pytest.mark.parametrize("capacity", [1, 1000, "25"])
def test_case_12_a_capacity_in_range(customer, capacity):
    assert customer.campaign(campaignCapacity=capacity).capacity == int(capacity)


@pytest.mark.parametrize("key", [10, -1, "a", "05", True, [1]])
def test_case_13_a_repetition_key_that_is_no_digit(customer, key):
    env(customer.create(repetitionKey=key), "OTP-ERR-012")


def test_case_14_zero_is_a_repetition_key(customer):
    made = customer.campaign(repetitionKey=0)

    assert made.repetition_key == "0"
    assert customer.info(made).json()["campaignConfig"]["repetitionKey"] == 0
    assert customer.campaign(repetitionKey="0").repetition_key == "0"
    assert customer.campaign(repetitionKey="").repetition_key == ""


@pytest.mark.parametrize(
    "end",
    [
        "31/05/2031",
        "2031-02-30 10:00",
        "2031-03-03 10:59",
        "2031-03-03 11:00",
        "2031-05-31",
        20310531,
        "0001-01-01 00:00",
    ],
)
def test_case_15_an_end_date_that_is_none_or_past(customer, end):
    """It is 11:00 in Rome."""
    env(customer.create(endDate=end), "OTP-ERR-011")
    assert not Campaign.objects.exists()


def test_case_15_an_end_date_may_have_seconds(customer):
    assert customer.campaign(endDate="2031-03-03 11:00:01").ends_at == dt.datetime(2031, 3, 3, 10, 0, 1, tzinfo=dt.UTC)


def test_case_16_the_first_fault_in_order_is_told(customer):
    order = {
        "name": (" ", "OTP-ERR-001"),
        "voice": ("NOBODY", "OTP-ERR-002"),
        "callerId": ("x", "OTP-ERR-003"),
        "endDate": ("x", "OTP-ERR-011"),
        "repetitionKey": ("x", "OTP-ERR-012"),
        "campaignCapacity": (0, "OTP-ERR-013"),
        "description": (["x"], "OTP-ERR-009"),
    }
    names = list(order)
    for index, name in enumerate(names):
        env(customer.create(**{later: order[later][0] for later in names[index:]}), order[name][1])


@pytest.mark.parametrize("raw", [b'{"name":', b"", b"\xff", b'{"name":"\\u0000"}', b"[" * 5000])
def test_case_17_a_body_that_is_no_json(customer, raw):
    body = env(customer.send("POST", PATHS["create"], raw), "OTP-ERR-999", 400)
    assert body["otpCampaignId"] is None


@pytest.mark.parametrize("raw", [b"[]", b"7", b'"x"', b"null"])
def test_case_18_a_body_that_is_no_object(customer, raw):
    env(customer.send("POST", PATHS["create"], raw), "OTP-ERR-999", 400)


def test_case_19_a_wrong_verb(customer):
    response = customer.send("GET", PATHS["create"])

    env(response, "OTP-ERR-999", 405)
    assert response["Allow"] == "POST"
    for verb in ("HEAD", "OPTIONS", "DELETE", "PATCH", "PUT"):
        assert customer.send(verb, PATHS["create"], headers={}).status_code == 405


def test_case_38_a_campaign_is_finished_once(customer, campaign):
    customer.text(campaign)

    assert env(customer.finish(campaign), "OTP-SUC-003")["description"] == "OTP campaign finished."
    env(customer.finish(campaign), "OTP-ERR-010")

    campaign.refresh_from_db()
    assert campaign.state == CampaignState.FINISHED
    assert [(call.state, call.outcome) for call in calls()] == [("done", "cancelled")]


def test_case_40_finishing_nothing(customer, campaign):
    env(customer.post("finish", {}), "OTP-ERR-005")
    env(customer.post("finish", {"otpCampaignId": " "}), "OTP-ERR-005")
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.RUNNING


def test_a_campaign_is_finished_by_put_too(customer, campaign):
    raw = json.dumps({"OTPCAMPAIGNID": str(campaign.pk)}).encode()
    env(customer.send("PUT", PATHS["finish"] + "/", raw), "OTP-SUC-003")


def test_others_cannot_finish_it(customer, campaign):
    other = Customer(customer.world, customer.world.other_account())
    unknown = customer.post("finish", {"otpCampaignId": 10**17})

    assert other.finish(campaign).content == unknown.content
    env(unknown, "OTP-ERR-010")
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.RUNNING


def test_a_name_that_is_too_long_is_refused_and_the_longest_kept(customer):
    env(customer.create(name="x" * 256), "OTP-ERR-009")
    assert customer.campaign(name="x" * 255).name == "x" * 255


def test_keys_are_matched_exactly_first(customer):
    made = customer.campaign(NAME="Shouted", callerId=MISSING, callerID="15550100999", unheardOf=[{}])

    assert (made.name, made.caller_id) == ("Reminders May", "15550100999")


@pytest.mark.parametrize(
    ("content_type", "prefix", "status"),
    [
        ("application/json; charset=utf-8", b"", 200),
        ("APPLICATION/JSON", b"\xef\xbb\xbf", 200),
        ("", b"", 200),
        ("text/plain", b"", 415),
        ("application/x-www-form-urlencoded", b"", 415),
        ("multipart/form-data; boundary=x", b"", 415),
    ],
)
def test_content_types(customer, content_type, prefix, status):
    raw = prefix + json.dumps(CAMPAIGN).encode()
    response = customer.send("POST", PATHS["create"] + "/", raw, content_type=content_type)
    env(response, "OTP-SUC-001" if status == 200 else "OTP-ERR-999", status)


def test_a_body_that_is_too_large(customer):
    raw = json.dumps({**CAMPAIGN, "description": "x" * 1024 * 1024}).encode()
    env(customer.send("POST", PATHS["create"], raw), "OTP-ERR-999", 413)


def test_a_disabled_account_opens_no_door(customer):
    customer.world.account.is_active = False
    customer.world.account.save()
    env(customer.create(), "OTP-ERR-999", 401)


def test_unknown_paths_are_told_in_the_envelope(customer):
    for path in ("/TelintelSms", "/TelintelSms/", "/TelintelSms/api/voice/outcall", "/TelintelSms/\n"):
        env(customer.send("POST", path), "OTP-ERR-999", 404)


def test_other_paths_are_told_by_the_shape_of_the_body(customer, campaign):
    path = "/TelintelSms/apiotp/voice/add"
    shapes = {
        "OTP-SUC-001": CAMPAIGN,
        "OTP-ERR-002": {**CAMPAIGN, "voice": "NOBODY"},
        "OTP-SUC-002": {"otpCampaignId": campaign.pk, "mobileNumber": "573001234567", "message": "Hello."},
        "OTP-ERR-008": {"otpCampaignId": campaign.pk, "mobileNumber": "573001234567", "callSteps": [{}]},
    }
    for code, body in shapes.items():
        env(customer.send("POST", path, json.dumps(body).encode()), code)
    env(customer.send("POST", path, json.dumps({"otpCampaignId": campaign.pk}).encode()), "OTP-ERR-999", 404)
    env(customer.send("POST", path, json.dumps(CAMPAIGN).encode(), headers={}), "OTP-ERR-999", 401)
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.RUNNING


def broken(table: str):
    """Return a wrapper of statements under which nothing can be written to a table."""

    def execute(run, sql, params, many, context):
        if table in sql and not sql.startswith("SELECT"):
            raise DatabaseError("disk full")
        return run(sql, params, many, context)

    return connection.execute_wrapper(execute)


def test_a_database_that_fails_is_told_by_the_operation(customer, campaign):
    with broken("campaigns_campaign"):
        env(customer.create(), "OTP-ERR-004")
        env(customer.finish(campaign), "OTP-ERR-009")
    with broken("campaigns_intake"):
        assert "disk" not in env(customer.text(campaign), "OTP-ERR-008")["description"]
        env(customer.custom(campaign), "OTP-ERR-008")
    assert not Call.objects.exists()
    env(customer.text(campaign), "OTP-SUC-002")
