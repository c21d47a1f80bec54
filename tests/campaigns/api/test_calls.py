"""Calls over HTTP: added one by one, looked at with their attempts, changed while they wait, cancelled."""

from __future__ import annotations

import pytest

from campaigns.models import Call, CallAttempt, Intake
from tests.campaigns.api.client import faults

FIELDS = {
    *("campaign", "number", "channel", "priority", "due_at", "not_after", "caller_id", "message", "flow"),
    *("custom_data", "external_id", "state", "outcome", "reason", "next_look_at", "attempts"),
}
ATTEMPT_FIELDS = {
    *("call", "n", "outcome", "cause", "claimed_at", "placed_at", "answered_at", "ended_at", "digits", "steps"),
}


def test_a_call_is_made_and_shows_its_attempts(api, world):
    campaign = world.campaign(flow=_menu())
    made = api.post("calls/", {"campaign": campaign.pk, "number": "06 1232 3212", "custom_data": {"name": "Anna"}})
    assert set(made) >= FIELDS
    assert (made["state"], made["destination"], made["attempts"]) == ("waiting", "+390612323212", [])
    world.run(minutes=5)
    call = api.get(f"calls/{made['id']}/")
    assert (call["state"], call["outcome"], call["reason"]) == ("done", "answered", "answered")
    (attempt,) = call["attempts"]
    assert set(attempt) >= ATTEMPT_FIELDS
    assert (attempt["n"], attempt["outcome"], attempt["digits"]) == (1, "answered", "2")
    assert attempt["steps"]
    assert api.get(f"attempts/{attempt['id']}/") == attempt
    assert api.all("attempts/", call=made["id"]) == [attempt]
    assert Intake.objects.get().api == "native"


def _menu():
    options = [{"key": "2", "steps": [{"do": "say", "text": "Thank you."}]}]
    return {"steps": [{"do": "say", "text": "Press 2."}, {"do": "detect", "options": options}]}


def test_every_field_comes_back_as_it_was_sent(api, world):
    campaign = world.campaign()
    contact = api.post("contacts/", {"campaign": campaign.pk, "first_name": "Anna", "timezone": "Europe/Berlin"})
    wanted = {
        "campaign": campaign.pk,
        "contact": contact["id"],
        "number": "+390612323486",
        "channel": "voice",
        "priority": 5,
        "due_at": "2031-03-04T10:00:00Z",
        "not_after": "2031-03-05T10:00:00Z",
        "window": [{"start": "10:00", "end": "12:00"}],
        "caller_id": "390687654321",
        "caller_name": "Acme",
        "message": "Hello.",
        "voice": "it",
        "flow": {"steps": [{"do": "hangup"}]},
        "max_attempts": 4,
        "retry_minutes": 0,
        "custom_data": {"name": "Anna", "nested": {"list": [1, None, "x"]}},
        "external_id": "order 1",
        "reference": "dues",
    }
    made = api.post("calls/", wanted)
    assert {name: made[name] for name in wanted} == wanted
    assert made["timezone"] == "Europe/Berlin"
    assert (made["reason"], made["next_look_at"]) == ("due", "2031-03-04T10:00:00Z")
    assert api.all("calls/", external_id="order 1", contact=contact["id"], reference="dues") == [made]


def test_texts_and_emails_go_the_same_way(api, world):
    campaign = world.campaign()
    email = api.post("calls/", {"campaign": campaign.pk, "number": "Anna@Example.org", "channel": "email"})
    assert email["destination"] == "anna@example.org"
    text = api.post("calls/", {"campaign": campaign.pk, "number": 393331112222, "channel": "sms"})
    assert (text["number"], text["destination"]) == ("393331112222", "+393331112222")


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("number", "anna", "letters"),
        ("number", "", "empty"),
        ("number", True, "got bool"),
        ("number", "+3906", "too short"),
        ("campaign", 987654, "There is no campaign 987654"),
        ("campaign", None, "required"),
        ("channel", "fax", "Invalid enum value 'fax'"),
        ("channel", "email", "no email address"),
        ("priority", "high", "Expected int"),
        ("priority", 2**31, "<= 2147483647"),
        ("due_at", "2031-03-04T10:00:00", "offset"),
        ("due_at", "tomorrow", "offset"),
        ("due_at", "0001-01-01T00:00:00+14:00", "offset"),
        ("not_after", "2031-03-03T09:00:00", "offset"),
        ("window", [{"start": "10", "end": "12:00"}], "windows[0].start"),
        ("timezone", "Rome", "no time zone"),
        ("caller_id", "x", "3 to 15 digits"),
        ("message", "x" * 20_001, "length <= 20000"),
        ("flow.steps[0].do", {"steps": [{"do": "sing"}]}, "flow.steps[0].do"),
        ("max_attempts", 0, ">= 1"),
        ("retry_minutes", -1, ">= 0"),
        ("custom_data", [], "Expected object"),
        ("external_id", "x" * 201, "length <= 200"),
        ("contact", 987654, "no contact 987654"),
        ("state", "done", "no such field"),
    ],
)
def test_a_wrong_field_is_named(api, world, field, value, told):
    wanted = {"campaign": world.campaign().pk, "number": "+390612323486", field.partition(".")[0]: value}
    problem = api.post("calls/", wanted, status=400)
    (name, message), *_ = faults(problem).items()
    # What is no email address is the number's fault.
    assert name == ("number" if value == "email" else field)
    assert told in message
    assert not Call.objects.exists()


def test_a_last_moment_before_the_first_is_refused(api, world):
    wanted = {"due_at": "2031-03-04T10:00:00Z", "not_after": "2031-03-04T10:59:00+01:00"}
    problem = api.post("calls/", {"campaign": world.campaign().pk, "number": "+390612323486", **wanted}, status=400)
    assert faults(problem) == {"not_after": "It lies before due_at."}


def test_what_the_campaign_forbids_is_a_conflict(api, world):
    campaign = world.campaign()
    call = {"campaign": campaign.pk, "number": "+390612323486", "external_id": "1"}
    api.post("calls/", call)
    problem = api.post("calls/", call, status=409)
    assert problem["type"] == "urn:trunkline:problem:already_there"
    api.post(f"campaigns/{campaign.pk}/finish/", status=200)
    problem = api.post("calls/", call | {"external_id": "2"}, status=409)
    assert problem["type"] == "urn:trunkline:problem:campaign_closed"
    assert Call.objects.count() == 1


def test_a_waiting_call_is_changed(api, world):
    campaign = world.campaign()
    call = api.post("calls/", {"campaign": campaign.pk, "number": "+390612323486", "timezone": "Europe/Rome"})
    path = f"calls/{call['id']}/"
    changed = api.patch(path, {"number": "+12125550147", "priority": 3, "due_at": "2031-03-04T10:00:00+01:00"})
    assert (changed["destination"], changed["priority"]) == ("+12125550147", 3)
    assert (changed["due_at"], changed["next_look_at"], changed["reason"]) == (
        "2031-03-04T09:00:00Z",
        "2031-03-04T09:00:00Z",
        "due",
    )
    # The zone that it was given with stays until it is taken away; then the number's counts.
    assert changed["timezone"] == "Europe/Rome"
    assert api.patch(path, {"timezone": None})["timezone"] == ""
    assert Call.objects.get().zones == "America/New_York"
    cleared = api.patch(path, {"priority": None, "due_at": None, "message": None, "custom_data": None})
    assert (cleared["priority"], cleared["due_at"], cleared["custom_data"]) == (0, "2031-03-03T10:00:00Z", {})
    assert api.patch(path, {}) == api.patch(path, b"") == cleared
    assert faults(api.patch(path, {"number": None}, status=400)) == {"number": "It cannot be taken away."}
    assert "external_id" in faults(api.patch(path, {"external_id": "2"}, status=400))
    assert faults(api.patch(path, {"not_after": "2031-03-03T09:00:00Z"}, status=400)) == {
        "not_after": "It lies before due_at."
    }


def test_a_call_that_is_done_is_neither_changed_nor_cancelled(api, world):
    campaign = world.campaign()
    path = f"calls/{api.post('calls/', {'campaign': campaign.pk, 'number': '+390612323404'})['id']}/"
    world.run(minutes=1)
    problem = api.patch(path, {"priority": 1}, status=409)
    assert problem["type"] == "urn:trunkline:problem:not_pending"
    api.delete(path, status=409)
    api.post(f"{path}cancel/", status=409)


def test_a_call_is_cancelled_once_or_twice(api, world):
    campaign = world.campaign()
    path = f"calls/{api.post('calls/', {'campaign': campaign.pk, 'number': '+390612323200'})['id']}/"
    cancelled = api.post(f"{path}cancel/", status=200)
    assert (cancelled["state"], cancelled["outcome"]) == ("done", "cancelled")
    api.post(f"{path}cancel/", status=200)
    api.delete(path)
    world.run(minutes=1)
    assert not CallAttempt.objects.exists()


def test_a_page_of_calls_costs_the_same_however_many(api, world, django_assert_num_queries):
    campaign = world.campaign(max_attempts=3, retry_minutes=1)
    api.post("calls/", {"campaign": campaign.pk, "number": "+390612323486"})
    world.run(minutes=5)
    # A key notes once a minute that it was used.
    api.get("calls/")
    with django_assert_num_queries(3):
        (call,) = api.get("calls/")["results"]
    assert [attempt["n"] for attempt in call["attempts"]] == [1, 2, 3]
    calls = [{"number": f"+3906{number}486"} for number in range(10000, 10049)]
    api.post("calls/bulk/", {"campaign": campaign.pk, "calls": calls})
    world.run(minutes=5)
    # A key notes once a minute that it was used.
    api.get("calls/")
    with django_assert_num_queries(3):
        calls = api.get("calls/")["results"]
    assert len(calls) == 50
    assert all(len(call["attempts"]) == 3 for call in calls)


def test_pages_go_forth_and_back_and_miss_nothing_that_comes_in(api, world):
    campaign = world.campaign()
    calls = [{"number": f"+39061232{number}"} for number in range(1000, 1007)]
    ids = api.post("calls/bulk/", {"campaign": campaign.pk, "calls": calls})["ids"]
    first = api.get("calls/?page_size=3")
    api.post("calls/", {"campaign": campaign.pk, "number": "+390612321999"})
    second = _follow(api, first["next"])
    third = _follow(api, second["next"])
    seen = [row["id"] for page in (first, second, third) for row in page["results"]]
    assert seen == ids[::-1]
    assert (first["previous"], third["next"]) == (None, None)
    assert _follow(api, third["previous"]) == second
    back = _follow(api, second["previous"])
    assert [row["id"] for row in back["results"]] == [row["id"] for row in first["results"]]
    assert len(_follow(api, back["previous"])["results"]) == 1


def _follow(api, address):
    return api.get(address.partition("/api/v1/")[2])


@pytest.mark.parametrize(
    "query",
    [
        *("page_size=0", "page_size=1001", "page_size=ten", "page_size=-1", "page_size=", "cursor=x", "cursor="),
        *("cursor=W1tdXQ==", "cursor=W1siMSJdXQ==", "cursor=W1sxLDJdXQ==", "cursor=W1s5OTk5OTk5OTk5OTk5OTk5OTk5OV1d"),
        *("campaign=x", "campaign=0", "campaign=99999999999999999999", "state=x", "due_after=2031", "due_after=x y"),
    ],
)
def test_a_wrong_query_is_refused(api, query):
    (field,) = faults(api.get(f"calls/?{query}", status=400))
    assert field == query.partition("=")[0]


def test_attempts_of_one_moment_are_paged_without_gaps(api, world):
    campaign = world.campaign(capacity=50)
    calls = [{"number": f"+3906{number}404"} for number in range(10000, 10030)]
    api.post("calls/bulk/", {"campaign": campaign.pk, "calls": calls})
    world.run(minutes=2)
    assert CallAttempt.objects.values("claimed_at").distinct().count() < 30
    seen = [row["id"] for row in api.all("attempts/", page_size=7, campaign=campaign.pk)]
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 30


def test_a_plus_lost_in_the_query_is_read_as_one(api, world):
    campaign = world.campaign()
    call = api.post("calls/", {"campaign": campaign.pk, "number": "+390612323486"})
    assert api.all("calls/", destination="+390612323486") == [call]
    assert api.all("calls/", due_before="2031-03-03T11:30:00+01:00") == [call]
    assert api.all("calls/", due_before="2031-03-03T10:30:00+01:00") == []
