"""Duplicates, of a line or of a call, by each policy."""

from __future__ import annotations

import datetime as dt

import pytest

from campaigns.models import Call, Contact
from campaigns.operations import calls as operations
from campaigns.operations import contacts
from campaigns.phones import normalise

NUMBERS = ["+393123427359", "+393123427360"]
TWICE = "phone,name,plan\n+39 312 342 7359,Anna,a\n0039312 3427359,Bea,b\n+393123427360,Carl,c\n312 342 7359,Dora,d\n"


def names(found):
    """Return the first names of the people called."""
    return [call.contact.first_name for call in found.calls()]


def test_by_default_a_later_row_is_refused_as_the_duplicate_of_its_line(load):
    found = load(TWICE)
    assert names(found) == ["Anna", "Carl"]
    assert found.reasons() == {3: "duplicate of line 2", 5: "duplicate of line 2"}
    assert [row["refused column"] for row in found.refused] == ["phone", "phone"]


def test_a_repeat_of_the_import_is_refused_as_duplicates_of_the_calls(load):
    first = load(TWICE)
    again = load(TWICE)
    anna, carl = first.calls()
    assert again.reasons() == {
        2: f"duplicate of call {anna.pk} of the campaign",
        3: "duplicate of line 2",
        4: f"duplicate of call {carl.pk} of the campaign",
        5: "duplicate of line 2",
    }
    assert "Nothing was stored" in again.fault
    assert (Call.objects.count(), Contact.objects.count()) == (2, 2)


def test_to_skip_leaves_duplicates_out_in_silence(load):
    load(TWICE)
    found = load(TWICE + "+393123427361,Ed,e\n12,Flo,f\n", "--duplicates", "skip")
    assert names(found) == ["Anna", "Carl", "Ed"]
    assert found.reasons() == {7: "too short"}
    assert "skipped          4 (duplicates)" in found.told
    whole = load(TWICE, "--duplicates", "skip")
    assert (whole.fault, len(whole.calls())) == ("", 3)


def test_to_allow_takes_them_all(load):
    load(TWICE, "--duplicates", "allow")
    assert names(load(TWICE, "--duplicates", "allow")) == ["Anna", "Bea", "Carl", "Dora"] * 2


def test_to_update_lets_the_last_row_win(load):
    found = load(TWICE, "--duplicates", "update")
    assert names(found) == ["Carl", "Dora"]
    assert found.refused == []


def test_to_update_changes_people_and_their_waiting_calls(world, load):
    load("phone,name,plan,city\n+393123427359,Anna,a,Rome\n+393123427360,Carl,c,Rome\n")
    text = (
        "phone,name,surname,plan,tz,priority,due,message,caller id,external id\n"
        "312 342 7359,,Rossi,gold,Europe/Paris,5,2031-03-05T10:00,Ciao,390612345678,crm-1\n+393123427361,Ed,,,,,,,,\n"
    )
    found = load(text, "--duplicates", "update")
    assert "updated          1" in found.told
    anna, carl, ed = found.calls()
    assert (anna.contact.first_name, anna.contact.last_name) == ("Anna", "Rossi")
    assert anna.contact.attributes == {"plan": "gold", "city": "Rome"}
    assert (anna.priority, anna.message, anna.caller_id, anna.external_id) == (5, "Ciao", "390612345678", "crm-1")
    assert (anna.zones, anna.zone_source, anna.contact.timezone) == ("Europe/Paris", "contact", "Europe/Paris")
    due = dt.datetime(2031, 3, 5, 9, tzinfo=dt.UTC)
    assert (anna.due_at, anna.ready, anna.next_look_at, anna.reason) == (due, False, due, "due")
    assert (carl.priority, carl.ready, carl.contact.attributes) == (0, True, {"plan": "c", "city": "Rome"})
    assert ed.contact.first_name == "Ed"


def test_to_update_leaves_a_call_that_is_done_and_changes_its_person(world, load):
    found = load("phone,name\n+3906123200,Anna\n")
    world.run_until_idle()
    load("phone,name,priority\n+3906123200,Bea,9\n", "--duplicates", "update")
    [call] = found.calls()
    assert (call.state, call.priority, call.contact.first_name) == ("done", 0, "Bea")


def test_to_update_gives_a_bulk_fed_call_its_person(world, load):
    campaign = world.campaign()
    intake = operations.take(account=world.account, api="native", now=world.now)
    new = operations.NewCall(campaign=campaign, number="x", destination=normalise("+393123427359", "IT"))
    operations.add_calls(calls=[new], intake=intake, now=world.now)
    load("phone,name,plan\n+393123427359,Anna,gold\n", "--duplicates", "update", campaign=campaign)
    call = Call.objects.select_related("contact").get(campaign=campaign)
    assert (call.contact.first_name, call.contact.attributes) == ("Anna", {"plan": "gold"})


def test_the_same_number_over_another_channel_is_no_duplicate(load):
    found = load("phone,channel\n+393123427359,voice\n+393123427359,sms\n+393123427359,sms\n")
    assert [call.channel for call in found.calls()] == ["voice", "sms"]
    assert list(found.reasons()) == [4]


def test_a_call_that_serves_its_person_no_more_is_no_duplicate(world, load):
    campaign = world.campaign()
    first, second = (contacts.Reach(channel="voice", number=n, destination=normalise(n, "IT")) for n in NUMBERS)
    contact = contacts.add_contact(campaign=campaign, reaches=[first], api="onc", now=world.now)
    contacts.update_contact(contact=contact, reaches={"voice": second}, attributes={}, api="onc", now=world.now)
    found = load("phone\n" + "\n".join(NUMBERS) + "\n", campaign=campaign)
    assert found.destinations() == [*NUMBERS, NUMBERS[0]]
    assert list(found.reasons()) == [3]


def test_the_same_number_in_another_campaign_is_no_duplicate(world, load):
    load(TWICE)
    assert len(load(TWICE, campaign=world.campaign()).calls()) == 2


@pytest.mark.parametrize("policy", ["refuse", "allow", "update"])
def test_an_external_id_is_never_used_twice(load, policy):
    load("phone,id\n+393123427359,crm-1\n")
    text = "phone,id\n+393123427360,crm-1\n+393123427361,crm-2\n+393123427362,crm-2\n+393123427363,\n"
    found = load(text, "--duplicates", policy)
    [there] = [call for call in found.calls() if call.external_id == "crm-1"]
    first, last = (4, 3) if policy == "update" else (3, 4)
    assert found.reasons() == {
        2: f"external id is a duplicate of call {there.pk} of the campaign",
        last: f"external id is a duplicate of line {first}",
    }
    assert {row["refused column"] for row in found.refused} == {"id"}
    assert len(found.calls()) == 3


def test_a_row_may_repeat_its_own_call_with_its_external_id(load):
    load("phone,id,name\n+393123427359,crm-1,Anna\n")
    found = load("phone,id,name\n+393123427359,crm-1,Bea\n", "--duplicates", "update")
    assert (found.refused, names(found)) == ([], ["Bea"])


def test_a_number_of_a_refused_row_counts_as_seen_only_where_the_repeat_is_told(load):
    text = f"name,phone\n{'x' * 200},+393123427359\nBea,+39 312 342 7359\n"
    assert load(text).reasons() == {2: "name too long: 200 characters, at most 128", 3: "duplicate of line 2"}
    skipped = load(text, "--duplicates", "skip")
    assert (names(skipped), list(skipped.reasons())) == (["Bea"], [2])
