"""POST with an Idempotency-Key: made once, answered every time."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db import connection

from campaigns.models import Call, Campaign, Intake
from campaigns.states import Api
from dialer import repeats, tasks
from dialer.models import IdempotenceKey
from tests.campaigns.api.client import Native

KEY = {"Idempotency-Key": "3f1c-march"}
DUES = {"name": "Dues", "caller_id": "390612345678"}


def test_the_same_request_is_answered_byte_for_byte(world):
    api = Native(world.secrets["api_key"])
    campaign = world.campaign()
    calls = [{"number": f"+3906{number}"} for number in range(10_000_000, 10_000_050)]
    for path, body in [
        ("campaigns/", DUES),
        ("calls/", {"campaign": campaign.pk, "number": "+390612323486"}),
        ("calls/bulk/", {"campaign": campaign.pk, "calls": calls}),
    ]:
        first = api.send("POST", path, body, **KEY)
        world.move_to(world.now + dt.timedelta(hours=1))
        second = api.send("POST", path, body, **KEY)
        assert (first.status_code, second.status_code) == (201, 201)
        assert first.content == second.content
        assert first["Content-Type"] == second["Content-Type"]
        assert (first.headers.get("Idempotent-Replayed"), second["Idempotent-Replayed"]) == (None, "true")
    assert (Campaign.objects.count(), Call.objects.count()) == (2, 51)
    assert set(Intake.objects.values_list("request_id", flat=True)) == {KEY["Idempotency-Key"]}


def test_another_body_is_refused(world):
    api = Native(world.secrets["api_key"])
    api.post("campaigns/", DUES, **KEY)
    problem = api.post("campaigns/", DUES | {"name": "Other"}, status=422, **KEY)
    assert problem["type"] == "urn:trunkline:problem:idempotency_key_reused"
    assert Campaign.objects.count() == 1


def test_nothing_is_kept_of_a_refused_request(world):
    api = Native(world.secrets["api_key"])
    api.post("campaigns/", {"name": "Dues", "windows": 1}, status=400, **KEY)
    assert not IdempotenceKey.objects.exists()
    api.post("campaigns/", DUES, **KEY)
    finished = world.campaign()
    api.post(f"campaigns/{finished.pk}/finish/", status=200)
    calls = {"campaign": finished.pk, "calls": [{"number": "+390612323486"}]}
    api.post("calls/bulk/", calls, status=409, **KEY)
    assert IdempotenceKey.objects.count() == 1


def test_a_key_is_its_account_s_and_its_route_s(world):
    api, other = Native(world.secrets["api_key"]), Native(world.other_account()["api_key"])
    mine, theirs = api.post("campaigns/", DUES, **KEY), other.post("campaigns/", DUES, **KEY)
    assert mine["id"] != theirs["id"]
    api.post("calls/", {"campaign": mine["id"], "number": "+390612323486"}, **KEY)


def test_a_key_is_kept_for_a_day(world):
    api = Native(world.secrets["api_key"])
    first = api.post("campaigns/", DUES, **KEY)
    start = world.now
    world.move_to(start + dt.timedelta(hours=23, minutes=59))
    assert api.post("campaigns/", DUES, **KEY)["id"] == first["id"]
    world.move_to(start + dt.timedelta(hours=24, minutes=1))
    assert api.post("campaigns/", DUES, **KEY)["id"] != first["id"]


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\there", "caf\xe9"])
def test_a_key_that_cannot_be_one_is_refused(world, key):
    Native(world.secrets["api_key"]).post("campaigns/", DUES, status=400, **{"Idempotency-Key": key})


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_twins_at_the_same_moment_make_one(world):
    api = Native(world.secrets["api_key"])
    answers = []

    def send():
        try:
            answers.append(Native(api.key).send("POST", "campaigns/", DUES, **KEY))
        finally:
            connection.close()

    twins = [threading.Thread(target=send) for _ in range(6)]
    for twin in twins:
        twin.start()
    for twin in twins:
        twin.join()
    assert [answer.status_code for answer in answers] == [201] * 6
    assert len({answer.content for answer in answers}) == 1
    assert Campaign.objects.count() == 1


def test_old_keys_are_forgotten_by_the_engine_in_batches(world):
    api = Native(world.secrets["api_key"])
    for number in range(5):
        api.post("campaigns/", DUES, **{"Idempotency-Key": f"old-{number}"})
    IdempotenceKey.objects.create(
        account=world.account, api=Api.JAICP, scope="adding", key="kept for ever", created_at=world.now
    )
    world.move_to(world.now + dt.timedelta(hours=24, minutes=5))
    assert repeats.prune(now=world.now) == 0
    world.move_to(world.now + dt.timedelta(minutes=6))
    api.post("campaigns/", DUES, **KEY)
    assert repeats.prune(now=world.now, limit=3) == 3
    tasks.tidy()
    assert set(IdempotenceKey.objects.values_list("key", flat=True)) == {"kept for ever", KEY["Idempotency-Key"]}
