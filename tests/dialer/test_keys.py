"""Who may speak through the native API: keys, browsers' sessions, staff."""

from __future__ import annotations

import datetime as dt
import logging

import pytest
from django.test import Client

from campaigns.models import Account, User
from dialer import credentials
from dialer.models import Credential
from tests.campaigns.api.client import PROBLEM, Native, faults


def first_key(world):
    return Credential.objects.filter(account=world.account, api="native")


def test_a_key_opens_its_own_account(world):
    world.campaign(name="Ours")
    other = Native(world.other_account()["api_key"])
    assert [row["name"] for row in Native(world.secrets["api_key"]).all("campaigns/")] == ["Ours"]
    assert other.all("campaigns/") == []


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Bearer a b",
        "Basic dXNlcjpwYXNz",
        "bearer \xff",
        "Bearer tk_\x7f",
    ],
)
def test_without_a_key_nothing_is_told(world, header):
    headers = {} if header is None else {"Authorization": header}
    response = Native(None).send("GET", "campaigns/", **headers)
    assert (response.status_code, response["Content-Type"]) == (401, PROBLEM)
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_a_key_that_is_revoked_expired_or_of_a_disabled_account_is_unknown(world):
    api = Native(world.secrets["api_key"])
    unknown = Native("tk_unknown").get("campaigns/", status=401)
    first_key(world).update(expires_at=world.now)
    assert api.get("campaigns/", status=401) == unknown
    first_key(world).update(expires_at=world.now + dt.timedelta(seconds=1))
    api.get("campaigns/")
    first_key(world).update(is_active=False)
    assert api.get("campaigns/", status=401) == unknown
    first_key(world).update(is_active=True)
    Account.objects.update(is_active=False)
    assert api.get("campaigns/", status=401) == unknown


def test_a_vendor_s_secret_opens_nothing_here(world):
    for secret in (world.secrets["voicenter"]["code"], world.secrets["sendservice"]["guid"]):
        Native(secret).get("campaigns/", status=401)


def test_a_key_may_be_one_that_only_reads(world):
    campaign = world.campaign()
    reader = Native(credentials.issue_key(account=world.account, can_write=False))
    assert len(reader.all("campaigns/")) == 1
    refused = reader.post("calls/", {"campaign": campaign.pk, "number": "+390612323486"}, status=403)
    assert refused["detail"] == "This key may read, but not change anything."
    reader.post(f"campaigns/{campaign.pk}/pause/", status=403)
    reader.delete(f"campaigns/{campaign.pk}/", status=403)


def test_no_key_is_ever_logged(world, caplog):
    caplog.set_level(logging.DEBUG)
    for key in (world.secrets["api_key"], "tk_wrong-but-secret"):
        Native(key).send("GET", "campaigns/")
        Native(key).send("POST", "campaigns/", b"{")
    assert caplog.records
    assert not any(key in caplog.text for key in (world.secrets["api_key"], "tk_wrong-but-secret"))


def test_a_key_notes_when_it_was_used(world):
    Native(world.secrets["api_key"]).get("campaigns/")
    assert first_key(world).get().last_used_at == world.now


def browser(world, **kwargs):
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(User.objects.get(username=kwargs.get("username", world.secrets["user"])))
    return client


def test_a_signed_in_person_needs_the_token_to_change_anything(world):
    client = browser(world)
    assert client.get("/api/v1/campaigns/").json()["results"] == []
    wanted = {"data": '{"name": "Dues", "caller_id": "390612345678"}', "content_type": "application/json"}
    refused = client.post("/api/v1/campaigns/", **wanted)
    assert (refused.status_code, refused["Content-Type"]) == (403, PROBLEM)
    token = "a" * 32
    client.cookies["csrftoken"] = token
    made = client.post("/api/v1/campaigns/", **wanted, headers={"X-CSRFToken": token})
    assert made.status_code == 201
    path = f"/api/v1/campaigns/{made.json()['id']}/start/"
    started = client.post(path, content_type="application/json", headers={"X-CSRFToken": token})
    assert started.json()["changed_by"] == world.secrets["user"]


def test_staff_without_an_account_name_one(world):
    world.campaign(name="Ours")
    User.objects.create_user("platform", is_staff=True)
    User.objects.create_user("nobody")
    staff = browser(world, username="platform")
    assert staff.get("/api/v1/campaigns/").status_code == 403
    ours = staff.get(f"/api/v1/campaigns/?account={world.account.pk}")
    assert [row["name"] for row in ours.json()["results"]] == ["Ours"]
    for wrong in ("987654", "x", "9" * 30, "-1"):
        assert staff.get(f"/api/v1/campaigns/?account={wrong}").status_code == 404
    nobody = browser(world, username="nobody")
    assert nobody.get(f"/api/v1/campaigns/?account={world.account.pk}").status_code == 403


def test_nobody_chooses_another_account_than_his_own(world):
    other = world.other_account()["account"]
    world.campaign(name="Ours")
    for client in (browser(world), Native(world.secrets["api_key"]).client):
        headers = {} if client.cookies else {"Authorization": f"Bearer {world.secrets['api_key']}"}
        told = client.get(f"/api/v1/campaigns/?account={other}", headers=headers).json()
        assert [row["name"] for row in told["results"]] == ["Ours"]


def test_a_person_of_a_disabled_account_is_kept_out(world):
    client = browser(world)
    Account.objects.update(is_active=False)
    assert client.get("/api/v1/campaigns/").status_code == 403
    User.objects.update(is_active=False)
    assert client.get("/api/v1/campaigns/").status_code == 401


def test_every_fault_has_the_same_shape(world):
    api = Native(world.secrets["api_key"])
    for method, path, body, status in [
        ("GET", "nowhere/", None, 404),
        ("GET", "", None, 404),
        ("GET", "calls/987654/", None, 404),
        ("GET", "calls/x/", None, 404),
        ("GET", "calls/9999999999999999999999/", None, 404),
        ("PUT", "calls/", None, 405),
        ("OPTIONS", "calls/", None, 405),
        ("DELETE", "reports/", None, 405),
        ("POST", "campaigns/", b"{", 400),
        ("POST", "campaigns/", b'"\\ud800"', 400),
        ("POST", "campaigns/", b"\xff", 400),
        ("POST", "campaigns/", b"[" * 100_000, 400),
        ("POST", "campaigns/", b'{"name": ' + b"[" * 100 + b"]" * 100 + b"}", 400),
    ]:
        problem = api._told(api.send(method, path, body), status)
        assert set(problem) == {"type", "title", "status", "detail", "errors"}
        assert problem["status"] == status
    key = {"Authorization": f"Bearer {world.secrets['api_key']}"}
    form = api.client.post("/api/v1/campaigns/", "a=1", content_type="text/plain", headers=key)
    assert (form.status_code, form["Content-Type"]) == (415, PROBLEM)
    html = api.client.get("/api/v1/campaigns/", headers=key | {"Accept": "text/html"})
    assert (html.status_code, html["Content-Type"]) == (406, PROBLEM)
    assert faults(api.post("campaigns/", b"", status=400)) == {"name": "This field is required."}
