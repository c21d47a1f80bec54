"""Accounts are locked before their attempts, and these by their ids, by everybody: so no two wait for each other."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connections, transaction

from campaigns import locks
from campaigns.models import CallAttempt
from dialer import checking, claiming, outcomes, placing, reconciling
from dialer.carriers.base import CarrierEvent, EventType
from tests.calls import add, number


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_check_that_waits_for_an_account_holds_no_attempt_of_it(world):
    add(world, world.campaign(), number(1, "200"))
    ids = claiming.claim(account_id=world.account.pk, now=world.now).attempt_ids
    placing.place(ids, now=world.now)
    looked = []

    def look():
        later = CallAttempt.objects.get().check_at
        looked.append(checking.check(now=later)[0])
        connections.close_all()

    checker = threading.Thread(target=look)
    with transaction.atomic():
        locks.account(world.account.pk)
        checker.start()
        until_it_waits()
        # As whoever hangs up a call does; an attempt that is held elsewhere raises here.
        assert CallAttempt.objects.select_for_update(nowait=True).get().pk == ids[0]
    checker.join(20)

    assert looked == [1]


@pytest.fixture
def network(carried_by):
    """A network behind the voice channel."""
    return carried_by("tests.dialer.test_reconciling.Network", "voice")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_comparison_that_waits_for_an_attempt_holds_no_later_one(world, network):
    add(world, world.campaign(capacity=5), *(number(index, "200") for index in range(5)))
    first, *later = sorted(claiming.claim(account_id=world.account.pk, now=world.now).attempt_ids)
    placing.place([first, *later], now=world.now)
    # Told of in reverse, the last of them comes first in the table.
    for attempt in CallAttempt.objects.order_by("-id"):
        rings = CarrierEvent(key=str(attempt.key), type=EventType.RINGING, happened_at=world.now)
        outcomes.apply([rings], now=world.now)
    network.calls.clear()
    asked = []

    def compare():
        asked.append(reconciling.reconcile(now=world.now).asked)
        connections.close_all()

    comparer = threading.Thread(target=compare)
    with transaction.atomic():
        CallAttempt.objects.select_for_update().get(pk=first)
        comparer.start()
        until_it_waits()
        # As whoever hears of all of them does; an attempt that is held elsewhere raises here.
        assert len(CallAttempt.objects.select_for_update(nowait=True).filter(pk__in=later)) == 4
    comparer.join(20)

    assert asked == [5]


def until_it_waits() -> None:
    """Wait until a connection waits for a lock."""
    for _ in range(500):
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    pytest.fail("nobody waits")
