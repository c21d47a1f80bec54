"""How fast whole attempts go: claimed with every gate, placed, rung, answered, ended, reported; all committed.

    DATABASE_URL=postgres://… python tests/benchmarks/attempt_cycle.py [--seconds 10] [--processes 2] [--rounds 3]

The engine's own turns over the simulator, with the engine's clock at 60 times the wall's, so that simulated calls are
short; each process turns and builds reports as a worker does. Beside it the limit: the same rows by hand-written
statements, 100 at a time, two commits each, with no gate, no event and no sum. Works in a test database of its own.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import sys
import time
from pathlib import Path

import django

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ["SIMULATOR_SPEED"] = "60"
django.setup()

from django.db import connection  # noqa: E402

from dialer import clock, placing, turning  # noqa: E402
from dialer.horizons import Horizon  # noqa: E402
from reports import building  # noqa: E402
from reports.models import AttemptReport  # noqa: E402
from tests.benchmarks import ledger, waiting  # noqa: E402

BEGIN = """
    WITH c AS MATERIALIZED (SELECT id FROM campaigns_call WHERE campaign_id = %s AND channel = 'voice'
            AND state = 'waiting' AND ready ORDER BY priority DESC, due_at, id LIMIT 100 FOR UPDATE SKIP LOCKED),
        u AS (UPDATE campaigns_call k SET state = 'live', ready = false, attempts_made = 1, attempts_total = 1
            FROM c WHERE k.id = c.id RETURNING k.*)
    INSERT INTO campaigns_callattempt (key, account_id, campaign_id, call_id, n, carrier, destination, state,
        claimed_at, placed_at, check_at)
    SELECT gen_random_uuid(), account_id, campaign_id, id, 1, 'voice', destination, 'placed', now(), now(), now()
    FROM u RETURNING id"""
END = """
    WITH a AS (UPDATE campaigns_callattempt SET state = 'ended', outcome = 'answered', answered_at = now(),
            ended_at = now() WHERE id = ANY(%s) RETURNING *),
        u AS (UPDATE campaigns_call k SET state = 'done', outcome = 'answered', done_at = now() FROM a
            WHERE k.id = a.call_id)
    INSERT INTO reports_attemptreport (attempt_id, account_id, campaign_id, call_id, campaign_name, contact_name,
        external_id, api, channel, number, destination, caller_id, carrier, n, counts, outcome, cause, claimed_at,
        placed_at, answered_at, ended_at, ring_seconds, talk_seconds, digits, abandoned, cost)
    SELECT id, account_id, campaign_id, call_id, '', '', '', '', channel, destination, destination, caller_id, carrier,
        n, counts, outcome, cause, claimed_at, placed_at, answered_at, ended_at, 0, 0, digits, abandoned, cost FROM a"""


def engine(database: str, index: int, seconds: float) -> None:
    """Turn and build, as one worker does, until the time is over."""
    connection.settings_dict["NAME"] = database
    stop_at = time.monotonic() + seconds
    while time.monotonic() < stop_at:
        horizon = Horizon()
        until = min(stop_at, time.monotonic() + 1)
        while time.monotonic() < until:
            now = clock.now()
            turning.turn(now=now, place=lambda ids, now=now: placing.place(ids, now=now) and None, horizon=horizon)
            building.build()


def bare(database: str, index: int, seconds: float) -> None:
    """Do the same rows by hand, over and over, until the time is over."""
    connection.settings_dict["NAME"] = database
    campaigns = waiting.campaign_ids()
    stop_at = time.monotonic() + seconds
    with connection.cursor() as cursor:
        while time.monotonic() < stop_at:
            cursor.execute(BEGIN, [campaigns[index % len(campaigns)]])
            ids = [row[0] for row in cursor.fetchall()]
            cursor.execute(END, [ids])


def rate(work, wanted: argparse.Namespace) -> float:
    """Return the attempts reported in a second by so many processes."""
    waiting.empty()
    waiting.fill(wanted.calls)
    database = connection.settings_dict["NAME"]
    connection.close()
    processes = [
        multiprocessing.Process(target=work, args=(database, index, wanted.seconds))
        for index in range(wanted.processes)
    ]
    started = time.monotonic()
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    seconds = time.monotonic() - started
    reported = AttemptReport.objects.count()
    left = waiting.left()
    if not left:
        sys.exit("The calls ran out before the time did: name more --calls.")
    return reported / seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--calls", type=int, default=200_000)
    wanted = parser.parse_args()
    with ledger.scratch():
        limit = [rate(bare, wanted) for _ in range(wanted.rounds)]
        ours = [rate(engine, wanted) for _ in range(wanted.rounds)]
    print(f"{wanted.processes} processes, {wanted.seconds:g} s a round, {wanted.rounds} rounds")
    print(f"whole attempts: {ledger.spread(ours)} a second")
    print(f"bare statements: {ledger.spread(limit)} a second")
    print(f"ratio {statistics.median(ours) / statistics.median(limit):.2f}")


if __name__ == "__main__":
    main()
