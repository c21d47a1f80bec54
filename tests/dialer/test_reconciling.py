"""The carrier's calls in progress and the ledger's are brought together, whichever side has lost something."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.conf import settings as configured

from campaigns.models import CallAttempt
from dialer import outcomes, reconciling, tasks, turning
from dialer.carriers.base import Answer, Carrier, CarrierError, CarrierEvent, EventType, Placed
from dialer.models import Heartbeat
from tests.calls import add, number

pytestmark = pytest.mark.django_db


class Network(Carrier):
    """A network that takes every dial, tells nothing by itself, and does as the test says."""

    channels = frozenset({"voice", "sms", "email"})
    features = frozenset({"say"})

    def __init__(self) -> None:
        self.calls: set[str] = set()
        self.cut: list[str] = []
        self.lists, self.silent = True, False

    def place(self, dials, *, now):
        self.calls |= {dial.key for dial in dials}
        return [Placed(key=dial.key) for dial in dials]

    def ask(self, dials, *, now):
        if self.silent:
            raise CarrierError("no answer")
        return [Answer(key=dial.key, known=dial.key in self.calls) for dial in dials]

    def hang_up(self, keys, *, now):
        self.cut += keys
        self.calls -= set(keys)

    def live(self):
        if self.silent:
            raise CarrierError("no answer")
        return set(self.calls) if self.lists else None


@pytest.fixture
def network(carried_by):
    """The network behind the voice channel."""
    return carried_by("tests.dialer.test_reconciling.Network", "voice")


def placed(world, count=2):
    """Return attempts that were just placed."""
    add(world, world.campaign(capacity=count), *(number(index, "200") for index in range(count)))
    while CallAttempt.objects.exclude(placed_at=None).count() < count:
        turning.turn_here(now=world.now)
        world.move_to(world.now + dt.timedelta(seconds=1))
    return list(CallAttempt.objects.order_by("id"))


def told(attempt, type_, now, **more):
    outcomes.apply([CarrierEvent(key=str(attempt.key), type=type_, happened_at=now, **more)], now=now)


def test_a_hang_up_that_got_lost_is_found_at_once(world, network):
    lost, talks = placed(world)
    told(lost, EventType.ANSWERED, world.now)
    told(talks, EventType.ANSWERED, world.now)
    network.calls.remove(str(lost.key))

    assert reconciling.reconcile(now=world.now) == reconciling.Compared(cut=0, asked=1)
    turning.turn_here(now=world.now)

    lost.refresh_from_db()
    talks.refresh_from_db()
    assert (lost.state, lost.outcome) == ("ended", "unknown")
    assert talks.state == "answered"
    assert reconciling.reconcile(now=world.now) == reconciling.Compared()


def test_a_call_that_may_still_be_on_its_way_to_the_carrier_is_left_to_its_lease(world, network):
    attempt, _ = placed(world)
    network.calls.remove(str(attempt.key))

    assert reconciling.reconcile(now=world.now).asked == 0
    turning.turn_here(now=world.now)
    attempt.refresh_from_db()
    assert attempt.state == "placed"

    later = world.now + dt.timedelta(seconds=configured.ATTEMPT_LEASE_SECONDS + 1)
    turning.turn_here(now=later)
    attempt.refresh_from_db()
    assert (attempt.state, attempt.outcome) == ("ended", "unknown")


def test_what_was_asked_in_vain_is_asked_again_within_a_lease(world, network, settings):
    settings.ATTEMPT_LEASE_SECONDS = 5
    attempt, _ = placed(world)
    network.silent = True
    turning.turn_here(now=world.now + dt.timedelta(seconds=6))
    network.silent = False
    network.calls.clear()

    turning.turn_here(now=world.now + dt.timedelta(seconds=11))

    attempt.refresh_from_db()
    assert (attempt.state, attempt.outcome) == ("ended", "unknown")


def test_a_call_that_is_over_here_is_hung_up_there(world, network):
    over, talks = placed(world)
    told(over, EventType.ENDED, world.now, outcome="answered")
    forgotten = str(uuid.uuid4())
    network.calls |= {forgotten, "1732662000.17"}

    assert reconciling.reconcile(now=world.now).cut == 2

    assert set(network.cut) == {str(over.key), forgotten}
    assert network.calls == {str(talks.key), "1732662000.17"}


@pytest.mark.parametrize("way", [{"lists": False}, {"silent": True}])
def test_what_a_carrier_cannot_list_is_left_alone(world, network, way):
    attempt, _ = placed(world)
    told(attempt, EventType.ANSWERED, world.now)
    network.calls.clear()
    for name, value in way.items():
        setattr(network, name, value)

    assert reconciling.reconcile(now=world.now) == reconciling.Compared()


def test_beat_wakes_it_every_half_minute(world, network):
    wakes = configured.CELERY_BEAT_SCHEDULE["reconcile"]
    assert (wakes["task"], wakes["schedule"]) == (tasks.reconcile.name, 30.0)
    network.calls.add(str(uuid.uuid4()))

    tasks.reconcile()

    told = Heartbeat.objects.get(part="reconcile").detail
    assert (told["cut"], told["asked"]) == (1, 0)
    assert network.calls == set()
