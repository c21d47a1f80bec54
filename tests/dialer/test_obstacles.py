"""A campaign in which nothing can ever be dialled says so when it is started, and starts all the same."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse

from campaigns.models import Account, Call, CallAttempt, Campaign, Member, User
from campaigns.operations import campaigns as operations
from campaigns.operations import suppressions
from dialer import carriers, obstacles
from dialer.models import CarrierHealth
from tests.calls import add, number
from tests.campaigns.api.client import Native

EVENING = [{"start": "18:00", "end": "20:00"}]


@pytest.fixture
def api(world):
    return Native(world.secrets["api_key"])


def draft(world, **fields):
    wanted = {"name": "Test", "caller_id": "390612345678", "message": "Hello."} | fields
    return operations.create_campaign(account=world.account, now=world.now, **wanted)


def with_call(world, *, call=None, suffix="200", **fields):
    campaign = draft(world, **fields)
    add(world, campaign, number(1, suffix), **(call or {}))
    return campaign


def _account(**changes):
    def make(world):
        campaign = with_call(world)
        Account.objects.update(**changes)
        return campaign

    return make


def _members_away(world):
    campaign = with_call(world, pacing="progressive")
    Member.objects.create(campaign=campaign, code="1", is_available=False)
    return campaign


def _no_ratio(world):
    campaign = with_call(world, pacing="progressive", calls_per_member=0)
    Member.objects.create(campaign=campaign, code="1")
    return campaign


def _all_over(world):
    campaign = with_call(world)
    Call.objects.update(state="done", ready=False, outcome="answered", reason="answered", done_at=world.now)
    return campaign


def _suppressed(world):
    campaign = with_call(world)
    # As one that was listed before the call came in.
    Call.objects.update(ready=False, next_look_at=world.now)
    suppressions.suppress(account=world.account, destinations=[Call.objects.get().destination], now=world.now)
    return campaign


def _carrier_down(world):
    until = world.now + dt.timedelta(minutes=1)
    CarrierHealth.objects.create(alias="voice", failures=12, opened_at=world.now, open_until=until)
    return with_call(world)


def _tried_today(world):
    Account.objects.update(attempts_per_number_per_day=1)
    other = world.campaign()
    add(world, other, number(1, "200"))
    world.run(minutes=2)
    return with_call(world)


def _spent(world):
    campaign = with_call(world, max_attempts=2)
    Call.objects.update(attempts_made=2)
    return campaign


def _ends(**span):
    return lambda world: {"ends_at": world.now + dt.timedelta(**span)}


CASES = [
    (lambda world: draft(world), "no_calls", "It has no calls yet."),
    (_all_over, "nothing_waits", "All its calls are over, none waits."),
    (_account(allowed_prefixes=[]), "no_prefix", "The account Acme allows no prefix, so it may call nobody."),
    (
        _account(allowed_prefixes=["+44", "+1"]),
        "prefix",
        "None of its calls goes where the account may call (+44, +1).",
    ),
    (lambda world: _denied(world), "prefix", "None of its calls goes where the account may call (+)."),
    (_account(calls_per_second=0), "account_speed", "The account Acme has a speed of 0 calls a second."),
    (lambda world: with_call(world, capacity=0), "capacity", "Its capacity is 0, which places no call."),
    (lambda world: with_call(world, calls_per_second=0), "speed", "Its speed is 0 calls a second."),
    (
        lambda world: with_call(world, message="", channels={"voice": {"silent": False}}),
        "text",
        "There is no text for its 1 Voice call.",
    ),
    (
        lambda world: with_call(world, message="", call={"channel": "sms"}),
        "text",
        "There is no text for its 1 SMS call.",
    ),
    (
        lambda world: with_call(world, channels={"voice": {"enabled": False}}),
        "channel",
        "The channel of its 1 Voice call is switched off.",
    ),
    (
        lambda world: with_call(world, windows=EVENING, ends_at=world.now + dt.timedelta(hours=2)),
        "window",
        "before its end, Mon 03 Mar 13:00 Europe/Rome in the zones of its calls: Europe/Rome, Europe/Vatican.",
    ),
    (
        lambda world: with_call(
            world, holidays=[f"2031-{m:02}-{d:02}" for m in (3, 4, 5) for d in range(1, 32) if (m, d) != (4, 31)]
        ),
        "window",
        "leave no hour within 60 days in the zones",
    ),
    (
        lambda world: with_call(world, call={"window": EVENING}, ends_at=world.now + dt.timedelta(hours=2)),
        "window",
        "leave no hour before its end",
    ),
    (lambda world: with_call(world, ends_at=world.now - dt.timedelta(hours=1)), "ended", "Its last moment has passed"),
    (
        lambda world: with_call(
            world,
            starts_at=world.now + dt.timedelta(hours=2),
            call={"not_after": world.now + dt.timedelta(hours=1)},
        ),
        "late",
        "The last moment (not_after) of each of its calls passes before one may go.",
    ),
    (_suppressed, "suppressed", "Every destination of its calls is on the do-not-contact list."),
    (
        lambda world: with_call(world, pacing="progressive"),
        "members",
        "Its pacing is progressive, but it has no members",
    ),
    (lambda world: with_call(world, pacing="predictive"), "members", "Its pacing is predictive, but it has no members"),
    (_members_away, "members_away", "None of its members is available."),
    (_no_ratio, "ratio", "Its calls per member are 0, which starts none."),
    (
        _carrier_down,
        "carrier_down",
        "The carrier voice of its 1 Voice call is not taking calls; it is tried again",
    ),
    (_tried_today, "number_cap", "Each of its numbers was tried as often as the account may in 24 hours (1)."),
    (_spent, "attempts", "All its waiting calls have used their tries."),
]


def _denied(world):
    campaign = draft(world)
    add(world, campaign, "+881612345678")
    return campaign


@pytest.mark.parametrize(("make", "code", "told"), CASES, ids=[f"{case[1]}-{i}" for i, case in enumerate(CASES)])
def test_what_is_in_the_way_is_told_at_start_and_the_campaign_starts(api, world, make, code, told):
    campaign = make(world)
    path = f"campaigns/{campaign.pk}/"

    before = api.get(path)["obstacles"]
    started = api.post(f"{path}start/", status=200)

    assert started["state"] == "running"
    messages = {each["code"]: each["message"] for each in started["obstacles"]}
    assert told in messages[code]
    assert before == started["obstacles"]
    api.post(f"{path}pause/", status=200)
    assert code in {each["code"] for each in api.post(f"{path}resume/", status=200)["obstacles"]}


def test_a_campaign_whose_calls_can_go_has_nothing_in_its_way(api, world):
    campaign = with_call(world, windows=EVENING)
    assert api.post(f"campaigns/{campaign.pk}/start/", status=200)["obstacles"] == []


def test_one_call_that_can_go_is_enough(api, world):
    Account.objects.update(allowed_prefixes=["+39"], attempts_per_number_per_day=3)
    campaign = with_call(world)
    add(world, campaign, "+447400123456", number(2, "200"))
    suppressions.suppress(account=world.account, destinations=[number(1, "200")], now=world.now)
    assert api.post(f"campaigns/{campaign.pk}/start/", status=200)["obstacles"] == []


def test_nothing_is_looked_for_while_calls_are_in_progress_or_it_is_over(api, world):
    campaign = world.campaign(flow={"steps": [{"do": "say", "text": "word " * 900}]})
    add(world, campaign, number(1, "200"))
    world.run(seconds=10)
    Account.objects.update(allowed_prefixes=[])
    add(world, campaign, number(2, "200"))
    assert api.get(f"campaigns/{campaign.pk}/")["obstacles"] == []
    assert api.post(f"campaigns/{draft(world).pk}/finish/", status=200)["obstacles"] == []


def test_a_disabled_account_is_in_the_way(world):
    campaign = with_call(world)
    Account.objects.update(is_active=False)
    found = obstacles.of(Campaign.objects.select_related("account").get(pk=campaign.pk), now=world.now)
    assert [each.code for each in found] == ["account"]


def test_what_the_carrier_cannot_do_is_in_the_way(world, carried_by):
    carried_by("tests.dialer.test_obstacles.VoiceOnly", "sms")
    campaign = with_call(world, call={"channel": "sms"})
    [found] = obstacles.of(campaign, now=world.now)
    assert found.code == "carrier"
    assert "The carrier sms cannot do what is wanted for its 1 SMS call: VoiceOnly carries no sms." in found.message


class VoiceOnly(carriers.Carrier):
    """A gateway that carries voice alone."""

    channels = frozenset({"voice"})


def test_as_many_statements_for_many_calls_as_for_one(world, django_assert_num_queries):
    Account.objects.update(allowed_prefixes=["+44"])
    campaign = with_call(world)
    with django_assert_num_queries(9):
        obstacles.of(campaign, now=world.now)
    add(world, campaign, *(number(index, "200") for index in range(2, 300)))
    with django_assert_num_queries(9):
        obstacles.of(campaign, now=world.now)


def test_to_look_writes_nothing(world):
    campaign = with_call(world)
    before = list(Call.objects.values()), CallAttempt.objects.count(), CarrierHealth.objects.count()
    obstacles.of(campaign, now=world.now)
    assert before == (list(Call.objects.values()), CallAttempt.objects.count(), CarrierHealth.objects.count())


def test_the_admin_warns_at_start_and_on_the_page(world, client):
    client.force_login(User.objects.get(account=world.account))
    campaign = with_call(world, capacity=0)
    page = reverse("admin:campaigns_campaign_change", args=[campaign.pk])

    shown = client.post(reverse("admin:campaigns_campaign_start", args=[campaign.pk]), follow=True)

    told = [(message.level_tag, str(message)) for message in shown.context["messages"]]
    assert ("success", "Test is started.") in told
    warning = "Test calls nobody yet: Its capacity is 0, which places no call. Set how many may be in progress."
    assert ("warning", warning) in told
    assert "What is in the way" in client.get(page).content.decode()
    Campaign.objects.update(capacity=5)
    assert "What is in the way" not in client.get(page).content.decode()
