"""From the first request to the last status, in virtual time: acceptance cases 40 to 45, hours, and the end date."""

from __future__ import annotations

import datetime as dt

import pytest

from campaigns.models import Call, CallAttempt, Campaign
from dialer import claiming, placing
from tests.dialer.vendors.onc.client import ANSWERS, BUSY, C1, K1, K2, voice, voice_info

MINUTE = dt.timedelta(minutes=1)


def utc(day: int, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime(2031, 3, day, hour, minute, tzinfo=dt.UTC)


def placed() -> list[dt.datetime]:
    return list(CallAttempt.objects.order_by("placed_at").values_list("placed_at", flat=True))


def start(onc, world, at: dt.datetime, **members):
    world.move_to(at)
    onc.open()
    onc.add_campaign(OutboundVoiceNotificationInfo=voice_info(), **members)
    onc.add_contact(VoiceCommInfo=voice())


def test_case_40_three_busy_tries_ten_minutes_apart(onc, world):
    onc.add_campaign(OutboundVoiceNotificationInfo=voice_info(MaxDeliveryRetries=3, RetryMinutesInterval=10))
    onc.add_contact(VoiceCommInfo=voice(BUSY))
    seen = [onc.standing()]
    for minutes in (1, 10, 10):
        world.run(minutes=minutes)
        seen.append(onc.standing())
    assert seen == [(1, 0, 3), (5, 1, 2), (5, 1, 1), (6, 1, 0)]
    first, second, third = placed()
    assert second - first >= 10 * MINUTE
    assert third - second >= 10 * MINUTE


def test_case_41_busy_then_answered(onc, world):
    onc.add_campaign(OutboundVoiceNotificationInfo=voice_info(MaxDeliveryRetries=3, RetryMinutesInterval=10))
    onc.add_contact(VoiceCommInfo=voice(BUSY))
    world.run(minutes=1)
    assert onc.standing() == (5, 1, 2)
    # The called party hangs up, and is free when tried again.
    Call.objects.update(destination=ANSWERS)
    world.run(minutes=15)
    assert onc.standing() == (4, 0, 1)


@pytest.mark.parametrize("hour", [19, 3])
def test_case_42_outside_the_window_it_waits_for_the_next(onc, world, hour):
    # 20:00 and 04:00 in Rome.
    start(onc, world, utc(3, hour), ActiveFromTime="09:00:00", ActiveToTime="17:30:00")
    world.run(hours=15)
    assert placed() == [utc(4 if hour == 19 else 3, 8)]


def test_case_43_a_window_over_midnight_is_open_after_it(onc, world):
    start(onc, world, utc(4, 0), ActiveFromTime="22:00:00", ActiveToTime="02:00:00")
    world.run(minutes=1)
    assert placed() == [utc(4, 0)]


def test_case_43_it_belongs_to_the_day_it_starts_on(onc, world):
    # 01:00 in Rome on the first day is the night before; 01:00 after the last day is the last night.
    dates = {"ActiveFromDate": "2031-03-04", "ActiveToDate": "2031-03-04"}
    start(onc, world, utc(4, 0), ActiveFromTime="22:00:00", ActiveToTime="02:00:00", **dates)
    world.run(hours=20, minutes=59)
    assert placed() == []
    world.move_to(utc(5, 0))
    world.run(minutes=1)
    assert placed() == [utc(5, 0)]


def test_case_44_channels_deliver_independently(onc, world):
    onc.add_campaign(
        OutboundVoiceNotificationInfo=voice_info(),
        OutboundSMSNotificationInfo={"Enabled": True, "TextToSend": "Call us."},
        OutboundEmailNotificationInfo={"Enabled": True, "FromEmail": "a@example.com", "HtmlContent": "<p>Call</p>"},
    )
    onc.add_contact(
        VoiceCommInfo=voice(BUSY),
        SMSCommInfo={"Destination": ANSWERS},
        EmailCommInfo={"Destination": "bob@example.com"},
    )
    world.run(minutes=5)
    assert onc.standing()[0] == 6
    assert onc.standing(member="SMSCommInfo") == (4, 0, 0)
    assert onc.standing(member="EmailCommInfo") == (4, 0, 0)


@pytest.mark.parametrize(("overwrite", "said"), [("", "Please call us."), (None, "Please call us."), ("X", "X")])
def test_case_45_the_contacts_text_replaces_the_campaigns(onc, world, overwrite, said):
    onc.add_campaign(OutboundVoiceNotificationInfo=voice_info())
    onc.add_contact(VoiceCommInfo=voice(TextToSendOverwrite=overwrite))
    world.run(minutes=5)
    assert onc.voice()["TextToSendOverwrite"] == overwrite
    attempt = CallAttempt.objects.select_related("call", "campaign").get()
    dial = placing.dial_of(attempt, attempt.call, attempt.campaign)
    assert [step["text"] for step in dial.flow["steps"]] == [said]


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"OutboundVoiceNotificationInfo": voice_info(Enabled=False)},
        {"OutboundVoiceNotificationInfo": voice_info(TextToSpeak="  ")},
    ],
)
def test_a_channel_that_is_off_or_says_nothing_waits(onc, world, members):
    onc.add_campaign(**members)
    onc.add_contact(VoiceCommInfo=voice())
    world.run(hours=3)
    onc.open()
    assert onc.standing()[:2] == (1, 0)
    assert not CallAttempt.objects.exists()
    assert onc.update_campaign(OutboundVoiceNotificationInfo=voice_info()) == 0
    world.run(minutes=5)
    assert onc.standing() == (4, 0, 0)


def test_a_text_is_not_what_voice_would_say(onc, world):
    onc.add_campaign(
        OutboundVoiceNotificationInfo=voice_info(), OutboundSMSNotificationInfo={"Enabled": True, "TextToSend": ""}
    )
    onc.add_contact(K1, SMSCommInfo={"Destination": ANSWERS})
    onc.add_contact(K2, SMSCommInfo={"Destination": ANSWERS, "TextToSendOverwrite": "Hi."})
    world.run(minutes=5)
    assert onc.standing(K1, "SMSCommInfo") == (1, 0, 1)
    assert onc.standing(K2, "SMSCommInfo") == (4, 0, 0)


def test_a_contacts_own_voice_text_is_enough(onc, world):
    onc.add_campaign(OutboundVoiceNotificationInfo={"Enabled": True})
    onc.add_contact(VoiceCommInfo=voice())
    world.run(minutes=5)
    assert onc.standing() == (1, 0, 1)
    assert onc.update_contact(VoiceCommInfo=voice(TextToSendOverwrite="Hi.")) == 0
    world.run(minutes=5)
    assert onc.standing() == (4, 0, 0)


def test_the_phone_rings_as_long_as_it_was_told(onc, world):
    onc.add_campaign(OutboundVoiceNotificationInfo=voice_info(DialMsTimeout=12_500))
    onc.add_contact(VoiceCommInfo=voice("+3906123408"))
    world.run(seconds=11)
    assert onc.standing() == (2, 0, 0)
    world.run(seconds=5)
    assert onc.standing() == (6, 2, 0)


def test_an_answered_call_is_being_delivered(onc, world):
    onc.add_campaign(OutboundVoiceNotificationInfo=voice_info(TextToSpeak="Word " * 100, MaxDeliveryRetries=2))
    onc.add_contact(VoiceCommInfo=voice())
    world.run(seconds=8)
    assert onc.standing() == (3, 0, 1)
    world.run(minutes=10)
    assert onc.standing() == (4, 0, 1)


def test_past_its_last_day_what_waits_is_cancelled_and_extended_it_waits_again(onc, world):
    members = {"OutboundVoiceNotificationInfo": voice_info(MaxDeliveryRetries=3, RetryMinutesInterval=600)}
    onc.add_campaign(ActiveToDate="2031-03-03", ActiveToTime="11:30:00", **members)
    onc.add_contact(K1, VoiceCommInfo=voice(BUSY), SMSCommInfo={"Destination": ""})
    onc.add_contact(K2, VoiceCommInfo=voice(ANSWERS, RetryCount=1), EmailCommInfo={"Destination": "a@example.com"})
    world.run(minutes=5)
    assert onc.standing(K1) == (5, 1, 2)
    world.run(days=1)
    onc.open()
    assert onc.standing(K1) == (7, 1, 2)
    assert onc.contact(K1)["SMSCommInfo"]["StatusCode"] == 0
    assert onc.standing(K2) == (4, 0, 0)
    assert onc.standing(K2, "EmailCommInfo") == (7, 0, 1)
    assert onc.listing() == []
    assert onc.update_campaign(ActiveToDate="2031-03-31", **members) == 0
    assert onc.listing() == [C1]
    assert onc.standing(K1) == (1, 1, 2)
    assert onc.standing(K2) == (4, 0, 0)
    assert onc.standing(K2, "EmailCommInfo") == (1, 0, 1)
    world.run(minutes=5)
    assert onc.standing(K1) == (5, 1, 1)


def test_what_comes_into_a_campaign_that_is_over_waits_for_its_new_end(onc, world):
    members = {"OutboundVoiceNotificationInfo": voice_info()}
    onc.add_campaign(ActiveToDate="2031-03-02", **members)
    world.run(minutes=1)
    assert Campaign.objects.get().state == "finished"
    assert onc.add_contact(K1, VoiceCommInfo=voice()) == 0
    assert onc.add_contact(K2, VoiceCommInfo=voice()) == 0
    assert onc.standing(K1) == (7, 0, 1)
    assert onc.update_contact(K1, VoiceCommInfo=voice(ANSWERS, RetryCount=2)) == 0
    assert onc.result("DeleteCampaignContact", campaignId=C1, contactId=K2) == 0
    assert onc.standing(K1) == (7, 0, 2)
    assert onc.update_campaign(IsPaused=True, ActiveToDate="2031-03-31", **members) == 0
    assert onc.standing(K1) == (1, 0, 2)
    world.run(minutes=5)
    assert not CallAttempt.objects.exists()
    assert onc.update_campaign(ActiveToDate="2031-03-31", **members) == 0
    world.run(minutes=5)
    assert onc.standing(K1) == (4, 0, 1)
    assert CallAttempt.objects.count() == 1


def test_withdrawn_while_over_is_not_revived(onc, world):
    members = {"OutboundVoiceNotificationInfo": voice_info()}
    onc.add_campaign(ActiveToDate="2031-03-02", **members)
    onc.add_contact(K1, VoiceCommInfo=voice())
    world.run(minutes=1)
    assert onc.update_contact(K1, VoiceCommInfo=voice(BUSY)) == 0
    assert onc.standing(K1) == (7, 0, 1)
    assert onc.update_campaign(ActiveToDate="2031-03-31", **members) == 0
    world.run(minutes=5)
    assert list(CallAttempt.objects.values_list("destination", flat=True)) == [BUSY]


def test_a_try_that_never_reached_the_wire_was_none(onc, world):
    members = {"OutboundVoiceNotificationInfo": voice_info(MaxDeliveryRetries=3, RetryMinutesInterval=10)}
    onc.add_campaign(**members)
    onc.add_contact(VoiceCommInfo=voice(BUSY))
    world.run(minutes=1)
    world.move_to(world.now + 10 * MINUTE)
    claimed = claiming.claim(account_id=world.account.pk, now=world.now)
    assert onc.standing() == (2, 1, 1)
    assert onc.update_campaign(IsPaused=True, **members) == 0
    assert placing.place(claimed.attempt_ids, now=world.now) == 0
    assert onc.standing() == (5, 1, 2)
