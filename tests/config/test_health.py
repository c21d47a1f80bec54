from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from dialer.models import Heartbeat
from tests.outages import Unreachable


def test_it_is_healthy_while_the_engine_ticks(world):
    Heartbeat.objects.create(part="tick", beat_at=world.now - dt.timedelta(seconds=5))

    answer = world.client.get("/healthz")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "database": "ok", "tick_age_seconds": 5.0}


def test_an_engine_that_stopped_is_told(world):
    Heartbeat.objects.create(part="tick", beat_at=world.now - dt.timedelta(seconds=31))
    Heartbeat.objects.create(part="report", beat_at=world.now)

    answer = world.client.get("/healthz")

    assert answer.status_code == 503
    assert answer.json() == {"status": "failing", "database": "ok", "tick_age_seconds": 31.0}


def test_an_engine_that_never_ticked_is_told(world):
    answer = world.client.get("/healthz")

    assert answer.status_code == 503
    assert answer.json()["tick_age_seconds"] is None


def test_it_is_ready_with_every_migration(world):
    answer = world.client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "database": "ok", "migrations_missing": 0}


def test_it_is_not_ready_while_migrations_are_missing(world):
    [last] = MigrationLoader(connection).graph.leaf_nodes("dialer")
    MigrationRecorder(connection).record_unapplied(*last)

    answer = world.client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["migrations_missing"] >= 1


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_database_that_cannot_be_reached_is_told(client, settings, path, django_db_blocker, tmp_path):
    with django_db_blocker.unblock(), Unreachable(tmp_path):
        answer = client.get(path)

    assert answer.status_code == 503
    assert answer.json()["database"] == "unreachable"
    assert int(answer["Retry-After"]) > 0
