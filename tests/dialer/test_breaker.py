"""The circuit breaker: it opens when most fails, lets one call try, and closes again."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from campaigns import retries
from campaigns.models import Account, Call, CallAttempt
from campaigns.operations import campaigns as operations
from dialer import breaker, claiming, explaining
from dialer.models import CarrierHealth
from tests.calls import add, number

pytestmark = pytest.mark.django_db


def test_a_carrier_that_fails_all_it_is_given_is_left_alone_for_a_while(world):
    campaign = world.campaign(capacity=100)
    calls = add(world, campaign, *(number(index, "503") for index in range(12)))
    world.run(seconds=3)
    health = CarrierHealth.objects.get(alias="voice")
    tried = CallAttempt.objects.count()

    assert tried == 12
    assert health.open_until > world.now
    assert {"attempt", "cause", "at"} == set(health.evidence[0])
    world.run(seconds=10)
    assert CallAttempt.objects.count() == tried

    [fresh] = add(world, campaign, number(99, "200"))
    world.run(seconds=1)
    fresh.refresh_from_db()
    assert fresh.state == "waiting"
    assert explaining.explain(fresh, now=world.now).gates[-1].reason == "carrier_down"
    assert calls[0].pk != fresh.pk


def test_one_call_on_trial_closes_it_again(world):
    campaign = world.campaign(capacity=100)
    add(world, campaign, *(number(index, "503") for index in range(12)))
    world.run(seconds=3)
    good = add(world, campaign, *(number(index, "200") for index in range(50, 60)), priority=5)
    opened = CarrierHealth.objects.get(alias="voice").open_until

    world.run(minutes=2)

    starts = sorted(CallAttempt.objects.filter(call__in=good).values_list("placed_at", flat=True))
    assert starts[0] >= opened
    assert starts[1] > starts[0]
    assert Call.objects.filter(pk__in=[call.pk for call in good], outcome="answered").count() == 10
    # Once the one on trial has worked, all the others follow at once.
    assert starts[-1] == starts[1] < starts[0] + dt.timedelta(seconds=20)


def test_a_few_dead_numbers_among_many_good_ones_do_not_open_it(world):
    campaign = world.campaign(capacity=100)
    add(world, campaign, *(number(index, "503" if index % 5 == 0 else "200") for index in range(80)))
    world.run(seconds=5)
    assert CarrierHealth.objects.get(alias="voice").open_until is None
    assert CallAttempt.objects.values("call").distinct().count() == 80


def test_somebody_can_reset_it(world):
    CarrierHealth.objects.create(alias="voice", failures=30, open_until=world.now + dt.timedelta(hours=1))
    assert breaker.reset("voice", now=world.now)
    assert breaker.look("voice", hold=False, now=world.now) == breaker.Look()
    assert not breaker.reset("voice", now=world.now)


# Failures now, of how many tried lately, after how many before, the breaker open for how long; and for how long then.
@pytest.mark.parametrize(
    ("failing", "working", "before", "open_for", "pause"),
    [
        (9, 0, 0, None, None),
        (10, 0, 0, None, 30),
        (10, 10, 0, None, 30),
        (10, 11, 0, None, None),
        (100, 0, 0, None, 165),
        # While it is open nothing is decided anew; on trial the first failure opens it again, for longer.
        (1, 0, 10, 20, 20),
        (1, 0, 10, 0, 30),
        (1, 0, 29, -5, 60),
        (1, 0, 500, 0, 300),
    ],
)
def test_when_it_opens_and_for_how_long(world, failing, working, before, open_for, pause):
    campaign = world.campaign()
    calls = add(world, campaign, *(number(index, "404") for index in range(failing + working)))
    for index, call in enumerate(calls):
        CallAttempt.objects.create(
            account=world.account,
            campaign=campaign,
            call=call,
            n=1,
            carrier="voice",
            destination=call.destination,
            claimed_at=world.now,
            placed_at=world.now,
            check_at=world.now,
            state="ended",
            ended_at=world.now,
            outcome="congestion" if index < failing else "busy",
        )
    if before:
        until = world.now + dt.timedelta(seconds=open_for)
        CarrierHealth.objects.create(alias="voice", failures=before, open_until=until, opened_at=world.now)
    evidence = [{"attempt": index, "cause": "503", "at": world.now.isoformat()} for index in range(failing)]

    breaker.failed("voice", accounts={world.account.pk}, evidence=evidence, now=world.now)

    health = CarrierHealth.objects.get(alias="voice")
    assert health.open_until == (None if pause is None else world.now + dt.timedelta(seconds=pause))
    assert health.failures == before + failing
    assert health.evidence == evidence[-breaker.EVIDENCE_KEPT :]


@pytest.mark.parametrize(
    ("open_for", "claimed_ago", "closes"),
    # None: it is shut, and only counts. A call from before it opened says nothing; one on trial does.
    [(None, 60, True), (10, 60, False), (-10, 60, False), (-10, 10, True), (-10, 5, True)],
)
def test_which_call_that_works_closes_it(world, open_for, claimed_ago, closes):
    until = None if open_for is None else world.now + dt.timedelta(seconds=open_for)
    CarrierHealth.objects.create(alias="voice", failures=12, open_until=until, opened_at=until)
    breaker.worked("voice", claimed_at=world.now - dt.timedelta(seconds=claimed_ago), now=world.now)
    health = CarrierHealth.objects.get()
    assert (health.failures == 0, health.open_until is None) == (closes, closes or open_for is None)


def test_calls_that_still_talk_do_not_keep_it_from_being_tried(world):
    campaign = world.campaign(capacity=100, flow={"steps": [{"do": "say", "text": "word " * 900}]})
    add(world, campaign, number(1, "200"))
    world.run(seconds=10)
    CarrierHealth.objects.create(alias="voice", failures=12, open_until=world.now, opened_at=world.now)
    add(world, campaign, number(2, "200"), number(3, "200"))
    assert [len(claiming.claim(account_id=world.account.pk, now=world.now).attempt_ids) for _ in range(2)] == [1, 0]


def test_it_closes_when_the_call_on_trial_is_taken_not_when_it_is_over(world):
    campaign = world.campaign(capacity=100, flow={"steps": [{"do": "say", "text": "word " * 900}]})
    CarrierHealth.objects.create(alias="voice", failures=12, open_until=world.now, opened_at=world.now)
    add(world, campaign, number(1, "200"), number(2, "200"))
    world.run(seconds=30)
    assert CarrierHealth.objects.get().open_until is None
    assert CallAttempt.objects.exclude(state="ended").count() == 2


def test_what_nobody_knows_does_not_close_it(world):
    campaign = world.campaign()
    add(world, campaign, number(1, "500"))
    CarrierHealth.objects.create(alias="voice", failures=12, open_until=world.now, opened_at=world.now)
    world.run(seconds=30)
    assert CallAttempt.objects.get().outcome == "failed"
    assert CarrierHealth.objects.get().open_until is not None


def test_congestion_uses_no_try_and_has_a_ceiling_of_its_own(world):
    campaign = world.campaign(max_attempts=1)
    [call] = add(world, campaign, number(1, "503"))
    world.run_until_idle()
    call.refresh_from_db()
    tries = list(CallAttempt.objects.order_by("n"))
    assert (call.state, call.outcome, call.reason) == ("done", "congestion", "congestion")
    assert (call.attempts_made, len(tries)) == (0, retries.CONGESTION_CEILING)
    assert {attempt.counts for attempt in tries} == {False}
    waits = [later.claimed_at - sooner.ended_at for sooner, later in itertools.pairwise(tries)]
    assert min(waits) >= retries.CONGESTION_FIRST_WAIT
    assert waits == sorted(waits)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_workers_of_two_accounts_let_one_call_try_it(world):
    first = world.campaign()
    other = Account.objects.get(pk=world.other_account()["account"])
    second = operations.create_campaign(
        account=other, now=world.now, start=True, name="Theirs", caller_id="390612345678", message="Hello."
    )
    for campaign in (first, second):
        add(world, campaign, *(number(index, "200") for index in range(5)))
    CarrierHealth.objects.create(alias="voice", failures=12, open_until=world.now, opened_at=world.now)
    in_step = threading.Barrier(2)

    def claim(account_id):
        try:
            in_step.wait(10)
            return claiming.claim(account_id=account_id, now=world.now).attempt_ids
        finally:
            connections["default"].close()

    for _ in range(5):
        with ThreadPoolExecutor(2) as workers:
            claimed = list(workers.map(claim, [world.account.pk, other.pk]))
        assert sorted(map(len, claimed)) == [0, 1], claimed
        Call.objects.filter(state="live").update(state="waiting", ready=True, attempts_total=0, attempts_made=0)
        CallAttempt.objects.all().delete()
