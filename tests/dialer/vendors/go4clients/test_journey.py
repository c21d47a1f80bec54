"""From the first request to the last result, on the simulator, in virtual time: acceptance case 42 among others."""

from __future__ import annotations

import datetime as dt

from campaigns.models import CallAttempt
from campaigns.operations import campaigns as campaign_operations
from campaigns.states import CampaignState
from reports import queries
from tests.dialer.vendors.go4clients.conftest import env

HEAD = "3906123"


def rows(customer, campaign) -> dict[str, dict]:
    """Return the calls of campaign info by the last digits of their numbers."""
    return {row["mobileNumber"][-3:]: row for row in customer.info(campaign).json()["calls"]}


def test_case_42_capacity_and_priority(customer):
    campaign = customer.campaign(campaignCapacity=2)
    lines = [("LOW", "0000200"), ("LOW", "0001200"), ("LOW", "0002200"), ("HIGH", "0003200"), ("HIGH", "0004200")]
    for priority, line in lines:
        env(customer.text(campaign, mobileNumber="39061" + line, priority=priority), "OTP-SUC-002")

    customer.world.run_until_idle()

    tries = list(CallAttempt.objects.order_by("claimed_at", "call__priority", "id").select_related("call"))
    assert len(tries) == 5
    assert sorted(dial.call.priority for dial in sorted(tries, key=lambda dial: dial.claimed_at)[:2]) == [10, 10]
    assert [dial.call.pk for dial in tries[2:]] == sorted(dial.call.pk for dial in tries[2:])
    for dial in tries:
        at_once = [other for other in tries if other.claimed_at <= dial.claimed_at < other.ended_at]
        assert 1 <= len(at_once) <= 2


def test_a_high_call_overtakes_low_ones_that_wait(customer):
    campaign = customer.campaign(campaignCapacity=1)
    for line in ("000", "001", "002"):
        customer.text(campaign, mobileNumber=f"39061{line}2200", message="x" * 600)
    customer.world.run(seconds=5)
    customer.text(campaign, mobileNumber="390619992200", priority="HIGH")
    customer.world.run_until_idle()

    order = CallAttempt.objects.order_by("claimed_at").values_list("destination", flat=True)
    assert [number[6:9] for number in order] == ["000", "999", "001", "002"]


def test_a_clinic_asks_its_patients(customer):
    campaign = customer.campaign(repetitionKey=None)
    for digits in ("211", "212", "213", "486", "408", "404"):
        env(customer.custom(campaign, mobileNumber=HEAD + digits), "OTP-SUC-002")
    env(customer.text(campaign, mobileNumber=HEAD + "200"), "OTP-SUC-002")
    env(customer.text(campaign, mobileNumber=HEAD + "603"), "OTP-SUC-002")
    customer.world.run_until_idle()

    found = rows(customer, campaign)
    assert {digits: (row["status"], row["options"]) for digits, row in found.items()} == {
        "211": ("ANSWERED", ["confirmed"]),
        "212": ("ANSWERED", ["agent"]),
        "213": ("ANSWERED", []),
        "486": ("BUSY", []),
        "408": ("NO_ANSWER", []),
        "404": ("FAILED", []),
        "200": ("ANSWERED", []),
        "603": ("NO_ANSWER", []),
    }
    answered = found["211"]
    assert answered["attempts"] == 1
    assert answered["duration"] >= 1
    assert answered["startDate"] <= answered["answerDate"] < answered["endDate"]
    assert queries.totals(queries.Scope(campaign_id=campaign.pk)).attempts == 8

    env(customer.finish(campaign), "OTP-SUC-003")
    env(customer.text(campaign), "OTP-ERR-010")
    assert customer.info(campaign).json()["campaignConfig"]["status"] == "FINISHED"


def test_the_repetition_key_replays_a_text_and_no_steps(customer):
    campaign = customer.campaign(repetitionKey=0)
    customer.text(campaign, mobileNumber=HEAD + "210")
    customer.custom(campaign, mobileNumber="390612399210", callSteps=[{"type": "SAY", "text": "Hello."}])
    customer.world.run_until_idle()

    text, custom = CallAttempt.objects.order_by("call_id").values_list("steps", flat=True)
    assert [step["do"] for step in text] == ["say", "repeat", "say"]
    assert [step["do"] for step in custom] == ["say"]


def test_what_comes_behind_a_bridge_runs_only_where_nobody_was_reached(customer, campaign):
    for number, destination in ((HEAD + "200", "15550100300"), ("390612399200", "1")):
        steps = [{"type": "DIAL", "destination": destination}, {"type": "SAY", "text": "Nobody is there."}]
        customer.custom(campaign, mobileNumber=number, callSteps=steps)
    customer.world.run_until_idle()

    walked = CallAttempt.objects.order_by("call_id").values_list("steps", flat=True)
    assert [[step["do"] for step in steps] for steps in walked] == [["dial"], ["dial", "say"]]


def test_a_call_in_progress_is_told(customer, campaign):
    customer.text(campaign, mobileNumber=HEAD + "239", message="x" * 900)
    customer.world.run(seconds=4)
    assert rows(customer, campaign)["239"]["status"] == "DIALING"
    customer.world.run(seconds=10)
    row = rows(customer, campaign)["239"]
    assert (row["status"], row["duration"], row["endDate"]) == ("ANSWERED", 0, None)

    # What is in progress when a campaign is finished ends by itself.
    customer.finish(campaign)
    customer.world.run_until_idle()
    row = rows(customer, campaign)["239"]
    assert row["status"] == "ANSWERED"
    assert row["duration"] > 10


def test_the_end_date_ends_the_campaign_and_what_waits(customer):
    campaign = customer.campaign(endDate="2031-03-03 11:01")
    campaign_operations.update_campaign(campaign=campaign, now=customer.world.now, capacity=0)
    customer.text(campaign, mobileNumber=HEAD + "200")
    customer.world.run(seconds=50)
    assert rows(customer, campaign)["200"]["status"] == "PENDING"
    customer.world.run(seconds=15)

    row = rows(customer, campaign)["200"]
    assert (row["status"], row["attempts"], row["startDate"]) == ("EXPIRED", 0, None)
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.FINISHED
    assert campaign.finished_at - campaign.ends_at <= dt.timedelta(minutes=1)
    assert customer.info(campaign).json()["campaignConfig"]["status"] == "FINISHED"
