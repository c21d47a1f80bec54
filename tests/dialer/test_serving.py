"""Who gets the one free member, when several workers learn of answers at the same moment."""

from __future__ import annotations

import datetime as dt
import threading
from typing import ClassVar

import pytest
from django.db import IntegrityError, connection, transaction

from campaigns.models import CallAttempt, Member
from dialer import checking, claiming, invariants, outcomes, placing
from dialer.carriers.base import Answer, Carrier, CarrierError, CarrierEvent, EventType, Placed
from tests.calls import add, number
from tests.world import World


class Exchange(Carrier):
    """A carrier that is no simulator: it remembers what it was told to connect, and fails while it is down."""

    channels = frozenset({"voice"})
    connected: ClassVar[list[tuple[str, str, bool]]] = []
    said: ClassVar[list[CarrierEvent]] = []
    is_down: ClassVar[bool] = False

    def place(self, dials, *, now):
        return [Placed(key=dial.key, check_at=now) for dial in dials]

    def ask(self, dials, *, now):
        return [
            Answer(key=dial.key, events=[event for event in self.said if event.key == dial.key], check_at=now)
            for dial in dials
        ]

    def connect(self, dials, *, now):
        assert not connection.in_atomic_block
        if self.is_down:
            raise CarrierError("down")
        self.connected += [(dial.key, dial.member, dial.released_at is not None) for dial in dials]


def answer(attempt: CallAttempt, now: dt.datetime) -> CarrierEvent:
    return CarrierEvent(key=str(attempt.key), type=EventType.ANSWERED, happened_at=now)


@pytest.mark.django_db
def test_a_member_never_has_two_open_attempts(world):
    campaign = world.campaign(pacing="progressive", calls_per_member=2)
    member = Member.objects.create(campaign=campaign, code="SIP1")
    add(world, campaign, number(1, "270"), number(2, "270"))
    claiming.claim(account_id=world.account.pk, now=world.now)
    with pytest.raises(IntegrityError), transaction.atomic():
        CallAttempt.objects.update(member=member)


@pytest.mark.django_db
@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 1, 2, 0, 2]])
def test_events_in_any_order_and_again_come_to_the_same(world, order):
    campaign = world.campaign(pacing="progressive", wrap_up_seconds=30)
    member = Member.objects.create(campaign=campaign, code="SIP1")
    add(world, campaign, number(1, "270"))
    placing.place(claiming.claim(account_id=world.account.pk, now=world.now).attempt_ids, now=world.now)
    attempt = CallAttempt.objects.get()
    at = world.now + dt.timedelta(seconds=1)
    outcomes.apply([answer(attempt, at)] * 2, now=at)
    ends = at + dt.timedelta(seconds=60)
    ended = CarrierEvent(key=str(attempt.key), type=EventType.ENDED, happened_at=ends, outcome="answered")
    said = [answer(attempt, at), ended, CarrierEvent(key=str(attempt.key), type=EventType.CONNECTED, happened_at=at)]
    for index in order:
        outcomes.apply([said[index]], now=ends)
    attempt.refresh_from_db()
    member.refresh_from_db()
    assert (attempt.member_id, attempt.connected_at, attempt.abandoned) == (member.pk, at, False)
    assert member.busy_until == ends + dt.timedelta(seconds=30)


@pytest.mark.django_db(transaction=True)
def test_a_carrier_is_told_of_members_outside_the_transaction_until_it_confirms(carried_by):
    carried_by(f"{__name__}.Exchange")
    Exchange.connected, Exchange.said, Exchange.is_down = [], [], True
    with World.at("2031-03-03T10:00:00+00:00") as world:
        campaign = world.campaign(pacing="progressive", calls_per_member=2, safe_harbour_message="Sorry.")
        Member.objects.create(campaign=campaign, code="SIP1")
        add(world, campaign, number(1, "270"), number(2, "270"))
        placing.place(claiming.claim(account_id=world.account.pk, now=world.now).attempt_ids, now=world.now)
        taken, left = CallAttempt.objects.order_by("id")
        Exchange.said = [answer(taken, world.now), answer(left, world.now)]
        checking.check(now=world.now)
        assert Exchange.connected == []
        Exchange.is_down = False
        checking.check(now=world.now + dt.timedelta(seconds=1))
        assert Exchange.connected == [(str(taken.key), "SIP1", False)]
        Exchange.said.append(CarrierEvent(key=str(taken.key), type=EventType.CONNECTED, happened_at=world.now))
        checking.check(now=world.now + dt.timedelta(seconds=3))
        assert Exchange.connected[1:] == [(str(left.key), "", True)]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_workers_never_give_the_same_member_away():
    with World.at("2031-03-03T10:00:00+00:00") as world:
        campaign = world.campaign(pacing="progressive", calls_per_member=4)
        Member.objects.create(campaign=campaign, code="SIP1")
        add(world, campaign, *[number(index, "270") for index in range(4)])
        placing.place(claiming.claim(account_id=world.account.pk, now=world.now).attempt_ids, now=world.now)
        attempts = list(CallAttempt.objects.order_by("id"))
        assert len(attempts) == 4
        at = world.now + dt.timedelta(seconds=1)
        start = threading.Barrier(4)
        failed: list[BaseException] = []

        def work(attempt: CallAttempt) -> None:
            try:
                start.wait(timeout=30)
                outcomes.apply([answer(attempt, at)], now=at)
            except BaseException as error:
                failed.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=work, args=(attempt,)) for attempt in attempts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert failed == []
        talking = CallAttempt.objects.filter(connected_at__isnull=False)
        assert [attempt.member.code for attempt in talking] == ["SIP1"]
        assert CallAttempt.objects.filter(waits_until__isnull=False, connected_at=None).count() == 3
        assert invariants.broken(at) == {}
