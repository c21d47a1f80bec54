"""Every page of the admin, generated from what is registered; and the pages that the dialer adds."""

from __future__ import annotations

import re

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.sites import all_sites
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.models import Account, Call, CallAttempt, Campaign, Intake, User
from campaigns.operations import campaigns as campaign_operations
from campaigns.states import CampaignState
from dialer.models import (
    CarrierHealth,
    ClockAnchor,
    Credential,
    Heartbeat,
    IdempotenceKey,
    LoginFailure,
    PacingState,
    Session,
)
from reports.models import AttemptReport, DueReport, HourlySum
from tests.calls import add
from tests.dialer import admin_rows

OURS = ("campaigns", "reports", "dialer")
REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label)
# What happened, and what the engine keeps of itself.
HISTORY = (
    Call,
    CallAttempt,
    Intake,
    AttemptReport,
    HourlySum,
    DueReport,
    Session,
    IdempotenceKey,
    LoginFailure,
    CarrierHealth,
    Heartbeat,
    PacingState,
    ClockAnchor,
)


def _name(model):
    return f"admin:{model._meta.app_label}_{model._meta.model_name}"


def _list(model):
    return reverse(f"{_name(model)}_changelist")


def _page(row):
    return reverse(f"{_name(type(row))}_change", args=[row.pk])


@pytest.fixture
def staff(db, client):
    """The platform's administrator, signed in."""
    client.force_login(User.objects.create(username="root", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def tenant(world, client):
    """A user of the world's account, signed in."""
    client.force_login(User.objects.get(account=world.account))
    return client


def test_every_model_is_registered():
    ours = {model for model in apps.get_models() if model._meta.app_label in OURS}

    assert ours - set(REGISTERED) == set()
    assert set(REGISTERED) == set(admin_rows.MAKERS)
    assert len(all_sites) == 1


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_a_list_takes_as_many_queries_for_30_rows_as_for_one(model, staff):
    admin_rows.MAKERS[model]()
    staff.get(_list(model))
    with CaptureQueriesContext(connection) as one:
        assert staff.get(_list(model)).status_code == 200
    for _ in range(29):
        admin_rows.MAKERS[model]()

    with CaptureQueriesContext(connection) as many:
        response = staff.get(_list(model))

    assert response.context["cl"].result_count >= 30
    assert len(many) == len(one), [query["sql"][:200] for query in many.captured_queries]
    assert len(many) < 20


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_every_page_opens(model, staff):
    row = admin_rows.MAKERS[model]()

    response = staff.get(_page(row))

    assert response.status_code == 200
    _loads_nothing_from_elsewhere(response)


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_add_pages_open_where_adding_is_allowed_and_nowhere_else(model, staff):
    allowed = "add" in admin.site._registry[model].deeds

    response = staff.get(reverse(f"{_name(model)}_add"))

    assert response.status_code == (200 if allowed else 403)


@pytest.mark.parametrize("model", HISTORY, ids=lambda model: model._meta.label)
def test_history_cannot_be_changed_by_anybody(model, staff):
    row = admin_rows.MAKERS[model]()
    before = model.objects.values().get(pk=row.pk)

    answers = [
        staff.post(_page(row), {"_save": "1"}),
        staff.post(reverse(f"{_name(model)}_delete", args=[row.pk]), {"post": "yes"}),
        staff.post(reverse(f"{_name(model)}_add"), {}),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert model.objects.values().get(pk=row.pk) == before
    assert 'name="_save"' not in staff.get(_page(row)).content.decode()


@pytest.mark.parametrize("model", list(admin_rows.OWNED), ids=lambda model: model._meta.label)
def test_an_account_sees_its_own_rows_and_those_of_no_other(model, tenant, world):
    own = admin_rows.OWNED[model](world.account)
    foreign = admin_rows.OWNED[model]()

    listed = tenant.get(_list(model))

    assert own.pk in {row.pk for row in listed.context["cl"].result_list}
    assert foreign.pk not in {row.pk for row in listed.context["cl"].result_list}
    assert tenant.get(_page(own)).status_code == 200
    _answers_as_for_an_unknown_row(tenant, foreign)


def _answers_as_for_an_unknown_row(client, foreign):
    """Another account's row answers exactly as one that is not there."""
    unknown = reverse(f"{_name(type(foreign))}_change", args=[987654321])
    known, strange = client.get(_page(foreign)), client.get(unknown)

    assert known.status_code == strange.status_code == 302
    assert known.headers["Location"] == strange.headers["Location"]


@pytest.mark.parametrize("model", list(admin_rows.PLATFORM), ids=lambda model: model._meta.label)
def test_an_account_sees_no_row_of_the_platform(model, tenant):
    row = admin_rows.PLATFORM[model]()

    assert tenant.get(_list(model)).status_code == 403
    assert tenant.get(_page(row)).status_code in {302, 403}


@pytest.mark.parametrize("model", list(admin_rows.OWNED), ids=lambda model: model._meta.label)
def test_an_account_sees_all_the_pages_of_its_menu(model, tenant, world):
    response = tenant.get(_list(model))

    assert response.status_code == 200
    assert ">Engine<" not in response.content.decode()


def test_staff_without_rights_see_nothing(db, client):
    client.force_login(User.objects.create(username="new", is_staff=True))

    assert client.get(_list(Campaign)).status_code == 403


def _loads_nothing_from_elsewhere(response):
    html = response.content.decode()
    loaded = re.findall(r'<(?:script|link|img|iframe)[^>]+(?:src|href)="([^"]+)"', html)
    assert loaded
    assert [address for address in loaded if not address.startswith(("/", "data:"))] == []
    assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", html) == []


def test_pages_say_what_a_browser_may_load(staff):
    policy = staff.get(_list(Campaign)).headers["Content-Security-Policy"]

    assert "script-src 'self' 'unsafe-eval';" in policy
    assert "default-src 'none'" in policy


# --- Why a call is not placed ------------------------------------------------------------------------------------


def test_the_why_page_names_the_gate_that_is_shut(tenant, world):
    campaign = world.campaign(windows=[{"start": "09:00", "end": "10:00"}])
    (call,) = add(world, campaign, "+39061231200")

    response = tenant.get(reverse("admin:campaigns_call_why", args=[call.pk]))

    html = response.content.decode()
    assert [gate["is_open"] for gate in response.context["why"]["gates"]].count(False) == 1
    # 10:00 UTC is 11:00 in Rome.
    assert "Outside the calling window in Europe/Rome" in html
    assert "Tue 4 Mar 2031 09:00:00 CET" in html


def test_the_page_of_a_call_says_why_as_well(tenant, world):
    campaign = world.campaign()
    (call,) = add(world, campaign, "+39061231200")
    campaign_operations.move_campaign(campaign=campaign, to=CampaignState.PAUSED, now=world.now, by="eva")

    html = tenant.get(reverse("admin:campaigns_call_change", args=[call.pk])).content.decode()

    assert "It cannot go: the campaign is paused by eva." in html
    assert "It was not tried yet." in html


def test_another_accounts_call_is_not_explained(tenant, world):
    foreign = admin_rows.call()

    assert tenant.get(reverse("admin:campaigns_call_why", args=[foreign.pk])).status_code == 404
    assert tenant.get(reverse("admin:campaigns_call_why", args=[987654321])).status_code == 404


def test_a_call_that_is_done_shows_its_tries(tenant, world):
    (call,) = add(world, world.campaign(), "+39061231486")
    world.run_until_idle()

    html = tenant.get(reverse("admin:campaigns_call_change", args=[call.pk])).content.decode()

    assert "It is done: busy, after 1 try. All its attempts are used." in html
    attempt = CallAttempt.objects.get(call=call)
    assert reverse("admin:campaigns_callattempt_change", args=[attempt.pk]) in html


# --- Accounts and credentials ------------------------------------------------------------------------------------


ACCOUNT = {
    "name": "Nova",
    "country": "IT",
    "timezone": "Europe/Rome",
    "max_live_calls": "10",
    "calls_per_second": "2",
    "attempts_per_number_per_day": "0",
    "allowed_prefixes": '["+39"]',
    "is_active": "on",
}


def test_a_new_account_is_opened_with_credentials_that_work(staff, client):
    response = staff.post(reverse("admin:campaigns_account_add"), ACCOUNT)

    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]
    account = Account.objects.get(name="Nova")
    assert account.allowed_prefixes == ["+39"]
    (key,) = re.findall(r"tk_[\w-]+", response.content.decode())
    assert client.get("/api/v1/campaigns/", headers={"Authorization": f"Bearer {key}"}).status_code == 200
    assert User.objects.get(account=account).is_staff


def test_a_second_account_of_a_name_is_refused_in_the_form(staff):
    staff.post(reverse("admin:campaigns_account_add"), ACCOUNT)

    response = staff.post(reverse("admin:campaigns_account_add"), ACCOUNT)

    assert "already exists" in response.content.decode()
    assert Account.objects.count() == 1


def test_an_account_makes_and_revokes_a_key(tenant, world, client):
    made = tenant.post(reverse("admin:dialer_credential_add"), {"label": "crm", "can_write": "on"})
    (key,) = re.findall(r"tk_[\w-]+", made.content.decode())
    credential = Credential.objects.get(label="crm")
    assert credential.account == world.account
    page = tenant.get(_page(credential)).content.decode()
    assert key not in page
    assert credential.identifier not in page

    tenant.post(_list(Credential), {"action": "revoke_selected", "_selected_action": [credential.pk]})

    assert client.get("/api/v1/campaigns/", headers={"Authorization": f"Bearer {key}"}).status_code == 401


def test_an_account_cannot_make_keys_for_another(tenant, world):
    other = Account.objects.get(pk=world.other_account()["account"])

    tenant.post(reverse("admin:dialer_credential_add"), {"label": "stolen", "can_write": "on", "account": other.pk})

    assert Credential.objects.get(label="stolen").account == world.account


def test_an_account_cannot_change_its_own_limits_or_its_users(tenant, world):
    user = User.objects.get(account=world.account)

    assert tenant.post(_page(world.account), ACCOUNT).status_code == 403
    assert tenant.post(_page(user), {"is_superuser": "on"}).status_code == 403
    assert tenant.get(reverse("admin:campaigns_user_add")).status_code == 403


def test_changed_limits_wake_the_calls_that_they_held(world, staff):
    Account.objects.filter(pk=world.account.pk).update(allowed_prefixes=["+44"])
    (call,) = add(world, world.campaign(), "+39061231200")
    world.run(seconds=5)
    assert Call.objects.get(pk=call.pk).reason == "prefix"

    response = staff.post(_page(world.account), ACCOUNT)

    assert response.status_code == 302
    assert Call.objects.get(pk=call.pk).ready


# --- Carriers ----------------------------------------------------------------------------------------------------


def _failing(world):
    campaign = world.campaign(capacity=100)
    add(world, campaign, *(f"+39312{index:04d}503" for index in range(12)))
    world.run(seconds=3)
    return CarrierHealth.objects.get(alias="voice")


def test_a_carrier_that_is_down_says_so_with_the_calls_that_failed(world, staff):
    carrier = _failing(world)
    listed = staff.get(_list(CarrierHealth)).content.decode()
    assert "Takes no calls" in listed
    page = staff.get(_page(carrier)).content.decode()
    assert "It takes no calls since 3 Mar 2031 10:00:" in page
    assert "one call tries it again." in page
    assert _page(CallAttempt.objects.get(pk=carrier.evidence[-1]["attempt"])) in page
    CarrierHealth.objects.update(open_until=world.now)
    assert "One call at a time tries it now." in staff.get(_page(carrier)).content.decode()
    CarrierHealth.objects.update(open_until=None)
    assert "It takes calls; the last 12 calls failed." in staff.get(_page(carrier)).content.decode()
    CarrierHealth.objects.update(failures=0, evidence=[])
    assert "It takes calls." in staff.get(_page(carrier)).content.decode()


def test_who_may_change_carriers_resets_one(world, staff, client):
    carrier = _failing(world)
    where = reverse("admin:dialer_carrierhealth_reset", args=[carrier.pk])
    assert where in staff.get(_page(carrier)).content.decode()
    assert staff.get(where).status_code == 405
    told = staff.post(where, follow=True)
    assert [str(each) for each in told.context["messages"]] == [
        "voice takes calls again. If it fails on, its breaker opens again."
    ]
    carrier.refresh_from_db()
    assert (carrier.failures, carrier.open_until, carrier.evidence) == (0, None, [])
    told = staff.post(where, follow=True)
    assert "nothing was done" in str(next(iter(told.context["messages"])))


def test_who_may_only_look_at_carriers_resets_none(world, client):
    carrier = _failing(world)
    looker = User.objects.create(username="looker", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_carrierhealth"))
    client.force_login(looker)
    where = reverse("admin:dialer_carrierhealth_reset", args=[carrier.pk])
    assert where not in client.get(_page(carrier)).content.decode()
    assert client.post(where).status_code == 403
    assert CarrierHealth.objects.get(pk=carrier.pk).open_until is not None
    client.force_login(User.objects.get(account=world.account))
    assert client.post(where).status_code == 404
