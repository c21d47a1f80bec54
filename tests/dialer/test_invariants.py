"""Each invariant finds the row that breaks it."""

from __future__ import annotations

import datetime as dt
import uuid
from pathlib import Path

import pytest
from django.db import connection
from django.db.models import F

from campaigns.models import Account, Call, CallAttempt, Campaign, Member, Suppression
from campaigns.operations import campaigns as operations
from dialer import invariants
from reports.models import AttemptReport, DueReport, HourlySum
from tests.calls import add, number

pytestmark = pytest.mark.django_db


def broken_by(world, change) -> set[str]:
    campaign = world.campaign(max_attempts=2, retry_minutes=5, windows=[{"start": "09:00", "end": "20:00"}])
    add(world, campaign, number(1, "486"), number(2, "200"))
    world.run_until_idle()
    add(world, campaign, number(3, "408"))
    world.run(seconds=2)
    assert invariants.broken(world.now) == {}
    change(world)
    return set(invariants.broken(world.now))


def _two_open_attempts(world):
    """Do what a constraint of the database forbids."""
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX one_open_attempt_per_call")
    attempt = CallAttempt.objects.exclude(state="ended").get()
    CallAttempt.objects.create(
        **{
            name: getattr(attempt, name)
            for name in ("account", "campaign", "call", "carrier", "claimed_at", "check_at")
        },
        n=9,
    )


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (
            lambda world: Call.objects.filter(state="done").update(state="live", outcome="", done_at=None),
            "a call in progress has an open attempt",
        ),
        (
            lambda world: Call.objects.filter(state="live").update(state="waiting", ready=True),
            "an open attempt belongs to a call in progress",
        ),
        (
            lambda world: CallAttempt.objects.exclude(state="ended").update(check_at=world.now - dt.timedelta(hours=1)),
            "every open attempt is looked at in time",
        ),
        (lambda world: Campaign.objects.update(max_attempts=1), "no call is tried more often than its budget"),
        (lambda world: Call.objects.update(max_attempts=1), "no call is tried more often than its budget"),
        (
            lambda world: Call.objects.update(attempts_made=F("attempts_made") + 1),
            "a call's counters equal its attempts",
        ),
        (
            lambda world: CallAttempt.objects.filter(n=2).update(claimed_at=world.now - dt.timedelta(days=1)),
            "no try begins before the last one ended",
        ),
        (
            lambda world: CallAttempt.objects.filter(outcome="busy", n=1).update(outcome="answered"),
            "no call is tried again after it was answered",
        ),
        (
            lambda world: Account.objects.update(attempts_per_number_per_day=1),
            "no number is tried more often in 24 hours than its cap",
        ),
        (
            lambda world: Suppression.objects.create(
                account=world.account,
                destination=Call.objects.first().destination,
                created_at=world.now - dt.timedelta(days=9),
            ),
            "nothing is placed to a suppressed destination",
        ),
        (
            lambda world: Campaign.objects.update(windows=[{"start": "20:00", "end": "21:00"}]),
            "nothing is placed outside its window",
        ),
        (
            lambda world: (
                Call.objects.filter(state="done").update(state="waiting", ready=True, outcome="", done_at=None),
                Campaign.objects.update(state="finished"),
            ),
            "no call waits in a campaign that is over",
        ),
        (
            lambda world: AttemptReport.objects.first().delete(),
            "every ended attempt has its report, or it is due",
        ),
        (
            lambda world: AttemptReport.objects.filter(n=1).update(cost=1),
            "hourly sums, attempt reports and ledger agree",
        ),
        (
            lambda world: HourlySum.objects.update(attempts=F("attempts") + 1),
            "hourly sums, attempt reports and ledger agree",
        ),
        (
            lambda world: CallAttempt.objects.exclude(state="ended").update(check_at=world.now + dt.timedelta(days=2)),
            "every open attempt has a lease",
        ),
        (
            lambda world: DueReport.objects.create(attempt=CallAttempt.objects.exclude(state="ended").get()),
            "no attempt in progress has a report",
        ),
        (
            lambda world: Call.objects.filter(state="live").update(state="waiting", ready=True),
            "a campaign's calls by state add up to its calls",
        ),
        (
            lambda world: Call.objects.update(cancel_requested_at=world.now - dt.timedelta(days=9)),
            "nothing is placed after its call was cancelled",
        ),
        (
            lambda world: CallAttempt.objects.update(account_id=world.other_account()["account"]),
            "an attempt belongs to the account and the campaign of its call",
        ),
        (
            lambda world: CallAttempt.objects.update(campaign=world.campaign(name="Other")),
            "an attempt belongs to the account and the campaign of its call",
        ),
        (_two_open_attempts, "no call has two open attempts"),
    ],
)
def test_what_must_never_be_is_found(world, change, name):
    assert name in broken_by(world, change)


@pytest.mark.postgres
def test_two_tries_of_one_number_are_found(world):
    campaign = world.campaign()
    [call] = add(world, campaign, number(1, "200"))
    world.run(minutes=2)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE campaigns_callattempt DROP CONSTRAINT attempt_number_once_in_call")
    first = CallAttempt.objects.get(call=call)
    first.pk, first.key = None, uuid.uuid4()
    first.save(force_insert=True)
    assert "no call has two tries of one number" in invariants.broken(world.now)


def test_every_invariant_has_been_broken_here():
    told = Path(__file__).read_text()
    assert [each.name for each in invariants.INVARIANTS if f'"{each.name}"' not in told] == []


@pytest.mark.parametrize(
    "invariant", [each for each in invariants.INVARIANTS if each.find_since], ids=lambda each: each.name
)
def test_lately_looks_at_what_was_claimed_since_and_nothing_else(world, invariant):
    """The same rows are found when they are recent; with everything in order nothing is."""
    campaign = world.campaign(max_attempts=2, retry_minutes=5)
    add(world, campaign, number(1, "486"), number(2, "200"))
    world.run_until_idle()
    assert invariant.rows(world.now, world.now - dt.timedelta(days=1)) == []
    Account.objects.update(attempts_per_number_per_day=1)
    Campaign.objects.update(max_attempts=1, windows=[{"start": "03:00", "end": "04:00"}])
    CallAttempt.objects.filter(n=1).update(outcome="answered", cost=1)
    CallAttempt.objects.filter(n=2).update(claimed_at=world.now - dt.timedelta(minutes=30))
    Call.objects.update(attempts_made=7, cancel_requested_at=world.now - dt.timedelta(hours=2))
    early = {"destination": Call.objects.first().destination, "created_at": world.now - dt.timedelta(days=2)}
    Suppression.objects.create(account=world.account, **early)
    lately = invariant.rows(world.now, world.now - dt.timedelta(days=1))
    assert lately == invariant.rows(world.now)
    later = world.now + dt.timedelta(days=3)
    assert invariant.rows(later, later - dt.timedelta(hours=1)) == []


def test_a_capacity_that_was_lowered_is_no_fault_but_a_claim_beyond_it_is(world):
    campaign = world.campaign(capacity=10)
    add(world, campaign, number(1, "408"), number(2, "408"))
    world.run(seconds=2)
    operations.update_campaign(campaign=campaign, now=world.now, capacity=1)
    assert invariants.broken(world.now) == {}
    CallAttempt.objects.filter(n=1).update(claimed_at=world.now + dt.timedelta(seconds=1))
    assert "no campaign has more calls in progress than its capacity" in invariants.broken(world.now)


def test_more_calls_in_progress_than_the_carrier_takes_are_found(world, settings, carried_by):
    campaign = world.campaign(capacity=10)
    add(world, campaign, number(1, "408"), number(2, "408"))
    world.run(seconds=2)
    carried_by(settings.CARRIERS["voice"]["BACKEND"], "voice", max_live=1)
    found = invariants.broken(world.now)
    told = ["carrier voice has 2 calls in progress, 1 may be"]
    assert found == {"no carrier has more calls in progress than its cap": told}


def test_more_calls_in_progress_than_the_cap_are_found(world):
    campaign = world.campaign(capacity=10)
    add(world, campaign, number(1, "408"), number(2, "408"))
    world.run(seconds=2)
    Account.objects.update(max_live_calls=1)
    assert "no account has more calls in progress than its cap" in invariants.broken(world.now)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (
            lambda taken, left: CallAttempt.objects.filter(pk=taken[1].pk).update(connected_at=taken[0].connected_at),
            "no member has two calls",
        ),
        (
            lambda taken, left: CallAttempt.objects.filter(pk=taken[0].pk).update(abandoned=True),
            "no call is both taken by a member and abandoned",
        ),
        (
            lambda taken, left: CallAttempt.objects.filter(pk=left.pk).update(answered_at=None),
            "nobody is abandoned who did not answer",
        ),
        (
            lambda taken, left: CallAttempt.objects.filter(pk=left.pk).update(abandoned=False),
            "whoever answered for a member met one or counts as abandoned",
        ),
        (
            lambda taken, left: CallAttempt.objects.filter(pk=left.pk).update(member=taken[0].member),
            "an ended call's member took it",
        ),
    ],
)
def test_what_must_never_be_of_members_is_found(world, change, name):
    campaign = world.campaign(pacing="progressive", calls_per_member=2)
    Member.objects.create(campaign=campaign, code="SIP1")
    add(world, campaign, number(1, "270"), number(2, "270"), number(3, "270"))
    world.run_until_idle()
    assert invariants.broken(world.now) == {}
    taken = list(CallAttempt.objects.filter(connected_at__isnull=False).order_by("id"))
    change(taken, CallAttempt.objects.filter(abandoned=True).first())
    assert name in invariants.broken(world.now)
