"""A rehearsal does what the campaign then does: the same attempts at the same moments, with the same outcomes."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.models import Account, Call, CallAttempt, Campaign, Member
from campaigns.operations import campaigns as campaign_operations
from campaigns.operations import suppressions
from campaigns.states import CampaignState
from dialer import playing
from dialer.rehearsing import copying, engine, forecasting
from dialer.rehearsing.copying import Wish
from tests.calls import add, number
from tests.world import World

pytestmark = pytest.mark.django_db

DAYS = 60
SUFFIXES = ("200", "486", "408", "404", "603", "503", "213", "224", "271", "111", "345", "500")
WINDOWS = (
    [],
    [{"start": "09:00", "end": "18:00"}],
    [{"days": ["mon", "wed"], "start": "11:05", "end": "11:20"}, {"days": ["sat"], "start": "10:00", "end": "13:00"}],
)


class Journal:
    """Keeps every attempt of a rehearsal."""

    def __init__(self) -> None:
        self.attempts = []

    def opened(self, attempt) -> None:
        self.attempts.append(attempt)

    def ended(self, attempt) -> None:
        pass

    def passed(self, since, until, why) -> None:
        pass


def rehearsed(campaign, now, **wish):
    """Return what a rehearsal does: its attempts, and how each call stands at the end."""
    copy = copying.take(campaign, Wish(starts_at=now, **wish), now=now)
    journal = Journal()
    reached = engine.Engine(copy, journal, until=now + dt.timedelta(days=DAYS)).play()
    attempts = [
        (a.call.id, a.n, a.claimed_at, a.answered_at, a.ended_at, a.outcome, a.counts) for a in journal.attempts
    ]
    calls = {
        call.id: (call.state, call.outcome, "late" if call.reason == "dates" else call.reason, call.done_at)
        for call in copy.calls
        if not call.held
    }
    return sorted(attempts), calls, reached


def played(now, pks, ids):
    """Let the engine work in earnest, and return the same of it."""
    playing.play(now=now, until=now + dt.timedelta(days=DAYS), stop_when_idle=True)
    columns = ("call_id", "n", "claimed_at", "answered_at", "ended_at", "outcome", "counts")
    attempts = CallAttempt.objects.filter(campaign__in=pks).order_by("call_id", "n").values_list(*columns)
    calls = Call.objects.filter(pk__in=ids).values_list("pk", "state", "outcome", "reason", "done_at")
    return list(attempts), {row[0]: row[1:] for row in calls}


def agree(world, campaign, *, with_others=False, pks=None):
    """Hold a rehearsal against what then happens."""
    attempts, calls, _ = rehearsed(campaign, world.now, with_others=with_others)
    if campaign.state != CampaignState.RUNNING:
        campaign_operations.move_campaign(campaign=campaign, to=CampaignState.RUNNING, now=world.now)
    really, stand = played(world.now, pks or [campaign.pk], list(calls))
    assert attempts == really
    assert {pk: row for pk, row in calls.items() if row[0] == "done"} == {
        pk: row for pk, row in stand.items() if row[0] == "done"
    }
    return attempts


def draft(world, **fields):
    """Return a campaign that nobody has started."""
    wanted = {"name": "Draft", "caller_id": "390612345678", "message": "Hello there."} | fields
    return campaign_operations.create_campaign(account=world.account, now=world.now, **wanted)


def numbers(count, first=0):
    """Return numbers with every kind of fate."""
    return [number(first + index, SUFFIXES[index % len(SUFFIXES)]) for index in range(count)]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"capacity": 3, "max_attempts": 3, "retry_minutes": 7},
        {"capacity": 50, "calls_per_second": "0.5", "max_attempts": 2, "retry_minutes": 1},
        {"calls_per_second": "1.5", "max_attempts": 4, "retry_growth": 2, "retry_rules": {"busy": {"minutes": 0}}},
        {"capacity": 4, "windows": WINDOWS[1], "max_attempts": 3, "retry_minutes": 90},
        {"capacity": 2, "windows": WINDOWS[2], "max_attempts": 3, "holidays": ["2031-03-05"]},
        {"capacity": 1, "ends_at": "2031-03-03T10:05:00+00:00", "max_attempts": 9, "retry_minutes": 1},
        {"starts_at": "2031-03-04T08:30:30+00:00", "ring_seconds": 5, "max_attempts": 2},
    ],
    ids=str,
)
def test_the_same_attempts_at_the_same_moments(world, fields):
    moments = {name: dt.datetime.fromisoformat(fields[name]) for name in ("starts_at", "ends_at") if name in fields}
    campaign = draft(world, **fields | moments)
    add(world, campaign, *numbers(24))

    assert len(agree(world, campaign)) >= 5


def test_caps_of_the_account_and_of_a_number_hold_in_both(world):
    Account.objects.update(max_live_calls=5, calls_per_second="2.5", attempts_per_number_per_day=2)
    campaign = draft(world, max_attempts=5, retry_minutes=30)
    campaign.account.refresh_from_db()
    add(world, campaign, *numbers(18))

    agree(world, campaign)


def test_due_times_last_moments_priorities_and_windows_of_calls_hold_in_both(world):
    campaign = draft(world, capacity=2, max_attempts=3, retry_minutes=5)
    for index, each in enumerate(numbers(24)):
        last = world.now + dt.timedelta(minutes=3 * index) if index % 3 == 0 else None
        due = world.now + dt.timedelta(seconds=37 * (index - 8))
        own = WINDOWS[1] if index % 5 == 0 else None
        add(
            world,
            campaign,
            each,
            priority=index % 4,
            due_at=due,
            not_after=last,
            window=own,
            max_attempts=index % 3 + 1,
        )
    listed = [call.destination for call in Call.objects.order_by("id")[4:7]]
    suppressions.suppress(account=world.account, destinations=listed, now=world.now)

    agree(world, campaign)


def test_other_channels_share_the_campaigns_room_in_both(world):
    campaign = draft(world, capacity=3, channels={"sms": {"text": "Hello."}})
    add(world, campaign, *numbers(12))
    add(world, campaign, *numbers(12, first=100), channel="sms")

    agree(world, campaign)


def test_a_running_campaign_is_taken_up_in_the_middle(world):
    campaign = world.campaign(capacity=4, max_attempts=3, retry_minutes=4)
    add(world, campaign, *numbers(24))
    world.run(seconds=20)
    earlier = set(CallAttempt.objects.values_list("call_id", "n"))
    open_ones = CallAttempt.objects.exclude(state="ended").count()

    attempts, _, _ = rehearsed(campaign, world.now)
    really, _ = played(world.now, [campaign.pk], [])

    assert open_ones > 0
    assert attempts == [row for row in really if row[:2] not in earlier]


def test_other_running_campaigns_take_their_share_in_both(world):
    Account.objects.update(max_live_calls=4)
    world.account.refresh_from_db()
    other = world.campaign(name="other", capacity=9)
    add(world, other, *numbers(18, first=500))
    campaign = draft(world, capacity=9)
    add(world, campaign, *numbers(18))

    alone, _, finish_alone = rehearsed(campaign, world.now)
    attempts, _, finish = rehearsed(campaign, world.now, with_others=True)
    campaign_operations.move_campaign(campaign=campaign, to=CampaignState.RUNNING, now=world.now)
    really, _ = played(world.now, [campaign.pk, other.pk], [])

    mine = [row for row in attempts if row[0] in set(campaign.calls.values_list("pk", flat=True))]
    assert mine == [row for row in really if row[0] in {call for call, *_ in mine}]
    assert finish > finish_alone
    assert Counter(row[5] for row in alone) == Counter(row[5] for row in mine)


@given(
    chosen=st.lists(st.sampled_from(SUFFIXES), min_size=1, max_size=12),
    capacity=st.integers(1, 6),
    speed=st.sampled_from([None, "0.3", "1", "1.7", "4"]),
    tries=st.integers(1, 4),
    minutes=st.integers(0, 90),
    windows=st.sampled_from(WINDOWS),
    lines=st.integers(1, 8),
    per_day=st.integers(0, 3),
    second=st.integers(0, 86_399),
)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_the_campaign_both_do_the_same(
    chosen, capacity, speed, tries, minutes, windows, lines, per_day, second
):
    with transaction.atomic(), World.at("2031-03-03T00:00:00+00:00") as world:
        world.move_to(world.now + dt.timedelta(seconds=second))
        Account.objects.update(max_live_calls=lines, attempts_per_number_per_day=per_day)
        world.account.refresh_from_db()
        campaign = draft(
            world,
            capacity=capacity,
            calls_per_second=speed,
            max_attempts=tries,
            retry_minutes=minutes,
            windows=windows,
        )
        add(world, campaign, *(number(index // 2, suffix) for index, suffix in enumerate(chosen)))

        agree(world, campaign)
        transaction.set_rollback(True)


def test_the_finish_that_is_foretold_is_the_moment_of_the_last_end(world):
    campaign = draft(world, capacity=2, max_attempts=2, retry_minutes=10)
    add(world, campaign, *numbers(20))

    foretold = forecasting.rehearse(campaign, Wish(starts_at=world.now), now=world.now, days=DAYS)
    campaign_operations.move_campaign(campaign=campaign, to=CampaignState.RUNNING, now=world.now)
    played(world.now, [campaign.pk], [])

    assert foretold.ends_at == max(Call.objects.values_list("done_at", flat=True))
    assert foretold.outcomes == Counter(Call.objects.values_list("outcome", flat=True))
    assert foretold.attempts == CallAttempt.objects.count()
    assert Campaign.objects.get().state == CampaignState.RUNNING


def crew(campaign, count, **fields):
    """Give a campaign members."""
    return Member.objects.bulk_create(Member(campaign=campaign, code=f"2{index}", **fields) for index in range(count))


MEMBER_SUFFIXES = ("270", "486", "345", "408", "271", "224", "236", "111", "567", "603", "700", "901")


def callees(count, first=0):
    """Return numbers of persons, of machines and of those who do not answer."""
    return [number(first + index, MEMBER_SUFFIXES[index % len(MEMBER_SUFFIXES)]) for index in range(count)]


@pytest.mark.parametrize(
    "fields",
    [
        {"pacing": "progressive"},
        {"pacing": "progressive", "calls_per_member": 3, "wrap_up_seconds": 0, "safe_harbour_message": "Sorry."},
        {"pacing": "progressive", "calls_per_member": "1.5", "member_wait_seconds": 0, "max_abandon_rate": 1},
        {"pacing": "progressive", "windows": WINDOWS[2], "capacity": 2},
        {"pacing": "predictive", "wrap_up_seconds": 3},
        {"pacing": "predictive", "max_abandon_rate": "0.3", "calls_per_member": 4, "calls_per_second": "0.7"},
        {"pacing": "fixed", "message": "", "capacity": 6, "max_attempts": 1},
    ],
    ids=str,
)
def test_members_take_the_same_calls_at_the_same_moments(world, fields):
    campaign = draft(world, **{"max_attempts": 2, "retry_minutes": 3} | fields)
    crew(campaign, 3)
    add(world, campaign, *callees(60))
    copy = copying.take(campaign, Wish(starts_at=world.now), now=world.now)
    journal = Journal()
    engine.Engine(copy, journal, until=world.now + dt.timedelta(days=DAYS)).play()

    agree(world, campaign)

    foretold = {
        (a.call.id, a.n): (a.wants_member, a.member_id, a.connected_at, a.waits_until, a.abandoned)
        for a in journal.attempts
    }
    columns = ("wants_member", "member_id", "connected_at", "waits_until", "abandoned")
    really = {(row[0], row[1]): row[2:] for row in CallAttempt.objects.values_list("call_id", "n", *columns)}
    assert foretold == really
    assert sum(row[2] is not None for row in really.values()) >= 10
