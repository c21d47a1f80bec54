"""The circuit breaker: it opens when most fails, lets one call try, and closes again."""

from __future__ import annotations

import datetime as dt

import pytest

from campaigns.models import Call, CallAttempt
from dialer import breaker, explaining
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
    breaker.reset("voice", now=world.now)
    assert breaker.look("voice", hold=False, now=world.now) == breaker.Look()
