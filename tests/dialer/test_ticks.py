"""The wake-up: once a second whatever piled up, and whatever a machine's clock says."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
import time_machine
from django.conf import settings as configured
from django.db import connection

from campaigns.models import Call, CallAttempt
from config.celery import app
from dialer import checking, claiming, clock, heartbeats, placing, tasks
from dialer.models import Heartbeat
from tests import calls

APART = dt.timedelta(seconds=0.5)


def test_wake_ups_that_piled_up_are_one(world):
    assert [heartbeats.begin("tick", apart=APART) for _ in range(10)] == [world.now, *[None] * 9]
    world.move_to(world.now + dt.timedelta(seconds=1))
    assert [heartbeats.begin("tick", apart=APART) for _ in range(2)] == [world.now, None]


def test_a_clock_that_was_set_back_stops_nothing(world):
    assert heartbeats.begin("tick", apart=APART)
    world.move_to(world.now - dt.timedelta(hours=1))
    assert [heartbeats.begin("tick", apart=APART) for _ in range(2)] == [world.now, None]


@pytest.mark.postgres
def test_the_moment_and_what_went_before_are_by_the_databases_clock(world, settings):
    settings.DATABASE_CLOCK = True
    before = clock.wall()
    begun = heartbeats.begin("tick", apart=APART)
    assert begun is not None
    assert before < begun < clock.wall()
    assert heartbeats.begin("tick", apart=APART) is None
    Heartbeat.objects.update(beat_at=before - APART)
    assert heartbeats.begin("tick", apart=APART) is not None
    Heartbeat.objects.update(beat_at=before + dt.timedelta(hours=1))
    assert heartbeats.begin("tick", apart=APART) is not None


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_only_the_commit_of_a_beat_waits_for_no_disk(settings):
    settings.DATABASE_CLOCK = True

    def flushes():
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('synchronous_commit')")
            return cursor.fetchone()[0]

    assert flushes() == "on"
    heartbeats.begin("tick", apart=APART)
    heartbeats.beat("tick")
    assert flushes() == "on"


def test_an_idle_tick_asks_the_database_little(world, django_assert_num_queries):
    world.campaign()
    with django_assert_num_queries(4):
        tasks.tick()


@pytest.mark.parametrize("backend", ["dialer.carriers.simulator.Simulator", "tests.dialer.test_reconciling.Network"])
def test_what_an_outage_left_long_overdue_is_looked_at(world, carried_by, backend):
    carried_by(backend, "voice")
    calls.add(world, world.campaign(), calls.number(1, "200"))
    placing.place(claiming.claim(account_id=world.account.pk, now=world.now).attempt_ids, now=world.now)
    looked, unplaced = checking.check(now=world.now + dt.timedelta(hours=1))
    assert (looked, unplaced) == (1, [])
    assert CallAttempt.objects.get().check_at > world.now + dt.timedelta(minutes=5)


def test_a_tick_works_and_a_left_over_one_does_not(world):
    campaign = world.campaign()
    calls.add(world, campaign, calls.number(1, "200"))
    heartbeats.begin("tick", apart=APART)
    tasks.tick()
    assert Call.objects.get().state == "waiting"
    world.move_to(world.now + dt.timedelta(seconds=1))
    app.conf.task_always_eager = True
    try:
        tasks.tick()
    finally:
        app.conf.task_always_eager = False
    assert CallAttempt.objects.get().state == "placed"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_begins():
    heartbeats.begin("tick", apart=APART)
    told: list[dt.datetime | None] = []

    def begin():
        try:
            told.append(heartbeats.begin("tick", apart=APART))
        finally:
            connection.close()

    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(hours=1), tick=False):
        threads = [threading.Thread(target=begin) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [begun is None for begun in told].count(False) == 1


def test_no_wake_up_is_dropped_by_the_clock_of_whoever_takes_it():
    assert all("expires" not in entry.get("options", {}) for entry in configured.CELERY_BEAT_SCHEDULE.values())
