"""Opening, using and closing sessions: acceptance cases 1 to 8, throttling, and who is let in."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from dialer.models import Credential, LoginFailure, Session
from tests.dialer.vendors.onc.client import C1, Onc


def minutes(number: float) -> dt.timedelta:
    return dt.timedelta(minutes=number)


def test_case_01_right_credentials_open_a_session(onc):
    opened = onc.open()
    assert list(opened) == ["Description", "ErrorCode", "SessionId"]
    assert (opened["ErrorCode"], opened["Description"]) == (0, "")
    assert opened["SessionId"] == str(uuid.UUID(opened["SessionId"]))


@pytest.mark.parametrize(
    "changes",
    [{"password": "wrong"}, {"accountId": "nobody"}, {"username": None}, {"password": None}, {"username": "ghost"}],
)
def test_case_02_wrong_credentials_all_look_the_same(onc, changes):
    assert onc.open(**changes) == {"Description": "Invalid credentials.", "ErrorCode": 1, "SessionId": ""}


@pytest.mark.parametrize("what", ["account", "credential", "user", "expired"])
def test_case_03_a_disabled_user_with_the_right_password_is_told_so(onc, world, django_user_model, what):
    credential = Credential.objects.get(api="onc", account=world.account)
    if what == "account":
        world.account.is_active = False
        world.account.save()
    elif what == "credential":
        credential.is_active = False
    elif what == "user":
        credential.user = django_user_model.objects.create(username="gone", is_active=False)
    else:
        credential.expires_at = world.now
    credential.save()
    assert onc.open()["ErrorCode"] == 2
    assert onc.open(password="wrong")["ErrorCode"] == 1
    # A session that was open before is of no use either.
    assert onc.listing() is None


def test_case_04_a_session_closes_once(onc):
    assert onc.result("CloseAPISession") == {"Description": "", "ErrorCode": 0}
    assert onc.result("CloseAPISession")["ErrorCode"] == 3


def test_case_05_a_closed_session_lists_nothing(onc):
    onc.result("CloseAPISession")
    assert onc.listing() is None


def test_case_06_every_use_lets_the_idle_time_start_afresh(onc, world):
    for _ in range(2):
        world.move_to(world.now + minutes(20) - dt.timedelta(seconds=1))
        assert onc.listing() == []


def test_case_06_a_call_that_fails_is_a_use_too(onc, world):
    for _ in range(2):
        world.move_to(world.now + minutes(19))
        assert onc.result("DeleteCampaign", campaignId=C1) == 5
    assert onc.listing() == []


def test_case_07_after_twenty_idle_minutes_the_session_is_gone(onc, world):
    world.move_to(world.now + minutes(20))
    assert onc.listing() is None
    assert onc.result("GetCampaigns") is None
    assert onc.add_campaign() == 3
    assert onc.campaign() is None


def test_case_08_a_new_account_has_an_empty_list(onc):
    assert onc.listing() == []


@pytest.mark.parametrize("session", ["", None, "zzz", "3f0c9a4e-5b1d-4c55-9a3e-7d2f1b6c8e90"])
def test_an_unknown_session_is_invalid_for_every_kind_of_method(onc, session):
    onc.session = session
    assert onc.listing() is None
    assert onc.add_campaign() == 3
    assert onc.result("CloseAPISession")["ErrorCode"] == 3


def test_an_account_holds_a_hundred_sessions_and_the_idlest_makes_room(onc, world):
    first = onc.session
    for _ in range(100):
        world.move_to(world.now + dt.timedelta(seconds=1))
        onc.open()
    assert Session.objects.count() == 100
    assert onc.listing() == []
    onc.session = first
    assert onc.listing() is None


def test_expired_sessions_are_swept_when_one_is_opened(onc, world):
    world.move_to(world.now + minutes(21))
    onc.open()
    assert Session.objects.count() == 1


def test_session_ids_are_stored_as_digests_only(onc):
    assert onc.session not in Session.objects.get().digest


def test_after_ten_failures_the_password_is_not_looked_at(onc, world):
    for _ in range(10):
        assert onc.open(password="wrong")["ErrorCode"] == 1
    assert onc.open()["ErrorCode"] == 1
    # Being shut out adds nothing, so the span ends five minutes after the last failure.
    world.move_to(world.now + minutes(5))
    assert onc.open()["ErrorCode"] == 0


def test_failures_of_one_user_do_not_shut_another_out(onc, stranger):
    for _ in range(12):
        onc.open(password="wrong")
    assert stranger.open()["ErrorCode"] == 0


def test_success_forgets_failures_and_old_ones_are_swept(onc, world):
    for _ in range(9):
        onc.open(password="wrong")
    assert onc.open()["ErrorCode"] == 0
    assert not LoginFailure.objects.exists()
    onc.open(accountId="x" * 300)
    world.move_to(world.now + minutes(6))
    onc.open(accountId="y")
    assert LoginFailure.objects.get().who == "y/api"


def test_who_may_not_write_reads_only(onc, world):
    onc.add_campaign()
    Credential.objects.filter(api="onc", account=world.account).update(can_write=False)
    assert onc.listing() == [C1]
    assert onc.add_campaign() == 4
    assert onc.update_campaign() == 4
    assert onc.result("DeleteCampaign", campaignId=C1) == 4
    assert onc.add_contact() == 4
    assert onc.update_contact() == 4
    assert onc.result("DeleteCampaignContact", campaignId=C1, contactId=C1) == 4


def test_a_disabled_account_opens_no_second_door(world):
    client = Onc(world.client, world.secrets)
    world.account.is_active = False
    world.account.save()
    assert client.open()["SessionId"] == ""
