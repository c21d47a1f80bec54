"""Each invariant finds the row that breaks it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db.models import F

from campaigns.models import Account, Call, CallAttempt, Campaign, Member, Suppression
from dialer import invariants
from reports.models import AttemptReport
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
    ],
)
def test_what_must_never_be_is_found(world, change, name):
    assert name in broken_by(world, change)


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
