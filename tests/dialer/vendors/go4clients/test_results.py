"""Reading results and steering: acceptance cases 43 to 45."""

from __future__ import annotations

import uuid

import pytest

from campaigns.models import CallAttempt, Campaign
from campaigns.operations import campaigns as campaign_operations
from campaigns.states import CampaignState
from tests.dialer.vendors.go4clients.conftest import PATHS, Customer, calls, env

HEAD = "57300123"


def numbers(body: dict) -> list[str]:
    return [row["mobileNumber"] for row in body["calls"]]


def test_case_43_pages_of_calls(customer, campaign):
    for line in ("1111", "2222", "3333"):
        customer.text(campaign, mobileNumber=HEAD + line)

    assert numbers(env(customer.info(campaign, start=0, limit=2), "VOICE-SUC-001")) == [HEAD + "1111", HEAD + "2222"]
    assert numbers(env(customer.info(campaign, start=2, limit=2), "VOICE-SUC-001")) == [HEAD + "3333"]
    assert numbers(env(customer.info(campaign, START="1"), "VOICE-SUC-001")) == [HEAD + "2222", HEAD + "3333"]
    assert numbers(env(customer.info(campaign, start=10**17), "VOICE-SUC-001")) == []
    assert len(numbers(env(customer.info(campaign, limit=10**17), "VOICE-SUC-001"))) == 3


@pytest.mark.parametrize("query", [{"start": -1}, {"limit": 0}, {"limit": "x"}, {"start": "1.5"}, {"limit": -5}])
def test_pages_that_are_none(customer, campaign, query):
    assert "calls" not in env(customer.info(campaign, **query), "VOICE-ERR-999")


def test_info_of_an_untouched_campaign(customer, campaign):
    assert env(customer.info(campaign), "VOICE-SUC-001") == {
        "code": "VOICE-SUC-001",
        "success": True,
        "description": "OK",
        "campaignName": "Reminders May",
        "campaignCost": 0.0,
        "campaignConfig": {
            "callerId": "15550100200",
            "voice": "DORIS",
            "campaignCapacity": 25,
            "repetitionKey": 9,
            "endDate": "2031-05-31 20:00",
            "minTime": None,
            "maxTime": None,
            "status": "ACTIVE",
        },
        "calls": [],
    }


def test_info_of_a_campaign_of_another_door(customer):
    windows = [{"start": "09:00", "end": "13:00"}, {"start": "14:00", "end": "20:00"}]
    native = customer.world.campaign(windows=windows, caller_id="+390612345678")

    config = customer.info(native).json()["campaignConfig"]

    assert (config["minTime"], config["maxTime"], config["callerId"]) == ("09:00", "20:00", "390612345678")
    assert (config["voice"], config["repetitionKey"], config["endDate"]) == (None, None, None)


@pytest.mark.parametrize("written", ["", "abc", "123", "\u0660" * 32, "x" * 500])
def test_info_of_what_is_no_campaign(customer, campaign, written):
    unknown = env(customer.info(campaign, uniqueCampaignID=str(uuid.uuid4())), "VOICE-ERR-999")
    assert env(customer.info(campaign, uniqueCampaignID=written), "VOICE-ERR-999") == unknown


def test_others_do_not_see_it(customer, campaign):
    other = Customer(customer.world, customer.world.other_account())
    unknown = Campaign(uuid=uuid.uuid4())

    assert other.info(campaign).content == other.info(unknown).content
    for action in ("start", "stop", "cancel"):
        assert other.steer(campaign.uuid, action).content == other.steer(unknown.uuid, action).content
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.RUNNING


def test_info_takes_as_many_statements_for_many_calls(customer, campaign, django_assert_num_queries):
    def add(count: int) -> None:
        for n in range(count):
            customer.text(campaign, mobileNumber=f"{HEAD}0{n:02}0")
        customer.world.run_until_idle()
        # That a key was used is noted once a minute.
        customer.info(campaign)

    add(2)
    with django_assert_num_queries(5):
        customer.info(campaign)
    add(10)
    with django_assert_num_queries(5):
        assert len(customer.info(campaign).json()["calls"]) == 12


def test_the_tries_of_a_call_count_and_cost_together(customer):
    native = customer.world.campaign(max_attempts=2, retry_minutes=1)
    customer.text(native, mobileNumber="390612312486")
    customer.world.run(minutes=30)
    CallAttempt.objects.update(cost="0.01400")

    body = customer.info(native).json()

    [row] = body["calls"]
    assert (row["status"], row["attempts"], row["cost"], row["options"]) == ("BUSY", 2, 0.028, [])
    assert body["campaignCost"] == 0.028
    assert row["duration"] == 0
    assert row["answerDate"] is None
    assert row["startDate"] == "2031-03-03 11:00:00"


def test_case_44_start_is_legal_only_when_paused(customer, campaign):
    env(customer.steer(campaign.uuid, "start"), "VOICE-ERR-43")
    env(customer.steer(uuid.uuid4(), "start"), "VOICE-ERR-43")
    env(customer.steer("nonsense", "start"), "VOICE-ERR-43")
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.RUNNING


def test_case_45_stop_and_start(customer, campaign):
    env(customer.steer(campaign.uuid, "stop"), "VOICE-SUC-001")
    assert customer.info(campaign).json()["campaignConfig"]["status"] == "PAUSED"
    env(customer.text(campaign), "OTP-ERR-010")
    env(customer.finish(campaign), "OTP-ERR-010")
    env(customer.steer(campaign.uuid, "stop"), "VOICE-ERR-43")

    env(customer.steer(campaign.uuid, "start"), "VOICE-SUC-001")
    env(customer.text(campaign), "OTP-SUC-002")


def test_a_paused_campaign_dials_nothing(customer, campaign):
    customer.text(campaign)
    customer.steer(campaign.uuid, "stop")
    customer.world.run(minutes=10)
    assert customer.info(campaign).json()["calls"][0]["status"] == "PENDING"

    customer.steer(campaign.uuid, "start")
    customer.world.run(minutes=10)
    assert customer.info(campaign).json()["calls"][0]["attempts"] == 1


@pytest.mark.parametrize("paused", [False, True])
def test_a_cancelled_campaign_is_still_readable(customer, campaign, paused):
    customer.text(campaign)
    if paused:
        customer.steer(campaign.uuid, "stop")

    env(customer.steer(campaign.uuid.hex, "cancel"), "VOICE-SUC-001")

    body = env(customer.info(campaign), "VOICE-SUC-001")
    assert (body["campaignConfig"]["status"], body["calls"][0]["status"]) == ("CANCELLED", "CANCELLED")
    for action in ("start", "stop", "cancel"):
        env(customer.steer(campaign.uuid, action), "VOICE-ERR-43")
    env(customer.text(campaign), "OTP-ERR-010")
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.FINISHED


def test_a_finished_campaign_does_not_become_a_cancelled_one(customer, campaign):
    customer.finish(campaign)
    env(customer.steer(campaign.uuid, "cancel"), "VOICE-ERR-43")
    assert customer.info(campaign).json()["campaignConfig"]["status"] == "FINISHED"


def test_a_draft_of_another_door_is_started(customer):
    draft = campaign_operations.create_campaign(account=customer.world.account, now=customer.world.now, name="Draft")
    assert customer.info(draft).json()["campaignConfig"]["status"] == "PAUSED"
    env(customer.steer(draft.uuid, "start"), "VOICE-SUC-001")
    env(customer.text(draft), "OTP-SUC-002")


def test_what_the_voice_api_does_not_know(customer, campaign):
    env(customer.steer(campaign.uuid, "explode"), "VOICE-ERR-999", 404)
    env(customer.send("POST", PATHS["info"]), "VOICE-ERR-999", 405)
    env(customer.send("GET", PATHS["info"], headers={}), "OTP-ERR-999", 401)
    path = PATHS["steer"].format(unique_id=campaign.uuid, action="stop")
    env(customer.send("PUT", path + "/", b"{", content_type="text/plain"), "VOICE-SUC-001")
    assert not calls()
