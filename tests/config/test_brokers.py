"""`manage.py up` in its grown form: PostgreSQL with Redis, and with RabbitMQ, worker and beat by themselves.

The peers are found at BROKERS_POSTGRES_URL, BROKERS_REDIS_URL and BROKERS_AMQP_URL, by default on this machine's
usual ports; without them these tests fail.
"""

from __future__ import annotations

import os
import signal
import time
import urllib.request
import uuid
from pathlib import Path

import psycopg
import pytest

from tests.config.running import Running

pytestmark = pytest.mark.brokers

POSTGRES = os.environ.get("BROKERS_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres")
BROKERS = {
    "redis": os.environ.get("BROKERS_REDIS_URL", "redis://127.0.0.1:6379/7"),
    "rabbitmq": os.environ.get("BROKERS_AMQP_URL", "amqp://guest:guest@127.0.0.1:5672//"),
}


@pytest.fixture
def database():
    """The URL of a database that is there for one test."""
    name = f"trunkline_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(POSTGRES, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
    url = f"{POSTGRES.rpartition('/')[0]}/{name}"
    yield url
    with psycopg.connect(POSTGRES, autocommit=True) as server:
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _count(url: str, query: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


@pytest.mark.parametrize("broker", BROKERS)
def test_the_demo_campaign_runs_over_a_real_broker(tmp_path: Path, database: str, broker: str):
    running = Running(tmp_path, demo=True, DATABASE_URL=database, CELERY_BROKER_URL=BROKERS[broker])
    try:
        running.wait_for(lambda: running.health().get("status") == "ok", 60)
        ended = "SELECT count(*) FROM campaigns_callattempt WHERE state = 'ended'"
        running.wait_for(lambda: _count(database, ended) >= 10, 90)

        assert _count(database, "SELECT count(*) FROM campaigns_call") == 40
        assert [line.split()[-1] for line in running.survivors() if " beat" in line] == ["beat"]
        with urllib.request.urlopen(f"http://127.0.0.1:{running.port}/readyz", timeout=5) as answer:
            assert answer.status == 200
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(timeout=20) == 0
        assert running.survivors() == []
    finally:
        running.end()


@pytest.mark.parametrize("broker", BROKERS)
def test_a_worker_that_is_killed_loses_and_repeats_nothing(tmp_path: Path, database: str, broker: str):
    running = Running(tmp_path, demo=True, DATABASE_URL=database, CELERY_BROKER_URL=BROKERS[broker])
    try:
        for _ in range(3):
            time.sleep(4)
            for pid in running.pids("celery", "worker"):
                os.kill(pid, signal.SIGKILL)
        running.wait_for(lambda: "worker ended (killed by SIGKILL)" in running.text(), 10)
        before = _count(database, "SELECT count(*) FROM campaigns_callattempt")
        running.wait_for(lambda: _count(database, "SELECT count(*) FROM campaigns_callattempt") > before, 60)

        twice = (
            "SELECT count(*) FROM (SELECT call_id, n FROM campaigns_callattempt GROUP BY 1, 2 HAVING count(*) > 1) t"
        )
        assert _count(database, twice) == 0
    finally:
        running.end()
