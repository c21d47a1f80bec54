"""Adding calls: acceptance cases 20 to 37, 39 and 41."""

from __future__ import annotations

import datetime as dt

import pytest

from campaigns.models import Call, Intake
from campaigns.operations import campaigns as campaign_operations
from campaigns.states import Api, CallState, CampaignState
from tests.dialer.vendors.go4clients.conftest import MISSING, NUMBER, Customer, calls, env


def say(text="Hello.", **more):
    return {"type": "SAY", "text": text, **more}


def option(key="1", steps=(), **more):
    return {"type": "OPTION", "dtfmCommand": key, "optionId": f"o{key}", "steps": list(steps), **more}


def detect(*options):
    return {"type": "DETECT", "options": list(options)}


def nested(levels: int, step: dict) -> list[dict]:
    """Return steps in which a step stands behind so many DETECTs."""
    for _ in range(levels):
        step = detect(option(steps=[step]))
    return [step]


def flow_of(customer, campaign, steps) -> list[dict]:
    """Return what the ledger keeps of accepted steps."""
    env(customer.custom(campaign, callSteps=steps), "OTP-SUC-002")
    return Call.objects.latest("id").flow["steps"]


# --- Text2Speech ----------------------------------------------------------------------------------------


def test_case_20_a_text_call(customer, campaign):
    body = env(customer.text(campaign), "OTP-SUC-002")

    [call] = calls()
    assert body["callId"] == call.pk
    assert (call.state, call.priority, call.message) == (CallState.WAITING, 0, "Your code is 4 7 1 1.")
    assert (call.number, call.destination, call.campaign) == (NUMBER, "+" + NUMBER, campaign)
    assert call.intake.api == Api.GO4CLIENTS
    [row] = customer.info(campaign).json()["calls"]
    assert (row["status"], row["priority"]) == ("PENDING", "LOW")


@pytest.mark.parametrize("pk", [MISSING, None, "", " "])
def test_case_21_no_campaign(customer, campaign, pk):
    env(customer.text(campaign, otpCampaignId=pk), "OTP-ERR-005")


@pytest.mark.parametrize("pk", [99999999, "abc", 0, -1, 10**30, True, 1.5, [1], {"a": 1}])
def test_case_22_an_unknown_campaign(customer, campaign, pk):
    env(customer.text(campaign, otpCampaignId=pk), "OTP-ERR-010")


@pytest.mark.parametrize("number", ["", None, MISSING, "  "])
def test_case_23_no_number(customer, campaign, number):
    env(customer.text(campaign, mobileNumber=number), "OTP-ERR-006")


def test_case_24_the_longest_text(customer, campaign):
    env(customer.text(campaign, message="x" * 5000), "OTP-SUC-002")
    for message in ("x" * 5001, "", " ", None, MISSING, 4711, "<Speed=80/>"):
        env(customer.text(campaign, message=message), "OTP-ERR-007")
    assert [len(call.message) for call in calls()] == [5000]


def test_case_25_an_id_in_digits(customer, campaign):
    env(customer.text(campaign, otpCampaignId=str(campaign.pk)), "OTP-SUC-002")


def test_case_26_another_account(customer, campaign):
    other = Customer(customer.world, customer.world.other_account())

    answer = other.text(campaign)

    env(answer, "OTP-ERR-010")
    assert answer.content == customer.text(None, otpCampaignId=99999999).content
    assert not Call.objects.exists()
    assert not Intake.objects.exists()


@pytest.mark.parametrize(
    ("sent", "destination"),
    [
        ("573001234567", "+573001234567"),
        ("+573001234567", "+573001234567"),
        (573001234567, "+573001234567"),
        ("00573001234567", "+573001234567"),
        # A leading zero is national, in Italy.
        ("0612345678", "+390612345678"),
        # No plan knows it, but digits are dialled.
        ("99912", "+99912"),
    ],
)
def test_numbers(customer, campaign, sent, destination):
    env(customer.text(campaign, mobileNumber=sent), "OTP-SUC-002")
    assert calls()[0].destination == destination


@pytest.mark.parametrize(
    "number", ["abc", "1234", "1" * 16, "57 300", "++573001234567", "٥٧٣٠٠١٢٣٤٥٦٧", True, [NUMBER], 5e11]
)
def test_what_is_no_number(customer, campaign, number):
    env(customer.text(campaign, mobileNumber=number), "OTP-ERR-008")


def test_pseudo_tags_are_not_spoken(customer, campaign):
    env(customer.text(campaign, message="<Speed=80/>Hello, 2 < 3.<Speed=END_80/>"), "OTP-SUC-002")
    assert calls()[0].message == "Hello, 2 < 3."


@pytest.mark.parametrize(("sent", "stored"), [("high", 10), ("LOW", 0), ("", 0), (None, 0)])
def test_the_priority_of_a_text_call(customer, campaign, sent, stored):
    env(customer.text(campaign, priority=sent), "OTP-SUC-002")
    assert calls()[0].priority == stored


def test_the_first_fault_in_order_is_told(customer, campaign):
    steps = [{"type": "SING"}, say("")]
    env(customer.custom(campaign, otpCampaignId=None, mobileNumber="", callSteps=steps), "OTP-ERR-005")
    env(customer.custom(campaign, otpCampaignId=7777, mobileNumber="", callSteps=steps), "OTP-ERR-006")
    env(customer.custom(campaign, otpCampaignId=7777, mobileNumber="x", callSteps=steps), "OTP-ERR-007")
    env(customer.custom(campaign, otpCampaignId=7777, mobileNumber="x", callSteps=steps[:1]), "OTP-ERR-010")
    env(customer.custom(campaign, mobileNumber="x", callSteps=steps[:1]), "OTP-ERR-008")


# --- Steps ----------------------------------------------------------------------------------------------


def test_case_27_a_custom_call(customer, campaign):
    env(customer.custom(campaign), "OTP-SUC-002")

    [call] = calls()
    assert call.priority == 10
    assert call.flow == {
        "steps": [
            {"do": "say", "text": "Press 1 to confirm, 2 for an agent.", "voice": "DORIS"},
            {
                "do": "detect",
                "options": [
                    {
                        "key": "1",
                        "id": "confirmed",
                        "steps": [{"do": "say", "text": "Thank you.", "voice": "DORIS"}, {"do": "hangup"}],
                    },
                    {"key": "2", "id": "agent", "steps": [{"do": "dial", "to": "+15550100300"}]},
                ],
            },
        ]
    }
    assert customer.info(campaign).json()["calls"][0]["priority"] == "HIGH"


@pytest.mark.parametrize("priority", ["MEDIUM", MISSING, None, "", 10, ["HIGH"]])
def test_case_28_a_wrong_priority(customer, campaign, priority):
    env(customer.custom(campaign, priority=priority), "OTP-ERR-008")
    assert not Call.objects.exists()


def test_case_29_a_priority_in_small_letters(customer, campaign):
    env(customer.custom(campaign, priority="low"), "OTP-SUC-002")
    assert calls()[0].priority == 0


@pytest.mark.parametrize("steps", [[], MISSING, {}, None, "SAY", 7])
def test_case_30_no_steps(customer, campaign, steps):
    env(customer.custom(campaign, callSteps=steps), "OTP-ERR-008")


@pytest.mark.parametrize("step", [{"text": "Hello."}, {"type": "SING"}, {"type": 7}, {"type": None}, "SAY", None])
def test_case_31_a_step_of_no_known_type(customer, campaign, step):
    body = env(customer.custom(campaign, callSteps=[say(), step]), "OTP-ERR-008")
    assert "callSteps[1]" in body["description"]


def test_case_32_the_voice_of_a_say(customer, campaign):
    [step] = flow_of(customer, campaign, [say(convertVoice="carlos")])
    assert step["voice"] == "CARLOS"
    assert flow_of(customer, campaign, [say(voice="PEDRO", convertVoice="CARLOS")])[0]["voice"] == "PEDRO"
    # The campaign's, where none is named.
    assert flow_of(customer, campaign, [say()])[0]["voice"] == "DORIS"
    env(customer.custom(campaign, callSteps=[say(voice="NOBODY")]), "OTP-ERR-008")


@pytest.mark.parametrize("text", ["", " ", None, "x" * 5001, 7])
def test_case_33_an_empty_text_deep_down(customer, campaign, text):
    body = env(customer.custom(campaign, callSteps=nested(3, say(text))), "OTP-ERR-007")
    path = "callSteps[0]" + ".options[0].steps[0]" * 3 + ".text"
    assert body["description"].startswith(path)


def test_case_34_two_options_on_one_key(customer, campaign):
    body = env(customer.custom(campaign, callSteps=[detect(option("1"), option("1"))]), "OTP-ERR-008")
    assert body["description"].startswith("callSteps[0].options[1].dtfmCommand")


def test_case_35_the_right_spelling_of_the_key(customer, campaign):
    right = {"type": "option", "dtmfCommand": 1, "optionId": 7, "steps": []}
    [step] = flow_of(customer, campaign, [detect(right)])
    assert step["options"] == [{"key": "1", "id": "7", "steps": []}]


@pytest.mark.parametrize("source", ["ftp://x/a.wav", "", None, "a.wav", 7, "https://x/" + "a" * 2000, "javascript:1"])
def test_case_36_a_source_that_is_no_web_address(customer, campaign, source):
    env(customer.custom(campaign, callSteps=[{"type": "PLAY", "source": source}]), "OTP-ERR-008")


def test_case_37_a_recording_and_a_bridge_to_nobody(customer, campaign):
    steps = [
        {"type": "PLAY", "sourceType": "URL", "source": "https://example.org/a.wav"},
        {"type": "DIAL", "destination": "1"},
    ]
    assert flow_of(customer, campaign, steps) == [
        {"do": "play", "url": "https://example.org/a.wav"},
        {"do": "dial", "to": "1"},
    ]


def test_the_other_steps(customer, campaign):
    steps = [say(), {"type": "Repeat_Audio"}, {"type": "REPEAT_AUDIO", "source": "HTTP://x/b.wav"}, {"type": "hangup"}]
    assert flow_of(customer, campaign, steps)[1:] == [
        {"do": "repeat"},
        {"do": "play", "url": "http://x/b.wav"},
        {"do": "hangup"},
    ]


@pytest.mark.parametrize(
    ("step", "path"),
    [
        (option(), "callSteps[0].type"),
        ({"type": "WILCARD_SAY", "text": "Hello #NAME"}, "callSteps[0].type"),
        ({"type": "WILDCARD_SAY", "text": "Hello #NAME"}, "callSteps[0].type"),
        (detect(), "callSteps[0].options"),
        ({"type": "DETECT"}, "callSteps[0].options"),
        (detect(say()), "callSteps[0].options[0].type"),
        (detect("x"), "callSteps[0].options[0]"),
        (detect(option("12")), "callSteps[0].options[0].dtfmCommand"),
        (detect(option("A")), "callSteps[0].options[0].dtfmCommand"),
        (detect({"type": "OPTION", "dtfmCommand": "1", "optionId": "x"}), "callSteps[0].options[0].steps"),
        (detect(option(optionId=["x"])), "callSteps[0].options[0].optionId"),
        (detect(option(optionId="x" * 256)), "callSteps[0].options[0].optionId"),
        ({"type": "DIAL"}, "callSteps[0].destination"),
        ({"type": "DIAL", "destination": "1" * 16}, "callSteps[0].destination"),
        ({"type": "DIAL", "destination": "one"}, "callSteps[0].destination"),
        ({"type": "DIAL", "destination": "+"}, "callSteps[0].destination"),
        ({"type": "REPEAT_AUDIO", "source": "ftp://x"}, "callSteps[0].source"),
    ],
)
def test_broken_steps_are_refused_by_their_path(customer, campaign, step, path):
    body = env(customer.custom(campaign, callSteps=[step]), "OTP-ERR-008")
    assert body["description"].startswith(path + ":")
    assert not Call.objects.exists()


def test_trees_have_a_greatest_depth_and_size(customer, campaign):
    env(customer.custom(campaign, callSteps=nested(9, say())), "OTP-SUC-002")
    env(customer.custom(campaign, callSteps=nested(10, say())), "OTP-ERR-008")
    env(customer.custom(campaign, callSteps=[say()] * 200), "OTP-SUC-002")
    env(customer.custom(campaign, callSteps=[say()] * 201), "OTP-ERR-008")


def test_an_option_without_an_id_is_reported_by_its_key(customer, campaign):
    [step] = flow_of(customer, campaign, [detect(option("#", optionId=None))])
    assert step["options"][0]["id"] == "#"


# --- Which campaigns take calls -------------------------------------------------------------------------


def test_case_39_after_the_end_nothing_is_stored(customer, campaign):
    customer.finish(campaign)
    env(customer.text(campaign), "OTP-ERR-010")
    env(customer.custom(campaign), "OTP-ERR-010")
    assert not Call.objects.exists()


def test_case_41_after_the_end_date(customer):
    campaign = customer.campaign(endDate="2031-03-03 11:30")
    env(customer.text(campaign), "OTP-SUC-002")
    customer.world.move_to(customer.world.now + dt.timedelta(minutes=30))
    # The engine has not even looked yet.
    env(customer.text(campaign), "OTP-ERR-010")
    env(customer.finish(campaign), "OTP-ERR-010")
    assert Call.objects.count() == 1
    assert customer.info(campaign).json()["campaignConfig"]["status"] == "FINISHED"


def test_campaigns_of_other_doors_are_known_by_their_id(customer):
    native = customer.world.campaign(message="", voice="")
    env(customer.text(native), "OTP-SUC-002")
    assert flow_of(customer, native, [say()]) == [{"do": "say", "text": "Hello."}]
    draft = campaign_operations.create_campaign(account=customer.world.account, now=customer.world.now, name="Draft")
    env(customer.text(draft), "OTP-ERR-010")
    campaign_operations.move_campaign(campaign=native, to=CampaignState.DELETED, now=customer.world.now)
    env(customer.text(native), "OTP-ERR-010")
