"""Many builders at once, and a rebuild among them, on PostgreSQL: nothing is doubled, lost or deadlocked."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from reports import building, recounts
from reports.models import AttemptReport, DueReport
from tests.reports import rows


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_four_builders_at_once_report_each_attempt_once():
    account = rows.campaign().account
    for name in ("one", "two", "three"):
        outcomes = [{"outcome": outcome} for outcome in ("answered", "busy", "no_answer", "machine")] * 250
        building.note_ended(rows.attempts(rows.campaign(name, account=account), outcomes))
    taken, faults = [], []

    def work():
        try:
            while count := building.build(limit=40):
                taken.append(count)
        except Exception as error:
            faults.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert faults == []
    assert sum(taken) == AttemptReport.objects.count() == 3000
    assert DueReport.objects.count() == 0
    assert recounts.recount() == []


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_rebuild_among_builders_leaves_sums_equal():
    campaign = rows.campaign()
    building.note_ended(rows.attempts(campaign, [{}] * 2000))
    faults = []

    def work(job):
        try:
            job()
        except Exception as error:
            faults.append(error)
        finally:
            connection.close()

    def rebuild():
        for _ in range(20):
            building.rebuild(campaign.pk)

    def build():
        while building.build(limit=20):
            pass

    workers = [threading.Thread(target=work, args=[job]) for job in (build, rebuild, build, rebuild)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    building.build()

    assert faults == []
    assert AttemptReport.objects.count() == 2000
    assert recounts.recount() == []
