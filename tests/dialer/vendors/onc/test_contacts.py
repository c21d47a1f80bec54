"""Contacts over JSON: acceptance cases 25 to 39, and what becomes of a channel that is changed."""

from __future__ import annotations

import datetime as dt

import pytest

from campaigns.models import Call, Campaign, Contact
from campaigns.operations import calls as call_operations
from campaigns.operations import campaigns as campaign_operations
from campaigns.operations import suppressions
from campaigns.operations.calls import NewCall
from campaigns.phones import Destination
from tests.dialer.vendors.onc.client import (
    ANSWERS,
    ANSWERS_AFTER_MINUTE,
    BUSY,
    C1,
    C2,
    GONE,
    K1,
    K2,
    NOBODY,
    voice,
    voice_info,
)

ZERO = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def campaign(onc):
    """A running campaign that speaks, three tries ten minutes apart."""
    onc.add_campaign(OutboundVoiceNotificationInfo=voice_info(MaxDeliveryRetries=3, RetryMinutesInterval=10))
    return Campaign.objects.get()


def test_case_25_status_and_error_that_are_sent_are_ignored(onc, campaign):
    assert onc.add_contact(VoiceCommInfo=voice(StatusCode=4, LastDeliveryErrorCode=9)) == 0
    assert onc.standing() == (1, 0, 3)


@pytest.mark.parametrize("blank", ["  ", "", None])
def test_case_26_a_blank_destination_is_not_tried(onc, campaign, world, blank):
    assert onc.add_contact(SMSCommInfo={"Destination": blank, "StatusCode": 4}) == 0
    assert onc.contact()["SMSCommInfo"]["StatusCode"] == 0
    assert onc.contact()["SMSCommInfo"]["Destination"] == blank
    assert onc.contact()["VoiceCommInfo"] is None
    assert not Call.objects.exists()


def test_case_26_all_three_may_be_blank(onc, campaign):
    blank = {"Destination": ""}
    assert onc.add_contact(SMSCommInfo=blank, VoiceCommInfo=blank, EmailCommInfo=blank) == 0
    told = onc.contact()
    assert {told[name]["StatusCode"] for name in ("SMSCommInfo", "VoiceCommInfo", "EmailCommInfo")} == {0}


@pytest.mark.parametrize("key", [NOBODY, ZERO, None])
def test_case_27_a_contact_needs_a_known_campaign(onc, campaign, key):
    assert onc.add_contact(campaign=key, VoiceCommInfo=voice()) == 5
    assert not Contact.objects.exists()


def test_case_27_a_null_contact_is_invalid(onc):
    assert onc.result("AddCampaignContact", contact=None) == 7
    assert onc.result("UpdateCampaignContact", contact=None) == 7


def test_case_28_an_id_is_used_once_in_a_campaign(onc, campaign):
    assert onc.add_contact(VoiceCommInfo=voice()) == 0
    assert onc.add_contact(VoiceCommInfo=voice()) == 8
    assert Call.objects.count() == 1
    onc.result("DeleteCampaignContact", campaignId=C1, contactId=K1)
    assert onc.add_contact(VoiceCommInfo=voice()) == 8
    # The same person may be in two campaigns.
    onc.add_campaign(C2)
    assert onc.add_contact(campaign=C2, VoiceCommInfo=voice()) == 0


@pytest.mark.parametrize("count", [256, -1])
@pytest.mark.parametrize("destination", [ANSWERS, ""])
def test_case_29_a_retry_count_has_limits(onc, campaign, count, destination):
    assert onc.add_contact(VoiceCommInfo=voice(destination, RetryCount=count)) == 7
    assert not Contact.objects.exists()


def test_case_29_the_largest_retry_count_is_kept(onc, campaign):
    assert onc.add_contact(VoiceCommInfo=voice(RetryCount=255)) == 0
    assert onc.standing() == (1, 0, 255)


def test_case_30_an_absent_retry_count_is_the_campaigns(onc, campaign):
    onc.add_contact(
        VoiceCommInfo=voice(), SMSCommInfo={"Destination": ANSWERS}, EmailCommInfo={"Destination": "a@example.com"}
    )
    told = onc.contact()
    assert told["VoiceCommInfo"]["RetryCount"] == 3
    # Neither text nor email has a number of its own.
    assert told["SMSCommInfo"]["RetryCount"] == 1
    assert told["EmailCommInfo"]["RetryCount"] == 1


@pytest.mark.parametrize(
    ("member", "destination"),
    [
        ("EmailCommInfo", "nobody"),
        ("EmailCommInfo", "a@b"),
        ("VoiceCommInfo", "123456"),
        ("VoiceCommInfo", "1234567890123456"),
        ("VoiceCommInfo", "call me"),
        ("SMSCommInfo", "a@example.com"),
        ("VoiceCommInfo", "+3906123200" + " " * 300),
    ],
)
def test_case_31_a_destination_must_be_one_of_its_channel(onc, campaign, member, destination):
    assert onc.add_contact(**{member: {"Destination": destination}}) == 7
    assert not Contact.objects.exists()


@pytest.mark.parametrize("destination", ["+39 06 123-200", "0039 06123200", "06123200", "16475550123", "1234567"])
def test_case_31_numbers_are_taken_as_people_write_them(onc, campaign, destination):
    assert onc.add_contact(VoiceCommInfo=voice(destination)) == 0
    assert onc.voice()["Destination"] == destination


def test_case_32_contacts_are_listed_in_the_order_of_adding(onc, campaign):
    assert onc.result("GetCampaignContactsListing", campaignId=C1) == []
    onc.add_contact(K2, VoiceCommInfo=voice())
    onc.add_contact(K1)
    assert onc.result("GetCampaignContactsListing", campaignId=C1) == [K2, K1]
    assert onc.result("GetCampaignContactsListing", campaignId=NOBODY) is None
    assert onc.result("GetCampaignContacts", campaignId=NOBODY) is None


def test_case_33_contacts_come_back_as_stored(onc, campaign):
    onc.add_contact(
        VoiceCommInfo=voice("06123200", TextToSendOverwrite="Hi."),
        EmailCommInfo={"Destination": "Bob@Example.com", "TextToSendOverwrite": "  ", "RetryCount": 7},
    )
    assert onc.result("GetCampaignContacts", campaignId=C1) == [
        {
            "CampaignId": C1,
            "Id": K1,
            "SMSCommInfo": None,
            "VoiceCommInfo": {
                "Destination": "06123200",
                "LastDeliveryErrorCode": 0,
                "RetryCount": 3,
                "StatusCode": 1,
                "TextToSendOverwrite": "Hi.",
            },
            "EmailCommInfo": {
                "Destination": "Bob@Example.com",
                "LastDeliveryErrorCode": 0,
                "RetryCount": 7,
                "StatusCode": 1,
                "TextToSendOverwrite": "  ",
            },
        }
    ]


def test_case_33_reading_many_contacts_takes_as_many_queries_as_one(onc, campaign, django_assert_num_queries):
    onc.add_contact(VoiceCommInfo=voice())
    with django_assert_num_queries(5):
        onc.result("GetCampaignContacts", campaignId=C1)
    for number in range(20):
        onc.add_contact(f"00000000-0000-4000-8000-0000000000{number:02}", VoiceCommInfo=voice())
    with django_assert_num_queries(5):
        assert len(onc.result("GetCampaignContacts", campaignId=C1)) == 21


def test_case_34_a_status_that_is_sent_changes_nothing(onc, campaign):
    onc.add_contact(VoiceCommInfo=voice())
    assert onc.update_contact(VoiceCommInfo=voice(StatusCode=4, LastDeliveryErrorCode=5)) == 0
    assert onc.standing() == (1, 0, 3)
    assert Call.objects.count() == 1


@pytest.mark.parametrize("blanked", [None, {"Destination": " "}])
def test_case_35_a_blanked_destination_is_not_tried(onc, campaign, world, blanked):
    onc.add_contact(VoiceCommInfo=voice())
    assert onc.update_contact(VoiceCommInfo=blanked) == 0
    told = onc.voice()
    assert told is None if blanked is None else told["StatusCode"] == 0
    world.run(minutes=30)
    assert Call.objects.get().attempts_total == 0


def test_case_36_a_new_destination_after_a_failure_starts_afresh(onc, campaign, world):
    onc.add_contact(VoiceCommInfo=voice(GONE))
    world.run(minutes=1)
    assert onc.standing() == (6, 4, 2)
    assert onc.update_contact(VoiceCommInfo=voice(ANSWERS)) == 0
    assert onc.standing() == (1, 0, 3)
    world.run(minutes=1)
    assert onc.standing() == (4, 0, 2)


@pytest.mark.parametrize("wanted", [voice(BUSY), None])
def test_case_37_no_other_destination_while_one_is_being_reached(onc, campaign, world, wanted):
    # Rings for a minute.
    onc.add_contact(VoiceCommInfo=voice("+3906123238"), SMSCommInfo={"Destination": ANSWERS})
    world.run(seconds=5)
    assert onc.standing() == (2, 0, 2)
    before = onc.contact()
    assert onc.update_contact(VoiceCommInfo=wanted, SMSCommInfo={"Destination": BUSY}) == 9
    assert onc.contact() == before
    assert onc.update_contact(VoiceCommInfo=voice("+3906123238", RetryCount=9), SMSCommInfo=None) == 0
    assert onc.standing() == (2, 0, 9)


def test_case_38_an_update_needs_a_contact_of_the_campaign(onc, campaign):
    onc.add_campaign(C2)
    onc.add_contact(K1)
    assert onc.update_contact(K2) == 6
    assert onc.update_contact(K1, campaign=C2) == 6
    assert onc.update_contact(ZERO) == 6
    assert onc.update_contact(K1, campaign=NOBODY) == 5
    assert onc.result("DeleteCampaignContact", campaignId=C2, contactId=K1) == 6
    assert onc.result("DeleteCampaignContact", campaignId=NOBODY, contactId=K1) == 5


def test_case_39_a_contact_is_deleted_once(onc, campaign, world):
    onc.add_contact(VoiceCommInfo=voice())
    assert onc.result("DeleteCampaignContact", campaignId=C1, contactId=K1) == 0
    assert onc.result("DeleteCampaignContact", campaignId=C1, contactId=K1) == 6
    assert onc.update_contact() == 6
    assert onc.result("GetCampaignContactsListing", campaignId=C1) == []
    world.run(minutes=30)
    assert Call.objects.get().attempts_total == 0


def test_a_contact_without_an_id_gets_one(onc, campaign):
    assert onc.add_contact(None, VoiceCommInfo=voice()) == 0
    assert onc.add_contact(ZERO, VoiceCommInfo=voice()) == 0
    first, second = onc.result("GetCampaignContactsListing", campaignId=C1)
    assert len({first, second, ZERO}) == 3


def test_deleting_a_contact_on_the_line_lets_the_call_end(onc, campaign, world):
    onc.add_contact(VoiceCommInfo=voice("+3906123231"))
    world.run(seconds=5)
    assert onc.result("DeleteCampaignContact", campaignId=C1, contactId=K1) == 0
    world.run(minutes=40)
    call = Call.objects.get()
    assert (call.state, call.attempts_total) == ("done", 1)


def test_an_unchanged_destination_keeps_its_call_and_takes_texts_and_count(onc, campaign, world):
    onc.add_contact(VoiceCommInfo=voice(BUSY))
    world.run(minutes=1)
    assert onc.standing() == (5, 1, 2)
    assert onc.update_contact(VoiceCommInfo=voice("+39 06123 486", RetryCount=7, TextToSendOverwrite="X")) == 0
    assert onc.standing() == (5, 1, 7)
    assert onc.voice()["TextToSendOverwrite"] == "X"
    assert onc.voice()["Destination"] == "+39 06123 486"
    # A count that was not sent leaves the tries as they are.
    assert onc.update_contact(VoiceCommInfo=voice(BUSY)) == 0
    assert onc.standing() == (5, 1, 7)
    assert Call.objects.count() == 1


def test_a_failed_channel_is_armed_again_by_a_count(onc, campaign, world):
    onc.add_contact(VoiceCommInfo=voice(BUSY, RetryCount=1))
    world.run(minutes=1)
    assert onc.standing() == (6, 1, 0)
    assert onc.update_contact(VoiceCommInfo=voice(BUSY)) == 0
    assert onc.standing() == (6, 1, 0)
    assert onc.update_contact(VoiceCommInfo=voice(BUSY, RetryCount=2)) == 0
    assert onc.standing() == (1, 1, 2)
    world.run(minutes=1)
    assert onc.standing() == (5, 1, 1)
    world.run(minutes=15)
    assert onc.standing() == (6, 1, 0)


def test_a_channel_that_succeeded_is_not_armed_again(onc, campaign, world):
    onc.add_contact(VoiceCommInfo=voice(ANSWERS))
    world.run(minutes=1)
    assert onc.update_contact(VoiceCommInfo=voice(ANSWERS, RetryCount=5)) == 0
    assert onc.standing() == (4, 0, 5)
    world.run(minutes=30)
    assert Call.objects.get().attempts_total == 1


def test_a_deleted_campaign_cancels_what_waits_and_lets_calls_end(onc, campaign, world):
    onc.add_contact(K1, VoiceCommInfo=voice(ANSWERS_AFTER_MINUTE))
    onc.add_contact(K2, VoiceCommInfo=voice(), SMSCommInfo={"Destination": ""})
    assert onc.result("DeleteCampaign", campaignId=C1) == 0
    world.run(minutes=5)
    assert set(Call.objects.values_list("state", "outcome")) == {("done", "cancelled")}


def test_a_call_cancelled_by_another_door_is_cancelled_here(onc, campaign, world):
    onc.add_contact(VoiceCommInfo=voice(BUSY))
    world.run(minutes=1)
    call = Call.objects.get()
    call_operations.cancel_calls(account=world.account, ids=[call.pk], now=world.now)
    assert onc.standing() == (7, 1, 2)


def test_a_suppressed_destination_fails_for_good(onc, campaign, world):
    suppressions.suppress(account=world.account, destinations=[ANSWERS], now=world.now)
    onc.add_contact(VoiceCommInfo=voice(ANSWERS))
    world.run(minutes=1)
    assert onc.standing() == (6, 3, 3)


def test_contacts_of_a_campaign_of_another_door_keep_their_own_hours(onc, world):
    made = world.campaign(max_attempts=4)
    assert onc.add_contact(campaign=str(made.uuid), VoiceCommInfo=voice("+12125550123")) == 0
    call = Call.objects.get()
    assert (call.zones, call.max_attempts) == ("America/New_York", 4)


def test_the_zone_of_onc_is_the_accounts(onc, campaign):
    onc.add_contact(VoiceCommInfo=voice("+12125550123"))
    assert Call.objects.get().zones == ""


def test_a_contact_that_a_file_brought_is_told_by_its_newest_calls(onc, world):
    made = world.campaign()
    contact = Contact.objects.create(account=world.account, campaign=made, created_at=world.now, attributes={"a": "b"})
    intake = call_operations.take(account=world.account, api="import", now=world.now)
    new = NewCall(campaign=made, contact=contact, number="06123200", destination=Destination(ANSWERS), message="Hi.")
    call_operations.add_calls(calls=[new], intake=intake, now=world.now)
    (told,) = onc.result("GetCampaignContacts", campaignId=str(made.uuid))
    assert told["SMSCommInfo"] is None
    assert told["VoiceCommInfo"]["TextToSendOverwrite"] == "Hi."
    assert onc.update_contact(str(contact.uuid), campaign=str(made.uuid), VoiceCommInfo=voice("06123200")) == 0
    contact.refresh_from_db()
    assert contact.attributes["a"] == "b"
    assert Call.objects.get().message == ""


def test_an_over_campaign_shows_what_waits_as_cancelled_before_the_engine_looks(onc, world):
    onc.add_campaign(ActiveToDate="2031-03-03", OutboundVoiceNotificationInfo=voice_info())
    onc.add_contact(VoiceCommInfo=voice())
    world.move_to(world.now + dt.timedelta(days=1))
    onc.open()
    assert onc.standing() == (7, 0, 1)


def test_attributes_that_nobody_can_read_count_for_nothing(onc, campaign):
    onc.add_contact(VoiceCommInfo=voice(), SMSCommInfo={"Destination": ""})
    Contact.objects.update(attributes={"onc": {"VoiceCommInfo": 5}})
    assert onc.voice()["StatusCode"] == 1
    assert onc.contact()["SMSCommInfo"] is None


def test_a_contact_cannot_be_changed_in_a_campaign_that_a_person_finished(onc, campaign, world):
    onc.add_contact(VoiceCommInfo=voice())
    campaign_operations.move_campaign(campaign=campaign, to="finished", now=world.now)
    assert onc.update_contact(VoiceCommInfo=voice(BUSY)) == 9
    assert onc.voice()["Destination"] == ANSWERS
    assert onc.result("DeleteCampaignContact", campaignId=C1, contactId=K1) == 0
