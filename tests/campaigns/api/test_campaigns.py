"""Campaigns over HTTP: made, changed, moved through their life, counted."""

from __future__ import annotations

import pytest

from campaigns.models import Call, Campaign
from tests.campaigns.api.client import faults

FIELDS = {
    *("name", "description", "caller_id", "capacity", "calls_per_second", "max_attempts", "retry_minutes", "windows"),
    *("timezone", "starts_at", "ends_at", "message", "voice", "flow", "state", "identifiers", "counts"),
}


def test_name_and_caller_id_are_enough(api, world):
    made = api.post("campaigns/", {"name": "Dues", "caller_id": "390612345678"})
    assert set(made) >= FIELDS
    assert made["state"] == "draft"
    assert set(made["identifiers"]) == {
        "go4clients_id",
        "go4clients_unique_id",
        "jaicp_token",
        "voicenter_code",
        "onc_id",
    }
    nothing = {"total": 0, "waiting": 0, "live": 0, "done": 0, "outcomes": {}, "reasons": {}}
    assert made["counts"] == nothing
    assert api.get(f"campaigns/{made['id']}/") == made
    assert Campaign.objects.get().account == world.account


def test_every_field_comes_back_as_it_was_sent(api):
    wanted = {
        "name": "Dues",
        "description": "For March",
        "caller_id": "+390612345678",
        "capacity": 7,
        "calls_per_second": 2.5,
        "max_attempts": 3,
        "retry_minutes": 10,
        "windows": [{"days": ["mon", "fri"], "start": "09:00", "end": "20:00"}],
        "timezone": "Europe/Rome",
        "starts_at": "2031-03-01T00:00:00Z",
        "ends_at": "2031-04-01T00:00:00Z",
        "message": "Hello.",
        "voice": "it",
        "flow": {"steps": [{"do": "say", "text": "Hello."}]},
        "retry_rules": {"busy": {"minutes": 5}},
        "holidays": ["2031-03-19"],
    }
    made = api.post("campaigns/", wanted)
    assert {name: made[name] for name in wanted} == wanted
    changed = api.patch(f"campaigns/{made['id']}/", {"capacity": 9, "calls_per_second": None})
    assert changed == made | {"capacity": 9, "calls_per_second": None, "changed_by": "key first"}


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("name", "", "may not be blank"),
        ("caller_id", "anna", "required pattern"),
        ("caller_id", "٣٣٣٣", "required pattern"),
        ("windows", [{"start": "9:00", "end": "20:00"}], "windows[0].start: '9:00' is no time of day"),
        ("windows", [{"days": ["someday"], "start": "09:00", "end": "20:00"}], "windows[0].days"),
        ("holidays", ["Christmas"], "holidays[0]"),
        ("retry_rules", {"answered": {}}, "no rule can be given for 'answered'"),
        ("flow", {"steps": [{"do": "say", "text": "a"}, {"do": "sing"}]}, "flow.steps[1].do"),
        ("timezone", "Rome", "'Rome' is no time zone"),
        ("starts_at", "2031-03-01T00:00:00", "time with its offset"),
        ("starts_at", "soon", "time with its offset"),
        ("ends_at", "2031-01-01T00:00:00Z", "end must come after the start"),
        ("max_attempts", 0, "greater than or equal to 1"),
        ("calls_per_second", "fast", "number"),
        ("calls_per_second", -1, "greater than or equal to 0"),
        ("channels", {"fax": {}}, "settings by channel"),
        ("channels", {"sms": {"enabled": "yes"}}, "sms.enabled"),
        ("colour", "red", "no such field"),
    ],
)
def test_a_wrong_field_is_named(api, field, value, told):
    wanted = {"name": "Dues", "caller_id": "390612345678", "starts_at": "2031-03-01T00:00:00Z", field: value}
    problem = api.post("campaigns/", wanted, status=400)
    assert told in faults(problem)[field]
    assert problem["status"] == 400
    assert problem["type"] == "urn:trunkline:problem:invalid"
    assert not Campaign.objects.exists()


def test_all_wrong_fields_are_named_at_once(api):
    problem = api.post("campaigns/", {"caller_id": "x", "capacity": -1, "colour": 1}, status=400)
    assert set(faults(problem)) == {"name", "caller_id", "capacity", "colour"}


def test_the_life_of_a_campaign(api):
    path = f"campaigns/{api.post('campaigns/', {'name': 'Dues', 'caller_id': '390612345678'})['id']}"
    refused = {
        "draft": ["pause", "resume"],
        "running": ["start", "resume"],
        "paused": ["start", "pause"],
        "finished": ["start", "pause", "resume", "finish"],
        "deleted": ["start", "pause", "resume", "finish"],
    }
    for action, state in [("", "draft"), ("start", "running"), ("pause", "paused"), ("resume", "running")]:
        _moved(api, path, action, state)
        for wrong in refused[state]:
            problem = api.post(f"{path}/{wrong}/", status=409)
            assert problem["type"] == "urn:trunkline:problem:illegal_move"
            assert state in problem["detail"]
    _moved(api, path, "finish", "finished")
    for wrong in refused["finished"]:
        api.post(f"{path}/{wrong}/", status=409)
    api.delete(f"{path}/")
    api.delete(f"{path}/")
    assert api.get(f"{path}/")["state"] == "deleted"
    for wrong in refused["deleted"]:
        api.post(f"{path}/{wrong}/", status=409)
    api.patch(f"{path}/", {"name": "Again"}, status=409)
    assert api.all("campaigns/") == []
    assert len(api.all("campaigns/", state="deleted")) == 1


def _moved(api, path, action, state):
    if action:
        assert api.post(f"{path}/{action}/", status=200)["state"] == state
    assert api.get(f"{path}/")["state"] == state


def test_a_copy_has_settings_and_members_but_no_people(api):
    made = api.post("campaigns/", {"name": "Dues", "caller_id": "390612345678", "capacity": 3, "message": "Hi."})
    api.post("members/", {"campaign": made["id"], "code": "SIP1"})
    api.post("calls/", {"campaign": made["id"], "number": "+390612323486"})
    copy = api.post(f"campaigns/{made['id']}/copy/", {"name": "Dues again"})
    assert (copy["name"], copy["capacity"], copy["state"], copy["counts"]["total"]) == ("Dues again", 3, "draft", 0)
    assert copy["identifiers"]["jaicp_token"] != made["identifiers"]["jaicp_token"]
    assert [member["code"] for member in api.all("members/", campaign=copy["id"])] == ["SIP1"]
    assert api.post(f"campaigns/{made['id']}/copy/")["name"] == "Copy of Dues"


def test_counts_tell_states_outcomes_and_reasons(api, world):
    fields = {"name": "Dues", "caller_id": "390612345678", "message": "Hi.", "retry_minutes": 60, "max_attempts": 2}
    path = f"campaigns/{(made := api.post('campaigns/', fields))['id']}/"
    numbers = ["+390612323486", "+390612323404", "+390612323200", "+390612323404"]
    calls = [{"number": number} for number in numbers] + [
        {"number": "+390612323200", "due_at": "2031-03-03T20:00:00Z"},
        {"number": "+390612323200"},
    ]
    ids = api.post("calls/bulk/", {"campaign": made["id"], "calls": calls})["ids"]
    assert api.get(path)["counts"]["reasons"] == {"ready": 5, "due": 1}
    api.delete(f"calls/{ids[-1]}/")
    api.post(f"{path}start/", status=200)
    world.run(minutes=5)
    assert api.get(path)["counts"] == {
        "total": 6,
        "waiting": 2,
        "live": 0,
        "done": 4,
        "outcomes": {"invalid_number": 2, "answered": 1, "cancelled": 1},
        "reasons": {"retry": 1, "due": 1},
    }


def test_calls_in_progress_are_counted(api, world):
    campaign = world.campaign(flow={"steps": [{"do": "play", "prompt": 1}, {"do": "say", "text": "word " * 900}]})
    api.post("calls/", {"campaign": campaign.pk, "number": "+390612323200"})
    world.run(seconds=10)
    counts = api.get(f"campaigns/{campaign.pk}/")["counts"]
    assert (counts["live"], counts["total"]) == (1, 1)
    assert Call.objects.get().state == "live"


def test_a_page_of_campaigns_costs_the_same_however_many(api, world, django_assert_num_queries):
    world.campaign()
    # The first request with a key notes that it was used.
    api.get("campaigns/")
    with django_assert_num_queries(3):
        assert len(api.get("campaigns/")["results"]) == 1
    for _ in range(49):
        world.campaign()
    with django_assert_num_queries(3):
        assert len(api.get("campaigns/")["results"]) == 50


def test_campaigns_are_narrowed(api, world):
    world.campaign(name="March dues")
    draft = api.post("campaigns/", {"name": "April dues", "caller_id": "390612345678"})
    assert [row["id"] for row in api.all("campaigns/", state="draft")] == [draft["id"]]
    assert [row["name"] for row in api.all("campaigns/", name="march")] == ["March dues"]
    assert api.all("campaigns/", created_after="2031-03-04T00:00:00Z") == []
    assert "created_after" in faults(api.get("campaigns/?created_after=2031-03-04T00:00:00", status=400))
    assert "stat" in faults(api.get("campaigns/?stat=draft", status=400))
    assert "state" in faults(api.get("campaigns/?state=asleep", status=400))
