"""Where a campaign stands, and what holds calls that are ready: through the API, the command and the admin."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from campaigns.models import Account, Call, CallAttempt, Campaign, Member, User
from campaigns.operations import campaigns as operations
from campaigns.operations import suppressions
from campaigns.states import CampaignState
from dialer.models import CarrierHealth
from tests.calls import add, number
from tests.campaigns.api.client import Native

LONG = {"steps": [{"do": "say", "text": "word " * 900}]}


@pytest.fixture
def api(world):
    return Native(world.secrets["api_key"])


def _shut_carrier(world):
    CarrierHealth.objects.create(
        alias="voice", failures=12, opened_at=world.now, open_until=world.now + dt.timedelta(minutes=1)
    )


def _move(world, campaign, to):
    return operations.move_campaign(campaign=campaign, to=to, now=world.now, by="eva")


def _draft(world):
    return operations.create_campaign(account=world.account, now=world.now, name="Draft", caller_id="390612345678")


def _paused(world):
    return _move(world, world.campaign(), CampaignState.PAUSED)


def _finished(world):
    return _move(world, world.campaign(), CampaignState.FINISHED)


def _deleted(world):
    return _move(world, world.campaign(), CampaignState.DELETED)


def _done(world):
    campaign = world.campaign()
    add(world, campaign, number(1, "200"))
    world.run(minutes=5)
    return campaign


def _live(world):
    campaign = world.campaign(flow=LONG)
    add(world, campaign, number(1, "200"))
    add(world, campaign, number(2, "200"), due_at=world.now + dt.timedelta(hours=1))
    world.run(seconds=10)
    return campaign


def _retrying(world):
    campaign = world.campaign(max_attempts=3, retry_minutes=45)
    add(world, campaign, number(1, "486"))
    world.run(minutes=5)
    return campaign


def _with_calls(world, run=True, **fields):
    campaign = world.campaign(**fields)
    add(world, campaign, number(1, "200"))
    if run:
        world.run(seconds=3)
    return campaign


def _due_later(world):
    campaign = world.campaign()
    add(world, campaign, number(1, "200"), due_at=world.now + dt.timedelta(hours=2))
    return campaign


def _number_capped(world):
    Account.objects.update(attempts_per_number_per_day=1)
    campaign = world.campaign()
    add(world, campaign, number(1, "200"), number(1, "200"))
    world.run(minutes=5)
    return campaign


def _congested(world):
    campaign = world.campaign()
    add(world, campaign, number(1, "503"))
    world.run(seconds=5)
    return campaign


def _not_allowed(world):
    Account.objects.update(allowed_prefixes=["+44"])
    return _with_calls(world)


def _at_account_cap(world):
    Account.objects.update(max_live_calls=1)
    first = world.campaign(flow=LONG)
    add(world, first, number(1, "200"))
    world.run(seconds=5)
    return _with_calls(world)


def _carrier_down(world):
    _shut_carrier(world)
    return _with_calls(world)


def _of_disabled_account(world):
    campaign = _with_calls(world, run=False)
    Account.objects.filter(pk=world.other_account()["account"]).update(is_active=False)
    Campaign.objects.filter(pk=campaign.pk).update(account=Account.objects.get(is_active=False))
    return Campaign.objects.get(pk=campaign.pk)


def _without_free_member(world):
    campaign = world.campaign(pacing="progressive")
    Member.objects.create(campaign=campaign, code="100", is_available=False)
    add(world, campaign, number(1, "200"))
    world.run(seconds=3)
    return campaign


# The code, a part of its words, and when the engine looks next: minutes after the world's beginning.
CASES = [
    (_draft, "draft", "A draft. Nothing goes until it is started.", None),
    (_paused, "paused", "Paused by eva since Mon 03 Mar 11:00 Europe/Rome.", None),
    (_finished, "finished", "Finished by eva, Mon 03 Mar 11:00 Europe/Rome.", None),
    (_deleted, "deleted", "Deleted by eva", None),
    (lambda world: world.campaign(), "empty", "It has no calls yet.", None),
    (_done, "done", "All its calls are over, 1 in all.", None),
    (_live, "running", "Running: 1 in progress; 1 call waits.", 60),
    (lambda world: _with_calls(world, run=False), "ready", "1 call is ready; the next go at once.", 0),
    (_retrying, "retry", "Waiting for a retry until Mon 03 Mar 11:45 Europe/Rome; 1 call waits.", 45),
    (_due_later, "due", "Waiting until its next call is due, Mon 03 Mar 13:00 Europe/Rome", 120),
    (
        lambda world: _with_calls(world, windows=[{"start": "18:00", "end": "20:00"}]),
        "window",
        "Waiting for its window until Mon 03 Mar 18:00 Europe/Rome",
        420,
    ),
    (
        lambda world: world.campaign(starts_at=world.now + dt.timedelta(hours=1)),
        "dates",
        "Waiting for its first moment, Mon 03 Mar 12:00 Europe/Rome.",
        60,
    ),
    (
        lambda world: world.campaign(ends_at=world.now - dt.timedelta(hours=1)),
        "dates",
        "Its last moment has passed",
        None,
    ),
    (_number_capped, "number_cap", "Waiting until its numbers may be tried again, Tue 04 Mar 11:00", 1440),
    (_congested, "congestion", "Waiting for the network, which was full, until", None),
    (_not_allowed, "prefix", "Blocked: the account may not call where its calls go. 1 call;", 60),
    (
        lambda world: _with_calls(world, channels={"voice": {"enabled": False}}),
        "channel",
        "Blocked: its channel is switched off or has no text.",
        60,
    ),
    (
        lambda world: _with_calls(
            world,
            holidays=[f"2031-{m:02}-{d:02}" for m in (3, 5) for d in range(1, 32)]
            + [f"2031-04-{d:02}" for d in range(1, 31)],
        ),
        "zone",
        "Blocked: no hour within 60 days suits all the time zones",
        1440,
    ),
    (_carrier_down, "carrier_down", "Blocked by its carrier, which is not taking calls; tried again at", 1),
    (_at_account_cap, "account_cap", "Waiting for room: the account's calls in progress are at their cap.", None),
    (lambda world: _with_calls(world, capacity=0), "campaign_cap", "Blocked by its capacity of 0.", None),
    (lambda world: _with_calls(world, calls_per_second=0), "pace", "Blocked by its speed of 0 calls a second", None),
    (_without_free_member, "member", "Waiting for a free member", None),
    (_of_disabled_account, "account", "is disabled.", None),
]


@pytest.mark.parametrize(
    ("make", "code", "told", "minutes"), CASES, ids=[f"{case[1]}-{i}" for i, case in enumerate(CASES)]
)
def test_where_a_campaign_stands_is_told_alike_in_api_and_command(api, world, capsys, make, code, told, minutes):
    start = world.now
    campaign = make(world)

    call_command("explain", "--campaign", str(campaign.pk))
    said = capsys.readouterr().out
    assert f"({code})" in said
    assert told in said
    if campaign.account_id != world.account.pk:
        return
    shown = api.get(f"campaigns/{campaign.pk}/")
    assert shown["reason"] == code
    assert told in shown["reason_text"]
    if minutes is not None:
        look = dt.datetime.fromisoformat(shown["next_look_at"])
        assert dt.timedelta(0) <= look - start - dt.timedelta(minutes=minutes) < dt.timedelta(minutes=1)
    listed = api.all("campaigns/", state=campaign.state if code == "deleted" else shown["state"])
    assert [row["reason"] for row in listed if row["id"] == campaign.pk] == [code]


def test_every_row_of_the_table_is_a_known_code(world):
    from dialer import standing

    assert {case[1] for case in CASES} <= {code for code, _ in standing.CODES}
    assert {code for code, _ in standing.CODES} - {case[1] for case in CASES} == {"carrier_cap"}


@pytest.mark.parametrize("argv", [[], ["1", "--campaign", "1"], ["--campaign", "x"], ["--campaign", "9"], ["9"], ["x"]])
def test_a_wrong_question_is_told(world, argv):
    with pytest.raises(CommandError):
        call_command("explain", *argv)


def test_what_holds_a_ready_call_is_told_though_no_row_says_it(api, world):
    _shut_carrier(world)
    campaign = world.campaign()
    call, text = add(world, campaign, number(1, "200"))[0], add(world, campaign, number(2, "200"), channel="sms")[0]
    world.run(seconds=1)
    assert Call.objects.get(pk=call.pk).ready

    shown = api.get(f"calls/{call.pk}/")
    assert (shown["state"], shown["reason"]) == ("waiting", "carrier_down")
    assert shown["reason_text"] == "The carrier is not taking calls"
    assert shown["next_look_at"] == "2031-03-03T10:01:00Z"
    reasons = {row["id"]: row["reason"] for row in api.all("calls/")}
    assert reasons[call.pk] == "carrier_down"
    assert reasons[text.pk] != "carrier_down"


def test_a_ready_call_of_a_paused_campaign_says_so(api, world):
    campaign = _draft(world)
    add(world, campaign, number(1, "200"))
    assert api.all("calls/")[0]["reason"] == "state"


def test_a_list_asks_once_for_an_account_however_many_campaigns(api, world, django_assert_num_queries):
    _shut_carrier(world)
    for _ in range(2):
        _with_calls(world, run=False)
    api.get("campaigns/")
    with django_assert_num_queries(6):
        assert [row["reason"] for row in api.get("campaigns/")["results"]] == ["carrier_down"] * 2
    for _ in range(20):
        _with_calls(world, run=False)
    with django_assert_num_queries(6):
        assert [row["reason"] for row in api.get("campaigns/")["results"]] == ["carrier_down"] * 22


def test_the_admin_shows_it_in_the_list_and_on_the_page(world, client):
    client.force_login(User.objects.get(account=world.account))
    campaign = _retrying(world)
    told = "Waiting for a retry until Mon 03 Mar 11:45 Europe/Rome"
    assert told in client.get(reverse("admin:campaigns_campaign_changelist")).content.decode()
    page = client.get(reverse("admin:campaigns_campaign_change", args=[campaign.pk])).content.decode()
    assert told in page
    assert "The engine looks at its next call Mon 3 Mar 2031 11:45:" in page


def test_to_ask_changes_nothing(api, world):
    _shut_carrier(world)
    campaign = _with_calls(world)
    suppressions.suppress(account=world.account, destinations=["+39312"], now=world.now)
    before = [list(model.objects.order_by("pk").values()) for model in (Call, CallAttempt, Campaign, CarrierHealth)]
    api.get(f"campaigns/{campaign.pk}/")
    api.all("calls/")
    call_command("explain", "--campaign", str(campaign.pk))
    assert before == [
        list(model.objects.order_by("pk").values()) for model in (Call, CallAttempt, Campaign, CarrierHealth)
    ]
