"""How fast reports are built, against the limit: the same rows by a bare INSERT … SELECT, with nothing kept in step.

    DATABASE_URL=postgres://… python tests/benchmarks/build_reports.py [ATTEMPTS]

Works in a test database of its own. Prints reports per second of both, in batches of 500, the ratio, and the memory.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from pathlib import Path

import django

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection  # noqa: E402

from reports import building, measures, recounts  # noqa: E402
from reports.models import AttemptReport  # noqa: E402
from tests.benchmarks import ledger  # noqa: E402

BARE = """
    INSERT INTO reports_attemptreport (attempt_id, account_id, campaign_id, call_id, campaign_name, contact_name,
        external_id, api, channel, number, destination, caller_id, carrier, n, counts, outcome, cause, claimed_at,
        placed_at, answered_at, ended_at, ring_seconds, talk_seconds, digits, abandoned, cost)
    SELECT a.id, a.account_id, a.campaign_id, a.call_id, '', '', '', '', a.channel, a.destination, a.destination,
        a.caller_id, a.carrier, a.n, a.counts, a.outcome, a.cause, a.claimed_at, a.placed_at, a.answered_at,
        a.ended_at, 0, 0, a.digits, a.abandoned, a.cost
    FROM campaigns_callattempt a WHERE a.id > %s AND a.id <= %s
"""


def bare(ids: list[int]) -> float:
    """Return the attempts per second of a bare INSERT … SELECT in the same batches."""
    started = time.perf_counter()
    with connection.cursor() as cursor:
        for last in range(ids[0] - 1 + building.BATCH, ids[-1] + building.BATCH, building.BATCH):
            cursor.execute(BARE, [last - building.BATCH, last])
    return len(ids) / (time.perf_counter() - started)


def ours(ids: list[int]) -> float:
    """Return the attempts per second of building, sums and all."""
    building.note_ended(ids)
    ledger.settle()
    started = time.perf_counter()
    while building.build():
        pass
    return len(ids) / (time.perf_counter() - started)


def main(count: int) -> None:
    with ledger.scratch():
        ids = ledger.attempts(count)
        limits, reached = [], []
        for _ in range(3):
            ledger.empty()
            limits.append(bare(ids))
            ledger.empty()
            reached.append(ours(ids))
        assert AttemptReport.objects.count() == count
        assert recounts.recount() == []
        limit, rate = sorted(limits)[1], sorted(reached)[1]
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(f"limit, bare INSERT ... SELECT   {limit:>10,.0f} rows/s")
        print(f"reports and {len(measures.MEASURES)} sums             {rate:>10,.0f} reports/s")
        print(f"ratio {rate / limit:.2f}   peak RSS {memory} MB   sums equal recount")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
