"""The same journey with real workers and beats, on PostgreSQL, over Redis and over RabbitMQ."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection
from django.test import override_settings

from campaigns.models import Account, Call, CallAttempt
from campaigns.operations import campaigns as campaign_operations
from campaigns.states import CallState, CampaignState
from dialer import clock, credentials, invariants
from reports import recounts
from reports.models import AttemptReport, DueReport
from tests.journeys.test_list_to_report import GOOD, import_list

ROOT = Path(__file__).parent.parent.parent
SPEED = 60
BROKERS = {
    "redis": os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/9"),
    "rabbitmq": os.environ.get("TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//"),
}


class Workers:
    """Two workers and two beats as processes of their own, on the test's database and a real broker."""

    def __init__(self, broker: str, var: Path) -> None:
        database = connection.settings_dict
        self.environment = os.environ | {
            "DATABASE_URL": f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:"
            f"{database['PORT'] or 5432}/{database['NAME']}",
            "CELERY_BROKER_URL": broker,
            "SIMULATOR_SPEED": str(SPEED),
            "TRUNKLINE_VAR": str(var),
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        self.log = (var / "workers.log").open("ab")
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        for index in (1, 2):
            self._spawn("worker", "-n", f"w{index}@test", "-c", "2", "-P", "prefork", "--without-gossip")
            self._spawn("beat", "-s", str(Path(self.environment["TRUNKLINE_VAR"]) / f"beat{index}"), "--pidfile=")

    def _spawn(self, *words: str) -> None:
        command = [sys.executable, "-m", "celery", "-A", "config.celery", *words, "-l", "WARNING"]
        self.processes.append(
            subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=self.log, stderr=self.log)
        )

    def stop(self) -> None:
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
        self.log.close()


def drain(broker: str) -> None:
    """Forget what an earlier run left in the broker."""
    subprocess.run(
        [sys.executable, "-m", "celery", "-A", "config.celery", "purge", "-f"],
        cwd=ROOT,
        env=os.environ | {"CELERY_BROKER_URL": broker},
        capture_output=True,
        check=True,
        timeout=60,
    )


@pytest.mark.brokers
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("broker", BROKERS)
def test_a_messy_list_becomes_a_report_with_real_workers(broker, tmp_path):
    assert connection.vendor == "postgresql", "this journey needs DATABASE_URL to name a PostgreSQL server"
    drain(BROKERS[broker])
    secrets = credentials.open_account(name="Acme", country="IT", timezone="Europe/Rome", calls_per_second=2000)
    account = Account.objects.get(pk=secrets["account"])
    workers = Workers(BROKERS[broker], tmp_path)
    with override_settings(SIMULATOR_SPEED=SPEED):
        campaign = campaign_operations.create_campaign(
            account=account,
            now=clock.now(),
            name="Journey",
            message="Hello.",
            capacity=400,
            max_attempts=2,
            retry_minutes=5,
        )
        import_list(campaign, tmp_path)
        campaign_operations.move_campaign(campaign=campaign, to=CampaignState.RUNNING, now=clock.now())
        workers.start()
        try:
            deadline = time.monotonic() + 240
            while unfinished() and time.monotonic() < deadline:
                time.sleep(1)
        finally:
            workers.stop()
        now = clock.now()

    assert unfinished() == 0, (tmp_path / "workers.log").read_text()[-3000:]
    assert Call.objects.filter(state=CallState.DONE).count() == GOOD
    assert CallAttempt.objects.count() == AttemptReport.objects.count() > GOOD
    assert recounts.recount() == []
    assert invariants.broken(now) == {}


def unfinished() -> int:
    return Call.objects.exclude(state=CallState.DONE).count() + DueReport.objects.count()
