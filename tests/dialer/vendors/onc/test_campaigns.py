"""Campaigns over JSON: acceptance cases 9 to 24, limits, and what other doors and persons see and change."""

from __future__ import annotations

import datetime as dt

import pytest

from campaigns.models import Campaign
from campaigns.operations import campaigns as campaign_operations
from campaigns.states import CampaignState
from dialer.vendors.onc.shapes import CAMPAIGN
from tests.dialer.vendors.onc.client import C1, C2, K1, NOBODY, voice, voice_info

ZERO = "00000000-0000-0000-0000-000000000000"
FULL = {
    "ID": C1,
    "ShortName": "Dose reminder",
    "Description": "Second dose",
    "IsPaused": False,
    "ActiveFromDate": "2031-03-01",
    "ActiveFromTime": "09:00:00",
    "ActiveToDate": "2031-03-31",
    "ActiveToTime": "17:30:00",
    "AllowAddingContactsFromExternalApps": True,
    "EmailNotificationRequired": True,
    "SmsNotificationRequired": True,
    "VoiceNotificationRequired": True,
    "ProgressWSEndpoint": "https://example.com/progress",
    "OutboundVoiceNotificationInfo": {
        "CallingName": "Clinic",
        "CallingNumber": "+39 06 1234-5678",
        "DialMsTimeout": 24500,
        "Enabled": True,
        "MaxDeliveryRetries": 3,
        "MaxTextPlays": 2,
        "RetryMinutesInterval": 10,
        "TTSVoiceName": "Helen",
        "TextToSpeak": "Please call us.",
    },
    "OutboundSMSNotificationInfo": {"Enabled": True, "FromNumber": "CLINIC", "TextToSend": "Call us."},
    "OutboundEmailNotificationInfo": {
        "Enabled": True,
        "FromEmail": "Clinic@Example.com",
        "HtmlContent": "<p>Call us.</p>",
        "Subject": "Your dose",
    },
}


def add(onc, **members):
    return onc.result("AddCampaign", campaign={**FULL, **members})


def test_case_09_a_campaign_is_added_under_the_clients_id(onc):
    assert onc.add_campaign(C1) == 0
    assert onc.listing() == [C1]
    assert Campaign.objects.get().state == CampaignState.RUNNING


def test_case_10_an_id_is_used_once(onc, stranger):
    onc.add_campaign(C1)
    assert onc.add_campaign(C1) == 8
    assert stranger.add_campaign(C1) == 8
    onc.result("DeleteCampaign", campaignId=C1)
    assert onc.add_campaign(C1) == 8


@pytest.mark.parametrize("members", [{}, {"ID": ZERO}, {"ID": None}])
def test_case_11_without_an_id_the_server_makes_one(onc, members):
    assert onc.result("AddCampaign", campaign={"ShortName": "X", **members}) == 0
    (made,) = onc.listing()
    assert made not in {C1, ZERO}


@pytest.mark.parametrize("campaign", [None, {"ID": C1}, {"ID": C1, "ShortName": ""}, {"ID": C1, "ShortName": "  "}])
def test_case_12_a_campaign_needs_a_name(onc, campaign):
    assert onc.result("AddCampaign", campaign=campaign) == 7
    assert not Campaign.objects.exists()


@pytest.mark.parametrize(
    "members",
    [
        {"ActiveFromDate": "2031-03-02", "ActiveToDate": "2031-03-01"},
        {"OutboundVoiceNotificationInfo": {"MaxDeliveryRetries": 256}},
        {"ProgressWSEndpoint": "ftp://x"},
        {"ProgressWSEndpoint": "http://"},
        {"ProgressWSEndpoint": "https://x/" + "y" * 2000},
        {"ShortName": "x" * 101},
        {"Description": "x" * 2001},
        {"ActiveFromTime": "24:00:00"},
        {"ActiveToTime": "-PT1H"},
        {"ActiveFromTime": "09:00:10", "ActiveToTime": "09:00:50"},
        {"ActiveFromTime": "23:59:30", "ActiveToTime": "00:00:20"},
        {"OutboundVoiceNotificationInfo": {"MaxDeliveryRetries": -1}},
        {"OutboundVoiceNotificationInfo": {"DialMsTimeout": 999}},
        {"OutboundVoiceNotificationInfo": {"DialMsTimeout": 300_001}},
        {"OutboundVoiceNotificationInfo": {"MaxTextPlays": 11}},
        {"OutboundVoiceNotificationInfo": {"RetryMinutesInterval": -1}},
        {"OutboundVoiceNotificationInfo": {"CallingNumber": "Clinic"}},
        {"OutboundVoiceNotificationInfo": {"CallingName": "x" * 65}},
        {"OutboundSMSNotificationInfo": {"TextToSend": "x" * 1601}},
        {"OutboundEmailNotificationInfo": {"Enabled": True, "FromEmail": "nobody"}},
        {"OutboundEmailNotificationInfo": {"Enabled": True}},
    ],
)
def test_case_13_values_out_of_range_are_invalid(onc, members):
    assert add(onc, **members) == 7
    assert not Campaign.objects.exists()
    assert add(onc) == 0
    before = onc.campaign()
    assert onc.result("UpdateCampaign", campaign={**FULL, **members}) == 7
    assert onc.campaign() == before


@pytest.mark.parametrize(
    "members",
    [
        {"ShortName": "x" * 100, "Description": "x" * 2000},
        {"OutboundVoiceNotificationInfo": voice_info(MaxDeliveryRetries=255, DialMsTimeout=300_000, MaxTextPlays=10)},
        {"OutboundVoiceNotificationInfo": voice_info(DialMsTimeout=1000, CallingName="x" * 64)},
        {"OutboundSMSNotificationInfo": {"Enabled": True, "TextToSend": "x" * 1600}},
        {"OutboundEmailNotificationInfo": {"Enabled": False, "FromEmail": "nobody"}},
        {"ProgressWSEndpoint": ""},
        {"ActiveFromDate": "0001-01-01T00:00:00", "ActiveToDate": "9999-12-31T23:59:59.9999999"},
        {"ActiveFromDate": "2031-03-31", "ActiveToDate": "2031-03-31"},
        {"OutboundVoiceNotificationInfo": voice_info(TTSVoiceName="Speech Text to Speech Voice (en-US, Helen)")},
    ],
)
def test_values_at_their_limits_are_taken_and_come_back(onc, members):
    assert add(onc, **members) == 0
    told = onc.campaign()
    for name, value in members.items():
        if isinstance(value, dict):
            assert {key: told[name][key] for key in value} == value
        elif name.endswith("Date"):
            assert told[name] == value[:10]
        else:
            assert told[name] == value


def test_case_14_the_server_sets_the_creation_date(onc):
    assert onc.add_campaign(CreationDateUtc="1999-01-01T00:00:00Z") == 0
    assert onc.campaign()["CreationDateUtc"] == "2031-03-03T10:00:00Z"


def test_case_15_a_campaign_comes_back_with_all_its_members(onc):
    onc.add_campaign()
    told = onc.campaign()
    assert list(told) == [name for name, _ in CAMPAIGN.members]
    assert len(told) == 17
    assert told["OutboundVoiceNotificationInfo"] is None
    assert told["OutboundSMSNotificationInfo"] is None
    assert told["OutboundEmailNotificationInfo"] is None
    assert told["Description"] is None


def test_case_15_everything_comes_back_exactly_as_it_was_sent(onc):
    assert add(onc) == 0
    told = onc.campaign()
    assert told == {**FULL, "CreationDateUtc": "2031-03-03T10:00:00Z"}
    assert onc.result("GetCampaigns") == [told]


def test_case_15_what_was_sent_stands_in_the_ledgers_own_columns(onc):
    add(onc)
    made = Campaign.objects.get()
    assert (made.caller_id, made.caller_name, made.voice) == ("+390612345678", "Clinic", "Helen")
    assert (made.ring_seconds, made.max_attempts, made.max_plays, made.retry_minutes) == (25, 3, 2, 10)
    # Midnight and half past five in Rome.
    assert made.starts_at == dt.datetime(2031, 2, 28, 23, tzinfo=dt.UTC)
    assert made.ends_at == dt.datetime(2031, 3, 31, 22, tzinfo=dt.UTC)
    assert made.windows == [{"start": "09:00", "end": "17:30"}]
    assert made.channels["sms"] == {"enabled": True, "sender": "CLINIC", "text": "Call us."}
    assert made.channels["email"]["subject"] == "Your dose"


def test_case_16_an_unknown_campaign_is_null(onc):
    assert onc.campaign(NOBODY) is None


def test_case_18_a_paused_campaign_starts_nothing_and_is_listed(onc, world):
    onc.add_campaign(OutboundVoiceNotificationInfo=voice_info())
    onc.add_contact(VoiceCommInfo=voice())
    assert onc.update_campaign(IsPaused=True, OutboundVoiceNotificationInfo=voice_info()) == 0
    world.run(minutes=10)
    assert onc.standing() == (1, 0, 1)
    assert onc.listing() == [C1]
    assert onc.campaign()["IsPaused"] is True
    assert onc.update_campaign(OutboundVoiceNotificationInfo=voice_info()) == 0
    world.run(minutes=10)
    assert onc.standing() == (4, 0, 0)


def test_case_18_a_campaign_may_be_added_paused(onc):
    assert onc.add_campaign(IsPaused=True) == 0
    assert Campaign.objects.get().state == CampaignState.PAUSED
    assert onc.campaign()["IsPaused"] is True


def test_case_19_an_update_replaces_everything(onc):
    assert add(onc) == 0
    assert onc.update_campaign() == 0
    told = onc.campaign()
    assert told["Description"] is None
    assert told["OutboundVoiceNotificationInfo"] is None
    assert told["ActiveToDate"] is None
    assert told["VoiceNotificationRequired"] is False
    assert told["CreationDateUtc"] == "2031-03-03T10:00:00Z"
    assert Campaign.objects.get().windows == []


def test_case_20_an_update_needs_a_known_campaign(onc):
    assert onc.update_campaign(NOBODY) == 5
    assert onc.update_campaign(ZERO) == 5
    assert onc.result("UpdateCampaign", campaign={"ShortName": "X"}) == 5
    assert onc.result("UpdateCampaign", campaign=None) == 7


def test_case_21_a_campaign_is_deleted_once(onc):
    onc.add_campaign()
    assert onc.result("DeleteCampaign", campaignId=C1) == 0
    assert onc.result("DeleteCampaign", campaignId=C1) == 5
    assert onc.listing() == []
    assert onc.campaign() is None
    assert onc.result("GetCampaignContacts", campaignId=C1) is None
    assert onc.result("GetCampaignContactsListing", campaignId=C1) is None


def test_case_22_a_campaign_that_is_over_is_not_listed_but_told(onc):
    assert onc.add_campaign(ActiveToDate="2031-03-02") == 0
    assert onc.listing() == []
    assert onc.result("GetCampaigns") == []
    assert onc.campaign()["ActiveToDate"] == "2031-03-02"


def test_case_22_its_last_day_counts_in_full(onc, world):
    onc.add_campaign(ActiveToDate="2031-03-03")
    world.move_to(dt.datetime(2031, 3, 3, 22, 59, 59, tzinfo=dt.UTC))
    onc.open()
    assert onc.listing() == [C1]
    world.move_to(dt.datetime(2031, 3, 3, 23, tzinfo=dt.UTC))
    assert onc.listing() == []


def test_case_23_a_paused_campaign_of_tomorrow_is_listed(onc):
    onc.add_campaign(IsPaused=True, ActiveFromDate="2031-03-04")
    assert onc.listing() == [C1]


def test_case_24_another_accounts_campaign_is_unknown(onc, stranger):
    onc.add_campaign()
    onc.add_contact(VoiceCommInfo=voice())
    assert stranger.campaign() is None
    assert stranger.update_campaign() == 5
    assert stranger.result("DeleteCampaign", campaignId=C1) == 5
    assert stranger.listing() == []
    assert stranger.result("GetCampaignContacts", campaignId=C1) is None
    assert stranger.result("GetCampaignContactsListing", campaignId=C1) is None
    assert stranger.add_contact() == 5
    assert stranger.update_contact() == 5
    assert stranger.result("DeleteCampaignContact", campaignId=C1, contactId=K1) == 5


def test_campaigns_are_listed_by_age_then_id(onc, world):
    onc.add_campaign(C2)
    onc.add_campaign(C1)
    world.move_to(world.now + dt.timedelta(minutes=1))
    onc.add_campaign("00000000-0000-4000-8000-000000000001")
    assert onc.listing() == [C1, C2, "00000000-0000-4000-8000-000000000001"]


@pytest.mark.parametrize("key", [C1.upper(), "{" + C1 + "}", C1.replace("-", "")])
def test_guids_are_taken_in_every_spelling(onc, key):
    onc.add_campaign(key)
    assert onc.campaign(key)["ID"] == C1


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ("09:00", "09:00:00"),
        ("9:05", "09:05:00"),
        ("PT9H30M", "09:30:00"),
        ("2031-03-01T09:15:00", "09:15:00"),
        ("2031-03-01T09:15:00.5+02:00", "09:15:00.5"),
        ("/Date(1772179200000)/", "08:00:00"),
        ("/Date(1772179200000+0200)/", "10:00:00"),
        ("0.09:00:00.25", "09:00:00.25"),
        ("PT0S", "00:00:00"),
        ("", None),
        (None, None),
    ],
)
def test_times_are_taken_in_every_spelling(onc, sent, told):
    assert onc.add_campaign(ActiveFromTime=sent) == 0
    assert onc.campaign()["ActiveFromTime"] == told


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ("2031-03-01", "2031-03-01"),
        ("2031-03-01T23:59:59", "2031-03-01"),
        ("2031-03-01T00:00:00+02:00", "2031-03-01"),
        ("2031-03-01T00:00:00Z", "2031-03-01"),
        ("/Date(1772179200000)/", "2026-02-27"),
        ("/Date(1772146800000+0200)/", "2026-02-27"),
        ("", None),
    ],
)
def test_dates_are_taken_in_every_spelling(onc, sent, told):
    assert onc.add_campaign(ActiveFromDate=sent) == 0
    assert onc.campaign()["ActiveFromDate"] == told


@pytest.mark.parametrize(
    ("opens", "shuts", "windows"),
    [
        (None, None, []),
        ("09:00", "09:00", []),
        ("00:00", "00:00", []),
        (None, "17:30", [{"start": "00:00", "end": "17:30"}]),
        ("09:00", None, [{"start": "09:00", "end": "24:00"}]),
        ("22:00", "02:00", [{"start": "22:00", "end": "02:00"}]),
        ("09:00:30", "17:30:59", [{"start": "09:01", "end": "17:30"}]),
        ("23:59:30", "02:00", [{"start": "24:00", "end": "02:00"}]),
    ],
)
def test_the_daily_window_narrows_to_whole_minutes(onc, opens, shuts, windows):
    assert onc.add_campaign(ActiveFromTime=opens, ActiveToTime=shuts) == 0
    assert Campaign.objects.get().windows == windows


def test_a_window_over_midnight_outlasts_the_last_day(onc):
    onc.add_campaign(
        ActiveFromDate="2031-03-05", ActiveToDate="2031-03-06", ActiveFromTime="22:00", ActiveToTime="02:00"
    )
    made = Campaign.objects.get()
    assert made.starts_at == dt.datetime(2031, 3, 5, 21, tzinfo=dt.UTC)
    assert made.ends_at == dt.datetime(2031, 3, 7, 1, tzinfo=dt.UTC)
    told = onc.campaign()
    assert (told["ActiveFromDate"], told["ActiveToDate"]) == ("2031-03-05", "2031-03-06")


def test_what_a_person_changes_is_told_and_the_rest_stays_as_sent(onc, world):
    add(onc)
    campaign_operations.update_campaign(campaign=Campaign.objects.get(), now=world.now, name="By hand", max_plays=5)
    told = onc.campaign()
    assert told["ShortName"] == "By hand"
    assert told["OutboundVoiceNotificationInfo"]["MaxTextPlays"] == 5
    assert told["OutboundVoiceNotificationInfo"]["DialMsTimeout"] == 25000
    assert told["OutboundEmailNotificationInfo"] == FULL["OutboundEmailNotificationInfo"]


def test_a_campaign_of_another_door_is_told_from_its_columns(onc, world):
    made = world.campaign(
        name="Native",
        windows=[{"start": "10:00", "end": "12:00"}],
        ends_at=dt.datetime(2031, 4, 1, tzinfo=dt.UTC),
        max_attempts=4,
        retry_minutes=7,
    )
    told = onc.campaign(str(made.uuid))
    assert onc.listing() == [str(made.uuid)]
    assert (told["ShortName"], told["ActiveFromTime"], told["ActiveToTime"]) == ("Native", "10:00:00", "12:00:00")
    assert told["ActiveToDate"] == "2031-04-01"
    assert told["OutboundVoiceNotificationInfo"] == {
        "CallingName": None,
        "CallingNumber": "390612345678",
        "DialMsTimeout": 30000,
        "Enabled": True,
        "MaxDeliveryRetries": 4,
        "MaxTextPlays": 1,
        "RetryMinutesInterval": 7,
        "TTSVoiceName": None,
        "TextToSpeak": "Hello.",
    }


def test_read_modify_write_loses_nothing_that_onc_cannot_say(onc, world):
    windows = [{"days": ["mon"], "start": "10:00", "end": "12:00"}, {"days": ["sat"], "start": "14:00", "end": "15:00"}]
    flow = {"steps": [{"do": "say", "text": "Hello."}]}
    made = world.campaign(name="N" * 200, windows=windows, flow=flow, message="", max_plays=20, description="Old")
    told = onc.campaign(str(made.uuid))
    assert onc.result("UpdateCampaign", campaign={**told, "Description": "New"}) == 0
    made.refresh_from_db()
    assert (made.description, made.windows, made.flow, made.max_plays) == ("New", windows, flow, 20)
    assert made.name == "N" * 200
    again = onc.campaign(str(made.uuid))
    assert again == {**told, "Description": "New"}
    spoken = {**told["OutboundVoiceNotificationInfo"], "MaxTextPlays": 3, "TextToSpeak": "Hi."}
    assert onc.result("UpdateCampaign", campaign={**told, "OutboundVoiceNotificationInfo": spoken}) == 0
    made.refresh_from_db()
    assert (made.message, made.flow, made.max_plays) == ("Hi.", None, 3)


def test_a_draft_that_stays_paused_stays_a_draft(onc, world):
    made = campaign_operations.create_campaign(account=world.account, now=world.now, name="Draft")
    told = onc.campaign(str(made.uuid))
    assert told["IsPaused"] is True
    assert onc.result("UpdateCampaign", campaign=told) == 0
    made.refresh_from_db()
    assert made.state == CampaignState.DRAFT
    assert onc.result("UpdateCampaign", campaign={**told, "IsPaused": False}) == 0
    made.refresh_from_db()
    assert made.state == CampaignState.RUNNING


def test_a_campaign_that_a_person_finished_is_closed(onc, world):
    onc.add_campaign()
    campaign_operations.move_campaign(campaign=Campaign.objects.get(), to=CampaignState.FINISHED, now=world.now)
    assert onc.listing() == []
    assert onc.campaign()["ID"] == C1
    assert onc.update_campaign(ActiveToDate="2031-12-31") == 9
    assert onc.add_contact(VoiceCommInfo=voice()) == 9
    assert onc.result("GetCampaignContactsListing", campaignId=C1) == []


def test_extra_that_nobody_can_read_counts_for_nothing(onc):
    add(onc)
    Campaign.objects.update(extra={"onc": {"IsPaused": "perhaps"}})
    assert onc.campaign()["ShortName"] == "Dose reminder"
    assert onc.campaign()["OutboundVoiceNotificationInfo"]["DialMsTimeout"] == 25000


def test_two_moves_of_a_finished_campaigns_end_still_reopen_it(onc, world):
    onc.add_campaign(ActiveToDate="2031-03-02")
    world.run(minutes=1)
    world.move_to(dt.datetime(2031, 3, 20, 12, tzinfo=dt.UTC))
    onc.open()
    assert onc.update_campaign(ActiveToDate="2031-03-15") == 0
    assert Campaign.objects.get().state == CampaignState.FINISHED
    assert onc.update_campaign(ActiveToDate="2031-03-25", IsPaused=True) == 0
    assert Campaign.objects.get().state == CampaignState.PAUSED
    assert onc.listing() == [C1]


@pytest.mark.parametrize("paused", [True, False])
def test_a_campaign_that_is_over_is_told_paused_if_it_was(onc, world, paused):
    onc.add_campaign(IsPaused=paused, ActiveToDate="2031-03-02")
    world.run(minutes=1)
    assert Campaign.objects.get().state == CampaignState.FINISHED
    assert onc.campaign()["IsPaused"] is paused
