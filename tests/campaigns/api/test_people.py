"""Members and contacts over HTTP."""

from __future__ import annotations

import pytest

from campaigns.models import Call, Contact, Member
from tests.campaigns.api.client import faults


def test_members_are_added_changed_and_removed(api, world):
    campaign = world.campaign()
    member = api.post("members/", {"campaign": campaign.pk, "code": "SIP1", "display_name": "Anna"})
    path = f"members/{member['id']}/"
    assert api.patch(path, {"is_available": False, "code": "SIP2"}) == member | {"is_available": False, "code": "SIP2"}
    assert api.patch(path, {"campaign": campaign.pk})["code"] == "SIP2"
    assert api.all("members/", campaign=campaign.pk, code="SIP2") == [api.get(path)]
    api.delete(path)
    assert not Member.objects.exists()
    api.get(path, status=404)


def test_a_member_is_in_a_campaign_once(api, world):
    campaign = world.campaign()
    api.post("members/", {"campaign": campaign.pk, "code": "SIP1"})
    second = api.post("members/", {"campaign": campaign.pk, "code": "SIP2"})
    assert "code" in faults(api.post("members/", {"campaign": campaign.pk, "code": "SIP1"}, status=409))
    assert "code" in faults(api.patch(f"members/{second['id']}/", {"code": "SIP1"}, status=409))
    assert api.get(f"members/{second['id']}/")["code"] == "SIP2"


@pytest.mark.parametrize("route", ["members", "contacts"])
def test_nobody_is_moved_to_another_campaign(api, world, route):
    here, there = world.campaign(), world.campaign()
    made = api.post(f"{route}/", {"campaign": here.pk} | ({"code": "SIP1"} if route == "members" else {}))
    problem = api.patch(f"{route}/{made['id']}/", {"campaign": there.pk}, status=400)
    assert faults(problem) == {"campaign": "It cannot be moved to another campaign."}


def test_contacts_are_added_changed_and_removed(api, world):
    campaign = world.campaign()
    wanted = {
        "campaign": campaign.pk,
        "uuid": "0b8d7a52-6f0e-4f5c-9b47-2f6f0a1b2c3d",
        "first_name": "Anna",
        "last_name": "Bianchi",
        "timezone": "Europe/Rome",
        "attributes": {"plan": "gold"},
    }
    contact = api.post("contacts/", wanted)
    assert {name: contact[name] for name in wanted} == wanted
    path = f"contacts/{contact['id']}/"
    assert api.patch(path, {"last_name": "Rossi"}) == contact | {"last_name": "Rossi"}
    call = api.post("calls/", {"campaign": campaign.pk, "number": "+390612323200", "contact": contact["id"]})
    api.delete(path)
    assert Contact.objects.get().removed_at == world.now
    assert Call.objects.get(pk=call["id"]).outcome == "cancelled"
    api.get(path, status=404)
    assert api.all("contacts/") == []
    again = api.post("calls/", {"campaign": campaign.pk, "number": "+39061", "contact": contact["id"]}, status=400)
    assert faults(again)


@pytest.mark.parametrize(
    ("field", "value"),
    [("timezone", "Rome"), ("uuid", "x"), ("attributes", []), ("campaign", None), ("campaign", True), ("age", 7)],
)
def test_a_wrong_field_of_a_contact_is_named(api, world, field, value):
    problem = api.post("contacts/", {"campaign": world.campaign().pk, field: value}, status=400)
    assert set(faults(problem)) == {field}


def test_a_contact_is_in_a_campaign_once(api, world):
    wanted = {"campaign": world.campaign().pk, "uuid": "0b8d7a52-6f0e-4f5c-9b47-2f6f0a1b2c3d"}
    api.post("contacts/", wanted)
    assert "uuid" in faults(api.post("contacts/", wanted, status=409))


@pytest.mark.parametrize("route", ["members", "contacts"])
def test_a_page_costs_the_same_however_many(api, world, route, django_assert_num_queries):
    campaign = world.campaign()
    for number in range(50):
        if number in {1, 49}:
            api.get(f"{route}/")
            with django_assert_num_queries(2):
                assert len(api.get(f"{route}/")["results"]) == number
        api.post(f"{route}/", {"campaign": campaign.pk} | ({"code": f"SIP{number}"} if route == "members" else {}))
