"""Adding, changing and removing contacts; opening, revising and reopening campaigns."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from campaigns import phones, refusals
from campaigns.models import Call, Contact
from campaigns.operations import campaigns as campaign_operations
from campaigns.operations import contacts, opening
from campaigns.operations.contacts import Reach
from campaigns.states import CampaignState

DAY = dt.timedelta(days=1)


def reach(number="+390612345678", channel="voice", **fields) -> Reach:
    return Reach(channel=channel, number=number, destination=phones.Destination(number), **fields)


def add(world, campaign, *reaches, **fields) -> Contact:
    return contacts.add_contact(campaign=campaign, reaches=reaches, api="onc", now=world.now, **fields)


def update(world, contact, **reaches) -> Contact:
    return contacts.update_contact(contact=contact, reaches=reaches, attributes={}, api="onc", now=world.now)


def finished_by_date(world, **fields):
    campaign = world.campaign(ends_at=world.now - DAY, **fields)
    return campaign_operations.end_campaign(campaign=campaign, now=world.now)


def test_a_contact_is_stored_with_a_call_for_each_channel(world):
    key = uuid.uuid4()
    campaign = world.campaign()
    sms = reach(channel="sms", message="Hi.", tries=7)
    contact = add(world, campaign, reach(default_tries=3), sms, key=key, attributes={"a": 1})
    contact.refresh_from_db()
    assert (contact.uuid, contact.attributes, contact.created_at) == (key, {"a": 1}, world.now)
    stored = Call.objects.order_by("id").values_list("channel", "message", "max_attempts", "state", "ready", "contact")
    assert list(stored) == [
        ("voice", "", 3, "waiting", True, contact.pk),
        ("sms", "Hi.", 7, "waiting", True, contact.pk),
    ]
    assert Call.objects.first().intake.api == "onc"


def test_a_key_is_used_once_and_nothing_is_stored_beside_it(world):
    campaign = world.campaign()
    contact = add(world, campaign, reach())
    with pytest.raises(refusals.AlreadyThere):
        add(world, campaign, reach(), key=contact.uuid)
    contacts.remove_contact(contact=contact, now=world.now)
    with pytest.raises(refusals.AlreadyThere):
        add(world, campaign, reach(), key=contact.uuid)
    assert Call.objects.count() == 1


@pytest.mark.parametrize("state", [CampaignState.FINISHED, CampaignState.DELETED])
def test_a_campaign_that_somebody_closed_takes_no_contact_and_no_change(world, state):
    campaign = world.campaign()
    contact = add(world, campaign, reach())
    campaign_operations.move_campaign(campaign=campaign, to=state, now=world.now)
    with pytest.raises(refusals.CampaignClosed):
        add(world, campaign)
    with pytest.raises(refusals.CampaignClosed):
        update(world, Contact.objects.get(pk=contact.pk), voice=reach(tries=2))
    assert Contact.objects.count() == 1


def test_into_a_campaign_that_its_date_has_finished_calls_come_too_late(world):
    campaign = finished_by_date(world)
    finished_at = campaign.finished_at
    world.move_to(world.now + DAY)
    add(world, campaign, reach())
    campaign.refresh_from_db()
    call = Call.objects.get()
    assert (call.state, call.outcome, call.reason, call.done_at) == ("done", "expired", "late", world.now)
    assert (campaign.state, campaign.finished_at) == ("finished", finished_at)


def test_another_destination_gets_another_call_and_the_old_one_stays_in_the_ledger(world):
    contact = add(world, world.campaign(), reach())
    update(world, contact, voice=reach("+390687654321"))
    old, new = Call.objects.order_by("id")
    assert (old.destination, old.state, old.outcome) == ("+390612345678", "done", "cancelled")
    assert (new.destination, new.state) == ("+390687654321", "waiting")
    assert contacts.standing([old, new]) == {(contact.pk, "voice"): new}
    # There and back again is a third call.
    update(world, contact, voice=reach())
    assert Call.objects.filter(state="waiting").get().pk not in {old.pk, new.pk}


def test_channels_that_are_not_named_stay(world):
    contact = add(world, world.campaign(), reach(), reach(channel="sms"))
    update(world, contact, sms=None)
    assert dict(Call.objects.values_list("channel", "state")) == {"voice": "waiting", "sms": "done"}


def test_a_destination_on_the_line_stays_and_nothing_else_changes_either(world):
    contact = add(world, world.campaign(), reach("+3906123238"), reach(channel="sms"))
    world.run(seconds=3)
    with pytest.raises(refusals.IllegalMove):
        update(world, contact, sms=None, voice=reach())
    assert not Call.objects.filter(extra__withdrawn=True).exists()
    update(world, contact, voice=reach("+3906123238", tries=4))
    call = Call.objects.get(channel="voice")
    assert (call.state, call.attempts_made, call.max_attempts) == ("live", 1, 5)


def test_an_armed_call_starts_afresh(world):
    contact = add(world, world.campaign(retry_minutes=600), reach("+3906123486"))
    world.run(minutes=1)
    assert Call.objects.get().outcome == "busy"
    update(world, contact, voice=reach("+3906123486", tries=2))
    call = Call.objects.get()
    assert (call.state, call.ready, call.outcome, call.done_at, call.due_at) == ("waiting", True, "", None, world.now)
    assert (call.extra, call.max_attempts) == ({"armed_at": 1}, 3)
    world.run(minutes=1)
    assert Call.objects.get().attempts_total == 2


def test_a_new_text_wakes_a_call_that_waited_for_one(world):
    campaign = world.campaign(message="", channels={"voice": {"enabled": True, "silent": False}})
    contact = add(world, campaign, reach("+3906123200"))
    world.run(seconds=5)
    assert Call.objects.get().reason == "channel"
    update(world, contact, voice=reach("+3906123200", message="Hi."))
    world.run(seconds=30)
    assert Call.objects.get().outcome == "answered"


def test_a_removed_contact_is_removed_once(world):
    contact = add(world, world.campaign(), reach())
    assert contacts.remove_contact(contact=contact, now=world.now) is True
    assert contacts.remove_contact(contact=contact, now=world.now) is False
    assert Call.objects.get().outcome == "cancelled"


@pytest.mark.parametrize("paused", [True, False])
def test_a_campaign_opens_paused_or_not(world, paused):
    made = opening.open_campaign(account=world.account, now=world.now, api="onc", paused=paused, name="X")
    assert (made.state, made.api, made.started_at) == ("paused" if paused else "running", "onc", world.now)


@pytest.mark.parametrize(
    ("before", "paused", "after"),
    [
        ("draft", True, "draft"),
        ("draft", False, "running"),
        ("running", True, "paused"),
        ("running", False, "running"),
        ("paused", True, "paused"),
        ("paused", False, "running"),
    ],
)
def test_a_revision_changes_fields_and_whether_it_runs(world, before, paused, after):
    campaign = campaign_operations.create_campaign(
        account=world.account, now=world.now, name="X", start=before != "draft"
    )
    if before == "paused":
        campaign_operations.move_campaign(campaign=campaign, to=CampaignState.PAUSED, now=world.now)
    fresh = opening.revise_campaign(campaign=campaign, now=world.now, paused=paused, name="Y", by="me")
    campaign.refresh_from_db()
    assert (fresh.state, campaign.state, campaign.name, campaign.changed_by) == (after, after, "Y", "me")


def test_a_revision_that_is_refused_changes_nothing(world):
    campaign = world.campaign()
    with pytest.raises(refusals.InvalidValue):
        opening.revise_campaign(campaign=campaign, now=world.now, paused=True, name="Y", max_attempts=0)
    campaign.refresh_from_db()
    assert (campaign.state, campaign.name) == ("running", "Test")


def test_a_finished_campaign_reopens_only_if_its_date_finished_it(world):
    by_hand = campaign_operations.move_campaign(
        campaign=world.campaign(ends_at=world.now + DAY), to=CampaignState.FINISHED, now=world.now
    )
    assert not opening.ended_by_date(by_hand)
    with pytest.raises(refusals.CampaignClosed):
        opening.revise_campaign(campaign=by_hand, now=world.now, paused=False, ends_at=None)
    by_date = finished_by_date(world)
    assert opening.ended_by_date(by_date)
    fresh = opening.revise_campaign(campaign=by_date, now=world.now, paused=False, ends_at=None)
    assert (fresh.state, fresh.finished_at) == ("running", None)


def test_reopening_revives_what_the_end_closed_and_nothing_else(world):
    campaign = world.campaign(ends_at=world.now + DAY, max_attempts=2, retry_minutes=2000)
    tried, fresh, late, gone, answered = (
        add(world, campaign, reach(number, default_tries=2))
        for number in ("+3906123486", "+3906123200", "+3906123201", "+3906123202", "+3906123200")
    )
    after_the_end = world.now + 2 * DAY
    waiting = Call.objects.filter(contact__in=[fresh, late, gone])
    waiting.update(due_at=after_the_end, ready=False, next_look_at=after_the_end)
    Call.objects.filter(contact=late).update(not_after=world.now + DAY / 2)
    world.run(minutes=5)
    contacts.remove_contact(contact=gone, now=world.now)
    world.run(days=2)
    assert set(Call.objects.exclude(contact=answered).values_list("state", flat=True)) == {"done"}
    opening.revise_campaign(campaign=campaign, now=world.now, paused=True, ends_at=None)
    found = {call.contact_id: call for call in Call.objects.all()}
    assert {pk: call.state for pk, call in found.items()} == {
        tried.pk: "waiting",
        fresh.pk: "waiting",
        late.pk: "done",
        gone.pk: "done",
        answered.pk: "done",
    }
    assert found[tried.pk].extra == {"armed_at": 1}
    assert found[fresh.pk].extra == {}
    assert found[tried.pk].done_at is None


def test_what_is_armed_in_a_campaign_that_is_over_waits_for_its_new_end(world):
    campaign = world.campaign(ends_at=world.now + DAY)
    contact = add(world, campaign, reach("+3906123486"))
    world.run(days=2)
    update(world, contact, voice=reach("+3906123486", tries=2))
    call = Call.objects.get()
    assert (call.state, call.outcome, call.reason, call.extra) == ("done", "expired", "late", {"armed_at": 1})
    opening.revise_campaign(campaign=campaign, now=world.now, paused=False, ends_at=None)
    world.run(minutes=1)
    assert Call.objects.get().attempts_total == 2
